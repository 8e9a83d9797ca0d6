"""The compiled program of MJX: steps of many rollouts at once."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import io
import logging
import os
from typing import Any

import jax
import mujoco
import numpy as np

from zdg_jax.errors import ValidationError
from zdg_jax.runtime.devices import active_devices, replicate, shard_rows
from zdg_jax.validation.batched.program import Program, State
from zdg_jax.validation.mjx.patches import patched

_log = logging.getLogger(__name__)
_SCHEDULER_FLAG = "--xla_cpu_enable_concurrency_optimized_scheduler=false"
_MEMORY_SHARE, _WORKING_COPIES = 0.5, 6
_CPU_BATCH = 32


class MjxProgram(Program):
    """A model on the device, with its compiled steps."""

    def __init__(
        self, model: mujoco.MjModel, object_body: int, *, batch: int | None, double: bool
    ) -> None:
        """Puts the model on the device; the steps compile at their first call.

        Args:
            model: the scene.
            object_body: body that wrenches act on.
            batch: rollouts at a time; by default what the device's memory takes.
            double: compute in double precision.

        Raises:
            ValidationError: MJX cannot take the model.
        """
        self._double = double
        with self._precision():
            mjx, *placed = _put(model)
            self._device_model, self._start = replicate(tuple(placed))
        advance = jax.jit(functools.partial(_advance, mjx, object_body))
        self._advance = shard_rows(replicated=(0, 1, 4))(advance)
        self.batch = batch or len(active_devices()) * self._fitting_batch()

    @property
    def dtype(self) -> np.dtype:
        """Type of the numbers that steps are computed with."""
        return np.dtype(self._start.qpos.dtype)

    def run(self, state: State, wrench: np.ndarray, steps: int) -> tuple[State, np.ndarray]:
        """Takes steps of a state on the host, see `Program.run`. MJX knows of no missed contact.

        Nothing of double precision stays on the device, so that all other code may run without.
        """
        arrays = jax.tree.map(lambda leaf: np.asarray(leaf, self.dtype), (state, wrench))
        with self._precision(), patched():
            # Placed explicitly like the model: arrays placed by default would compile it all again.
            placed = jax.device_put((*arrays, np.int32(steps)), jax.local_devices()[0])
            after = self._advance(self._device_model, self._start, *placed)
        return jax.tree.map(np.array, jax.device_get(after)), np.zeros(len(wrench), bool)

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        return _doubles() if self._double else contextlib.nullcontext()

    def _fitting_batch(self) -> int:
        """Rollouts whose states fit the device's memory; few on a CPU."""
        device = jax.local_devices()[0]
        stats = device.memory_stats() if device.platform != "cpu" else None
        if not stats or "bytes_limit" not in stats:
            return _CPU_BATCH
        each = sum(leaf.nbytes for leaf in jax.tree.leaves(self._start)) * _WORKING_COPIES
        free = stats["bytes_limit"] - stats.get("bytes_in_use", 0)
        return int(np.clip(2 ** np.floor(np.log2(max(1.0, _MEMORY_SHARE * free / each))), 1, 8192))


def _advance(
    mjx: Any, body: int, model: Any, start: Any, state: State, wrench: jax.Array, steps: jax.Array
) -> State:
    """Takes `steps` steps of b rollouts, each with a wrench (b, 6) on the object."""

    def single(state: State, wrench: jax.Array) -> State:
        applied = start.xfrc_applied.at[body].set(wrench)

        def step(_: jax.Array, state: State) -> State:
            data = start.replace(
                qpos=state.qpos,
                qvel=state.qvel,
                qacc_warmstart=state.warmstart,
                act=state.act,
                ctrl=state.ctrl,
                mocap_pos=state.mocap_pos,
                mocap_quat=state.mocap_quat,
                xfrc_applied=applied,
            )
            data = mjx.step(model, data)
            return dataclasses.replace(
                state,
                qpos=data.qpos,
                qvel=data.qvel,
                warmstart=data.qacc_warmstart,
                act=data.act,
            )

        return jax.lax.fori_loop(0, steps, step, state)

    return jax.vmap(single)(state, wrench)


def _put(model: mujoco.MjModel) -> tuple[Any, Any, Any]:
    """MJX itself, the model on the device and the state that steps start from."""
    if jax.default_backend() == "cpu" and _SCHEDULER_FLAG not in os.environ.get("XLA_FLAGS", ""):
        _log.warning(
            "MJX on a CPU is slow and can hang with several object pieces: prefer backend "
            "'mujoco', or set XLA_FLAGS=%s before JAX is imported",
            _SCHEDULER_FLAG,
        )
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it could not import
        from mujoco import mjx
    try:
        with jax.numpy_dtype_promotion("standard"):
            return mjx, mjx.put_model(model), mjx.make_data(model)
    except NotImplementedError as error:
        raise ValidationError(
            f"MJX cannot take the scene: {error}; use backend 'mujoco'"
        ) from error


def _doubles() -> contextlib.AbstractContextManager[Any]:
    """Lets JAX keep double precision in what is traced and called within the block."""
    # Before 0.8 it was elsewhere.
    home: Any = jax if hasattr(jax, "enable_x64") else importlib.import_module("jax.experimental")
    default_batch: contextlib.AbstractContextManager[Any] = home.enable_x64(True)
    return default_batch
