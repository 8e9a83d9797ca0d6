"""Films: how one grasp goes in physics, as states that a renderer draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.validation.mujoco.engine import Engine
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.protocols import Hold, Load, Protocol, six_directions
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike


@dataclasses.dataclass(frozen=True, kw_only=True)
class Film:
    """States of hand and object over f frames, in the object's frame at the start."""

    time: np.ndarray
    """Simulated time of each frame, (f,) [s]."""
    hand: np.ndarray
    """Root position, quaternion and joints, (f, 7 + j)."""
    object_pose: np.ndarray
    """Position and quaternion of the object, (f, 7)."""
    phase: tuple[str, ...]
    """What is happening: `close`, `squeeze`, then the name of the load or the phase, f of them."""
    protocol: Protocol
    """What was run."""
    fps: float
    """Frames a simulated second."""
    result: Validation
    """What the test says of the grasp."""

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.time)


def film(
    hand: HandLike,
    obj: ObjectLike,
    pregrasp: np.ndarray,
    grasp: np.ndarray,
    squeeze: np.ndarray,
    protocol: Protocol = six_directions,
    *,
    fps: float = 25.0,
    loads: Sequence[str] | None = None,
) -> Film:
    """Runs one grasp and keeps what a camera would see.

    Each pull starts from the state after the squeeze, as in the test. `time` restarts there too.

    Args:
        hand: the hand.
        obj: the object.
        pregrasp: root position, quaternion and joints, (7 + j,), object frame.
        grasp: likewise.
        squeeze: likewise.
        protocol: what to run. It is run to its end: pulls are not cut short.
        fps: frames a simulated second.
        loads: names of the loads to show, by default all of them.

    Raises:
        InputError: `fps` is not positive, no load has such a name, or the poses do not fit.
        ValidationError: MuJoCo refuses the scene.
    """
    if not fps > 0:
        raise InputError(f"fps is {fps}; it must be positive")
    if isinstance(protocol, Hold):
        protocol = dataclasses.replace(protocol, settling=None, fail_fast=False)
        if loads is not None:
            protocol = dataclasses.replace(protocol, loads=_chosen(protocol, loads))
    engine = Engine(hand, obj, protocol, threads=1)
    poses = [np.asarray(pose)[None] for pose in (pregrasp, grasp, squeeze)]
    frames: list[tuple[float, np.ndarray, str]] = []

    def keep(simulation: Simulation) -> None:
        frames.append((simulation.data.time, simulation.data.qpos.copy(), simulation.phase))

    every = max(1, round(1.0 / (fps * protocol.solver.timestep)))
    result = engine.observe(*poses, observer=keep, every=every)
    states = np.array([qpos for _, qpos, _ in frames]).reshape(len(frames), engine.scene.model.nq)
    return Film(
        time=np.array([time for time, _, _ in frames]),
        hand=states[:, :-7],
        object_pose=states[:, -7:],
        phase=tuple(phase for _, _, phase in frames),
        protocol=protocol,
        fps=1.0 / (every * protocol.solver.timestep),
        result=result,
    )


def _chosen(protocol: Hold, names: Sequence[str]) -> tuple[Load, ...]:
    known = {load.name: load for load in protocol.loads}
    for name in names:
        if name not in known:
            raise InputError(f"no load '{name}' in {protocol.name}; there are: {', '.join(known)}")
    return tuple(known[name] for name in names)
