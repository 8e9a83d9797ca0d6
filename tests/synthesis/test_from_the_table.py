"""Grasps of a brick on a table and beside a wall: nothing of the hand is in either, on no stage."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from typing import Any

import jax
import mujoco
import numpy as np
import pytest

import zdg_jax as zdg
from tests import scene as world
from zdg_jax.energy import Problem, grasp_state, scene_clearances
from zdg_jax.hand.poses import HandPose
from zdg_jax.scenes import Box, Scene, Surroundings
from zdg_jax.synthesis.approach import WAYPOINTS, ApproachPlanner
from zdg_jax.synthesis.grasp_batch import GraspBatch
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.synthesis.statics import Load
from zdg_jax.validation import LiftProtocol, six_directions
from zdg_jax.validation.scene import CompiledScene, build

WALL = Box(size=(0.02, 0.6, 0.4), position=(0.09, 0.0, 0.2), name="wall")
"""6 cm beside the brick, which is 4 cm wide."""
SCENE = Scene(obstacles=(WALL,))


@functools.cache
def pipeline() -> GraspPipeline:
    brick, hand = world.brick().object, world.allegro()
    plan = zdg.plan(world.TASK, brick, hand, planner="rules", scene=SCENE)
    return GraspPipeline.prepare(plan, brick, hand, scene=SCENE)


@functools.cache
def batch() -> GraspBatch:
    return pipeline().run(world.GRASPS, jax.random.key(2))


@functools.cache
def physics() -> CompiledScene:
    """The scene as physics sees it, apart from what the stages compile for themselves."""
    brick = world.brick().object
    around = Surroundings.of(SCENE, brick)
    options = six_directions
    return build(world.allegro(), brick, options.physics, options.solver, surroundings=around)


def depth_around(qpos: np.ndarray) -> float:
    """Depth of the hand in table and wall [m]."""
    model = physics().model
    data = mujoco.MjData(model)
    data.qpos[:] = np.concatenate([qpos, [0, 0, 0, 1, 0, 0, 0]])
    mujoco.mj_fwdPosition(model, data)
    pairs = data.contact.geom
    ours = (physics().link_of_geom[pairs] >= 0).any(axis=1)
    around = ours & (model.geom_bodyid[pairs] == 0).any(axis=1)
    return float(-data.contact.dist[around].min(initial=0.0))


def test_grasps_and_pregrasps_keep_off_the_table_and_the_wall() -> None:
    poses = batch().poses
    for stage in (poses.pregrasp, poses.grasp):
        depths = np.array([depth_around(np.asarray(qpos, float)) for qpos in stage.qpos])
        assert (depths < 2e-3).mean() >= 0.6, depths  # 0.7 to 0.8 over several keys
        # What does not keep off is told, and hardly chosen.
        deep = depths > 0.01
        assert (batch().metrics["predicted_hold_probability"][deep] < 0.1).all()
    # Without a scene, some of the same seeds' grasps come from where table and wall are.
    free = world.brick().pipeline.run(world.GRASPS, jax.random.key(2))
    depths = [depth_around(np.asarray(qpos, float)) for qpos in free.poses.grasp.qpos]
    assert max(depths) > 0.01


def test_ways_end_at_the_pregrasp_and_are_free_all_along() -> None:
    poses = batch().poses
    way = np.asarray(poses.approach.qpos, float)
    assert way.shape[:2] == (world.GRASPS, WAYPOINTS)
    np.testing.assert_array_equal(way[:, -1], poses.pregrasp.qpos)
    metrics = batch().metrics
    free = metrics["approach_penetration"] == 0
    assert free.mean() >= 0.6
    assert (metrics["approach_length"][free] > 0.099).all()
    for i in np.flatnonzero(free):
        for start, end in zip(way[i], way[i, 1:], strict=False):
            for share in np.linspace(0, 1, 20):
                assert depth_around((1 - share) * start + share * end) <= 1.1e-3


def test_seeds_start_outside_of_the_surroundings() -> None:
    grip = pipeline().grip()
    seeds, pattern = pipeline().seeds(world.GRASPS, jax.random.key(3))

    @jax.jit
    def gaps(problem: Problem, *seeds: Any) -> jax.Array:
        state = jax.vmap(grasp_state, in_axes=(None, 0, 0))(problem, *seeds)
        return jax.vmap(scene_clearances, in_axes=(0, None))(state, problem).min(axis=1)

    free = gaps(grip.problem, *world.brick().seeds(jax.random.key(3)))
    assert np.median(gaps(grip.problem, seeds, pattern)) > np.median(free)


def test_a_blocked_corridor_is_left_for_another() -> None:
    brick, hand = world.brick().object, world.allegro()
    pregrasp = jax.tree.map(lambda leaf: np.asarray(leaf[:1]), batch().poses.pregrasp)

    def ways(*obstacles: Box) -> tuple[np.ndarray, float]:
        around = Surroundings.of(dataclasses.replace(SCENE, obstacles=obstacles), brick)
        found = ApproachPlanner(hand, brick, around).plan(pregrasp)
        return np.asarray(found.poses.position)[0], float(found.depth[0])

    straight, depth = ways()
    assert depth == 0
    back = (straight[0] - straight[-1]) / np.linalg.norm(straight[0] - straight[-1])
    assert np.linalg.norm(straight[0] - straight[-1]) == pytest.approx(0.1, abs=1e-6)
    # A plate across the corridor, beyond the whole hand where it stands at the pregrasp.
    span = max(float((hand_points(pregrasp) @ back).max()), 0.0) + 0.03
    scene_back = span * back + [0, 0, 0.045]  # the brick's middle is 45 mm above the table
    turn = np.zeros(4)
    mujoco.mju_quatZ2Vec(turn, back)
    plate = Box(size=(0.5, 0.5, 0.01), position=tuple(scene_back), quaternion=tuple(turn))
    around, depth = ways(plate)
    assert not np.allclose(around[0], straight[0], atol=0.01)
    assert depth == 0 or depth > 1e-3  # another way, or told that there is none


def test_a_hand_that_would_hit_a_shelf_as_it_rises_is_told() -> None:
    brick, hand = world.brick().object, world.allegro()
    pregrasp = jax.tree.map(lambda leaf: np.asarray(leaf[:1]), batch().poses.pregrasp)
    top = 0.045 + float(hand_points(pregrasp)[:, 2].max())  # of the hand, over the table

    def depth(above: float) -> float:
        shelf = Box(size=(0.6, 0.6, 0.02), position=(0.0, 0.0, top + 0.05 + above), name="shelf")
        around = Surroundings.of(dataclasses.replace(SCENE, obstacles=(shelf,)), brick)
        return float(ApproachPlanner(hand, brick, around).plan(pregrasp).rise_depth[0])

    assert depth(0.3) == 0
    assert depth(0.0) > 0.005


def hand_points(pregrasp: HandPose) -> np.ndarray:
    """Vertices of the bodies of the hand, (n, 3), object frame."""
    model = physics().model
    data = mujoco.MjData(model)
    data.qpos[:] = np.concatenate([np.asarray(pregrasp.qpos)[0], [0, 0, 0, 1, 0, 0, 0]])
    mujoco.mj_kinematics(model, data)
    mine = physics().link_of_geom >= 0
    return data.geom_xpos[mine] + 0.0


def test_the_squeeze_is_sized_for_what_a_lift_pulls() -> None:
    brick = world.brick()
    up = np.array([0.0, 0.6, 0.8])
    load = Load.of(zdg.Physics(), world.allegro(), brick.object, brick.plan, up)
    pulls = np.asarray(load.accelerations)
    pulls = pulls[pulls.any(axis=1)]
    assert float(load.any_side_down) == 0
    np.testing.assert_allclose(pulls[0], -1.5 * up, rtol=1e-6)
    np.testing.assert_allclose(pulls[1:] @ up, -1, rtol=1e-6)
    free = Load.of(zdg.Physics(), world.allegro(), brick.object, brick.plan)
    assert float(free.any_side_down) == 1
    assert not np.asarray(free.accelerations).any()


def test_sets_keep_scene_and_ways(tmp_path: pathlib.Path) -> None:
    grasps = pipeline().grasp_set(batch())
    loaded = zdg.GraspSet.load(grasps.save(tmp_path / "grasps.npz"))
    assert loaded.scene.to_json() == grasps.scene.to_json()
    np.testing.assert_array_equal(loaded[[1, 0]].approach.qpos, grasps.approach.qpos[[1, 0]])
    both = zdg.concatenate([loaded, loaded])
    assert both.approach.qpos.shape[0] == 2 * len(loaded)
    with pytest.raises(zdg.InputError, match="differ in object"):
        zdg.concatenate(
            [loaded, dataclasses.replace(loaded, scene=Scene().place(loaded.object.pieces))]
        )


@pytest.mark.slow
def test_most_grasps_lift_the_brick_beside_the_wall() -> None:
    grasps = pipeline().grasp_set(batch())
    tested = grasps.validate(LiftProtocol(scene=grasps.scene))
    assert tested.held.mean() >= 0.6, tested.validation


def test_what_blocks_every_way_is_named() -> None:
    brick, hand = world.brick().object, world.allegro()
    pregrasp = jax.tree.map(lambda leaf: np.asarray(leaf[:2]), batch().poses.pregrasp)
    # A box about the brick: five walls, 1 cm off, and the table.
    walls = [
        Box(size=(0.01, 0.1, 0.12), position=(side * 0.035, 0, 0.06), name="bin")
        for side in (-1, 1)
    ]
    walls += [
        Box(size=(0.06, 0.01, 0.12), position=(0, side * 0.045, 0.06), name="bin")
        for side in (-1, 1)
    ]
    lid = Box(size=(0.3, 0.3, 0.02), position=(0, 0, 0.125), name="lid")
    around = Surroundings.of(Scene(obstacles=(*walls, lid)), brick)
    planner = ApproachPlanner(hand, brick, around)
    found = planner.plan(pregrasp)
    assert (found.depth > 0.005).all()
    counts = planner.blockers(found.poses)
    assert sum(counts.values()) == 2
    assert set(counts) <= {"'bin'", "'lid'", "the object"}
    assert set(counts) & {"'bin'", "'lid'"}
