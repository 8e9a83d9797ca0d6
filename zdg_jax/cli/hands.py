"""`zdg hands` and `zdg hand`: what hands there are, and what was derived from one."""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import click
import numpy as np

from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER

if TYPE_CHECKING:
    from zdg_jax.hand import Hand


@click.command()
def hands() -> None:
    """List the hands that the library ships."""
    from zdg_jax.hand import Hand, shipped_hands

    for name in shipped_hands():
        loaded = Hand.load(name)
        click.echo(
            f"{name:<16} {len(loaded.joint_names):>3} joints {loaded.num_actuators:>3} actuators"
            f" {len(loaded.fingers):>2} fingers"
        )


@click.command()
@click.argument("hand")
@click.option("--out", type=FOLDER, help="Picture to write; HAND.png in this folder if not given.")
@click.option("--no-picture", is_flag=True, help="Describe only.")
def hand(hand: str, out: pathlib.Path | None, no_picture: bool) -> None:
    """Describe HAND (a shipped name or an MJCF file) and draw what was derived from it."""
    from zdg_jax.hand import Hand

    loaded = Hand.load(hand)
    click.echo(_describe(loaded))
    if no_picture:
        return
    from zdg_jax.rendering import hand_picture

    path = out or pathlib.Path(f"{loaded.name}.png")
    writable(path.absolute().parent)
    hand_picture(loaded, path)
    click.echo(str(path))


def _describe(hand: Hand) -> str:
    """What was read and derived, in lines."""
    arrays = hand.arrays
    contacts, palm = arrays.contacts, hand.palm
    lines = [
        f"{hand.name}  ({hand.source or 'made in memory'})",
        f"joints      {hand.num_joints} in {hand.num_dofs} independent coordinates,"
        f" {hand.num_actuators} actuators, {hand.num_links} links",
        f"palm        {hand.link_names[palm.link]}, normal {_vector(palm.normal)},"
        f" fingers along {_vector(palm.direction)}",
    ]
    for i, finger in enumerate(hand.fingers):
        points = int(np.sum(np.asarray(contacts.finger) == i))
        kind = " (thumb)" if finger.is_thumb else ""
        lines.append(
            f"finger      {finger.name}{kind}: {len(finger.joints)} joints, tip"
            f" {hand.link_names[finger.tip_link]},"
            f" {points} contact candidates"
        )
    lines.append(
        f"candidates  {len(contacts.link)}, {int(np.sum(np.asarray(contacts.finger) < 0))} of"
        " them on the palm"
    )
    lines.append(
        f"proxies     {len(arrays.spheres.radii)} spheres, {len(arrays.self_pairs)} pairs that can"
        " touch"
    )
    lower, upper = np.asarray(arrays.lower), np.asarray(arrays.upper)
    lines += [
        f"coordinate  {i}: {low:.3f} to {high:.3f}, closes {'+' if sign > 0 else '-'}"
        if sign
        else f"coordinate  {i}: {low:.3f} to {high:.3f}, does not close"
        for i, (low, high, sign) in enumerate(zip(lower, upper, hand.closing, strict=True))
    ]
    return "\n".join(lines)


def _vector(vector: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in vector) + ")"
