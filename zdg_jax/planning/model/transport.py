"""HTTP with a limit on what a server may send, in bytes and in seconds, before it is parsed."""

from __future__ import annotations

import time

import httpx

MOST_BYTES = 4_000_000
"""Largest body of an answer, unpacked [B]; a plan needs some thousands."""


class LimitedTransport(httpx.BaseTransport):
    """Reads bodies whole, and closes the connection where one is too long or takes too long."""

    def __init__(self) -> None:
        """Prepares the transport that does the work."""
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request and reads the answer to it.

        Args:
            request: the request.

        Raises:
            httpx.HTTPError: no whole answer within the limits.
        """
        allowed = (request.extensions.get("timeout") or {}).get("read")
        deadline = None if allowed is None else time.monotonic() + allowed
        response = self._inner.handle_request(request)
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise httpx.ReadError(f"the answer has more than {MOST_BYTES} bytes")
                if deadline is not None and time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer takes too long")
        finally:
            response.close()
        unpacked = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(k, v) for k, v in response.headers.multi_items() if k.lower() not in unpacked]
        return httpx.Response(response.status_code, headers=headers, content=bytes(body))

    def close(self) -> None:
        """Closes its connections."""
        self._inner.close()
