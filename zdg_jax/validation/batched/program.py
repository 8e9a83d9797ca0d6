"""What a program takes and gives: the state of rollouts side by side, and steps of them."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any

import jax
import mujoco
import numpy as np

from zdg_jax.validation.mujoco.simulation import ORIGIN

SINGLE = "computed in single precision"
"""What results say of a program that is not in double precision."""
BLOWN_UP = 1e6
"""A coordinate beyond this is a simulation that blew up."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class State:
    """State that steps hand on, for b rollouts; fields as in MuJoCo's data. Arrays of
    NumPy on the host, of JAX within a program."""

    qpos: Any
    qvel: Any
    warmstart: Any
    act: Any
    ctrl: Any
    mocap_pos: Any
    mocap_quat: Any

    @classmethod
    def at_rest(
        cls,
        model: mujoco.MjModel,
        poses: np.ndarray,
        ctrl: np.ndarray,
        object_pose: np.ndarray = ORIGIN,
    ) -> State:
        """Returns hands and objects at rest.

        Args:
            model: the scene.
            poses: root position, quaternion and joints, (b, 7 + j).
            ctrl: actuator targets, (b, nu).
            object_pose: position and quaternion of the object, (7,).
        """
        b = len(poses)
        return cls(
            qpos=np.concatenate([poses, np.tile(object_pose, (b, 1))], axis=1),
            qvel=np.zeros((b, model.nv)),
            warmstart=np.zeros((b, model.nv)),
            act=np.zeros((b, model.na)),
            ctrl=np.asarray(ctrl),
            mocap_pos=poses[:, None, :3],
            mocap_quat=poses[:, None, 3:7],
        )

    def put(self, k: int, row: State) -> None:
        """Writes the state of one rollout, in place; the arrays are NumPy's.

        Args:
            k: number of the rollout.
            row: its state, without the first axis.
        """
        for target, source in zip(jax.tree.leaves(self), jax.tree.leaves(row), strict=True):
            target[k] = source

    @property
    def sound(self) -> np.ndarray:
        """Marks the rollouts that did not blow up, (b,) bool."""
        return np.asarray((np.abs(self.qpos) < BLOWN_UP).all(axis=1))


class Program(abc.ABC):
    """A model on a device, with its steps."""

    batch: int
    """Rollouts at a time."""

    @abc.abstractmethod
    def run(self, state: State, wrench: np.ndarray, steps: int) -> tuple[State, np.ndarray]:
        """Takes steps of a state on the host.

        Args:
            state: b rollouts.
            wrench: forces and torques on the object, (b, 6) [N, N m].
            steps: number of steps.

        Returns:
            The state after them, and marks of the rollouts in which a contact was missed, (b,)
            bool: what they show is not to be trusted.
        """
