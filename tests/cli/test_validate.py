"""`zdg validate`: settings of the test, repeats under noise, and films."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest
from PIL import Image

from tests.cli.saved import many
from tests.planning.plans import content
from zdg_jax.cli.app import run
from zdg_jax.grasps import GraspSet
from zdg_jax.planning import GraspPlan
from zdg_jax.rendering.scene_shapes import surrounding_shapes

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def grasps(folder: pathlib.Path) -> pathlib.Path:
    """Four grasps of a ball, far enough from it that a table fits on the other side."""
    return many(folder, 4, height=0.109)


def validated(grasps: pathlib.Path, out: pathlib.Path, *options: object) -> GraspSet:
    status = run(["validate", *map(str, (grasps, "--out", out, *options))])
    results = GraspSet.load(out)
    assert status == (0 if results.held.any() else 1)
    return results


def test_mass_and_friction_decide(grasps: pathlib.Path, tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out.npz"
    usual = validated(grasps, out)
    slippery = validated(grasps, out, "--friction", 0.02)
    assert usual.held.sum() > slippery.held.sum()
    assert usual.validation is not None
    assert usual.validation.protocol == "six_directions"
    assert slippery.validation is not None
    assert slippery.validation.protocol == "six_directions (friction 0.02)"
    lift = ("--protocol", "lift", "--up", "-z")  # the palm lies on that side
    light, heavy = (validated(grasps, out, *lift, "--mass", mass) for mass in (0.05, 5))
    assert light.held.sum() > heavy.held.sum()
    assert heavy.validation is not None
    assert heavy.validation.protocol == "lift (mass 5, up -z)"
    assert usual.scene is None  # it floats; the lifted ones are of the table of their test
    assert heavy.scene is not None
    np.testing.assert_allclose(heavy.scene.object_up(), [0, 0, -1], atol=1e-6)
    assert surrounding_shapes(heavy, heavy.scene)


def test_carry_pulls_with_the_weight_within_the_motors_limits(
    grasps: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out, carry = tmp_path / "out.npz", ("--protocol", "carry", "--mass", 0.3)
    strong = validated(grasps, out, *carry)
    weak = validated(grasps, out, *carry, "--torque-limit", 0.1)
    heavy = validated(grasps, out, "--protocol", "carry", "--mass", 3, "--drive", "own")
    assert strong.held.sum() > max(weak.held.sum(), heavy.held.sum())
    assert weak.validation is not None
    assert weak.validation.protocol == "carry (mass 0.3, torque limit 0.1)"
    assert heavy.validation is not None
    assert heavy.validation.protocol == "carry (mass 3, own drive)"


def test_repeats_give_a_probability_with_its_error(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    out = tmp_path / "out.npz"
    still = validated(grasps, out, "--repeats", 3, "--noise", 0)
    np.testing.assert_array_equal(still.metrics["hold_probability"], still.held)
    assert (still.metrics["hold_probability_error"] > 0).all()
    assert "3 repeats under noise" in capsys.readouterr().out
    wild = validated(grasps, out, "--repeats", 3, "--noise", 20)
    assert wild.metrics["hold_probability"].sum() < still.metrics["hold_probability"].sum()
    assert [path.name for path in tmp_path.iterdir()] == ["out.npz"]


@pytest.mark.parametrize("test", ["six_directions", "lift --up -z"])
def test_a_film_shows_a_grasp(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture, test: str
) -> None:
    video = tmp_path / "film.gif"
    options = ["--protocol", *test.split(), "--video", video, "--grasp", 2]
    validated(grasps, tmp_path / "out.npz", *options)
    assert f"{video}  grasp 2: " in capsys.readouterr().out
    with Image.open(video) as film:
        assert film.n_frames > 5
        assert film.size == (480, 420)
        assert film.info["duration"] == 80
        first = np.asarray(film.convert("RGB"))
        film.seek(film.n_frames - 1)
        last = np.asarray(film.convert("RGB"))
    picture = slice(60, 380)
    assert len(np.unique(first[picture].reshape(-1, 3), axis=0)) > 20
    assert (first[picture] != last[picture]).any()


def test_the_best_that_holds_is_filmed(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    video = tmp_path / "film.mp4"
    results = validated(grasps, tmp_path / "out.npz", "--video", video)
    scores = np.where(results.held, results.score, -np.inf)
    assert f"grasp {int(scores.argmax())}: held" in capsys.readouterr().out
    assert video.read_bytes()[4:8] == b"ftyp"


def test_a_grasp_that_does_not_start_has_no_film(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    out, video = tmp_path / "out.npz", tmp_path / "film.gif"
    options = ("--protocol", "lift", "--up", "z", "--video", str(video))
    assert run(["validate", str(grasps), "--out", str(out), *options]) == 1
    assert "nothing to film" in capsys.readouterr().err
    assert GraspSet.load(out).tested.all()
    assert not video.exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--video", "film.avi"], ".gif or .mp4"),
        (["--video", "film.gif", "--grasp", "4"], "grasps 0 to 3"),
        (["--grasp", "1"], "--video"),
        (["--mass", "-1"], "--mass is -1"),
        (["--friction", "nan"], "--friction is nan"),
        (["--up", "north", "--protocol", "lift"], "--up is 'north'"),
        (["--up", "y"], "no table"),
        (["--torque-limit", "0"], "--torque-limit is 0"),
        (["--drive", "strong"], "a gain in N m/rad, or own"),
        (["--repeats", "0"], "--repeats is 0"),
        (["--noise", "2"], "--repeats"),
        (["--backend", "mujoco", "--precision", "single"], "use mjx or warp"),
        (["--backend", "warp", "--precision", "double"], "use mjx"),
        (["--backend", "mjx", "--precision", "half"], "no precision 'half'"),
        (["--backend", "mujoco", "--precision", "half"], "no precision 'half'"),
        (["--repeats", "2", "--noise", "-1"], "factor is -1"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture, options: list[str], says: str
) -> None:
    out = tmp_path / "out.npz"
    assert run(["validate", str(grasps), "--out", str(out), *options]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not out.exists()


def test_use_does_what_the_plan_or_a_program_says(
    grasps: pathlib.Path, tmp_path: pathlib.Path, capsys: Capture
) -> None:
    plan = GraspPlan.model_validate(content())
    planned = dataclasses.replace(GraspSet.load(grasps), plan=plan)
    path, out = planned.save(tmp_path / "planned.npz"), tmp_path / "out.npz"
    used = validated(path, out, "--protocol", "use", "--mass", 0.1)
    assert used.validation is not None
    assert used.validation.protocol == "use (carry, mass 0.1)"
    assert used.validation.loads[:2] == ("close", "lifted")
    assert used.held.any()
    program = tmp_path / "ring.json"
    program.write_text('{"name": "ring", "steps": [{"name": "rung", "time": 0.5, "swings": 2}]}')
    video = tmp_path / "ring.gif"
    own = validated(path, out, "--protocol", "use", "--deed", program, "--video", video, "--force")
    assert own.validation is not None
    assert own.validation.loads == ("close", "rung")
    assert video.stat().st_size > 1000
    capsys.readouterr()
    for options, words in (
        ((grasps, "--protocol", "use"), "record no plan"),
        ((path, "--protocol", "carry", "--deed", program), "--deed is for use"),
    ):
        assert run(["validate", *map(str, options), "--out", str(tmp_path / "no.npz")]) != 0
        assert words in capsys.readouterr().err
