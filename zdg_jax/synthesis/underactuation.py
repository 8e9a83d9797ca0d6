"""Postures that fingers with a tendon for several joints come to rest in.

A tendon holds its joints in their sum alone. Where such a finger touches, its joints move against
each other until the moments of its contacts on both are equal or one is at its stop (Birglen,
Laliberte and Gosselin, Underactuated Robotic Hands, 2008), whatever posture was drawn for it. Where
that is depends on friction and on what the other fingers do: physics closes the hand, and the
posture that it ends in becomes the grasp.
"""

from __future__ import annotations

import threading
from concurrent import futures

import mujoco
import numpy as np

from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation import carry
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.scene import ObjectLike, build
from zdg_jax.validation.trajectories import between, relative_pose

_STAGES, _STAGE = 10, 0.04
"""Stages of each of the two moves, to the grasp and to the squeeze, and their length [s]."""
_REST = 15
"""Stages that it is given to come to rest in."""
_DAMPING, _LEAST_DAMPING = 0.1, 0.005
"""Damping and friction of joints that share a tendon, over their own, and the least damping
[N m s/rad]: fingers give way for seconds otherwise, and end in the same posture."""
_MOVED, _TURNED = 0.02, 0.35
"""Motion of the object in the hand beyond which a grasp stays as it was [m, rad]."""


class AdaptiveClosing:
    """A hand and an object in physics, in which grasps are closed."""

    def __init__(
        self,
        hand: Hand,
        obj: ObjectLike,
        physics: Physics,
        surroundings: Surroundings | None = None,
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            physics: its mass and friction, and the hand's drives.
            surroundings: what the hand keeps off, if there is anything; the object passes through.

        Raises:
            InputError: the object has no convex pieces.
            ValidationError: MuJoCo refuses the scene.
        """
        self._scene = build(
            hand, obj, physics, carry.solver, surroundings=surroundings, at_rest=True
        )
        self._scene.model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_GRAVITY)
        self._links = hand.num_links
        passive = np.abs(np.asarray(hand.arrays.passive_motions)).max(axis=0) > 0
        model = self._scene.model
        rows = 6 + np.flatnonzero(passive)
        model.dof_damping[rows] = np.maximum(_DAMPING * model.dof_damping[rows], _LEAST_DAMPING)
        model.dof_frictionloss[rows] *= _DAMPING
        self._local = threading.local()

    def close(self, poses: Poses) -> tuple[np.ndarray, np.ndarray]:
        """Closes hands on the object.

        Args:
            poses: pregrasps, grasps and squeezes, n each, object frame.

        Returns:
            The grasps as the hands come to rest, (n, 7 + j): root position, quaternion and joints,
            in the frame of the object as it lies in the hand; and the links that touch it,
            (n, L) bool. Grasps that lose the object stay as they are and touch nothing.
        """
        pregrasp, grasp, squeeze = (np.array(leaf, float) for leaf in poses.qpos)
        model = self._scene.model
        touching = np.zeros((len(grasp), self._links), bool)

        def close(i: int) -> None:
            if not np.isfinite([pregrasp[i], grasp[i], squeeze[i]]).all():
                return
            if not hasattr(self._local, "simulation"):
                self._local.simulation = Simulation(self._scene)
            simulation = self._local.simulation
            simulation.reset(pregrasp[i])
            count = max(1, round(_STAGE / model.opt.timestep))
            for start, end in ((pregrasp[i], grasp[i]), (grasp[i], squeeze[i])):
                targets = between(start, end, _STAGES, self._scene.ctrl_from_joints)
                for k in range(_STAGES):
                    simulation.aim(targets, k)
                    if not simulation.step(count):
                        return
            simulation.step(_REST * count)
            if (simulation.moved() > (_MOVED, _TURNED)).any():
                return
            geom = simulation.data.contact.geom[simulation.touching()]
            if not len(geom):
                return
            body = self._scene.link_of_geom[geom].max(axis=1, initial=-1)
            touching[i, np.unique(body) - self._scene.hand_body] = True
            hand = simulation.data.qpos[:-7]
            grasp[i] = [*relative_pose(hand[:7], simulation.object_pose), *hand[7:]]

        with logged_warnings(), futures.ThreadPoolExecutor(available_cpus()) as pool:
            list(pool.map(close, range(len(grasp))))
        return grasp, touching
