"""Options that commands share."""

from __future__ import annotations

import pathlib

import pytest

from zdg_jax.cli.app import cli, run
from zdg_jax.cli.grasp import grasp
from zdg_jax.cli.plan import plan


def test_grasps_are_planned_with_every_option_that_plans_are() -> None:
    planning = {name for option in plan.params for name in option.opts}
    assert {"--planner", "--server", "--answers", "--max-calls"} <= planning
    assert planning <= {name for option in grasp.params for name in option.opts}


@pytest.mark.parametrize("option", ["--planner", "--review"])
def test_planner_of_no_kind_is_refused_before_anything_is_made(
    option: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["grasp", "no.stl", "--task", "pour", option, "oracle", "--out", str(out)]
    assert run(words) == 2
    assert "no planner 'oracle'; there are auto, rules" in capsys.readouterr().err
    assert not out.exists()


def test_the_list_of_commands_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2].strip().splitlines()
    assert len(listed) == len(cli.commands)
    cut = [line for line in listed if line.endswith("...") and " ..." not in line]
    assert cut == []
