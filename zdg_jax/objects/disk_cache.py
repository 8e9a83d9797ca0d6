"""Prepared objects on disk, by the hash of what went in.

Files are written beside their place and moved there, so a reader sees a whole file or none. A
lock a key keeps two processes from preparing the same object; reading needs none. What was used
least recently goes when the cache outgrows its limit.

Environment: `ZDG_CACHE_DIR` is the folder of all caches, `ZDG_CACHE_MB` the limit of this one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
from collections.abc import Callable

import filelock
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root
from zdg_jax.runtime.files import atomic_write

_LIMIT_MB = 2048.0
_LOCK_SECONDS = 120.0
"""Longest wait for another process that prepares the same object [s]."""

_log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


def folder() -> pathlib.Path:
    """Returns the folder in which prepared objects are kept."""
    return cache_root() / "objects"


def load_or_make(key: str, make: Callable[[], Arrays]) -> Arrays:
    """Returns the arrays that are kept under a key, made first where there are none.

    A folder that cannot be written costs the cache, not the object.

    Args:
        key: name of the entry, fit for a file's name.
        make: makes the arrays.
    """
    path = folder() / f"{key}.npz"
    arrays = _load(path)
    if arrays is not None:
        return arrays
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(filelock.FileLock(f"{path}.lock", timeout=_LOCK_SECONDS))
        except (OSError, filelock.Timeout) as error:
            _log.warning("no cache of objects: %s", error)
            return make()
        arrays = _load(path)
        if arrays is not None:
            return arrays
        arrays = make()
        try:
            with atomic_write(path) as file:
                np.savez(file, allow_pickle=False, **arrays)
        except InputError as error:
            _log.warning("no cache of objects: %s", error)
    _evict(path)
    return arrays


def clear_cache() -> int:
    """Removes all prepared objects; returns how many there were."""
    count = 0
    for path in folder().glob("*.npz"):
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    for path in folder().glob("*.lock"):
        with contextlib.suppress(OSError):
            path.unlink()
    return count


def _load(path: pathlib.Path) -> Arrays | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        os.utime(path)
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged file fails in any layer of zip and npy
        _log.warning("damaged file in the cache of objects, made anew: %s (%s)", path, error)
        return None
    return arrays


def _evict(newest: pathlib.Path) -> None:
    """Removes what was used least recently until the limit holds; never the newest."""
    limit = float(os.environ.get("ZDG_CACHE_MB", _LIMIT_MB)) * 1e6
    sizes = []
    for path in folder().glob("*.npz"):
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
