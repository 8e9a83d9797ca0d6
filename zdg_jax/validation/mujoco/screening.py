"""Screening, which all tests in the C engine share: poses that already fail as they are."""

from __future__ import annotations

import abc

import jax
import numpy as np

from zdg_jax.hand.poses import Poses
from zdg_jax.validation.mujoco.simulation import ORIGIN, Simulation
from zdg_jax.validation.placed_grasp import PlacedGrasp
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import CompiledScene


class GraspTest(abc.ABC):
    """A protocol on one scene, run for one grasp at a time."""

    scene: CompiledScene
    """The scene."""
    load_names: tuple[str, ...]
    """Names of the loads, or of the phases, that a grasp must survive."""
    max_pregrasp_penetration: float
    """Deepest overlap that is still tried: of the pregrasp with object and hand, of pregrasp and
    grasp with the table [m]."""
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
            reason = self.roll_out(simulation, result, i, placed)
            result.conclude(i, reason, simulation.steps, simulation.data.time)

    def start(
        self, simulation: Simulation, result: Validation, i: int, poses: Poses
    ) -> PlacedGrasp | None:
        """Puts one grasp into the world and screens it; arguments as of `run`, finite or not.

        Returns:
            The grasp, with the simulation at its pregrasp; None where it failed as it is.
        """
        if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(poses)):
            result.fail(i, Reason.DIVERGED, 0.0)
            return None
        way = poses.approach
        pregrasp, grasp, squeeze = (self.placed(qpos) for qpos in poses.qpos)
        placed = PlacedGrasp(
            approach=None if way is None else np.stack([self.placed(q) for q in way.qpos]),
            pregrasp=pregrasp,
            grasp=grasp,
            squeeze=squeeze,
        )
        return placed if self._screen(simulation, result, i, placed) else None

    def _screen(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> bool:
        """Measures overlaps of a pregrasp and grasp, and fails what lies too deep.

        Leaves the simulation at the pregrasp; returns whether the grasp is worth a rollout.
        """
        simulation.reset(placed.grasp, self.object_pose)
        closed = simulation.penetration()
        simulation.reset(placed.pregrasp, self.object_pose)
        opened = simulation.penetration()
        result.grasp_penetration[i] = closed.with_object
        result.pregrasp_penetration[i] = max(opened.with_object, opened.with_itself)
        if result.pregrasp_penetration[i] > self.max_pregrasp_penetration:
            result.fail(i, Reason.PREGRASP_PENETRATES, 0.0)
        elif max(opened.with_table, closed.with_table) > self.max_pregrasp_penetration:
            result.fail(i, Reason.TABLE_IN_THE_WAY, 0.0)
        else:
            return True
        return False

    def placed(self, qpos: np.ndarray) -> np.ndarray:
        """Returns a hand's pose (7 + j,) of the object frame in the world."""
        return qpos

    @abc.abstractmethod
    def roll_out(
        self, simulation: Simulation, result: Validation, i: int, placed: PlacedGrasp
    ) -> Reason:
        """Runs the test proper from the pregrasp, in which the simulation already is.

        Args:
            simulation: the state.
            result: arrays to write measurements to.
            i: row.
            placed: the grasp.

        Returns:
            `Reason.HELD`, or why the grasp failed.
        """
