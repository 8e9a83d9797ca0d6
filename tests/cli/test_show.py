"""`zdg show`: the table, one grasp in full, a picture."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
from PIL import Image

from tests.cli.saved import many
from tests.made_up import make_grasps
from zdg_jax.cli.app import run


@pytest.fixture(scope="module")
def file(folder: pathlib.Path) -> pathlib.Path:
    return make_grasps(30).save(folder / "grasps.npz")


def test_the_table_fits_80_columns_and_names_the_best(
    file: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(file), "--rows", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    grasps = make_grasps(30)
    best = grasps.ranking[grasps.kept[grasps.ranking]][:4]
    start = next(k for k, line in enumerate(lines) if line.split()[:2] == ["grasp", "score"])
    assert [int(line.split()[0]) for line in lines[start + 1 : start + 5]] == list(best)


def test_one_grasp_shows_joints_by_name_the_wrist_and_its_tests(
    file: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(file), "--grasp", "12"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    grasps = make_grasps(30)
    (joint,) = [line.split() for line in text.splitlines() if line.startswith("joint4")]
    stages = [
        getattr(grasps, stage).joint("joint4")[12] for stage in ("pregrasp", "grasp", "squeeze")
    ]
    np.testing.assert_allclose([float(cell) for cell in joint[1:]], stages, atol=1e-4)
    start = text.index("T_object_hand")
    rows = [line.split() for line in text[start:].splitlines()[1:5]]
    np.testing.assert_allclose(np.array(rows, float), grasps.grasp.matrix()[12], atol=1e-6)
    forces = grasps.forces
    assert forces is not None
    contacts = [line.split() for line in text.splitlines() if line.startswith("link ")]
    used = forces.links[12] >= 0
    assert [int(cells[1]) for cells in contacts] == list(forces.links[12][used])
    shown = np.array([cells[5:] for cells in contacts], float)
    np.testing.assert_allclose(shown, forces.forces[12][used], atol=0.01)
    assert "six_directions (mujoco): held" in text
    assert sum(line.split()[:2][-1:] == ["survived"] for line in text.splitlines()) == 6


def test_pictures_of_one_grasp_and_of_the_table(folder: pathlib.Path) -> None:
    path = many(folder / "real", 3)
    sheet, single = folder / "sheet.png", folder / "one.png"
    assert run(["show", str(path), "--picture", str(sheet)]) == 0
    assert run(["show", str(path), "--grasp", "1", "--picture", str(single)]) == 0
    with Image.open(sheet) as three, Image.open(single) as one:
        assert three.width > 2 * one.width


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--grasp", "30"], "has grasps 0 to 29"),
        (["--rows", "0"], "--rows is 0"),
        (["--picture", "grasps.jpg"], "must end in .png"),
    ],
)
def test_bad_input_ends_with_2_and_says_why(
    file: pathlib.Path, options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(file), *options]) == 2
    assert says in capsys.readouterr().err


def test_a_set_without_a_kept_grasp_ends_with_1(folder: pathlib.Path) -> None:
    none = make_grasps(3).with_kept([])
    assert run(["show", str(none.save(folder / "none.npz"))]) == 1
    assert run(["show", str(make_grasps(3)[[]].save(folder / "empty.npz"))]) == 1


def test_the_grasp_of_a_number_is_exported_alone(
    file: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = ["export", str(file), "--format", "csv", "--out", str(tmp_path)]
    assert run([*shown, "--grasp", "29"]) == 0
    assert "1 grasp in" in capsys.readouterr().out
    head, row = (tmp_path / "grasps.csv").read_text().splitlines()
    assert head.split(",")[0] == "number"
    assert row.split(",")[0] == "29"
    assert run([*shown, "--grasp", "30"]) == 2
    assert "the set has grasps 0 to 29" in capsys.readouterr().err
