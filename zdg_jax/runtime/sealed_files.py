"""Files of a cache that end with a hash of their key and content: none is believed unseen."""

from __future__ import annotations

import hashlib
import pathlib

from zdg_jax.runtime.files import atomic_write, read_limited

_SEAL = hashlib.blake2b().digest_size


def write_sealed(path: pathlib.Path, key: str, content: bytes) -> None:
    """Keeps the content of a key; not durably, for whoever reads it checks.

    Args:
        path: the file.
        key: says all that the content depends on.
        content: what to keep.

    Raises:
        InputError: it cannot be written; what was there is untouched.
    """
    with atomic_write(path, durable=False) as file:
        file.write(content + _seal(key, content))


def read_sealed(path: pathlib.Path, key: str, limit: int) -> bytes | None:
    """Reads what was kept for a key; None where it is of another, or was changed.

    Args:
        path: the file.
        key: as it was written with.
        limit: most bytes that such a file may have.

    Raises:
        InputError: it is no regular file, or larger.
        OSError: it cannot be read.
    """
    data = read_limited(path, limit)
    content, seal = data[:-_SEAL], data[-_SEAL:]
    return content if seal == _seal(key, content) else None


def _seal(key: str, content: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + content).digest()
