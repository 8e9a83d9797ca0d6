"""`zdg validate`: test grasps in physics."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
from typing import TYPE_CHECKING

import click
import numpy as np

from zdg_jax.cli.folders import writable
from zdg_jax.cli.interruption import on_interruption
from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.progress import Bars
from zdg_jax.cli.protocols import chosen_protocol, protocol_options
from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.validation import Noise, Protocol

_FILM_RATE = 12.5
"""Frames a second: whole hundredths between them, as GIF needs, and whole steps of 4 ms."""


@click.command()
@click.argument("grasps", type=FOLDER)
@protocol_options
@click.option("--backend", default="auto", show_default=True, help="auto, mujoco, mjx or mjx-warp.")
@click.option(
    "--precision", default="auto", show_default=True, help="Of mjx: auto, double or single."
)
@click.option("--hand", help="Hand to use if the recorded one has moved.")
@click.option("--all", "everything", is_flag=True, help="Every grasp, not only the kept ones.")
@click.option("--out", type=FOLDER, help="File to write; GRASPS-PROTOCOL.npz if not given.")
@click.option("--video", type=FOLDER, help="Film of one grasp to write, .gif or .mp4.")
@click.option("--grasp", "number", type=int, help="Which to film, as GRASPS counts; else the best.")
def validate(
    grasps: pathlib.Path,
    protocol: str,
    mass: float | None,
    friction: float | None,
    repeats: int | None,
    noise: float | None,
    up: str | None,
    backend: str,
    precision: str,
    hand: str | None,
    everything: bool,
    out: pathlib.Path | None,
    video: pathlib.Path | None,
    number: int | None,
) -> int:
    """Test the kept grasps of GRASPS (a grasps.npz) in physics and write the results.

    Mass and friction are 0.1 kg and 0.6 in six_directions, the object's own in the other tests.

    With --repeats the file also holds each grasp's hold_probability and its error, from trials in
    which hand (3 mm, 1.7 degrees), joints (0.02 rad), mass and friction (15 %) are off.

    An interrupted run goes on where it stopped when it is called again. Exit status 0 if at least
    one grasp holds.
    """
    from zdg_jax.grasps import GraspSet
    from zdg_jax.validation import Noise, rollout

    if repeats is not None and repeats < 1:
        raise InputError(f"--repeats is {repeats}; it must be at least 1")
    if noise is not None and repeats is None:
        raise InputError("--noise scales the disturbances of --repeats; say how many")
    disturbed = Noise().scaled(1.0 if noise is None else noise)
    if number is not None and video is None:
        raise InputError("--grasp says which grasp to film; name the film with --video")
    found = GraspSet.load(grasps)
    rows = np.arange(len(found)) if everything else np.flatnonzero(found.kept)
    if not len(rows):
        raise InputError(f"none of the {len(found)} grasps in {grasps} is kept; use --all")
    if number is not None and not 0 <= number < len(found):
        raise InputError(f"--grasp is {number}; {grasps} has grasps 0 to {len(found) - 1}")
    chosen = found[rows]
    test = chosen_protocol(protocol, chosen, mass=mass, friction=friction, up=up)
    loaded = chosen.load_hand(hand)
    target = out or grasps.with_name(f"{grasps.stem}-{protocol}.npz")
    resume = target.with_name(target.name + ".part.npz")
    _check_outputs(target, video)
    with Bars() as bars, on_interruption(lambda: _go_on(resume)):
        results = rollout(
            loaded,
            chosen.object,
            *chosen.poses.qpos,
            test,
            backend=backend,
            precision=precision,
            progress=bars,
            resume=resume,
        )
    tested = chosen.with_validation(results)
    tested.save(target)
    resume.unlink(missing_ok=True)
    click.echo(str(results))
    if repeats is not None:
        tested = _repeated(tested, loaded, test, backend, precision, repeats, disturbed, target)
    click.echo(str(target))
    if video is not None:
        if number is None:
            number = int(rows[_best(tested)])
        with Bars() as bars, on_interruption(lambda: f"on disk: {target}"):
            said = _film(found[number], number, loaded, test, video, bars)
        click.echo(said)
    return 0 if results.held.any() else 1


def _check_outputs(target: pathlib.Path, video: pathlib.Path | None) -> None:
    if video is not None:
        from zdg_jax.rendering import check_film_path

        check_film_path(video)
        writable(video.absolute().parent)
    writable(target.absolute().parent)


def _go_on(resume: pathlib.Path) -> str:
    return f"{resume} keeps what was tested; the same command goes on from there"


def _repeated(
    tested: GraspSet,
    hand: Hand,
    test: Protocol,
    backend: str,
    precision: str,
    repeats: int,
    noise: Noise,
    target: pathlib.Path,
) -> GraspSet:
    """The grasps with their probability to hold under noise, saved; says what was found."""
    from zdg_jax.validation import soft_labels

    resume = target.with_name(target.name + ".repeats")
    with Bars() as bars, on_interruption(lambda: f"on disk: {target}; {_go_on(resume)}"):
        labels = soft_labels(
            hand,
            tested.object,
            *tested.poses.qpos,
            test,
            noise=noise,
            trials=repeats,
            backend=backend,
            precision=precision,
            progress=bars,
            resume=resume,
        )
    metrics = {"hold_probability": labels.probability, "hold_probability_error": labels.error}
    tested = dataclasses.replace(tested, metrics={**tested.metrics, **metrics})
    tested.save(target)
    shutil.rmtree(resume, ignore_errors=True)
    click.echo(str(labels))
    return tested


def _best(grasps: GraspSet) -> int:
    """The grasp of the highest score, of those that hold if there are any."""
    order = grasps.ranking
    held = order[grasps.held[order]]
    return int((held if len(held) else order)[0])


def _film(
    grasp: GraspSet,
    number: int,
    hand: Hand,
    test: Protocol,
    path: pathlib.Path,
    bars: Bars,
) -> str:
    """Films the one grasp of a set; says what is seen."""
    from zdg_jax.rendering import save_film
    from zdg_jax.validation import film

    pregrasp, closed, squeeze = (pose[0] for pose in grasp.poses.qpos)
    shot = film(hand, grasp.object, pregrasp, closed, squeeze, test, fps=_FILM_RATE)
    title = f"grasp {number} of {grasp.object.name} by {hand.name}: {test.name}"
    save_film(
        shot,
        hand,
        grasp.object,
        path,
        title=title,
        progress=bars,
    )
    return f"{path}  grasp {number}: {shot.result.reasons[0]}"
