"""HTTP with a limit on what a server may send, in bytes and in seconds, before it is parsed."""

from __future__ import annotations

import importlib
import time
from typing import Any

MOST_BYTES = 4_000_000
"""Largest body of an answer, unpacked [B]; a plan needs some thousands."""
_LIBRARIES = ("httpx2", "httpx")
"""Libraries that models' clients send with, which are alike; which one depends on their version."""


def http_library(client: type | None = None) -> Any:
    """Returns the module by which a client sends.

    Args:
        client: class of the client; None takes whichever library there is.
    """
    bases = () if client is None else client.__mro__
    used = [base.__module__.split(".")[0] for base in bases]
    for name in [name for name in _LIBRARIES if name in used] or _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError(f"none of {', '.join(_LIBRARIES)} is installed")


def limited_transport(library: Any) -> Any:
    """Makes a transport that reads answers whole, and closes the connection at its limits.

    Args:
        library: the module by which the client sends.
    """

    class LimitedTransport(library.BaseTransport):
        def __init__(self) -> None:
            # No connection outlives its answer: nobody would close it.
            self._inner = library.HTTPTransport(limits=library.Limits(max_keepalive_connections=0))

        def handle_request(self, request: Any) -> Any:
            allowed = (request.extensions.get("timeout") or {}).get("read")
            deadline = None if allowed is None else time.monotonic() + allowed
            response = self._inner.handle_request(request)
            body = bytearray()
            try:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise library.ReadError(f"the answer has more than {MOST_BYTES} bytes")
                    if deadline is not None and time.monotonic() > deadline:
                        raise library.ReadTimeout("the answer takes too long")
            finally:
                response.close()
            dropped = ("content-encoding", "content-length", "transfer-encoding")
            pairs = response.headers.multi_items()
            headers = [(key, value) for key, value in pairs if key.lower() not in dropped]
            return library.Response(response.status_code, headers=headers, content=bytes(body))

        def close(self) -> None:
            self._inner.close()

    return LimitedTransport()
