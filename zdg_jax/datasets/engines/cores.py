"""Cores of workers: each claims its own, so that workers of any run on a machine share them out."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile

import filelock

_FOLDER = "zdg-cores"
_claims: list[filelock.FileLock] = []
"""Claims of this process; they end with it, however it ends."""


def claim_cores(count: int) -> int:
    """Keeps this process to some cores that no other worker claims; to be called before JAX loads.

    Args:
        count: cores wanted.

    Returns:
        Cores that it is kept to; 0 where so many are not free, and the system shares them out.
    """
    if not hasattr(os, "sched_setaffinity"):
        return 0
    user = os.getuid()
    folder = pathlib.Path(tempfile.gettempdir()) / f"{_FOLDER}-{user}"
    claimed: dict[int, filelock.FileLock] = {}
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        for core in sorted(os.sched_getaffinity(0)):
            lock = filelock.FileLock(folder / f"{core}.lock", timeout=0)
            with contextlib.suppress(filelock.Timeout):
                lock.acquire()
                claimed[core] = lock
            if len(claimed) == count:
                os.sched_setaffinity(0, claimed)
                _claims.extend(claimed.values())
                return count
    for lock in claimed.values():
        lock.release()
    return 0
