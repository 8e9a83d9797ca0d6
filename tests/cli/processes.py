"""Real processes of the command line."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys

_ZDG = pathlib.Path(sys.executable).with_name("zdg")
"""The installed command."""


def start(*arguments: object) -> subprocess.Popen[str]:
    """Starts `zdg`, which hears interruptions."""
    # Where the tests run in the background interruptions are ignored, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [str(_ZDG), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)
