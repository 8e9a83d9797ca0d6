"""`zdg view` and `zdg report`: what they take, what they say, and how they end."""

from __future__ import annotations

import pathlib
import signal
import urllib.request

import pytest

from tests.cli.processes import start
from tests.cli.saved import many
from tests.planning.plans import content
from zdg_jax.cli.app import run
from zdg_jax.planning import GraspPlan


def _served(*words: object) -> tuple[str, int]:
    """What a process that views prints first; its page answers, and Ctrl-C ends it."""
    with start("view", *words) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        with urllib.request.urlopen(said.split()[0]) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        return said, process.wait(timeout=60)


def test_a_set_is_served_until_ctrl_c(tmp_path: pathlib.Path) -> None:
    said, status = _served(many(tmp_path, 2), "--port", 8291)
    assert said.startswith("http://127.0.0.1:8291")
    assert status == 0


def test_a_plan_is_served_with_the_pictures_beside_it(tmp_path: pathlib.Path) -> None:
    path = GraspPlan.model_validate(content()).save(tmp_path / "plan.json")
    said, status = _served(path, "--port", 8292)
    assert said.startswith("http://127.0.0.1:")
    assert status == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "is no set (.npz), plan (.json), mesh or hand; shipped hands: allegro"),
        (["none.npz"], "no file none.npz"),
        (["none.stl"], "no file none.stl"),
        (["allegro", "b.npz"], "only sets of grasps are shown side by side"),
        (["plan.json"], "cannot read the plan plan.json"),
        (["allegro", "--port", "99999"], "ports are 1 to 65535"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line(
    words: list[str],
    message: str,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["view", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


def test_a_report_lies_beside_its_set_and_replaces_no_page_of_others(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = many(tmp_path, 2)
    assert run(["report", str(path)]) == 0
    report = tmp_path / "report.html"
    assert capsys.readouterr().out.strip() == str(report)
    assert "Why grasps fail" in report.read_text()
    assert run(["report", str(path)]) == 0  # its own page may be written again
    other = tmp_path / "mine.html"
    other.write_text("precious")
    assert run(["report", str(path), "--out", str(other)]) == 2
    assert other.read_text() == "precious"
    assert "--force" in capsys.readouterr().err.splitlines()[-1]
    assert run(["report", str(path), "--out", str(tmp_path / "r.pdf")]) == 2
    assert "must end in .html" in capsys.readouterr().err
