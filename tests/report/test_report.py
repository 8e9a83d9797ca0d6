"""Reports: charts that say what is in a set, and a page that needs nothing beside it."""

from __future__ import annotations

import dataclasses
import io
import pathlib
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.made_up import make_grasps
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.report import overview, write_report
from zdg_jax.report.charts import draw_outcomes, telling_metrics

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_the_metric_that_tells_comes_first() -> None:
    grasps = make_grasps(40)
    told = {**grasps.metrics, "telling": np.where(grasps.held, 3.0, 1.0), "same": np.ones(40)}
    grasps = dataclasses.replace(grasps, metrics=told)
    assert telling_metrics(grasps, 2)[0] == "telling"
    assert "same" not in telling_metrics(grasps, 6)
    assert telling_metrics(make_grasps(8, tested=False), 6) == ["epsilon", "penetration"]


def test_charts_count_what_is_in_the_set() -> None:
    grasps = make_grasps(9)
    axes = overview(grasps).axes
    labels = [text.get_text() for text in axes[0].texts]
    assert sorted(labels) == ["4", "5"]
    assert axes[0].get_title() == "what six_directions says"
    assert grasps.plot()._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="no grasps"):
        draw_outcomes(axes[0], grasps[:0])


def _shows_colors(page: Page) -> bool:
    """Whether hands and objects are drawn before long; what lies around them is grey."""
    for _ in range(120):
        image = Image.open(io.BytesIO(page.screenshot(timeout=60_000))).convert("RGB")
        if (np.asarray(image, float)[:500, 120:].std(axis=2) > 15).mean() > 0.01:
            return True
        page.wait_for_timeout(500)
    return False


def test_the_page_holds_all_of_it_and_fetches_nothing(
    browser: Browser, grasps: GraspSet, allegro: Hand, tmp_path: pathlib.Path
) -> None:
    transcript = tmp_path / "plan.html"
    transcript.write_text("<!doctype html><p>asked and answered</p>")
    path = write_report(grasps, tmp_path / "report.html", hand=allegro, transcript=transcript)
    text = path.read_text()
    assert not re.search(r"""(src|href)=["']?https?:""", text)
    page = browser.new_page(viewport={"width": 700, "height": 600})
    faults: list[str] = []
    asked: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.get_by_text("Why grasps fail").wait_for()
    best = int(grasps.ranking[0])
    page.get_by_role("cell", name=str(best), exact=True).first.wait_for()
    page.evaluate("document.querySelector('iframe').scrollIntoView()")
    assert _shows_colors(page)
    page.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []
