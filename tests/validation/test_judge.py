"""The tests against an independent implementation of the same protocols."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import pathlib
import types

import numpy as np
import pytest
import trimesh

from zdg_jax import validation
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.validation import HoldProtocol, carry, six_directions

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, by_grasp, pose


@pytest.fixture
def judge(judge_script: pathlib.Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("judge", judge_script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def poses() -> Poses:
    """Grasps of every quality, 24 of them."""
    generator = np.random.default_rng(0)
    rows = []
    for _ in range(24):
        height = 0.095 + 0.012 * generator.normal()
        tilt = np.array([1.0, *0.05 * generator.normal(size=3)])
        stages = []
        for angle in (OPEN, TOUCHING, generator.uniform(PUSHING, TOUCHING)):
            stage = pose(angle, height=height)
            stage[3:7] = tilt / np.linalg.norm(tilt)
            stages.append(stage)
        rows.append((stages[0], stages[1], stages[2]))
    return by_grasp(rows)


@dataclasses.dataclass(frozen=True)
class Case:
    """A protocol of the judge, and the same as the library has it."""

    name: str
    protocol: HoldProtocol
    mass: float
    torque: float | None = None


CASES = [
    Case(name="fc", protocol=six_directions, mass=0.2),
    Case(
        name="carry",
        protocol=dataclasses.replace(carry, physics=Physics(friction=0.6, torque_limit=0.6)),
        mass=0.2,
        torque=0.6,
    ),
    Case(  # the torque limits of the hand's file
        name="carry", protocol=dataclasses.replace(carry, physics=Physics(friction=0.6)), mass=0.5
    ),
]


def _judged(
    judge: types.ModuleType, folder: pathlib.Path, case: Case, poses: Poses
) -> tuple[Ball, np.ndarray]:
    """The ball at the case's mass, and the directions survived by the judge, (n,)."""
    ball = Ball(mass=case.mass)
    hand = folder / "hand.xml"
    hand.write_text(Gripper().spec().to_xml())
    meshes = folder / "ball" / "urdf" / "meshes"
    meshes.mkdir(parents=True)
    (folder / "ball" / "info").mkdir()
    volume = 0.0
    for i, piece in enumerate(ball.pieces):
        mesh = trimesh.Trimesh(piece.vertices, piece.faces, process=False)
        volume += mesh.volume
        mesh.export(meshes / f"{i}.obj", digits=9)
    info = {"mass": case.mass, "density": case.mass / volume, "scale": 1.0}
    (folder / "ball" / "info" / "simplified.json").write_text(json.dumps(info))
    scene = judge.Scene(hand, folder / "ball", 1.0, protocol=case.name, torque=case.torque)
    origin = np.array([0.0, 0, 0, 1, 0, 0, 0])
    rows = zip(*poses.qpos, strict=True)
    return ball, np.array([scene.holds(*row, origin) for row in rows])


@pytest.mark.parametrize("case", CASES, ids=["fc", "carry_limited", "carry_by_file"])
def test_verdicts_are_the_judges(
    judge: types.ModuleType, gripper: Gripper, case: Case, poses: Poses, tmp_path: pathlib.Path
) -> None:
    ball, directions = _judged(judge, tmp_path, case, poses)
    assert 0.2 < (directions == 6).mean() < 0.8
    full = dataclasses.replace(case.protocol, settling=None)
    exact = validation.rollout(gripper, ball, poses, full)
    np.testing.assert_array_equal(exact.held, directions == 6)
    quick = validation.rollout(gripper, ball, poses, case.protocol)
    assert (quick.held == (directions == 6)).mean() > 0.95
    assert quick.steps.sum() < 0.8 * exact.steps.sum()


@pytest.mark.parametrize("case", CASES[:2], ids=["fc", "carry_limited"])
def test_every_direction_is_the_judges(
    judge: types.ModuleType, gripper: Gripper, case: Case, poses: Poses, tmp_path: pathlib.Path
) -> None:
    """In the judge's order, the first direction lost is the one it names."""
    few = poses[:12]
    ball, directions = _judged(judge, tmp_path, case, few)
    full = dataclasses.replace(case.protocol, settling=None, fail_fast=False)
    result = validation.rollout(gripper, ball, few, full)
    lost = np.where(result.held, 6, np.argmin(result.survived_loads, axis=1))
    np.testing.assert_array_equal(lost, directions)
