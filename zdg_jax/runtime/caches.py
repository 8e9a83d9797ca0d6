"""Where the library keeps what it can make again: prepared objects, compiled programs, answers."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

import platformdirs


def cache_root() -> pathlib.Path:
    """Folder of all caches: `ZDG_CACHE_DIR`, or where the system keeps caches."""
    chosen = os.environ.get("ZDG_CACHE_DIR")
    return pathlib.Path(chosen) if chosen else platformdirs.user_cache_path("zdg_jax")


CACHES = {
    "objects": re.compile(r"[0-9a-f]{64}\.npz(\.lock)?"),
    "programs": re.compile(r"[A-Za-z0-9_]+-[0-9a-f]{64}\.bin"),
    "xla": re.compile(r"(jit|pjit|xla)[^/]*-(cache|atime)|\.lockfile"),
    "answers": re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.json"),
}
"""Caches by the name of their folder, with the names of the files that the library writes there."""
_PARTIAL = re.compile(r"(.*/)?\.zdg-[^/]+\.part")
"""Files that a run which was killed did not finish."""


def cache_files(name: str) -> Iterator[pathlib.Path]:
    """Finds the files of one cache: those of its own making, never what else lies there.

    Args:
        name: one of `CACHES`.
    """
    folder = cache_root() / name
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        fits = CACHES[name].fullmatch(inside) or _PARTIAL.fullmatch(inside)
        if fits and path.is_file() and not path.is_symlink():
            yield path


def clear_cache(name: str) -> int:
    """Removes the files of one cache and the folders that this empties.

    Args:
        name: one of `CACHES`.

    Returns:
        How many files were removed.

    Raises:
        OSError: one of them cannot be removed.
    """
    count = 0
    for path in cache_files(name):
        path.unlink(missing_ok=True)
        count += 1
    folder = cache_root() / name
    below = sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True)
    for empty in (*below, folder):
        with contextlib.suppress(OSError):  # not empty, or a link: something else lies there
            empty.rmdir()
    return count
