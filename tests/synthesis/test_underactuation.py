"""Fingers with one tendon for two joints come to rest where they are balanced."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from tests.hand.models import gripper
from tests.planning import things
from zdg_jax.hand import Hand
from zdg_jax.hand.poses import Poses
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.synthesis.underactuation import AdaptiveClosing

TENDONS = "".join(
    f'<fixed name="{n}"><joint joint="{n}a" coef="1"/><joint joint="{n}b" coef="1"/></fixed>'
    for n in "lr"
)
ACTUATORS = "".join(f'<position tendon="{n}" kp="5" ctrlrange="-0.3 2.7"/>' for n in "lr")
LOWEST = -0.2
"""Stop of the joints next to the palm [rad]."""


@pytest.fixture(scope="module")
def hand() -> Hand:
    text = gripper(actuators=ACTUATORS, tendon=TENDONS)
    text = text.replace("<joint name", '<joint damping="0.05" armature="0.0005" name')
    return Hand.load(mujoco.MjSpec.from_string(text))


@pytest.fixture(scope="module")
def closing(hand: Hand) -> AdaptiveClosing:
    box = things.box(0.05, 0.05, 0.06)
    mesh = (box.vertices, box.faces)
    return AdaptiveClosing(hand, Object.from_mesh(mesh, name="box", pieces=1, mass=0.3), Physics())


def poses(heights: list[float]) -> Poses:
    """Hands from below, so far from the box, that close both joints of both fingers alike."""
    root = [[0, 0, -height, 1, 0, 0, 0] for height in heights]
    return Poses.from_qpos(
        *(
            np.hstack([root, np.full((len(heights), 4), angle)]).astype(float)
            for angle in (0.0, 0.05, 0.4)
        )
    )


def test_a_pressed_finger_gives_way_to_its_stop_and_touches(
    hand: Hand, closing: AdaptiveClosing
) -> None:
    grasps, touching = closing.close(poses([0.09]))
    inner, outer = grasps[0, 7:][[0, 2]], grasps[0, 7:][[1, 3]]
    np.testing.assert_allclose(inner, LOWEST, atol=0.06)
    assert (outer > 0.2).all()
    names = {hand.link_names[k] for k in np.flatnonzero(touching[0])}
    assert {"l2", "r2"} <= names
    assert "base" not in names
    np.testing.assert_allclose(grasps[0, :3], [0, 0, -0.09], atol=0.03)


def test_a_hand_that_closes_on_nothing_stays_as_it_was(closing: AdaptiveClosing) -> None:
    both = poses([0.09, 0.5])
    grasps, touching = closing.close(both)
    np.testing.assert_array_equal(touching.any(axis=1), [True, False])
    np.testing.assert_array_equal(grasps[1], np.asarray(both.qpos[1])[1])


def test_grasps_that_are_not_finite_stay_as_they_were(closing: AdaptiveClosing) -> None:
    broken = poses([0.09])
    broken.pregrasp.joints[0, 0] = np.nan
    _, touching = closing.close(broken)
    assert not touching.any()
