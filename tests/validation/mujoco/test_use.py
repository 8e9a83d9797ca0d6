"""Use: a held ball is lifted, tilted, struck and let go, and what goes wrong is told apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.validation.gripper import (
    OPEN,
    PUSHING,
    TOUCHING,
    Ball,
    Gripper,
    WristGripper,
    by_grasp,
    pose,
)
from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.validation import Deed, Reason, Step, UseProtocol
from zdg_jax.validation.scene import link_body, palm_body

LIFT = Step(name="lifted", time=0.5, shift=(0, 0, 0.1), level=True)
TILT = Step(name="tilted", time=0.8, turn=np.pi / 2, axis=(1, 0, 0))


def firm() -> Poses:
    return by_grasp([(pose(OPEN), pose(TOUCHING), pose(PUSHING))])


def use(gripper: Gripper, ball: Ball, deed: Deed, **settings: object) -> str:
    """What became of a firm grasp, in words."""
    protocol = UseProtocol(deed=deed, **settings)  # type: ignore[arg-type]
    return validation.rollout(gripper, ball, firm(), protocol).reasons[0]


def test_a_firm_grasp_lifts_tilts_and_returns(gripper: Gripper, ball: Ball) -> None:
    deed = Deed(name="pour", steps=(LIFT, TILT))
    protocol = UseProtocol(deed=deed)
    result = validation.rollout(gripper, ball, firm(), protocol)
    assert result.reasons == ["held"]
    assert result.loads == ("close", "lifted", "tilted")
    assert result.survived_loads.all()
    shot = validation.record(gripper, ball, firm(), protocol, fps=50)
    np.testing.assert_allclose(shot.object_pose[-1, 2], 0.1, atol=0.004)
    assert abs(shot.object_pose[-1, 3]) == pytest.approx(np.cos(np.pi / 4), abs=0.03)
    assert set(shot.phase) == {"close", "lifted", "tilted"}


def test_the_arm_makes_up_for_a_wrist_that_gives(gripper: Gripper) -> None:
    heavy = Ball(mass=0.8)
    stages = [np.insert(pose(angle), 7, 0.0) for angle in (OPEN, TOUCHING, PUSHING)]
    protocol = UseProtocol(deed=Deed(name="pour", steps=(LIFT, TILT)))
    wrist = WristGripper()
    shot = validation.record(wrist, heavy, by_grasp([tuple(stages)]), protocol, fps=50)
    assert validation.rollout(wrist, heavy, by_grasp([tuple(stages)]), protocol).held.all()
    assert np.abs(shot.hand[:, 7]).max() > np.radians(8)
    scene = validation.Engine(wrist, heavy, protocol).scene
    assert palm_body(scene) == link_body(scene, "palm")
    rigid = validation.Engine(gripper, heavy, protocol).scene
    assert rigid.model.body_weldid[palm_body(rigid)] == rigid.model.body_weldid[rigid.hand_body]


def test_what_goes_wrong_is_told_in_words(gripper: Gripper, ball: Ball) -> None:
    deed = Deed(name="pour", steps=(LIFT, TILT))
    heavy = dataclasses.replace(ball, mass=8.0)
    assert use(gripper, heavy, deed) in ("slips when lifted", "lets go when lifted")
    assert use(gripper, heavy, dataclasses.replace(deed, supported=True)) == "held"
    blow = Step(name="struck", time=0.02, impulse=(0, 0, -3.0))
    struck = Deed(name="strike", steps=(LIFT, blow, Step(name="brought to rest", time=0.3)))
    assert use(gripper, ball, struck).split(" when ")[0] in ("slips", "lets go")
    torn = Step(name="turned", time=0.5, torque=(0, 0, 3.0), point=(0.03, 0, 0))
    assert use(gripper, ball, Deed(name="turn", steps=(torn,))).endswith(" when turned")


def test_the_working_end_must_follow_its_path(gripper: Gripper, ball: Ball) -> None:
    deed = Deed(name="pour", steps=(LIFT, TILT), end=(0, 0, 0.03))
    assert use(gripper, ball, deed, max_error=1e-4).startswith("off path when")


def test_an_avoided_part_may_not_be_touched(gripper: Gripper, ball: Ball) -> None:
    points = [tuple(row) for row in np.asarray(ball.pieces[0].vertices)]
    upper = tuple(point for point in points if point[2] > 0.02)
    rest = tuple(point for point in points if point[2] <= 0.02)
    kept_off = Deed(name="lift", steps=(LIFT,), on_avoided=upper, elsewhere=rest)
    assert use(gripper, ball, kept_off) == "held"
    touched = dataclasses.replace(kept_off, on_avoided=rest, elsewhere=upper)
    assert use(gripper, ball, touched) == "touches avoided when lifted"


def test_what_is_handed_over_must_come_free(gripper: Gripper, ball: Ball) -> None:
    taken = Step(name="taken", time=0.5, force=(0, 0, 3.0), release=True)
    deed = Deed(name="hand over", steps=(LIFT, taken))
    assert use(gripper, ball, deed) == "held"
    without_pull = dataclasses.replace(taken, force=(0, 0, 0))
    stuck = dataclasses.replace(deed, steps=(LIFT, without_pull))
    assert use(gripper, ball, stuck) == "keeps hold when taken"


def test_a_hand_that_does_not_touch_uses_nothing(gripper: Gripper, ball: Ball) -> None:
    poses = by_grasp([(pose(OPEN), pose(OPEN), pose(OPEN))])
    protocol = UseProtocol(deed=Deed(name="lift", steps=(LIFT,)))
    result = validation.rollout(gripper, ball, poses, protocol)
    assert Reason(result.reason[0]) is Reason.NEVER_TOUCHED


def test_a_finger_presses_while_the_others_hold(gripper: Gripper, ball: Ball) -> None:
    """Of three fingers two hold no ball: the pressing one is one of the three that do."""
    pressed = Step(name="triggered", time=0.6, press=3.0, finger="tip0", point=(0.03, 0, 0))
    assert use(gripper, ball, Deed(name="trigger", steps=(LIFT, pressed))) == "held"
    harder = dataclasses.replace(pressed, press=200.0)
    words = use(gripper, ball, Deed(name="trigger", steps=(LIFT, harder)))
    assert words == "slips when triggered"  # it pushes the ball out of the hand
    brief = dataclasses.replace(pressed, time=0.05, point=(0, 0, 0.03))
    words = use(gripper, ball, Deed(name="trigger", steps=(LIFT, brief)))
    assert words == "presses too little when triggered"
    nobody = dataclasses.replace(pressed, finger="sixth")
    with pytest.raises(InputError, match="no link 'sixth'"):
        use(gripper, ball, Deed(name="trigger", steps=(LIFT, nobody)))
