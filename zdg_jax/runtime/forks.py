"""Forks of a process in which JAX has started: its threads are not there, and every program waits
for them for ever.

`multiprocessing` forks by default on Linux before Python 3.14. A fork is noticed, and refused where
it would hang.
"""

from __future__ import annotations

import os

from zdg_jax.errors import InputError


class _Process:
    """What is known of this process."""

    started = False
    """Whether the library has JAX at work."""
    forked = False
    """Whether it was forked from one that had."""


def mark_started() -> None:
    """Notes that JAX is at work from now on.

    Raises:
        InputError: this process was forked from one in which it was already.
    """
    check_not_forked()
    _Process.started = True


def check_not_forked() -> None:
    """Refuses work in a process in which JAX cannot do any.

    Raises:
        InputError: this process was forked from one in which JAX had started.
    """
    if _Process.forked:
        raise InputError(
            "this process was forked after hands were loaded, and JAX hangs in it: start workers "
            'by multiprocessing.get_context("spawn"), and load hands and objects in them'
        )


def _after_fork() -> None:
    _Process.forked = _Process.forked or _Process.started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
