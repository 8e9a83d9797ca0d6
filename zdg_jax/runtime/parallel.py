"""Threads of the host: casting, collision detection and NumPy's loops run outside Python's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_MOST = 16


def available_cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def parallel_map(work: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
    """`work` of every item, in order, on as many threads as there are processors."""
    items = list(items)
    threads = min(len(items), available_cpus(), _MOST)
    if threads <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
