"""`zdg plan` with a model behind it, from the question to the page."""

from __future__ import annotations

import pathlib

import pytest

from zdg_jax.cli.app import run
from zdg_jax.planning import GraspPlan, PlannerOptions

from .examples import jug_file
from .server import KEY, ModelServer

GEMINI = pytest.mark.parametrize("backend_name", ["gemini"])


def command(out: pathlib.Path, *more: object) -> int:
    """Plans for the jug in the folder above `out`, or in `out`."""
    mesh = next(path for path in (out / "jug.glb", out.parent / "jug.glb") if path.exists())
    words = ["plan", mesh, "--task", "pour", "--planner", "gemini", "--out", out, *more]
    return run([str(word) for word in words])


@GEMINI
def test_answers_are_kept_and_replayed_without_a_key(
    server: ModelServer,
    options: PlannerOptions,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    jug_file(tmp_path)
    assert command(tmp_path / "first", "--server", server.url) == 0
    assert len(server.requests) == 4
    first = GraspPlan.load(tmp_path / "first" / "plan.json")
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith(f"planned by {first.planner}")
    assert told[-1] == f"{tmp_path / 'first' / 'plan.json'}  {tmp_path / 'first' / 'plan.html'}"
    assert "1-object" in (tmp_path / "first" / "plan.html").read_text()

    monkeypatch.delenv("GEMINI_API_KEY")
    assert command(tmp_path / "second", "--answers", "replay") == 0
    second = GraspPlan.load(tmp_path / "second" / "plan.json")
    assert (second.usage.calls, second.usage.cached) == (0, 4)
    assert second.grips == first.grips
    assert len(server.requests) == 4

    assert command(tmp_path / "third", "--answers", "replay", "--task", "shake it") == 1
    assert "record again" in capsys.readouterr().err
    assert command(tmp_path / "fourth") == 2
    assert "GEMINI_API_KEY" in capsys.readouterr().err


@GEMINI
def test_budget_ends_in_one_line_and_a_page(
    server: ModelServer,
    options: PlannerOptions,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    jug_file(tmp_path)
    assert command(tmp_path, "--server", server.url, "--max-calls", 2) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "budget of 2 calls" in error
    assert "Planning failed" in (tmp_path / "plan.html").read_text()
    assert not (tmp_path / "plan.json").exists()
    assert not any(KEY.encode() in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert command(tmp_path, "--max-calls", 0) == 2
    assert "max_calls" in capsys.readouterr().err


def test_rules_show_the_marked_object_and_tell_the_plan_in_a_few_lines(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mesh = jug_file(tmp_path)
    words = ["plan", str(mesh), "--task", "pour", "--planner", "rules"]
    assert run([*words, "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert "planned by rules" in told
    assert "\nhold " in told
    assert "\nwhy: " in told
    assert (tmp_path / "out" / "plan.html").read_text().count("<figure>") == 10
    assert len(list((tmp_path / "out" / "plan-images").glob("*.png"))) == 10
