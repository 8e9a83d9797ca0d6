"""What MuJoCo warns of, kept off the terminal and out of the working folder."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

import mujoco

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def logged_warnings() -> Iterator[None]:
    """Sends MuJoCo's warnings to the log: what is wrong is told in words of our own.

    MuJoCo would print each of them, and write a MUJOCO_LOG.TXT to the working folder.
    """
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda message: _log.debug("MuJoCo: %s", message))
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)


@contextlib.contextmanager
def quiet_compiler() -> Iterator[None]:
    """As `logged_warnings`, and without the Python warnings of MuJoCo's compiler.

    For the reading of a file alone: Python's filter of warnings is that of all threads.
    """
    with logged_warnings(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield
