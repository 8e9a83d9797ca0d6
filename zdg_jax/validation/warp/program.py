"""The program of the Warp backend: a scene in many worlds, and what does not fit found out."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib.util
import logging
from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np

from zdg_jax.errors import InputError, ValidationError
from zdg_jax.validation.batched.program import Program, State
from zdg_jax.validation.warp.room import Room

_log = logging.getLogger(__name__)
_CPU_BATCH, _GPU_BATCH = 32, 4096
_FIELDS = {field.name: field.name for field in dataclasses.fields(State)} | {
    "warmstart": "qacc_warmstart"
}
"""Names in Warp's data of the fields of a state."""


def has_cuda() -> bool:
    """Tells whether `mujoco-warp` is installed and Warp finds an NVIDIA GPU."""
    if not _installed():
        return False
    import warp

    with _quiet(warp):
        return bool(warp.is_cuda_available())


class WarpProgram(Program):
    """A scene in `batch` worlds on Warp's default device: a GPU where there is one, else the CPU.

    Warp leaves out contacts and rows that it has no room for, and says so afterwards. Steps whose
    contacts or rows did not fit are taken again from where they started, with more room.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        object_body: int,
        *,
        batch: int | None,
        room: Room | None = None,
    ) -> None:
        """Puts the scene on the device; kernels compile at the first steps.

        Args:
            model: the scene.
            object_body: body that wrenches act on.
            batch: worlds; by default 4096 on a GPU and 32 on a CPU.
            room: contacts and rows of a world to begin with; by default guessed from the scene.

        Raises:
            InputError: `mujoco-warp` is not installed.
            ValidationError: Warp cannot take the scene.
        """
        if not _installed():
            raise InputError(
                "backend 'warp' needs the package mujoco-warp: pip install 'zdg-jax[warp]'"
            )
        import mujoco_warp
        import warp

        self._mjw, self._wp = mujoco_warp, warp
        self._scene, self._body = model, object_body
        self._most = Room.most(model)
        self.room = room or Room.first_guess(model)
        """Contacts and rows that a world has room for."""
        with _quiet(self._wp):
            self._device = warp.get_device()
            self.batch = batch or (_GPU_BATCH if self._device.is_cuda else _CPU_BATCH)
            try:
                self._model = mujoco_warp.put_model(model)
            except NotImplementedError as error:
                raise ValidationError(
                    f"Warp cannot take the scene: {error}; use backend 'mujoco'"
                ) from error
            self._model.opt.warn_overflow = 0  # it is asked for here, not printed
            self._allot()

    def run(self, state: State, wrench: np.ndarray, steps: int) -> tuple[State, np.ndarray]:
        """Takes steps of a state on the host, see `Program.run`.

        Raises:
            ValidationError: the device has no memory for the contacts of so many worlds.
        """
        kinds, sound = self._mjw.OverflowType, state.sound
        with _quiet(self._wp):
            while True:
                overflow = self._step(self._parked(state, sound), wrench, steps)
                contacts = overflow & (kinds.BROADPHASE | kinds.NARROWPHASE | kinds.CCD)
                rows = overflow & (kinds.NEFC | kinds.NJMAX_NNZ)
                grown = self.room.doubled(
                    contacts=bool(contacts.any()), rows=bool(rows.any()), most=self._most
                )
                if grown == self.room:
                    break
                _log.info("room of a world: %s was too small, going on with %s", self.room, grown)
                self.room = grown
                self._allot()
            after = {
                name: getattr(self._data, field).numpy().copy() for name, field in _FIELDS.items()
            }
        after["qpos"][~sound] = np.nan
        # Two polytopes can need more memory than Warp has for them: such a pair makes no contact.
        return State(**after), (contacts | rows | (overflow & kinds.EPA_HORIZON)) != 0

    def _parked(self, state: State, sound: np.ndarray) -> State:
        """The state with worlds that blew up at rest: what they would touch takes others' room."""
        if sound.all():
            return state
        values = {}
        for name in _FIELDS:
            value = np.array(getattr(state, name))
            value[~sound] = self._scene.qpos0 if name == "qpos" else 0.0
            values[name] = value
        values["mocap_quat"][~sound] = [1.0, 0.0, 0.0, 0.0]
        return State(**values)

    def _step(self, state: State, wrench: np.ndarray, steps: int) -> np.ndarray:
        """Takes the steps in Warp's data; returns what overflowed in each world, (b,) int."""
        data = self._data
        graph = self._graph if self._device.is_cuda else None
        for name, field in _FIELDS.items():
            getattr(data, field).assign(np.asarray(getattr(state, name), np.float32))
        applied = np.zeros((self.batch, self._scene.nbody, 6), np.float32)
        applied[:, self._body] = wrench
        data.xfrc_applied.assign(applied)
        data.overflow.zero_()
        for _ in range(steps):
            if graph is None:
                self._mjw.step(self._model, data)
            else:
                self._wp.capture_launch(graph)
        return np.array(data.overflow.numpy())

    def _allot(self) -> None:
        """Makes Warp's data with the room at hand."""
        self.__dict__.pop("_graph", None)
        try:
            self._data = self._mjw.make_data(
                self._scene,
                nworld=self.batch,
                nconmax=self.room.contacts,
                njmax=self.room.rows,
            )
        except RuntimeError as error:
            raise ValidationError(
                f"{self._device} has no memory for {self.batch} worlds of {self.room.contacts} "
                f"contacts and {self.room.rows} constraint rows each ({error}); take a smaller "
                "batch, or backend 'mujoco'"
            ) from error

    @functools.cached_property
    def _graph(self) -> Any:
        """One step as a graph of kernels, which a GPU starts at once. Changes the data's state."""
        self._mjw.step(self._model, self._data)  # compiles, which no capture may
        with self._wp.ScopedCapture() as capture:
            self._mjw.step(self._model, self._data)
        return capture.graph


def _installed() -> bool:
    return importlib.util.find_spec("mujoco_warp") is not None


@contextlib.contextmanager
def _quiet(warp: Any) -> Iterator[None]:
    """Keeps Warp from printing what it loads: a library does not."""
    before = warp.config.log_level
    warp.config.log_level = warp.LOG_WARNING
    try:
        yield
    finally:
        warp.config.log_level = before
