"""Plans as data: schema, files, and what they refuse."""

from __future__ import annotations

import importlib.resources
import json
import math
import pathlib
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pydantic
import pytest

from zdg_jax.errors import InputError
from zdg_jax.planning import STYLES, GraspPlan, GraspType, Grip, PalmPlan, plan_schema

from .plans import content


def test_saved_plan_loads_the_same(tmp_path: pathlib.Path) -> None:
    plan = GraspPlan.model_validate(content())
    assert GraspPlan.load(plan.save(tmp_path / "deep" / "plan.json")) == plan


def test_directions_become_unit() -> None:
    plan = GraspPlan.model_validate(content())
    assert plan.grip.palm.approach == (0.0, 0.0, -1.0)
    assert plan.grip.palm.thumb == pytest.approx((1.0, 0.0, 0.0))


def test_published_schema_is_current() -> None:
    published = importlib.resources.files("zdg_jax.planning") / "plan.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == plan_schema(), (
        "write plan_schema() to zdg_jax/planning/plan.schema.json again"
    )


def test_evidence_comes_before_conclusions() -> None:
    order = list(plan_schema()["properties"])
    assert order.index("object") < order.index("parts") < order.index("task") < order.index("grip")
    reading = list(plan_schema()["$defs"]["PartReading"]["properties"])
    assert reading.index("evidence") < reading.index("name")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"aperture": 0.0}, "aperture"),
        ({"aperture": 2.0}, "aperture"),
        ({"confidence": 1.5}, "confidence"),
        ({"held": []}, "held"),
        ({"held": [{"mark": 0}]}, "mark"),
        ({"held": [{"mark": 1}, {"mark": 1}]}, "twice"),
        ({"held": [{"mark": 1, "weight": 0}]}, "weight 0"),
        ({"avoided": [{"mark": 1}]}, "both held and avoided"),
        ({"grasp_type": "claw"}, "grasp_type"),
        ({"palm": {"contact": True, "approach": [0, 0, 0]}}, "length above 0"),
        ({"palm": {"contact": True, "approach": [0, 0, float("nan")]}}, "finite"),
        ({"palm": {"contact": True, "approach": [0, 0, 1], "thumb": [0, 0, 1]}}, "along"),
        ({"fingers": [{"finger": "a", "role": "wave"}]}, "role"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_nonsense_is_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=named):
        GraspPlan.model_validate(content(**changes))


@pytest.mark.parametrize(
    ("text", "named"),
    [("", "JSON"), ("{", "JSON"), ("[]", "object"), ('{"version": 2}', "version")],
)
def test_file_that_is_no_plan_is_refused(tmp_path: pathlib.Path, text: str, named: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InputError, match=named):
        GraspPlan.load(path)


def test_missing_file_and_folder_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        GraspPlan.load(tmp_path / "none.json")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        GraspPlan.model_validate(content()).save(tmp_path / "file" / "plan.json")


def test_huge_file_is_refused_unread(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(" " * 5_000_000)
    with pytest.raises(InputError, match="bytes"):
        GraspPlan.load(path)


directions = st.tuples(*[st.floats(-1, 1, allow_nan=False)] * 3).filter(
    lambda v: math.hypot(*v) > 0.1
)


@hypothesis.given(approach=directions, angle=st.floats(-3, 3))
def test_roll_and_thumb_are_the_same_thing(
    approach: tuple[float, float, float], angle: float
) -> None:
    by_roll = PalmPlan(contact=True, approach=approach, roll=angle)
    assert by_roll.thumb is not None
    assert sum(a * b for a, b in zip(by_roll.thumb, by_roll.approach, strict=True)) == (
        pytest.approx(0, abs=1e-9)
    )
    by_thumb = PalmPlan(contact=True, approach=approach, thumb=by_roll.thumb)
    assert by_thumb.roll == pytest.approx(angle, abs=1e-6)


def test_roll_and_thumb_that_disagree_are_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="disagree"):
        PalmPlan(contact=True, approach=(0, 0, -1), thumb=(1, 0, 0), roll=2.0)


def test_every_grasp_type_says_what_it_asks() -> None:
    assert set(STYLES) == set(GraspType)
    assert len(GraspType) >= 12
    assert len({style.summary for style in STYLES.values()}) == len(STYLES)


def test_grip_knows_its_style() -> None:
    grip = Grip.model_validate(content()["grip"])
    assert grip.style.palm
