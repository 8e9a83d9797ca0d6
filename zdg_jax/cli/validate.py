"""`zdg validate`: test grasps in physics."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click
import numpy as np

from zdg_jax.cli.folders import writable
from zdg_jax.cli.interruption import on_interruption
from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.progress import Bars
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import Protocol

PROTOCOLS = ("six_directions", "lift", "task_wrench")


@click.command()
@click.argument("grasps", type=FOLDER)
@click.option("--protocol", default=PROTOCOLS[0], show_default=True, help=", ".join(PROTOCOLS))
@click.option("--backend", default="auto", show_default=True, help="auto, mujoco, mjx or mjx-warp.")
@click.option("--hand", help="Hand to use if the recorded one has moved.")
@click.option("--all", "everything", is_flag=True, help="Every grasp, not only the kept ones.")
@click.option("--out", type=FOLDER, help="File to write; GRASPS-PROTOCOL.npz if not given.")
def validate(
    grasps: pathlib.Path,
    protocol: str,
    backend: str,
    hand: str | None,
    everything: bool,
    out: pathlib.Path | None,
) -> int:
    """Test the kept grasps of GRASPS (a grasps.npz) in physics and write the results.

    An interrupted run goes on where it stopped when it is called again. Exit status 0 if at least
    one grasp holds.
    """
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import rollout

    found = GraspSet.load(grasps)
    chosen = found if everything else found.selected()
    if not len(chosen):
        raise InputError(f"none of the {len(found)} grasps in {grasps} is kept; use --all")
    test = _protocol(protocol, chosen)
    loaded = chosen.load_hand(hand)
    target = out or grasps.with_name(f"{grasps.stem}-{protocol}.npz")
    resume = target.with_name(target.name + ".part.npz")
    pregrasp, grasp, squeeze = (
        np.asarray(pose.qpos, float) for pose in (chosen.pregrasp, chosen.grasp, chosen.squeeze)
    )
    writable(target.absolute().parent)
    with Bars() as bars, on_interruption(lambda: _go_on(resume)):
        results = rollout(
            loaded,
            chosen.object,
            pregrasp,
            grasp,
            squeeze,
            test,
            backend=backend,
            progress=lambda done, total: bars.count("validate", done, total),
            resume=resume,
        )
    tested = chosen.with_validation(results)
    tested.save(target)
    resume.unlink(missing_ok=True)
    click.echo(str(results))
    click.echo(str(target))
    return 0 if results.held.any() else 1


def _go_on(resume: pathlib.Path) -> str:
    return f"{resume} keeps what was tested; the same command goes on from there"


def _protocol(name: str, grasps: GraspSet) -> Protocol:
    from zdg_jax import validation

    if name == "six_directions":
        return validation.six_directions
    if name == "lift":
        return validation.Lift()
    if name == "task_wrench":
        plan = grasps.plan
        loads = [] if plan is None else plan.task.wrenches
        if not loads:
            raise InputError("these grasps record no plan with loads; task_wrench needs one")
        return validation.task_wrench(
            [
                validation.Load(
                    name=f"load{i}",
                    force=(load.force[0], load.force[1], load.force[2]),
                    torque=(load.torque[0], load.torque[1], load.torque[2]),
                )
                for i, load in enumerate(loads)
            ]
        )
    raise InputError(f"no protocol '{name}'; there are: {', '.join(PROTOCOLS)}")
