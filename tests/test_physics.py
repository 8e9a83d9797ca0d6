"""Physics that grasps are made for: masses, gains and limits of the actuators."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
import pytest

from zdg_jax.errors import InputError
from zdg_jax.hand.actuation import read_actuators
from zdg_jax.physics import ASSUMED_FORCE_LIMIT, ASSUMED_TORQUE_LIMIT, BENCHMARK, Physics
from zdg_jax.validation import SolverOptions
from zdg_jax.validation.scene import build

from .validation.gripper import Ball

_HAND = """<mujoco><worldbody><body name="palm"><geom type="box" size="0.04 0.04 0.01"/>
<body pos="0.03 0 0.03"><joint name="turn" axis="0 1 0" range="-1 1"/><geom size="0.01"/></body>
<body pos="-0.03 0 0.03"><joint name="bend" axis="0 1 0" actuatorfrcrange="-0.4 0.4" range="-1 1"/>
  <geom size="0.01"/></body>
<body pos="0 0.03 0.03"><joint name="left" type="slide" axis="0 1 0" range="0 0.04"/>
  <geom size="0.01"/></body>
<body pos="0 -0.03 0.03"><joint name="right" type="slide" axis="0 -1 0" range="0 0.04"/>
  <geom size="0.01"/></body>
</body></worldbody>
<tendon><fixed name="both"><joint joint="left" coef="0.5"/><joint joint="right" coef="0.5"/></fixed>
</tendon>
<actuator>
  <position joint="turn" kp="2" forcerange="-1.5 2"/>
  <position joint="bend" kp="3"/>
  <general tendon="both" biastype="affine" gainprm="0.0156862745" biasprm="0 -100 -10"
    ctrlrange="0 255" forcerange="-70 70"/>
  <position joint="left" kp="90"/>
</actuator></mujoco>"""


@dataclasses.dataclass(frozen=True)
class MixedHand:
    """A hinge with a limit, one limited at its joint, slides on a cord in other units, a slide."""

    name: str = "mixed"

    def spec(self) -> mujoco.MjSpec:
        return mujoco.MjSpec.from_string(_HAND)


def _simulated(physics: Physics) -> mujoco.MjModel:
    return build(MixedHand(), Ball(), physics, SolverOptions()).model


def test_slides_keep_their_gain_whatever_the_drive() -> None:
    actuators = read_actuators(MixedHand().spec().compile())
    assert actuators.linear.tolist() == [False, False, True, True]
    for drive, hinges in ((5.0, [5, 5]), (None, [2, 3])):
        physics = Physics(drive=drive)
        np.testing.assert_allclose(physics.drives(actuators).gain, [*hinges, 100, 90])
        model = _simulated(physics)
        np.testing.assert_allclose(model.actuator_gainprm[:, 0], [*hinges, 100, 90])
        np.testing.assert_allclose(
            model.actuator_biasprm[:, 1], [-hinges[0], -hinges[1], -100, -90]
        )


def test_limits_are_the_files_else_assumed_else_the_users() -> None:
    actuators = read_actuators(MixedHand().spec().compile())
    expected = {
        Physics(): [1.5, 0.4, 70, ASSUMED_FORCE_LIMIT],
        Physics(torque_limit=0.7): [0.7, 0.7, 70, ASSUMED_FORCE_LIMIT],
        BENCHMARK: [3, 3, 70, ASSUMED_FORCE_LIMIT],
    }
    for physics, limits in expected.items():
        drives = physics.drives(actuators)
        np.testing.assert_allclose(drives.force_limit, limits)
        model = _simulated(physics)
        assert model.actuator_forcelimited.all()
        np.testing.assert_allclose(model.actuator_forcerange, drives.force_range)
    free = dataclasses.replace(actuators, force_range=np.full((4, 2), [-np.inf, np.inf]))
    np.testing.assert_allclose(Physics().drives(free).force_limit[:2], ASSUMED_TORQUE_LIMIT)


def test_the_benchmark_leaves_motors_without_a_stated_limit_unlimited() -> None:
    spec = MixedHand().spec()
    spec.joint("bend").actfrclimited = int(mujoco.mjtLimited.mjLIMITED_FALSE)
    drives = BENCHMARK.drives(read_actuators(spec.compile()))
    np.testing.assert_allclose(drives.force_range[0], [-3, 3])
    assert not np.isfinite(drives.force_range[1]).any()
    np.testing.assert_allclose(drives.force_limit[:2], 3)


def test_a_cord_is_as_strong_as_it_pulls() -> None:
    actuators = read_actuators(MixedHand().spec().compile())
    pulling = dataclasses.replace(
        actuators, force_range=np.array([[0, 2], [-2, 0], [0, 9], [0, 9]])
    )
    np.testing.assert_allclose(Physics().drives(pulling).force_limit, [2, 2, 9, 9])


def test_targets_in_a_controllers_units_become_lengths() -> None:
    model = _simulated(Physics())
    np.testing.assert_allclose(model.actuator_ctrlrange[2], [0, 0.04], atol=1e-6)
    data = mujoco.MjData(model)
    data.ctrl[2] = data.ctrl[3] = 0.03
    mujoco.mj_step(model, data, nstep=2000)
    np.testing.assert_allclose(data.joint("hand/left").qpos, 0.03, atol=2e-3)


def test_the_objects_mass_and_friction_count_where_none_is_chosen() -> None:
    ball = Ball(mass=0.2, friction=0.8)
    assert Physics().mass_of(ball) == 0.2
    assert Physics(mass=0.5).weight_of(ball) == pytest.approx(0.5 * 9.81)
    assert Physics().friction_of(ball) == 0.8
    assert BENCHMARK.friction_of(ball) == 0.6
    with pytest.raises(InputError, match="the mass of 'ball' is 0"):
        Physics().mass_of(Ball(mass=0.0))


@pytest.mark.parametrize("field", ["mass", "friction", "drive", "torque_limit"])
def test_numbers_that_cannot_be_are_refused(field: str) -> None:
    for value in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match=f"{field} is"):
            Physics(**{field: value})
    assert Physics(gravity=0.0).weight_of(Ball()) == 0.0
