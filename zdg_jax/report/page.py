"""The page of a report: pictures, a scene in three dimensions, charts, tables and the plan."""

from __future__ import annotations

import base64
import html
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.grasps.grasp_text import describe_grasp
from zdg_jax.grasps.summary import headline, shown_order, table_as_html, unmet_requests
from zdg_jax.hand import Hand
from zdg_jax.hand.appearance import HandAppearance
from zdg_jax.planning.transcript import plan_as_html
from zdg_jax.report.extras import check_extras
from zdg_jax.report.scene import scene_page
from zdg_jax.runtime.files import atomic_write, read_given
from zdg_jax.runtime.kinds import check_kind, check_path
from zdg_jax.runtime.progress import Progress, silent

if TYPE_CHECKING:
    from zdg_jax.report.charts import Chart

_PICTURES, _SCENE, _ROWS, _IN_FULL = 8, 12, 24, 8
_STAGES = 4
_LARGEST_PAGE = 100_000_000
"""A larger file is no page of a planner [bytes]."""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 74rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
img, svg { max-width: 100%; height: auto } iframe { width: 100%; height: 560px; border: 1px solid
#ccc } table { border-collapse: collapse; font-variant-numeric: tabular-nums } td, th {
padding: .15rem .7rem; border-bottom: 1px solid #ddd; text-align: right } td:last-child,
th:last-child { text-align: left } pre { background: #f4f4f2; padding: .8rem; font-size: 12px;
overflow-x: auto } figure { display: inline-block; margin: .3rem; max-width: 24rem }
.plan td, .plan th { text-align: left }
"""
# What the scene needs is in the page: nothing may be fetched from anywhere.
_POLICY = (
    "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src data:; "
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:; worker-src blob: data:; "
    "connect-src blob: data:; frame-src 'self'"
)


def write_report(
    grasps: GraspSet,
    path: str | os.PathLike[str],
    *,
    hand: Hand | str | os.PathLike[str] | None = None,
    transcript: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> pathlib.Path:
    """Writes all that is known of a set as one HTML file that needs no server and no network.

    Args:
        grasps: the grasps, one at least.
        path: the file to write.
        hand: the hand, name or path, where it is not to be loaded from where the grasps say.
        transcript: page that a planner wrote, to be put in whole; none if not given.
        progress: told of the stage `report`.

    Raises:
        InputError: there are no grasps, the hand cannot be loaded, viser or matplotlib is not
            installed, or the file cannot be read or written.
    """
    check_kind("grasps", grasps, GraspSet, "a GraspSet (GraspSet.load(PATH))")
    check_path("path", path)
    check_extras()
    planned = _transcript(transcript)
    progress("report", 0, _STAGES)
    charts = _charts(grasps)
    loaded = grasps.load_hand(hand)
    progress("report", 1, _STAGES)
    order = shown_order(grasps, max(_SCENE, _ROWS))
    scene = scene_page(grasps, HandAppearance.of(loaded), order[:_SCENE])
    progress("report", 2, _STAGES)
    sheet = _sheet(grasps, loaded, order[:_PICTURES])
    progress("report", 3, _STAGES)
    body = [
        f"<h1>{html.escape(headline(grasps))}</h1>",
        *(f"<p>{html.escape(line)}</p>" for line in unmet_requests(grasps)),
        f'<p><img alt="the best grasps" src="data:image/png;base64,{sheet}"></p>',
        "<h2>In three dimensions</h2><p>The best grasps, numbered as in the file, on their way from"
        " approach over pregrasp and grasp to squeeze. Drag to turn, scroll to come nearer.</p>",
        f'<iframe title="grasps in 3-D" srcdoc="{html.escape(scene, quote=True)}"></iframe>',
        "<h2>Why grasps fail, what tells those that hold, and how they differ</h2>",
        *(figure.svg() for figure in charts),
        f"<h2>The best {min(_ROWS, len(grasps))} of {len(grasps)}</h2>",
        table_as_html(grasps, order[:_ROWS]),
        "<h2>In full</h2>",
        *(
            f"<details><summary>grasp {number}</summary>"
            f"<pre>{html.escape(describe_grasp(grasps, int(number)))}</pre></details>"
            for number in order[:_IN_FULL]
        ),
        *_plan(grasps, planned),
        _making(grasps),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{html.escape(grasps.object.name)} by {html.escape(grasps.hand.name)}</title>"
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )
    with atomic_write(path) as file:
        file.write(page.encode(errors="replace"))
    progress("report", _STAGES, _STAGES)
    return pathlib.Path(path)


def _charts(grasps: GraspSet) -> list[Chart]:
    # Imported here: matplotlib is an extra.
    from zdg_jax.report.charts import Chart, chart, draw_diversity, draw_metrics, draw_outcomes

    metrics = Chart(figsize=(11, 4.4), layout="constrained")
    draw_metrics(metrics.subplots(2, 3).ravel(), grasps)
    return [
        chart(draw_outcomes, grasps, 5.4, 3.4),
        chart(draw_diversity, grasps, 5.4, 3.4),
        metrics,
    ]


def _sheet(grasps: GraspSet, hand: Hand, numbers: np.ndarray) -> str:
    """The picture of the best, base64."""
    from zdg_jax.rendering import grasp_sheet

    with tempfile.TemporaryDirectory() as folder:
        path = grasp_sheet(grasps, numbers, hand, pathlib.Path(folder) / "grasps.png")
        return base64.b64encode(path.read_bytes()).decode()


def _transcript(path: str | os.PathLike[str] | None) -> str:
    """The page of a planner; "" where none is given."""
    if path is None:
        return ""
    text = read_given(path, _LARGEST_PAGE).decode(errors="replace")
    if not text.lower().startswith("<!doctype html"):
        raise InputError(f"{path} is no page of a planner (a plan.html); leave out transcript")
    return text


def _plan(grasps: GraspSet, transcript: str) -> list[str]:
    if grasps.plan is None:
        return []
    task = html.escape(grasps.task)
    pieces = [f'<h2>Plan</h2><div class="plan"><p>Task: <q>{task}</q></p>']
    pieces.append(f"{plan_as_html(grasps.plan)}</div>")
    if transcript:
        pieces.append(
            "<details><summary>the planner's transcript</summary><iframe sandbox title="
            f'"transcript" srcdoc="{html.escape(transcript, quote=True)}"></iframe></details>'
        )
    return pieces


def _making(grasps: GraspSet) -> str:
    """Where the set comes from."""
    lines = [f"{name}: {value}" for name, value in sorted(grasps.provenance.items())]
    text = html.escape("\n".join(lines)) or "nothing is recorded"
    return f"<h2>How it was made</h2><pre>{text}</pre>"
