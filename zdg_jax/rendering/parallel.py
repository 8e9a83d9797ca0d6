"""Several pictures at once: casting and numpy's loops run outside the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def spread(work: Callable[[_In], _Out], items: Iterable[_In]) -> list[_Out]:
    """`work` of every item, in order, on as many threads as there are processors."""
    todo = list(items)
    threads = min(len(todo), len(os.sched_getaffinity(0)) if _LINUX else os.cpu_count() or 1, 16)
    if threads <= 1:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, todo))


_LINUX = hasattr(os, "sched_getaffinity")
