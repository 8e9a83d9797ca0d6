"""Rows of faults: an input, a command or a call, and what must come of it.

Each row runs in a process of its own, in an empty folder, with limits on time and memory.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping

Maker = Callable[[pathlib.Path], None]
"""Puts the input into a folder."""

SECONDS = 400
"""Longest that a row may take, on the clock of a busy machine [s]."""
_GIGABYTES = 12
"""Address space of a row's process: XLA reserves far more than it uses."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What must come of a row."""

    status: int
    """Exit status."""
    says: str = ""
    """Pattern that is found in what the process writes: on stderr where it fails, else stdout."""
    one_line: bool = True
    """Whether a failure is told in one line."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A fault: how to provoke it, and what is right instead."""

    name: str
    """The kind of fault, in a few words."""
    make: Maker
    """Puts the input into the folder in which the process runs."""
    run: tuple[str, ...] | str
    """Arguments of `zdg`, or a Python program."""
    expect: Outcome
    """What must come of it."""
    keeps: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Files that the process must leave as they are, with their texts."""
    quick: bool = False
    """Whether it belongs to the part that always runs."""
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Variables of the process besides those of this one."""
    output: str = ""
    """File that stdout goes to, rather than to the check of what it says."""


def refused(says: str) -> Outcome:
    """Bad input, told in one line.

    Args:
        says: pattern in that line.
    """
    return Outcome(status=2, says=says)


def failed(says: str) -> Outcome:
    """No usable result, told on stderr.

    Args:
        says: pattern in it.
    """
    return Outcome(status=1, says=says)


def works(says: str = "") -> Outcome:
    """A result.

    Args:
        says: pattern on stdout.
    """
    return Outcome(status=0, says=says)


def check(row: Row, folder: pathlib.Path) -> None:
    """Runs a row and checks what came of it.

    Args:
        row: the row.
        folder: an empty folder.

    Raises:
        AssertionError: something else came of it.
    """
    row.make(folder)
    program = ["-c", row.run] if isinstance(row.run, str) else ["-m", "zdg_jax", *row.run]
    environment = os.environ | {"PYTHONPATH": str(pathlib.Path.cwd())} | row.environment
    # The shell sets the limit: a function run in the child would fork this process, in which JAX
    # may have threads already.
    into = f" > {row.output}" if row.output else ""
    shell = f'ulimit -v {_GIGABYTES * 2**20}; exec "$@"{into}'
    limited = ["sh", "-c", shell, "sh", sys.executable]
    with subprocess.Popen(
        [*limited, *program],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its own forks and workers too
            raise
    status = process.returncode
    words = stderr if row.expect.status else stdout
    assert status == row.expect.status, f"{status}: {stderr[-2000:]}"
    assert re.search(row.expect.says, words), words[-2000:]
    assert "Traceback" not in stderr
    if row.expect.status and row.expect.one_line:
        lines = [line for line in stderr.splitlines() if line]
        assert len(lines) == 1, stderr
        assert lines[0].startswith("zdg: ")
    for name, text in row.keeps.items():
        assert (folder / name).read_text() == text, f"{name} was changed"
    assert not (folder / "MUJOCO_LOG.TXT").exists()
