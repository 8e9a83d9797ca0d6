"""A finger that presses a point of the held object while the others hold: a trigger, a button."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.scene import CompiledScene, link_body

_DAMPING = 0.02
"""Damping of the steps of inverse kinematics [m/rad]."""
_LARGEST = 0.01
"""Largest step of a joint's target [rad or m]."""
_AHEAD = 0.6
"""Greatest distance of a joint's target from the joint [rad or m]: how hard it may push."""
_NEAR = 0.025
"""Distance from the point within which a contact counts as on it [m]."""


class PressingFinger:
    """One link of a hand on its way to a point of the object, and the force that it presses with.

    The targets of the joints that move the link follow damped inverse kinematics (Wampler, IEEE
    Transactions on Systems, Man, and Cybernetics 16(1), 1986) towards the point and on beyond it.
    """

    def __init__(self, scene: CompiledScene, link: str, joints: np.ndarray) -> None:
        """Finds the link.

        Args:
            scene: the scene.
            link: name of the link that presses.
            joints: targets of the hand's joints as it holds, (j,).

        Raises:
            InputError: the hand has no such link.
        """
        model = scene.model
        self._body = link_body(scene, link)
        if self._body < 0:
            raise InputError(f"the hand has no link '{link}' to press with")
        self._scene, self._targets = scene, joints.copy()
        self._jacobian = np.zeros((3, model.nv))
        self.force = 0.0
        """Force of the link on the point at the last step [N]."""

    def aim(self, simulation: Simulation, point: np.ndarray, enough: float) -> None:
        """Moves the targets a step on, unless the force is there.

        Args:
            simulation: the state.
            point: point to press, (3,), object frame [m].
            enough: force that suffices [N].
        """
        data, pose = simulation.data, simulation.object_pose
        place = rotation_matrix(pose[3:]) @ point + pose[:3]
        self.force = self._pressed(simulation, place)
        if self.force >= enough:
            return
        tip = data.xipos[self._body].copy()
        mujoco.mj_jac(simulation.model, data, self._jacobian, None, tip, self._body)
        slope = self._jacobian[:, 6:-6]
        square = slope @ slope.T + _DAMPING**2 * np.eye(3)
        step = slope.T @ np.linalg.solve(square, place - tip)
        actual = data.qpos[7:-7]
        moves = np.abs(slope).max(axis=0) > 1e-9
        wanted = self._targets + np.clip(step, -_LARGEST, _LARGEST)
        self._targets[moves] = np.clip(wanted, actual - _AHEAD, actual + _AHEAD)[moves]
        data.ctrl[:] = self._scene.ctrl_from_joints @ self._targets

    def _pressed(self, simulation: Simulation, place: np.ndarray) -> float:
        """Sum of the link's normal forces on the object near the point [N]."""
        data, wrench, total = simulation.data, np.zeros(6), 0.0
        for row in simulation.touching():
            geoms = data.contact.geom[row]
            on_link = (self._scene.link_of_geom[geoms] == self._body).any()
            if on_link and np.linalg.norm(data.contact.pos[row] - place) < _NEAR:
                mujoco.mj_contactForce(simulation.model, data, row, wrench)
                total += float(wrench[0])
        return total
