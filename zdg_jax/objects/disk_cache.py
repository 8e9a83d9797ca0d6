"""Prepared objects on disk, by the hash of what went in.

Files are written beside their place and moved there, so a reader sees a whole file or none. A
lock a key keeps two processes from preparing the same object; reading needs none. A file says of
which object it is and holds a hash of its arrays: what does not fit is made anew. What was used
least recently goes when the cache outgrows its limit.

Environment: `ZDG_CACHE_DIR` is the folder of all caches, `ZDG_CACHE_MB` the limit of this one.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pathlib
from collections.abc import Callable

import filelock
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.array_file import read_arrays
from zdg_jax.runtime.caches import cache_files, cache_root
from zdg_jax.runtime.files import atomic_write

_LIMIT_MB = 2048.0
_LARGEST_MB = 1024.0
"""A file that unpacks to more is none of this cache."""
_NAME = "objects"
_KEY = "seal"
"""Name of the array that says of which object the others are."""
_LOCK_SECONDS = 120.0
"""Longest wait for another process that prepares the same object [s]."""

_log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def folder() -> pathlib.Path:
    """Returns the folder in which prepared objects are kept."""
    return cache_root() / _NAME


def load_or_make(key: str, make: Callable[[], Arrays]) -> Arrays:
    """Returns the arrays that are kept under a key, made first where there are none.

    A folder that cannot be written costs the cache, not the object.

    Args:
        key: name of the entry, a SHA-256 in hexadecimal.
        make: makes the arrays.

    Raises:
        InputError: `ZDG_CACHE_MB` is no number.
    """
    path, limit = folder() / f"{key}.npz", _limit()
    arrays = _load(key, path)
    if arrays is not None:
        return arrays
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(filelock.FileLock(f"{path}.lock", timeout=_LOCK_SECONDS))
        except (OSError, filelock.Timeout) as error:
            _log.warning("no cache of objects: %s", error)
            return make()
        arrays = _load(key, path)
        if arrays is not None:
            return arrays
        arrays = make()
        try:
            with atomic_write(path) as file:
                np.savez(file, allow_pickle=False, **{_KEY: np.array(_seal(key, arrays))}, **arrays)
        except InputError as error:
            _log.warning("no cache of objects: %s", error)
    _evict(path, limit)
    return arrays


def _load(key: str, path: pathlib.Path) -> Arrays | None:
    """The arrays of a file that was written for this key and is as it was written, else None."""
    try:
        arrays = read_arrays(path, limit_mb=_LARGEST_MB)
        if str(arrays.pop(_KEY, "")) != _seal(key, arrays):
            raise InputError(f"{path} is of another object, or was changed")
        os.utime(path)
    except FileNotFoundError:
        return None
    except (InputError, OSError) as error:
        _log.warning("damaged file in the cache of objects, made anew: %s", error)
        return None
    return arrays


def _seal(key: str, arrays: Arrays) -> str:
    """Hash of a key and the arrays that were kept under it."""
    digest = hashlib.blake2b(key.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _limit() -> float:
    """Most bytes of the cache, from the environment."""
    text = os.environ.get("ZDG_CACHE_MB", "")
    try:
        megabytes = float(text) if text else _LIMIT_MB
    except ValueError:
        megabytes = -1.0
    if not megabytes >= 0:
        raise InputError(
            f"ZDG_CACHE_MB is '{text}'; it must be a number of megabytes from 0, or not be set"
        )
    return megabytes * 1e6


def _evict(newest: pathlib.Path, limit: float) -> None:
    """Removes what was used least recently until the limit holds; never the newest."""
    sizes = []
    for path in cache_files(_NAME):
        with contextlib.suppress(OSError):
            state = path.stat()
            sizes.append((state.st_mtime, state.st_size, path))
    total = sum(size for _, size, _ in sizes)
    for _, size, path in sorted(sizes):
        if total <= limit:
            return
        if path != newest:
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
