"""The benchmark suite: its names, its contract and its comparison; sizes are tiny."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner
from PIL import Image

from benchmarks import objects, tasks
from benchmarks.__main__ import main
from benchmarks.metrics import Metric, compare
from benchmarks.settings import Settings, solids, sources
from benchmarks.tables import table
from benchmarks.workloads import WORKLOADS
from benchmarks.yields import first_component


def _row(value: float, **changes: object) -> dict[str, object]:
    metric = Metric(value=value, unit="ms", better="lower", spread=0.1, repeats=5)
    return dataclasses.asdict(dataclasses.replace(metric, **changes))  # type: ignore[arg-type]


def test_every_name_is_a_workload_that_says_what_it_measures() -> None:
    assert {"kinematics", "lookup", "energy", "step", "stages", "synthesis", "yield"} <= set(
        WORKLOADS
    )
    for workload in WORKLOADS.values():
        assert callable(workload)
        assert workload.__doc__


def test_an_unknown_name_lists_those_that_exist() -> None:
    result = CliRunner().invoke(main, ["kinematic"])
    assert result.exit_code == 2
    assert "kinematics" in result.output


def test_a_run_keeps_the_contract_and_is_compared(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "results" / "cpu.json"
    run = CliRunner().invoke(main, ["kinematics", "--quick", "--out", str(file)])
    assert run.exit_code == 0, run.output
    result = json.loads(file.read_text())
    assert {"device", "versions", "commit", "cores"} <= result["made"].keys()
    assert result["metrics"]
    for name, row in result["metrics"].items():
        metric = Metric(**row)
        assert name.startswith("kinematics/")
        assert math.isfinite(metric.value)
        assert metric.value > 0
        assert metric.spread >= 0
        assert metric.repeats >= 1
        assert metric.unit
        assert metric.better in ("lower", "higher")

    for row in result["metrics"].values():  # as if the machine had been a hundred times faster
        row["value"] /= 100
        row["spread"] = 0.0
    file.write_text(json.dumps(result))
    again = CliRunner().invoke(main, ["kinematics", "--quick", "--compare", str(file)])
    assert again.exit_code == 0, again.output
    assert "worse" in again.output


def test_pictures_and_verdicts_are_timed() -> None:
    run = CliRunner().invoke(main, ["views", "validation", "--quick"], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    assert "verdicts/s" in run.output


def test_compare_tells_noise_from_movement() -> None:
    old = {"a/fast": _row(10.0), "a/noisy": _row(10.0, spread=2.0), "a/gone": _row(1.0)}
    new = {"a/fast": _row(5.0), "a/noisy": _row(12.0, spread=2.0), "a/new": _row(1.0)}
    lines = compare(old, new)
    assert lines == ["a/fast: 10 -> 5 ms, better", "a/gone: not measured any more"]
    rate = {"a/rate": _row(10.0, better="higher")}
    assert compare(rate, {"a/rate": _row(5.0, better="higher")})[0].endswith("worse")


def test_a_table_has_a_row_a_case() -> None:
    metrics = {
        f"{case}/{quantity}": Metric(value=value, unit="s", better="lower")
        for case, value in (("mug", 1.5), ("bowl", 2.5))
        for quantity in ("plan", "make")
    }
    lines = table(metrics).splitlines()
    assert len(lines) == 3
    assert "plan [s]" in lines[0]
    assert lines[2].split() == ["bowl", "2.5", "2.5"]


def test_objects_come_from_a_folder_or_are_made_up(tmp_path: pathlib.Path) -> None:
    assert set(sources(Settings(objects=None))) == set(solids())
    for name in ("ball", "box_broken"):
        solids()[name.removesuffix("_broken")].export(tmp_path / f"{name}.stl")
    assert set(sources(Settings(objects=tmp_path))) == {"ball"}
    (tmp_path / "index.csv").write_text("name,file,scale_to_m\nsmall,ball.stl,0.5\n")
    assert sources(Settings(objects=tmp_path)) == {"small": (tmp_path / "ball.stl", 0.5)}
    with pytest.raises(ValueError, match=r"no object 'mug'; there are: small"):
        sources(Settings(objects=tmp_path, only=("mug",)))


def test_made_up_solids_are_watertight_and_of_a_hands_size() -> None:
    for mesh in solids().values():
        assert mesh.is_watertight
        assert mesh.extents.min() > 0.02
        assert mesh.extents.max() < 0.2


def test_objects_are_measured_and_their_named_parts_found(tmp_path: pathlib.Path) -> None:
    box = trimesh.creation.box((0.03, 0.04, 0.1)).subdivide_to_size(0.02)
    box.export(tmp_path / "box.stl")
    rules = [["top", {"n": [0, 0, 1], "over": 0.0}], ["bottom"]]
    (tmp_path / "parts.json").write_text(json.dumps({"box": rules}))
    out = tmp_path / "results" / "objects.json"
    words = ["--objects", str(tmp_path), "--out", str(out)]
    run = CliRunner().invoke(objects.main, words, catch_exceptions=False)
    assert run.exit_code == 0, run.output
    report = json.loads(out.read_text())
    (row,) = report["objects"]
    assert row["overlap"] == {"top": 0.5, "bottom": 0.5}  # a box is one part
    assert report["summary"]["overlap_mean"] == 0.5
    assert report["summary"]["distance_mean_mm_worst"] < 0.2
    assert report["lookup"]["lookup_ms"] > 0


def test_first_component_of_a_line_a_ball_and_too_few() -> None:
    random = np.random.default_rng(0)
    line = random.normal(size=(100, 1)) * np.ones(4)
    assert first_component(line) == pytest.approx(1.0)
    assert first_component(random.normal(size=(4000, 4))) == pytest.approx(0.25, abs=0.05)
    assert math.isnan(first_component(line[:2]))


def test_a_picture_has_a_column_for_each_object_with_two_tasks() -> None:
    tile = Image.new("RGB", tasks._TILE, (10, 200, 30))
    shown = {
        "mug": [("drink from it", tile), ("hand it over", tile)],
        "ball": [("throw it", tile)],
        "cup": [("drink", tile), ("wash it", tile), ("stack it", tile)],
    }
    whole = tasks.side_by_side(shown)
    assert whole.width == tasks._GAP + 2 * (tasks._TILE[0] + tasks._GAP)
    painted = (np.asarray(whole) == (10, 200, 30)).all(axis=-1)
    assert painted.sum() == 4 * tasks._TILE[0] * tasks._TILE[1]
    words = np.asarray(whole)[tasks._TILE[1] : tasks._TILE[1] + tasks._WORDS]
    assert (words.min(axis=(0, 2)) < 128).sum() > 50  # something is written below both
