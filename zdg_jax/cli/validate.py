"""`zdg validate`: test grasps in physics."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from typing import TYPE_CHECKING

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.interruption import on_interruption
from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.progress import Bars
from zdg_jax.cli.protocol_options import ProtocolChoice, protocol_options
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.validation import EngineOptions, Protocol, Trials

_FILM_RATE = 12.5
"""Frames a second: whole hundredths between them, as GIF needs, and whole steps of 4 ms."""


@click.command(short_help="Test GRASPS in physics; film one of them.")
@click.argument("grasps", type=FOLDER)
@protocol_options
@click.option(
    "--repeats",
    type=int,
    help="Repeat under noise in pose, joints, mass and friction: the probability to hold.",
)
@click.option("--noise", type=float, help="Factor on the disturbances of --repeats.  [default: 1]")
@click.option("--backend", default="auto", show_default=True, help="auto, mujoco, warp or mjx.")
@click.option(
    "--precision", default="auto", show_default=True, help="Of mjx: auto, double or single."
)
@click.option("--hand", help="Hand to use if the recorded one has moved.")
@click.option("--all", "everything", is_flag=True, help="Every grasp, not only the kept ones.")
@click.option("--out", type=FOLDER, help="File to write; GRASPS-PROTOCOL.npz if not given.")
@click.option("--video", type=FOLDER, help="Film of one grasp to write, .gif or .mp4.")
@click.option("--grasp", "number", type=int, help="Which to film, as GRASPS counts; else the best.")
@outputs.force_option
def validate(
    grasps: pathlib.Path,
    choice: ProtocolChoice,
    repeats: int | None,
    noise: float | None,
    backend: str,
    precision: str,
    hand: str | None,
    everything: bool,
    out: pathlib.Path | None,
    video: pathlib.Path | None,
    number: int | None,
    force: bool,
) -> int:
    """Test the kept grasps of GRASPS (a grasps.npz) in physics and write the results.

    six_directions is the benchmark: 0.1 kg, friction 0.6, 1 N along each axis. carry pulls with the
    object's own weight instead, within the torque limits that the hand's file states. Mass and
    friction are the object's own in all tests but the first. use does with the object what the plan
    is for, or --deed says: it pours, strikes, turns, hands over.

    With --repeats the file also holds each grasp's hold_probability and its error, from trials in
    which hand (3 mm, 1.7 degrees), joints (0.02 rad), mass and friction (15 %) are off.

    An interrupted run goes on where it stopped when it is called again. Exit status 0 if at least
    one grasp holds.
    """
    import numpy as np

    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import EngineOptions

    if out is not None and out.is_dir():
        raise InputError(f"--out is {out}, a folder; name a file in it")
    trials = _trials(repeats, noise)
    if number is not None and video is None:
        raise InputError("--grasp says which grasp to film; name the film with --video")
    loaded = GraspSet.load(grasps)
    rows = np.arange(len(loaded)) if everything else np.flatnonzero(loaded.kept)
    if not len(rows):
        raise InputError(f"none of the {len(loaded)} grasps in {grasps} is kept; use --all")
    if number is not None and not 0 <= number < len(loaded):
        raise InputError(f"--grasp is {number}; {grasps} has grasps 0 to {len(loaded) - 1}")
    chosen = loaded[rows]
    protocol = choice.build(chosen)
    test = _Test(
        hand=chosen.load_hand(hand),
        protocol=protocol,
        engine=EngineOptions(backend=backend, precision=precision),
        target=out or grasps.with_name(f"{grasps.stem}-{choice.name}.npz"),
    )
    resume = test.target.with_name(test.target.name + ".part.npz")
    _check_outputs(test.target, video)
    outputs.check_grasps(test.target, chosen, force)
    if video is not None:
        outputs.check_new(video, force)
    with Bars() as bars, on_interruption(lambda: _go_on(resume)):
        tested = chosen.validate(
            protocol, hand=test.hand, engine=test.engine, progress=bars, resume=resume
        )
    tested.save(test.target)
    resume.unlink(missing_ok=True)
    click.echo(str(tested.validation))
    if trials is not None:
        tested = _repeated(tested, test, trials)
    click.echo(str(test.target))
    if video is not None:
        if number is None:
            number = int(rows[_best(tested)])
        with Bars() as bars, on_interruption(lambda: f"on disk: {test.target}"):
            verdict = _film(loaded[number], number, test, video, bars)
        click.echo(verdict)
    return 0 if tested.held.any() else 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Test:
    """The test of one call: hand, protocol, engine, and the file of the results."""

    hand: Hand
    protocol: Protocol
    engine: EngineOptions
    target: pathlib.Path


def _trials(repeats: int | None, noise: float | None) -> Trials | None:
    """Returns the repetitions that the options ask for."""
    from zdg_jax.validation import Noise, Trials

    if repeats is None:
        if noise is not None:
            raise InputError("--noise scales the disturbances of --repeats; say how many")
        return None
    if repeats < 1:
        raise InputError(f"--repeats is {repeats}; it must be at least 1")
    return Trials(count=repeats, noise=Noise().scaled(1.0 if noise is None else noise))


def _check_outputs(target: pathlib.Path, video: pathlib.Path | None) -> None:
    if video is not None:
        from zdg_jax.rendering import check_film_path

        check_film_path(video)
        writable(video.absolute().parent)
    writable(target.absolute().parent)


def _go_on(resume: pathlib.Path) -> str:
    return f"{resume} keeps what was tested; the same command goes on from there"


def _repeated(tested: GraspSet, test: _Test, trials: Trials) -> GraspSet:
    """Adds the probability to hold under noise to the grasps, and saves them."""
    from zdg_jax.validation import soft_labels

    resume = test.target.with_name(test.target.name + ".repeats")
    with Bars() as bars, on_interruption(lambda: f"on disk: {test.target}; {_go_on(resume)}"):
        labels = soft_labels(
            test.hand,
            tested.object,
            tested.poses,
            test.protocol,
            trials=trials,
            engine=test.engine,
            progress=bars,
            resume=resume,
        )
    metrics = {"hold_probability": labels.probability, "hold_probability_error": labels.error}
    tested = dataclasses.replace(tested, metrics={**tested.metrics, **metrics})
    tested.save(test.target)
    for trial in range(trials.count):
        (resume / f"trial{trial}.npz").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not empty: something else lies there
        resume.rmdir()
    click.echo(str(labels))
    return tested


def _best(grasps: GraspSet) -> int:
    """Returns the grasp of the highest score, of those that hold if there are any."""
    order = grasps.ranking
    held = order[grasps.held[order]]
    return int((held if len(held) else order)[0])


def _film(grasp: GraspSet, number: int, test: _Test, path: pathlib.Path, bars: Bars) -> str:
    """Films the one grasp of a set; returns what is seen in words."""
    from zdg_jax.rendering import save_film
    from zdg_jax.validation import record

    shot = record(test.hand, grasp.object, grasp.poses, test.protocol, fps=_FILM_RATE)
    title = f"grasp {number} of {grasp.object.name} by {test.hand.name}: {test.protocol.name}"
    save_film(shot, test.hand, grasp.object, path, title=title, progress=bars)
    return f"{path}  grasp {number}: {shot.result.reasons[0]}"
