"""Verdicts of `carry` beside the judge's, on grasps of real objects."""

from __future__ import annotations

import csv
import importlib.util
import pathlib

import numpy as np
import pytest

from benchmarks.verdicts import JudgedTest
from zdg_jax import Hand, Object, export_grasps, synthesize

_OBJECTS = ("mug_ycb", "mustard_bottle", "hammer_ycb", "drill_ycb")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "torque"), [("wonik_allegro", 0.7), ("leap_hand", 0.95)])
def test_carry_has_the_judges_verdicts(
    name: str,
    torque: float,
    shared_assets: pathlib.Path,
    judge_script: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    """Sixteen grasps of each of four objects of 0.1 to 0.9 kg, none left out."""
    spec = importlib.util.spec_from_file_location("judge", judge_script)
    assert spec is not None
    assert spec.loader is not None
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    with (shared_assets / "objects" / "masses.csv").open() as file:
        masses = {row["name"]: float(row["mass_kg"]) for row in csv.DictReader(file)}
    hand_file = shared_assets / "hands" / name / "right_hand.xml"
    hand = Hand.load(hand_file)
    test = JudgedTest(
        judge=judge, hand_file=str(hand_file), hand=hand, protocol="carry", torque=torque
    )
    rows = []
    for stem in _OBJECTS:
        mesh = shared_assets / "objects" / stem / f"{stem}.stl"
        obj = Object.from_mesh(mesh, mass=masses[stem])
        grasps = synthesize("pick it up", obj, hand, num=16, planner="rules", validate=False)
        files = export_grasps(grasps, tmp_path, format="dexgraspbench", all=True)
        records = [np.load(file, allow_pickle=True).item() for file in files]
        rows.append(test.compare(tmp_path / records[0]["obj_path"], 1.0, records))
    total = sum(row["grasps"] for row in rows)
    assert total == 64
    assert 0.1 < sum(row["held"] for row in rows) / total < 0.9
    assert sum(row["equal"] for row in rows) >= 0.98 * total, rows
