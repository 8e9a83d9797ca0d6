"""Interruptions: that they are heard, and what a command that is cut off says it leaves behind."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def on_interruption(left: Callable[[], str]) -> Iterator[None]:
    """Adds to an interruption within the block what `left` says is on disk by then."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {left()}") from None


def repeat_lost_interruptions() -> None:
    """Interrupts again where an interruption came in code whose exceptions Python drops.

    Destructors and callbacks of the garbage collector are such code, and JAX has one that runs
    often while it traces programs: without this, one interruption in ten there is lost.
    """
    tell = sys.unraisablehook

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if issubclass(dropped.exc_type, KeyboardInterrupt):
            # A moment later, when that code is left.
            threading.Timer(0.05, signal.raise_signal, (signal.SIGINT,)).start()
        else:
            tell(dropped)

    sys.unraisablehook = hook
