"""Each broken input in a process of its own: what came of it, how long it took, how much memory.

    python -m tests.objects.broken_run [NAMES]

prints a JSON row an input. Processes are forked before JAX starts, so that they need not import.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.objects import Object

from . import broken_files, broken_meshes
from .broken_files import Case

Cases = Callable[[], Iterator[Case]]

SECONDS = 300
"""Longest that one input may take, on the clock [s]."""
GIGABYTES = 4.0
"""Most memory that one input may take."""
_GUARD = 12 * 2**30
"""Address space that a process may have: a runaway must not take the machine down."""


def every_case() -> dict[str, object]:
    """All cases by name."""
    found = [*broken_files.cases(), *broken_meshes.cases()]
    assert len({name for name, _ in found}) == len(found)
    return dict(found)


def verdict(thing: object) -> str:
    """What comes of an input: an object, or the one line of an error.

    Raises:
        AssertionError: an object that is not sound, or an error that is not one line.
    """
    settings: dict[str, object] = {}
    if isinstance(thing, tuple) and len(thing) == 2 and isinstance(thing[1], dict):
        thing, settings = thing
    try:
        found = Object.from_mesh(thing, cache=False, **settings)  # type: ignore[arg-type]
    except InputError as error:
        message = str(error)
        assert message
        assert message.isprintable(), repr(message)
        assert len(message) < 1000, f"{len(message)} characters: {message[:200]}"
        return f"refused: {message}"
    numbers = (found.arrays.grid.cells, found.arrays.collision_grid.cells, found.inertia)
    assert all(np.isfinite(np.asarray(leaf)).all() for leaf in numbers)
    assert np.isfinite(np.asarray(found.arrays.samples.points)).all()
    assert np.isfinite(np.asarray(found.arrays.samples.normals)).all()
    assert found.volume > 0
    assert found.mass > 0
    assert (np.linalg.eigvalsh(found.inertia) > 0).all()
    assert found.pieces
    assert all(np.isfinite(piece.vertices).all() for piece in found.pieces)
    assert set(found.face_parts) == set(range(1, len(found.parts) + 1))
    return f"object of {len(found.pieces)} pieces and {len(found.parts)} parts"


def run(name: str) -> dict[str, object]:
    """One input in a child process."""
    reader, writer = os.pipe()
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(name, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        text = stream.read().decode()
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    row = {"name": name, "wall_s": round(time.perf_counter() - start, 1)}
    row["cpu_s"] = round(usage.ru_utime + usage.ru_stime, 1)
    row["gb"] = round(usage.ru_maxrss / 1e6, 2)
    row["ok"] = code == 0
    row["what"] = text if code != -signal.SIGALRM else f"still running after {SECONDS} s"
    if code not in (0, 1, -signal.SIGALRM):
        row["what"] = f"ended with {code}: {text}"
    return row


def _child(name: str, writer: int) -> None:
    """Makes the input and tries it; never returns."""
    resource.setrlimit(resource.RLIMIT_AS, (_GUARD, _GUARD))
    signal.alarm(SECONDS)
    warnings.simplefilter("error")
    code, text = 0, ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            make = every_case()[name]
            thing = make(pathlib.Path(folder))  # type: ignore[operator]
            text = verdict(thing).replace(folder, "")
    except BaseException:
        code, text = 1, traceback.format_exc()
    os.write(writer, text.encode(errors="replace")[-3000:])
    os._exit(code)


def main(names: list[str]) -> None:
    """Runs the inputs of these names, or all."""
    # JAX has not started its threads yet; it warns of any fork.
    warnings.filterwarnings("ignore", message=r"os\.fork\(\) was called")
    for name in names or every_case():
        sys.stdout.write(json.dumps(run(name)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
