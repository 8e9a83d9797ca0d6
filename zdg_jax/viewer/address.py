"""The address on this machine at which pages are served."""

from __future__ import annotations

import errno
import socket

from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import check_kind, check_whole

HOST, PORT = "127.0.0.1", 8090
"""Address at which a page is served unless the user says otherwise."""


def check_address(host: str, port: int) -> None:
    """Tries whether anything can be served at an address.

    Args:
        host: name or number of the address.
        port: port at it.

    Raises:
        InputError: there is no such port, or nothing can be served at that address by this user.
    """
    check_kind("host", host, str, "a name or number such as 127.0.0.1")
    if not host.strip():  # to sockets it means every address of this machine
        raise InputError("host is empty; name an address, such as 127.0.0.1 for this machine alone")
    check_whole("port", port, -(2**31), 2**31)
    if not 1 <= port <= 65535:
        raise InputError(f"port {port} is none; ports are 1 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:  # the next free port is taken then
                raise InputError(
                    f"nothing can be served at {host}, port {port}: {error.strerror or error}"
                ) from None
