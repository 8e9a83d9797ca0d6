"""`zdg plan`: what to hold and how, without making grasps."""

from __future__ import annotations

import pathlib
import textwrap
from typing import TYPE_CHECKING

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import (
    FOLDER,
    load_object,
    object_options,
    parts_option,
    planning_options,
)
from zdg_jax.cli.progress import Bars
from zdg_jax.cli.scene_options import SceneChoice, scene_options

if TYPE_CHECKING:
    from zdg_jax.planning import GraspPlan, PlannerOptions


@click.command(short_help="Plan how to hold MESH for a task.")
@object_options
@parts_option
@planning_options
@scene_options
@click.option(
    "--out",
    type=FOLDER,
    default=pathlib.Path("plan"),
    show_default=True,
    help="Folder for plan.json and the transcript.",
)
@outputs.force_option
def plan(
    mesh: pathlib.Path,
    scale: float | None,
    parts: pathlib.Path | None,
    mass: float | None,
    task: str,
    hand: str,
    planner: str,
    options: PlannerOptions,
    scene: SceneChoice,
    out: pathlib.Path,
    force: bool,
) -> None:
    """Plan how to hold MESH for a task; write plan.json and a transcript (plan.html).

    What is held and why is told in a few lines.

    Gemini takes its key from GEMINI_API_KEY, an OpenAI-compatible server from OPENAI_API_KEY;
    "auto" takes whichever is set, else the offline rules. "manual" writes each question to a
    folder (zdg-manual) and waits there for answer.json.
    """
    from zdg_jax.planning.planner import checked_task

    checked_task(task)
    from zdg_jax import planning
    from zdg_jax.hand import Hand

    around = scene.build()
    chosen = planning.planner_from_name(planner, options)
    loaded = Hand.load(hand)
    with Bars() as bars:
        obj = load_object(mesh, scale, mass, bars, parts)
        writable(out)
        outputs.check_plan(out / outputs.PLAN, outputs.Job(task=task, obj=obj, hand=loaded), force)
        outputs.check_page(out / "plan.html", force)
        grasp_plan = planning.plan(
            task,
            obj,
            loaded,
            planner=chosen,
            scene=scene.around(around, obj),
            transcript=out / "plan.html",
            progress=bars,
        )
    outputs.check_same_plan(out / outputs.PLAN, grasp_plan, force)
    outputs.check_beside(out, grasp_plan, force)
    grasp_plan.save(out / outputs.PLAN)
    click.echo(_told(grasp_plan))
    click.echo(f"{out / outputs.PLAN}  {out / 'plan.html'}")


def _told(plan: GraspPlan) -> str:
    """The plan in four lines: what it is, what is held, what is avoided, and why."""
    names = {part.mark: part.name for part in plan.parts}
    marks = lambda parts: ", ".join(f"{p.mark} {names.get(p.mark, '')}".strip() for p in parts)  # noqa: E731
    grip = plan.grip
    lines = [
        f"{plan.object.category}, to {plan.task.intent}; planned by {plan.planner}",
        f"hold {marks(grip.held)}; avoid {marks(grip.avoided) or 'nothing'}",
        f"{grip.grasp_type}, {1e3 * grip.aperture:.0f} mm wide, {grip.force} force,"
        f" confidence {grip.confidence:.0%}",
        f"why: {grip.rationale or 'nobody said'}",
    ]
    lines += [f"note: {note}" for note in plan.notes]
    return "\n".join(textwrap.shorten(line, 200, placeholder=" ...") for line in lines)
