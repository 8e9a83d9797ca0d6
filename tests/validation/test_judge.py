"""The six-direction test against an independent implementation of the same protocol."""

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
from zdg_jax.validation import six_directions

from .gripper import OPEN, PUSHING, TOUCHING, Ball, Gripper, pose

_EXACT = dataclasses.replace(six_directions, settling=None)


@pytest.fixture
def judge(judge_script: pathlib.Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("judge", judge_script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def grasps() -> list[np.ndarray]:
    """Pregrasps, grasps and squeezes of every quality, (24, 13) each."""
    generator = np.random.default_rng(0)
    rows: list[list[np.ndarray]] = [[], [], []]
    for _ in range(24):
        height = 0.095 + 0.012 * generator.normal()
        tilt = np.array([1.0, *0.05 * generator.normal(size=3)])
        for row, angle in zip(
            rows, (OPEN, TOUCHING, generator.uniform(PUSHING, TOUCHING)), strict=True
        ):
            grasp = pose(angle, height=height)
            grasp[3:7] = tilt / np.linalg.norm(tilt)
            row.append(grasp)
    return [np.array(row) for row in rows]


def _judged(
    judge: types.ModuleType, folder: pathlib.Path, ball: Ball, grasps: list[np.ndarray]
) -> np.ndarray:
    """Directions survived by the judge, (n,)."""
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
    info = {"mass": 0.1, "density": 0.1 / volume, "scale": 1.0}
    (folder / "ball" / "info" / "simplified.json").write_text(json.dumps(info))
    scene = judge.Scene(hand, folder / "ball", 1.0)
    origin = np.array([0.0, 0, 0, 1, 0, 0, 0])
    return np.array([scene.holds(*row, origin) for row in zip(*grasps, strict=True)])


def test_verdicts_are_the_judges(
    judge: types.ModuleType,
    gripper: Gripper,
    ball: Ball,
    grasps: list[np.ndarray],
    tmp_path: pathlib.Path,
) -> None:
    directions = _judged(judge, tmp_path, ball, grasps)
    assert 0.2 < (directions == 6).mean() < 0.8
    exact = validation.rollout(gripper, ball, *grasps, _EXACT)
    np.testing.assert_array_equal(exact.held, directions == 6)
    quick = validation.rollout(gripper, ball, *grasps)
    assert (quick.held == (directions == 6)).mean() > 0.95
    assert quick.steps.sum() * 2 < exact.steps.sum()


def test_every_direction_is_the_judges(
    judge: types.ModuleType,
    gripper: Gripper,
    ball: Ball,
    grasps: list[np.ndarray],
    tmp_path: pathlib.Path,
) -> None:
    """In the judge's order, the first direction lost is the one it names."""
    few = [rows[:12] for rows in grasps]
    directions = _judged(judge, tmp_path, ball, few)
    result = validation.rollout(gripper, ball, *few, dataclasses.replace(_EXACT, fail_fast=False))
    lost = np.where(result.held, 6, np.argmin(result.directions, axis=1))
    np.testing.assert_array_equal(lost, directions)
