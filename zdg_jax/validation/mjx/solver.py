"""MJX's line search without the steps that it throws away.

MJX runs every line search for as many steps as it may take, so that it can be differentiated
backwards, and keeps the last one that counted. Rollouts need no gradient: a loop that ends when
every rollout's search has ended gives the same numbers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax

_LOOP = "_while_loop_scan"


@contextlib.contextmanager
def short_searches() -> Iterator[None]:
    """Ends line searches early in what is traced within the block."""
    from mujoco.mjx._src import solver

    original = getattr(solver, _LOOP)
    setattr(solver, _LOOP, _until)
    try:
        yield
    finally:
        setattr(solver, _LOOP, original)


def _until(
    condition: Callable[[Any], Any], body: Callable[[Any], Any], start: Any, most: int
) -> Any:
    """Runs the loop as MJX calls it; the condition counts the steps itself."""
    del most
    return jax.lax.while_loop(condition, body, start)
