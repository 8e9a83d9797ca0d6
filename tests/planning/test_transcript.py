"""The transcript: one page, and nothing in it that acts."""

from __future__ import annotations

import pathlib

import pytest

from zdg_jax.errors import InputError
from zdg_jax.planning import GraspPlan
from zdg_jax.planning.model import Exchange, Request
from zdg_jax.planning.transcript import write_transcript

from .plans import content

EVIL = "<script>alert(1)</script>"


def exchange(answer: str, fault: str = "") -> Exchange:
    request = Request(
        stage="1-object",
        system="",
        prompt=f"prompt {EVIL}",
        images=(b"\x89PNG1",),
        captions=("caption",),
        schema={},
    )
    return Exchange(request=request, answer=answer, fault=fault, cached=False)


def test_page_holds_everything_and_escapes_it(tmp_path: pathlib.Path) -> None:
    plan = GraspPlan.model_validate(content(rationale=EVIL))
    exchanges = [exchange(EVIL, "bad"), exchange('{"a": 1}')]
    page = write_transcript(tmp_path / "t.html", f"task {EVIL}", plan, exchanges).read_text()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4
    assert "data:image/png;base64," in page
    assert "http://" not in page
    assert "https://" not in page
    assert "Not taken: bad" in page


def test_views_lie_beside_the_page_once_each(tmp_path: pathlib.Path) -> None:
    write_transcript(tmp_path / "t.html", "task", None, [exchange("{}")] * 2, error="no answer")
    images = list((tmp_path / "t-images").iterdir())
    assert [image.read_bytes() for image in images] == [b"\x89PNG1"]
    assert "no answer" in (tmp_path / "t.html").read_text()


def test_page_tells_mass_motion_and_the_hand_that_was_chosen(tmp_path: pathlib.Path) -> None:
    plan = content(palm={"contact": True, "approach": [0, 0, -1], "arrow": 3})
    plan["object"] |= {"mass": 0.25, "mass_source": "model", "material": "glass"}
    plan["task"] |= {"motion": "tilt", "motion_axis": [0, 1, 0]}
    page = write_transcript(tmp_path / "t.html", "task", GraspPlan.model_validate(plan))
    text = page.read_text()
    assert "glass, 250 g (model)" in text
    assert "tilt along or about (+0.00, +1.00, +0.00)" in text
    assert "hand 3 of those shown" in text


def test_unwritable_page_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write_transcript(tmp_path / "file" / "t.html", "task", None)
