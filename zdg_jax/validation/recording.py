"""Recordings: one grasp in physics, as states that a renderer draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.validation.mujoco.engine import Engine
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import HoldProtocol, Load, Protocol, six_directions
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """States of hand and object over f frames, in the object's frame at the start."""

    time: np.ndarray
    """Simulated time of each frame, (f,) [s]."""
    hand: np.ndarray
    """Root position, quaternion and joints, (f, 7 + j)."""
    object_pose: np.ndarray
    """Position and quaternion of the object, (f, 7)."""
    phase: tuple[str, ...]
    """Phase of each frame, f of them: `close`, `squeeze`, then names of loads; or the lift's."""
    wrenches: Mapping[str, np.ndarray]
    """Force [N] and torque [N m] of each load by name, (6,); none for a lift."""
    protocol: Protocol
    """The test that was run."""
    fps: float
    """Frames per simulated second."""
    result: Validation
    """Verdict of the test, one row."""

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time)


def record(
    hand: HandLike,
    obj: ObjectLike,
    poses: Poses,
    protocol: Protocol = six_directions,
    *,
    fps: float = 25.0,
    loads: Sequence[str] | None = None,
) -> Recording:
    """Runs one grasp and keeps what a camera would see.

    Each pull starts from the state after the squeeze, as in the test. `time` restarts there too.

    Args:
        hand: the hand.
        obj: the object.
        poses: one grasp, leaves (1, ...), object frame.
        protocol: the test. It is run to its end: pulls are not cut short.
        fps: frames per simulated second.
        loads: names of the loads to show, by default all of them.

    Raises:
        InputError: `fps` is not positive, no load has such a name, or the poses do not fit.
        ValidationError: MuJoCo refuses the scene.
    """
    if not fps > 0:
        raise InputError(f"fps is {fps}; it must be positive")
    wrenches: dict[str, np.ndarray] = {}
    if isinstance(protocol, HoldProtocol):
        protocol = dataclasses.replace(protocol, settling=None, fail_fast=False)
        if loads is not None:
            protocol = dataclasses.replace(protocol, loads=_chosen(protocol, loads))
        weight = protocol.physics.weight_of(obj)
        names = (load.name for load in protocol.loads)
        wrenches = dict(zip(names, protocol.wrenches(weight), strict=True))
    engine = Engine(hand, obj, protocol, threads=1)
    frames: list[tuple[float, np.ndarray, str]] = []

    def keep(simulation: Simulation) -> None:
        frames.append((simulation.data.time, simulation.data.qpos.copy(), simulation.phase))

    every = max(1, round(1.0 / (fps * protocol.solver.timestep)))
    result = engine.observe(poses, observer=keep, every=every)
    states = np.array([qpos for _, qpos, _ in frames]).reshape(len(frames), engine.scene.model.nq)
    return Recording(
        time=np.array([time for time, _, _ in frames]),
        hand=states[:, :-7],
        object_pose=states[:, -7:],
        phase=tuple(phase for _, _, phase in frames),
        wrenches=wrenches,
        protocol=protocol,
        fps=1.0 / (every * protocol.solver.timestep),
        result=result,
    )


def _chosen(protocol: HoldProtocol, names: Sequence[str]) -> tuple[Load, ...]:
    known = {load.name: load for load in protocol.loads}
    for name in names:
        if name not in known:
            raise InputError(f"no load '{name}' in {protocol.name}; there are: {', '.join(known)}")
    return tuple(known[name] for name in names)
