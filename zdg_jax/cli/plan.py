"""`zdg plan`: what to hold and how, without making grasps."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER, check_task, load_object, object_options, planning_options
from zdg_jax.cli.progress import Bars


@click.command()
@object_options
@planning_options
@click.option(
    "--out",
    type=FOLDER,
    default=pathlib.Path("plan"),
    show_default=True,
    help="Folder for plan.json and the transcript.",
)
def plan(
    mesh: pathlib.Path,
    scale: float,
    mass: float | None,
    task: str,
    hand: str,
    planner: str,
    out: pathlib.Path,
) -> None:
    """Plan how to hold MESH for a task; write plan.json and a transcript (plan.html)."""
    check_task(task)
    from zdg_jax import planning
    from zdg_jax.hand import Hand

    loaded = Hand.load(hand)
    with Bars() as bars:
        obj = load_object(mesh, scale, mass, bars)
        writable(out)
        found = planning.plan(
            task,
            obj,
            loaded,
            planner=planner,
            transcript=out / "plan.html",
            progress=bars.share("plan"),
        )
    found.save(out / "plan.json")
    click.echo(found.model_dump_json(indent=2))
