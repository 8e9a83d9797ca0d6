"""Screening, which all tests in the C engine share: poses that already fail as they are."""

from __future__ import annotations

import abc

import jax
import numpy as np

from zdg_jax.hand.poses import Poses
from zdg_jax.validation.mujoco.simulation import ORIGIN, Simulation
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene


class GraspTest(abc.ABC):
    """A protocol on one scene, run for one grasp at a time."""

    scene: CompiledScene
    """The scene."""
    load_names: tuple[str, ...]
    """Names of the loads, or of the phases, that a grasp must survive."""
    max_pregrasp_penetration: float
    """Deepest overlap of a pregrasp that is still tried [m]."""
    object_pose: np.ndarray = ORIGIN
    """Pose in which the object awaits the hand, (7,)."""

    def run(self, simulation: Simulation, result: Validation, i: int, poses: Poses) -> None:
        """Tests one grasp and writes row `i` of the result.

        Args:
            simulation: scratch state; it is reset.
            result: arrays to write to.
            i: row.
            poses: the grasp, leaves (3,), (4,) and (j,), those of its approach (T, ...), float64,
                object frame.
        """
        placed = self.start(simulation, result, i, poses)
        if placed is not None:
            reason = self.roll_out(simulation, result, i, *placed)
            result.conclude(i, reason, simulation.steps, simulation.data.time)

    def start(
        self, simulation: Simulation, result: Validation, i: int, poses: Poses
    ) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray] | None:
        """Puts one grasp into the world and screens it; arguments as of `run`, finite or not.

        Returns:
            Approach where it is known, pregrasp, grasp and squeeze, world frame, with the
            simulation at the pregrasp; None where the grasp failed as it is.
        """
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(poses)):
            result.fail(i, Reason.DIVERGED, 0.0)
            return None
        pregrasp, grasp, squeeze = (self.placed(qpos) for qpos in poses.qpos)
        way = poses.approach
        approach = None if way is None else np.stack([self.placed(q) for q in way.qpos])
        limit = self.max_pregrasp_penetration
        if screen(simulation, result, i, pregrasp, grasp, limit, self.object_pose):
            return approach, pregrasp, grasp, squeeze
        return None

    def placed(self, qpos: np.ndarray) -> np.ndarray:
        """Returns a hand's pose (7 + j,) of the object frame in the world."""
        return qpos

    @abc.abstractmethod
    def roll_out(
        self,
        simulation: Simulation,
        result: Validation,
        i: int,
        approach: np.ndarray | None,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
    ) -> Reason:
        """Runs the test proper from the pregrasp, in which the simulation already is.

        Args:
            simulation: the state.
            result: arrays to write measurements to.
            i: row.
            approach: the way to the pregrasp, (T, 7 + j), world frame, where it is known.
            pregrasp: root position, quaternion and joints, (7 + j,), world frame.
            grasp: likewise.
            squeeze: likewise.

        Returns:
            `Reason.HELD`, or why the grasp failed.
        """


def screen(
    simulation: Simulation,
    result: Validation,
    i: int,
    pregrasp: np.ndarray,
    grasp: np.ndarray,
    limit: float,
    object_pose: np.ndarray = ORIGIN,
) -> bool:
    """Measures overlaps of a pregrasp and grasp, and fails what lies too deep.

    Leaves the simulation at the pregrasp.

    Args:
        simulation: scratch state.
        result: row `i` gets the penetrations, and the reason if it fails.
        i: row.
        pregrasp: root position, quaternion and joints, (7 + j,), finite, world frame.
        grasp: likewise.
        limit: deepest overlap of the pregrasp with object and hand, and of both poses with the
            table [m].
        object_pose: pose of the object, (7,).

    Returns:
        True if the grasp is worth a rollout.
    """
    simulation.reset(grasp, object_pose)
    closed = simulation.penetration()
    simulation.reset(pregrasp, object_pose)
    opened = simulation.penetration()
    result.grasp_penetration[i] = closed.with_object
    result.pregrasp_penetration[i] = max(opened.with_object, opened.with_itself)
    if result.pregrasp_penetration[i] > limit:
        result.fail(i, Reason.PREGRASP_PENETRATES, 0.0)
    elif max(opened.with_table, closed.with_table) > limit:
        result.fail(i, Reason.TABLE_IN_THE_WAY, 0.0)
    else:
        return True
    return False
