"""`zdg plan`: what to hold and how, without making grasps."""

from __future__ import annotations

import pathlib
from typing import Literal

import click

from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER, check_task, load_object, object_options, planning_options
from zdg_jax.cli.progress import Bars


@click.command()
@object_options
@planning_options
@click.option(
    "--answers",
    type=click.Choice(["use", "off", "replay"]),
    default="use",
    show_default=True,
    help="A model's answers on disk: use them and keep new ones, do neither, or ask nothing.",
)
@click.option("--server", help="Another address of the model's server.")
@click.option("--max-calls", type=int, help="Most requests to a model, retries included.")
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
    answers: Literal["use", "off", "replay"],
    server: str | None,
    max_calls: int | None,
    out: pathlib.Path,
) -> None:
    """Plan how to hold MESH for a task; write plan.json and a transcript (plan.html).

    Gemini takes its key from GEMINI_API_KEY, an OpenAI-compatible server from OPENAI_API_KEY;
    "auto" takes whichever is set, else the offline rules. "manual" writes each question to a
    folder (zdg-manual) and waits there for answer.json.
    """
    check_task(task)
    from zdg_jax import planning
    from zdg_jax.hand import Hand
    from zdg_jax.planning.model import Limits

    limits = Limits() if max_calls is None else Limits(max_calls=max_calls)
    options = planning.PlannerOptions(limits=limits, cache=answers, base_url=server)
    loaded = Hand.load(hand)
    with Bars() as bars:
        obj = load_object(mesh, scale, mass, bars)
        writable(out)
        found = planning.plan(
            task,
            obj,
            loaded,
            planner=planner,
            options=options,
            transcript=out / "plan.html",
            progress=bars,
        )
    found.save(out / "plan.json")
    click.echo(found.model_dump_json(indent=2))
