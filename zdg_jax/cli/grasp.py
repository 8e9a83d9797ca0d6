"""`zdg grasp`: from a task and a mesh to grasps on disk and in a picture."""

from __future__ import annotations

import dataclasses
import math
import pathlib
from typing import TYPE_CHECKING

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.interruption import on_interruption
from zdg_jax.cli.options import (
    FOLDER,
    load_object,
    mesh_options,
    parts_option,
    planning_options,
)
from zdg_jax.cli.physics_options import PhysicsChoice, physics_options
from zdg_jax.cli.progress import Bars
from zdg_jax.cli.scene_options import SceneChoice, pose_options
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.planning import GraspPlan, Planner, PlannerOptions
    from zdg_jax.scenes import Scene


_FLAT = 0.025
"""Height up to which an object on a table is flat for a hand [m]."""
_MOST = 1_000_000
"""Grasps that one run makes at most."""
_RESULTS = (outputs.PLAN, outputs.GRASPS, outputs.PICTURE)
_ADVICE = {
    "diverged": "; give the hand's joints damping and armature in its file",
    "never touched": "; does the hand fit the object in size (zdg hand HAND), and does it collide?",
    "pregrasp penetrates": "; is the hand large enough to open around the object?",
}
"""Ways out by the commonest reason why no grasp holds."""


@click.command(short_help="Make grasps of MESH that serve a task, and test them.")
@mesh_options
@parts_option
@physics_options
@planning_options
@pose_options
@click.option(
    "--review",
    help="Planner that is shown the best grasps in the end, such as openai:MODEL; that of the plan "
    "if not given.",
)
@click.option(
    "--num",
    default=256,
    show_default=True,
    help="Grasps to make; up to three times as many where few promise to hold.",
)
@click.option("--keep", default=32, show_default=True, help="Grasps to keep at most.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same grasps.")
@click.option(
    "--alignment",
    default=2.0,
    show_default=True,
    help="Weight of the plan in the ranking, against the chance to hold; 0 heeds holding alone.",
)
@click.option(
    "--test",
    type=click.Choice(("carry", "six_directions", "lift")),
    help="What kept grasps must hold: the object's weight with any side down, the benchmark's 1 N "
    "on 0.1 kg, or approach, lift and shake from the table. By default lift with a table or scene, "
    "else six_directions where the plan is for a deed, which follows it, else carry where the mass "
    "is given or judged by a model.",
)
@click.option(
    "--out",
    type=FOLDER,
    default=pathlib.Path("grasps"),
    show_default=True,
    help="Folder for plan.json, grasps.npz and grasps.png.",
)
@outputs.force_option
def grasp(
    mesh: pathlib.Path,
    scale: float | None,
    parts: pathlib.Path | None,
    physics: PhysicsChoice,
    task: str,
    hand: str,
    planner: str,
    options: PlannerOptions,
    scene: SceneChoice,
    review: str | None,
    num: int,
    keep: int,
    seed: int,
    alignment: float,
    test: str | None,
    out: pathlib.Path,
    force: bool,
) -> int:
    """Synthesise grasps of MESH that serve a task, test them in physics and keep the best.

    Writes plan.json, grasps.npz (every grasp made, the best that differ marked as kept) and
    grasps.png. A model that planned, or that --review names, is shown the best grasps in the end
    and ranks them (review.html). What is done is on disk at once: an interrupted run leaves what
    it had.

    On a table (--table, --up, --scene) grasps keep off what is around and must lift the object.
    --poses all makes them for every way in which the object comes to lie, in folders of their own,
    and tells which of them also serve another.
    """
    from zdg_jax.planning.planner import checked_task

    checked_task(task)
    for name, value in (("--num", num), ("--keep", keep)):
        if not 1 <= value <= _MOST:
            raise InputError(f"{name} is {value}; it must be at least 1, and at most {_MOST}")
    if not 0 <= seed < 2**32:
        raise InputError(f"--seed is {seed}; it must be a number from 0 to {2**32 - 1}")
    if not 0 <= alignment < math.inf:
        raise InputError(f"--alignment is {alignment}; it must be a number from 0")
    from zdg_jax.hand import Hand
    from zdg_jax.planning import planner_from_name
    from zdg_jax.scenes import stable_poses

    around = scene.build()
    if test == "lift" and not scene.asked:
        raise InputError("--test lift needs something to lift from; add --table or --scene FILE")
    chosen = planner_from_name(planner, options)
    reviewer = planner_from_name(review, options) if review else chosen
    loaded = Hand.load(hand)
    done: list[str] = []
    with Bars() as bars, on_interruption(lambda: _left(done)):
        run = _Run(
            job=outputs.Job(
                task=task, obj=load_object(mesh, scale, physics.mass, bars, parts), hand=loaded
            ),
            planner=chosen,
            reviewer=reviewer,
            num=num,
            keep=keep,
            seed=seed,
            alignment=alignment,
            physics=physics,
            test=test,
            given=pathlib.Path(planner) if planner.endswith(".json") else None,
            force=force,
            done=done,
            bars=bars,
        )
        if not scene.every_pose:
            run.check(out)
            sets = {out: run.grasps(out, scene.around(around, run.job.obj))}
        else:
            poses = {out / f"pose{i}": p for i, p in enumerate(stable_poses(run.job.obj), 1)}
            for folder in poses:
                run.check(folder)
            sets = {folder: run.grasps(folder, pose.scene) for folder, pose in poses.items()}
    for folder, grasps in sets.items():
        click.echo(str(grasps))
        click.echo("  ".join(str(folder / name) for name in _RESULTS))
    if scene.every_pose:
        from zdg_jax.cli.pose_table import pose_table

        click.echo(pose_table(list(sets.values()), list(poses.values()), loaded))
    for folder, grasps in sets.items():
        if not grasps.kept.any():
            click.echo(f"zdg: {folder}: {_why_none(grasps)}", err=True)
    return 0 if any(grasps.kept.any() for grasps in sets.values()) else 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Run:
    """The runs of one call: everything but the folder and the scene."""

    job: outputs.Job
    planner: Planner
    reviewer: Planner
    num: int
    keep: int
    seed: int
    alignment: float
    physics: PhysicsChoice
    test: str | None
    given: pathlib.Path | None
    force: bool
    done: list[str]
    bars: Bars

    def check(self, out: pathlib.Path) -> None:
        """Refuses a folder whose files must not be replaced."""
        writable(out)
        outputs.check_run(out, self.job, self.num, self.seed, self.force)
        if self.given is None:
            outputs.check_plan(out / outputs.PLAN, self.job, self.force)

    def grasps(self, out: pathlib.Path, scene: Scene | None) -> GraspSet:
        """All grasps in a scene, saved after each stage that costs time, and their picture."""
        import jax

        from zdg_jax.physics import Physics
        from zdg_jax.synthesis.synthesize import SynthesisConfig, synthesize
        from zdg_jax.validation.protocols import STANDARD

        grasps = synthesize(
            self.job.task,
            self.job.obj,
            self.job.hand,
            num=self.num,
            keep=self.keep,
            key=jax.random.key(self.seed),
            planner=self.planner,
            reviewer=self.reviewer,
            physics=self.physics.applied(Physics()),
            scene=scene,
            test=STANDARD.get(self.test or ""),  # the lift is the default in a scene
            transcript=out / outputs.REVIEW,
            on_stage=_Saving(out=out, force=self.force, given=self.given, done=self.done),
            progress=self.bars,
            config=SynthesisConfig(alignment=self.alignment),
        )
        _picture(grasps, self.job.hand, out / outputs.PICTURE, self.bars)
        return grasps


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Saving:
    """Saves what each stage made; `done` names what is on disk."""

    out: pathlib.Path
    force: bool
    given: pathlib.Path | None
    done: list[str]

    def __call__(self, stage: str, grasps: GraspSet) -> None:
        if stage == "plan":
            if grasps.plan is not None:
                self._save_plan(grasps.plan)
            return
        path = grasps.save(self.out / outputs.GRASPS)
        untested = f" (not tested yet: zdg validate {path} --all)" if stage == "refine" else ""
        self.done[:] = [line for line in self.done if not line.startswith(str(path))]
        self.done.append(f"{path}{untested}")

    def _save_plan(self, plan: GraspPlan) -> None:
        path = self.out / outputs.PLAN
        if not (self.given and path.exists() and path.samefile(self.given)):
            outputs.check_same_plan(path, plan, self.force)
            outputs.remove_run(self.out)
            plan.save(path)
        self.done.append(str(path))


def _why_none(grasps: GraspSet) -> str:
    """Says why no grasp is kept."""
    tested = int(grasps.tested.sum())
    if not tested:
        return f"none of the {len(grasps)} grasps is worth keeping"
    assert grasps.validation is not None
    counts = grasps.validation[grasps.tested].counts()
    reason, times = next(iter(counts.items()))
    advice = _flat(grasps) or _ADVICE.get(reason, "")
    return f"none of the {tested} tested grasps holds: {times} of them {reason}{advice}"


def _flat(grasps: GraspSet) -> str:
    """The way out where a hand cannot get under a flat object."""
    from zdg_jax.scenes import Surroundings

    if grasps.scene is None or grasps.scene.table is None:
        return ""
    height = Surroundings.seen_from(grasps.scene).height(grasps.object)
    if height > _FLAT:
        return ""
    return (
        f"; it is only {1e3 * height:.0f} mm high, and fingers that are thicker do not get under "
        "it: let it hang over the table's edge (--overhang)"
    )


def _left(done: list[str]) -> str:
    return f"on disk: {', '.join(done)}" if done else "nothing was made yet"


def _picture(grasps: GraspSet, hand: Hand, path: pathlib.Path, bars: Bars) -> None:
    from zdg_jax.grasps.summary import shown_order
    from zdg_jax.rendering import grasp_sheet

    bars("picture", 0, 1)
    shown = shown_order(grasps)
    kept = shown[grasps.kept[shown]]
    grasp_sheet(grasps, kept if len(kept) else shown, hand, path)
    bars("picture", 1, 1)
