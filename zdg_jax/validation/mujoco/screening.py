"""Screening, which all tests in the C engine share: poses that already fail as they are."""

from __future__ import annotations

import abc

import numpy as np

from zdg_jax.hand.poses import Poses
from zdg_jax.validation.mujoco.simulation import ORIGIN, Simulation
from zdg_jax.validation.results import Reason, Validation


class GraspTest(abc.ABC):
    """A protocol on one scene, run for one grasp at a time."""

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
                finite, object frame.
        """
        pregrasp, grasp, squeeze = (self.placed(qpos) for qpos in poses.qpos)
        way = poses.approach
        approach = None if way is None else np.stack([self.placed(q) for q in way.qpos])
        if screen(
            simulation, result, i, pregrasp, grasp, self.max_pregrasp_penetration, self.object_pose
        ):
            reason = self.roll_out(simulation, result, i, approach, pregrasp, grasp, squeeze)
            result.steps[i] = simulation.steps
            result.reason[i], result.held[i] = reason, reason is Reason.HELD
            if reason is not Reason.HELD and np.isnan(result.failed_at[i]):
                result.failed_at[i] = simulation.data.time

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
