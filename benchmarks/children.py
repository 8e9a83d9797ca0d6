"""Measurements in processes of their own, which print JSON."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

from benchmarks.settings import ROOT


def answer_of(
    command: list[str],
    environment: dict[str, str],
    *,
    place: pathlib.Path = ROOT,
    told: str | None = None,
) -> Any:
    """Runs a command and returns the JSON of the last line that it prints.

    Args:
        command: the program and its arguments.
        environment: its environment.
        place: the folder that it runs in.
        told: its standard input; nothing if not given.

    Raises:
        RuntimeError: it failed; holds what it wrote about that.
    """
    done = subprocess.run(
        command, cwd=place, env=environment, input=told, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])
