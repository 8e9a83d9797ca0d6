"""Grasps of a real hand, to be exported."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.hands import load_hand
from tests.made_up import make_grasps
from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.records import HandRecord
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses


@pytest.fixture(scope="session")
def allegro() -> Hand:
    return load_hand("allegro")


@pytest.fixture(scope="session")
def allegro_grasps(allegro: Hand) -> GraspSet:
    """Three grasps of a ball by the Allegro hand, turned at random, ever more closed."""
    rng = np.random.default_rng(5)

    def stage(closed: float) -> np.ndarray:
        rotation = rng.normal(size=(3, 4))
        rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
        position = 0.1 + 0.1 * rng.random((3, 3))
        dofs = allegro.open_dofs + closed * (allegro.half_closed_dofs - allegro.open_dofs)
        joints = allegro.joints(dofs) + 0.01 * rng.random((3, allegro.num_joints))
        return np.concatenate([position, rotation, joints], axis=1)

    return dataclasses.replace(
        make_grasps(3),
        hand=HandRecord.of(allegro),
        poses=Poses.from_qpos(stage(0.0), stage(0.8), stage(1.0)),
        kept=np.array([True, True, False]),
    )
