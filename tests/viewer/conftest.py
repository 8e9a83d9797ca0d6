"""Grasps to look at, and a real browser to look with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.hands import load_hand
from tests.made_up import make_grasps
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.grasps.records import HandRecord
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses

if TYPE_CHECKING:
    pass

COUNT = 24


@pytest.fixture(scope="session")
def allegro() -> Hand:
    return load_hand("allegro")


@pytest.fixture(scope="session")
def grasps(allegro: Hand) -> GraspSet:
    """Grasps all round a ball, ever more closed; each touches with the links 5 and 10."""
    turn = 2 * np.pi * np.arange(COUNT) / COUNT

    def stage(closed: float) -> np.ndarray:
        position = 0.12 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
        rotation = np.stack([np.cos(turn / 2), 0 * turn, 0 * turn, np.sin(turn / 2)], axis=1)
        dofs = allegro.open_dofs + closed * (allegro.half_closed_dofs - allegro.open_dofs)
        joints = np.tile(allegro.joints(dofs), (COUNT, 1))
        return np.concatenate([position, rotation, joints], axis=1)

    points = np.tile([[0.03, 0.0, 0.0], [-0.03, 0.0, 0.0], [0.0, 0.0, 0.0]], (COUNT, 1, 1))
    forces = np.tile([[-2.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]], (COUNT, 1, 1))
    return dataclasses.replace(
        make_grasps(COUNT),
        hand=HandRecord.of(allegro),
        poses=Poses.from_qpos(stage(0.0), stage(0.8), stage(1.0)),
        forces=SqueezeForces(
            links=np.tile([5, 10, -1], (COUNT, 1)),
            points=points,
            forces=forces,
            torques=np.zeros((COUNT, allegro.num_actuators)),
        ),
    )
