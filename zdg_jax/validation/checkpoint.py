"""Checkpoints of long runs: results so far are kept, whatever happens next."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
import os
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.array_file import read_arrays
from zdg_jax.runtime.files import atomic_write
from zdg_jax.validation.results import Reason, Validation

_log = logging.getLogger(__name__)
_SAVE_EVERY = 5.0
_RUN = "run"
_LARGEST_MB = 2048.0


class Checkpoint:
    """Results of a run in a file, written while it goes and read when it goes on."""

    def __init__(self, path: str | os.PathLike[str], run: str, result: Validation) -> None:
        """Fills `result` with what an earlier run of the same name left in the file.

        Args:
            path: the file; it need not exist.
            run: name of the run, see `run_name`.
            result: untested results of the whole run.

        Raises:
            InputError: the file holds another run, or cannot be read.
        """
        self._path, self._run, self._result = pathlib.Path(path), run, result
        self._saved = time.monotonic()
        if self._path.exists():
            self._read()

    @property
    def missing(self) -> np.ndarray:
        """Rows that are not tested yet, sorted."""
        return np.flatnonzero(self._result.reason == Reason.NOT_TESTED)

    def put(self, rows: np.ndarray, part: Validation) -> None:
        """Adds results, and saves if the last time is a while ago.

        Args:
            rows: rows of the run.
            part: their results, in that order.
        """
        self._result.put(rows, part)
        if time.monotonic() - self._saved > _SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Writes the file; an interruption leaves the old one or the new one.

        Raises:
            InputError: it cannot be written.
        """
        arrays = {name: getattr(self._result, name) for name in self._result.array_names()}
        arrays[_RUN] = np.array(self._run)
        with atomic_write(self._path) as file:
            np.savez(file, allow_pickle=False, **arrays)
        self._saved = time.monotonic()

    def _read(self) -> None:
        try:
            arrays: dict[str, Any] = dict(read_arrays(self._path, limit_mb=_LARGEST_MB))
        except InputError as error:
            raise InputError(
                f"cannot resume from {self._path}: {error}; delete it to start anew"
            ) from error
        if str(arrays.pop(_RUN, "")) != self._run:
            raise InputError(
                f"{self._path} holds the results of another run (other grasps, hand, object, "
                "protocol or backend); delete it or name another file"
            )
        try:
            self._result.put(slice(None), dataclasses.replace(self._result, **arrays))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{self._path} holds other results than this run's; delete it to start anew"
            ) from error
        done = len(self._result) - len(self.missing)
        _log.info("resuming from %s: %d of %d tested", self._path, done, len(self._result))


def run_name(poses: Sequence[np.ndarray], model: mujoco.MjModel, *settings: object) -> str:
    """Returns a hash of everything that decides the results.

    Args:
        poses: poses of the grasps.
        model: the compiled scene, with hand, object, materials and solver in it.
        *settings: anything else that counts, by its `repr`.
    """
    digest = hashlib.sha256()
    for array in poses:
        digest.update(np.ascontiguousarray(array, np.float64).tobytes())
    scene = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, scene)
    digest.update(scene.tobytes())
    digest.update(repr(settings).encode())
    return digest.hexdigest()
