"""The look of a hand: its links' surfaces and where they stand, read without JAX."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.fingers import Finger, find_fingers
from zdg_jax.hand.hand_file import HandFile
from zdg_jax.hand.link_geometry import LinkMesh, link_meshes
from zdg_jax.rendering.colors import PALM, Color, finger_color

if TYPE_CHECKING:
    from zdg_jax.grasps.records import HandRecord
    from zdg_jax.hand.hand import Hand


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class HandAppearance:
    """A hand as pictures in motion need it. `Hand` knows far more, and takes seconds to load."""

    name: str
    """The hand's name."""
    joint_names: tuple[str, ...]
    """Names of the j joints, MJCF order."""
    link_names: tuple[str, ...]
    """Names of the L links; the first is the root."""
    meshes: tuple[LinkMesh, ...]
    """Surfaces of the links that have one."""
    fingers: tuple[Finger, ...]
    """The fingers. Which is the thumb is known only of a loaded `Hand`."""
    notes: tuple[str, ...]
    """Sentences on what was left out or added when the hand was read."""
    model: mujoco.MjModel
    """The compiled hand, fixed to the world."""

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> HandAppearance:
        """Reads a hand's file.

        Args:
            path: shipped name or path, as `Hand.load` takes it.

        Raises:
            InputError: there is no such hand, or it cannot be used.
        """
        return cls._of_file(HandFile.read(pathlib.Path(path) if "/" in str(path) else str(path)))

    @classmethod
    def of(cls, hand: Hand) -> HandAppearance:
        """Takes the look of a loaded hand."""
        return cls(
            name=hand.name,
            joint_names=hand.joint_names,
            link_names=hand.link_names,
            meshes=tuple(mesh for mesh in hand.link_meshes if len(mesh.faces)),
            fingers=hand.fingers,
            notes=hand.notes,
            model=hand.model,
        )

    @classmethod
    def of_record(
        cls, record: HandRecord, hand: Hand | str | os.PathLike[str] | None = None
    ) -> HandAppearance:
        """Reads the hand of a set of grasps, as `HandRecord.load` does, in a tenth of the time.

        Args:
            record: the record of the hand.
            hand: a hand, name or path to use instead of the recorded source.

        Raises:
            InputError: the hand cannot be found, or is no longer the one of the grasps.
        """
        if hand is None and record.source:
            try:
                file = HandFile.read(record.source)
            except InputError:
                file = None
            if file is not None and file.fingerprint == record.fingerprint:
                return cls._of_file(file)
        # What differs is looked at in full: a hand whose links overlap is changed when it loads.
        return cls.of(record.load(hand))

    @classmethod
    def _of_file(cls, file: HandFile) -> HandAppearance:
        meshes = tuple(mesh for mesh in link_meshes(file.model) if len(mesh.faces))
        return cls(
            name=file.name,
            joint_names=file.joint_names,
            link_names=file.link_names,
            meshes=meshes,
            fingers=tuple(find_fingers(file.model, {mesh.link for mesh in meshes}, file.name)[1]),
            notes=file.notes,
            model=file.model,
        )

    def link_colors(self) -> list[Color]:
        """Gives the colour of each link: a finger's own, or the palm's."""
        colors: list[Color] = [PALM] * len(self.link_names)
        for i, finger in enumerate(self.fingers):
            for link in finger.links:
                colors[link] = finger_color(self.fingers, i)
        return colors

    def link_poses(self, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Computes where the links are, by MuJoCo's kinematics.

        Args:
            qpos: root position, quaternion (wxyz) and joints, (n, 7 + j), scene frame [m, rad].

        Returns:
            Positions (n, L, 3) [m] and quaternions (n, L, 4), wxyz, scene frame.
        """
        qpos = np.asarray(qpos, np.float64)
        data = mujoco.MjData(self.model)
        positions = np.empty((len(qpos), self.model.nbody, 3))
        quaternions = np.empty((len(qpos), self.model.nbody, 4))
        for row, position, quaternion in zip(qpos, positions, quaternions, strict=True):
            data.qpos[:] = row[7:]
            mujoco.mj_kinematics(self.model, data)
            root, turn = row[:3].copy(), row[3:7] / np.linalg.norm(row[3:7])
            for link in range(self.model.nbody):
                mujoco.mju_mulPose(
                    position[link],
                    quaternion[link],
                    root,
                    turn,
                    data.xpos[link],
                    data.xquat[link],
                )
        return positions, quaternions

    def palm_positions(self, qpos: np.ndarray) -> np.ndarray:
        """Computes the middles of the fingers' bases, (n, 3) [m], of poses (n, 7 + j)."""
        bases = [finger.links[0] for finger in self.fingers]
        return np.asarray(self.link_poses(qpos)[0][:, bases].mean(axis=1))
