"""Interruptions: what a command that is cut off says it leaves behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def on_interruption(left: Callable[[], str]) -> Iterator[None]:
    """Adds to an interruption within the block what `left` says is on disk by then."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {left()}") from None
