"""Every example runs and does what it says; the one with an energy term has a file of its own."""

from __future__ import annotations

import pathlib
import runpy
from typing import Any

import numpy as np
import pytest

import zdg_jax as zdg
from tests.cli.saved import many
from tests.datasets.small import make_up, write_spec
from zdg_jax import datasets

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_EXAMPLES = _ROOT / "examples"


def _load(number: int) -> dict[str, Any]:
    (path,) = _EXAMPLES.glob(f"{number:02d}_*.py")
    return runpy.run_path(str(path))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> zdg.GraspSet:
    """Two grasps of a ball by a gripper that hold."""
    return zdg.GraspSet.load(many(tmp_path_factory.mktemp("set"), 2))


def test_examples_are_numbered_short_and_name_themselves() -> None:
    paths = sorted(_EXAMPLES.glob("*.py"))
    assert [int(path.name[:2]) for path in paths] == list(range(1, len(paths) + 1))
    for path in paths:
        text = path.read_text()
        assert len(text.splitlines()) < 60, path.name
        assert f"python examples/{path.name}" in text


@pytest.mark.slow
def test_the_quick_start_makes_grasps_that_hold_and_whose_numbers_are_defined() -> None:
    grasps = _load(1)["main"](num=16)
    assert grasps.held.any()
    definitions = (_ROOT / "docs" / "metrics.md").read_text()
    missing = [name for name in (*grasps.metrics, *grasps.terms) if f"`{name}`" not in definitions]
    assert not missing, f"docs/metrics.md does not define {missing}"


def test_an_own_hand_is_loaded_from_a_urdf(tmp_path: pathlib.Path) -> None:
    hand = _load(2)["main"](picture=tmp_path / "hand.png")
    assert hand.num_joints == 6
    assert len(hand.fingers) == 3
    assert (tmp_path / "hand.png").stat().st_size > 10_000


def test_a_named_part_is_spared() -> None:
    obj, made = _load(13)["main"]()
    marks = {part.name: part.mark for part in obj.parts}
    assert marks["lens"] in {part.mark for part in made.grip.avoided}
    assert marks["lens"] not in {part.mark for part in made.grip.held}


def test_an_own_object_has_the_parts_that_were_given() -> None:
    obj = _load(3)["main"]()
    assert [part.mark for part in obj.parts] == [1, 2]
    np.testing.assert_allclose(obj.parts[1].extents, [0.14, 0.022, 0.014], atol=1e-3)
    assert obj.mass == 0.9


@pytest.mark.slow
def test_an_edited_plan_is_followed() -> None:
    shares = _load(4)["main"](num=8)
    assert min(shares.values()) > 0.6


@pytest.mark.slow
def test_the_stages_are_walked_one_by_one() -> None:
    grasps = _load(5)["main"](num=8)
    assert grasps.tested.all()
    assert grasps.held.mean() > 0.5


def test_an_own_protocol_tests_every_load(saved: zdg.GraspSet) -> None:
    tested = _load(7)["main"](saved)
    assert tested.validation is not None
    assert tested.validation.protocol == "shake"
    assert tested.validation.loads == ("down", "jerk", "twist")
    assert tested.validation.tested.all()


@pytest.mark.slow
def test_an_own_protocol_tests_grasps_that_it_makes() -> None:
    example = _load(7)
    assert example["main"](example["make_grasps"](num=4)).tested.all()


def test_an_exported_scene_is_replayed_without_the_library(saved: zdg.GraspSet) -> None:
    text = _load(8)["main"](saved.validate())
    moved = float(text.partition("moved")[2].split()[0])
    assert moved < 20.0  # [mm]


def test_an_own_deed_is_done(saved: zdg.GraspSet) -> None:
    used = _load(12)["main"](saved)
    assert used.validation is not None
    assert used.validation.loads == ("close", "lifted", "rung", "tipped", "struck")
    assert used.tested.all()


@pytest.mark.slow
def test_grasps_are_made_exported_and_replayed() -> None:
    example = _load(8)
    assert "grasp 0: the object moved" in example["main"](example["make_grasps"](num=8))


def test_grasps_are_served_and_reported(saved: zdg.GraspSet, tmp_path: pathlib.Path) -> None:
    report = _load(9)["main"](saved.validate(), tmp_path)
    assert "Why grasps fail" in report.read_text()
    assert (tmp_path / "charts.png").stat().st_size > 10_000


def test_a_dataset_is_read_and_trained_on(tmp_path: pathlib.Path) -> None:
    make_up(write_spec(tmp_path), tmp_path / "dataset")
    loss = _load(10)["main"](tmp_path / "dataset")
    assert loss is None or np.isfinite(loss)


@pytest.mark.slow
def test_a_dataset_is_made(tmp_path: pathlib.Path) -> None:
    _load(10)["make"](tmp_path)
    assert len(datasets.open(tmp_path / "dataset").filter(held=True)) > 16


@pytest.mark.slow
def test_grasps_beside_a_wall_lift_the_box() -> None:
    grasps = _load(11)["main"](num=16, keep=2)
    assert grasps.kept.any()
    assert grasps.held[grasps.kept].all()
    assert grasps.validation is not None
    assert grasps.validation.protocol == "lift"
    definitions = (_ROOT / "docs" / "metrics.md").read_text()
    assert not [name for name in grasps.metrics if f"`{name}`" not in definitions]
