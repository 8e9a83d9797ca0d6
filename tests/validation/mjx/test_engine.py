"""MJX: what its scenes look like, what it refuses, and whether it agrees with the C engine."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import subprocess
import sys

import jax.numpy as jnp
import mujoco
import numpy as np
import pytest

from tests.validation.gripper import PUSHING, Ball, Gripper, closing
from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.physics import BENCHMARK
from zdg_jax.validation import (
    EngineOptions,
    LiftProtocol,
    MjxOptions,
    SolverOptions,
    six_directions,
)
from zdg_jax.validation.mjx.program import MjxProgram
from zdg_jax.validation.mjx.simplified import build_mjx
from zdg_jax.validation.scene import CompiledScene, build

_FLAGS = "--xla_cpu_enable_concurrency_optimized_scheduler=false"


@dataclasses.dataclass(frozen=True)
class RoundGripper(Gripper):
    """The gripper with shapes that MJX cannot collide with meshes."""

    def spec(self) -> mujoco.MjSpec:
        spec = super().spec()
        palm = spec.body("palm")
        kinds = mujoco.mjtGeom
        palm.add_geom(name="can", type=kinds.mjGEOM_CYLINDER, size=[0.01, 0.03, 0], mass=0)
        palm.add_geom(
            name="bar",
            type=kinds.mjGEOM_CYLINDER,
            fromto=[0, 0, 0, 0.1, 0, 0],
            size=[0.01, 0, 0],
            mass=0,
        )
        palm.add_geom(name="egg", type=kinds.mjGEOM_ELLIPSOID, size=[0.03, 0.01, 0.02], mass=0)
        palm.add_geom(
            name="paint", type=kinds.mjGEOM_BOX, size=[1, 1, 1], contype=0, conaffinity=0, mass=0
        )
        return spec


def _built(hand: Gripper, ball: Ball, options: MjxOptions) -> CompiledScene:
    return build_mjx(hand, ball, BENCHMARK, SolverOptions(), options)


def test_scenes_hold_what_mjx_can_take(ball: Ball) -> None:
    options = MjxOptions(hull_vertices=12, max_contact_points=9, self_collision=False)
    scene = _built(RoundGripper(), ball, options)
    model, capsule = scene.model, mujoco.mjtGeom.mjGEOM_CAPSULE
    can, bar, egg = (model.geom(f"hand/{name}") for name in ("can", "bar", "egg"))
    assert [int(g.type[0]) for g in (can, bar, egg)] == [capsule] * 3
    for geom, length in ((can, 0.06), (bar, 0.1), (egg, 0.06)):
        assert 2 * (geom.size[0] + geom.size[1]) == pytest.approx(length)
    np.testing.assert_allclose(bar.pos, [0.05, 0, 0], atol=1e-9)
    turned = np.zeros(3)
    mujoco.mju_rotVecQuat(turned, np.array([0.0, 0, 1]), egg.quat)
    np.testing.assert_allclose(np.abs(turned), [1, 0, 0], atol=1e-9)
    graph = model.mesh_graph[model.mesh_graphadr[0] :]
    assert graph[0] <= 12
    assert model.opt.noslip_iterations == 0
    paint = model.geom("hand/paint")
    assert (int(paint.contype[0]), int(paint.conaffinity[0])) == (0, 0)
    text = "; ".join(scene.changes)
    for words in (
        "noslip",
        "impratio 300",
        "2 cylinders",
        "1 ellipsoids",
        "9 capsules made chains",
        "12 vertices",
        "with itself",
        "at 9",
    ):
        assert words in text


def test_capsules_become_balls_that_reach_as_far(ball: Ball) -> None:
    scene = _built(RoundGripper(), ball, MjxOptions())
    model, reference = scene.model, build(RoundGripper(), ball, BENCHMARK, SolverOptions()).model
    np.testing.assert_allclose(model.body_mass, reference.body_mass)
    np.testing.assert_allclose(model.body_inertia, reference.body_inertia, rtol=1e-6)
    kinds, touching = mujoco.mjtGeom, model.geom_contype != 0
    assert not (model.geom_type[touching] == kinds.mjGEOM_CAPSULE).any()
    assert (model.geom_type[touching] == kinds.mjGEOM_SPHERE).any()
    bar = model.geom("hand/bar")
    balls = (model.geom_type == kinds.mjGEOM_SPHERE) & (model.geom_size[:, 0] == bar.size[0])
    on_axis = np.isclose(model.geom_pos[:, 1:], 0).all(axis=1) & (model.geom_pos[:, 0] > 1e-3)
    along = model.geom_pos[balls & on_axis & (model.geom_bodyid == bar.bodyid), 0]
    assert along.min() - bar.size[0] == pytest.approx(0.0, abs=1e-6)
    assert along.max() + bar.size[0] == pytest.approx(0.1, abs=1e-6)
    assert np.diff(np.sort(along)).max() <= 0.75 * bar.size[0] + 1e-9


def test_hand_and_object_alone_collide(gripper: Gripper, ball: Ball) -> None:
    for self_collision, expected in ((False, False), (True, True)):
        options = MjxOptions(self_collision=self_collision)
        scene = _built(gripper, ball, options)
        data = mujoco.MjData(scene.model)
        data.qpos[:] = scene.model.qpos0
        data.qpos[7:13] = -1.0  # the fingers cross
        mujoco.mj_forward(scene.model, data)
        links = scene.link_of_geom[data.contact.geom] >= 0
        assert bool(links.all(axis=1).any()) is expected
        assert (links.any(axis=1)).any()


def test_what_mjx_cannot_run_is_refused(gripper: Gripper, ball: Ball) -> None:
    with pytest.raises(InputError, match="'mjx' has no protocol 'lift'; use backend 'mujoco'"):
        validation.MjxEngine(gripper, ball, LiftProtocol())
    with pytest.raises(InputError, match="batch is 0"):
        validation.MjxEngine(gripper, ball, six_directions, batch=0)


@pytest.mark.parametrize(
    ("backend", "precision", "says"),
    [
        ("mujoco", "single", "'mujoco' does not compute in single precision; use mjx or warp"),
        ("warp", "double", "'warp' does not compute in double precision; use mjx"),
    ],
)
def test_a_precision_that_a_backend_has_not_is_refused(
    gripper: Gripper, ball: Ball, backend: str, precision: str, says: str
) -> None:
    engine = EngineOptions(backend=backend, precision=precision)
    with pytest.raises(InputError, match=says):
        validation.rollout(gripper, ball, closing([PUSHING]), engine=engine)


def test_double_precision_is_the_default_and_stays_inside(gripper: Gripper, ball: Ball) -> None:
    assert MjxOptions().double
    assert not MjxOptions(precision="single").double
    with pytest.raises(InputError, match="no precision 'half'; there are: auto, double, single"):
        validation.MjxEngine(gripper, ball, six_directions, options=MjxOptions(precision="half"))
    sentence = "computed in single precision"
    for precision, told in (("double", False), ("single", True)):
        options = MjxOptions(precision=precision)
        assert (sentence in _built(gripper, ball, options).changes) is told
    for precision, kind in (("double", np.float64), ("single", np.float32)):
        options = MjxOptions(precision=precision)
        model = _built(gripper, ball, options).model
        program = MjxProgram(model, 1, batch=1, double=options.double)
        assert program.dtype == kind
    assert jnp.ones(1).dtype == np.float32


_COMPARE = """
import dataclasses, sys
import numpy as np
from tests.validation.gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose
from zdg_jax.hand.poses import Poses
from zdg_jax import validation
from zdg_jax.physics import Physics
from zdg_jax.validation import MjxEngine, MjxOptions, carry, six_directions
limited = dataclasses.replace(carry, physics=Physics(torque_limit=0.8))
protocol = {"six_directions": six_directions, "carry": limited}[sys.argv[1]]
gripper, ball = Gripper(), Ball(subdivisions=1)
squeezes = [PUSHING, TOUCHING, -0.45, 0.3]
rows = [np.array([pose(a)] * 6) for a in (OPEN, TOUCHING)]
rows.append(np.array([*map(pose, squeezes)] * 2)[:6])
rows[0][4] = pose(-0.5)
rows[2][5] = np.nan
options = MjxOptions(hull_vertices=64)
engine = MjxEngine(gripper, ball, protocol, batch=4, options=options)
poses = Poses.from_qpos(*rows)
result = engine.run(poses)
reference = validation.rollout(gripper, ball, poses, protocol)
print(result, result.reasons, result.drift, sep="\\n")
print(reference, reference.reasons, reference.drift, sep="\\n")
assert result.held.tolist() == reference.held.tolist()
assert result.reasons == reference.reasons
assert result.survived_loads[0].all() and result.tested[0].all()
# MJX has no noslip iterations: the object creeps a little more.
np.testing.assert_allclose(result.drift[0], reference.drift[0], atol=0.01)
np.testing.assert_allclose(result.force[0], reference.force[0], rtol=0.3)
assert (result.steps[:2] > 0).all()
"""


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["six_directions", "carry"])
def test_verdicts_agree_with_the_c_engine(protocol: str) -> None:
    """In a process of its own: XLA's flag must be set before JAX starts, and a hang must end."""
    root = pathlib.Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", _COMPARE, protocol],
        cwd=root,
        env=os.environ | {"XLA_FLAGS": _FLAGS, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
