"""`zdg hands` and `zdg hand`: what hands there are, and what was derived from one."""

from __future__ import annotations

import pathlib

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.options import FOLDER, hand_options
from zdg_jax.errors import InputError


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


@click.command(short_help="Describe and draw what is derived from a hand's file.")
@click.argument("hand")
@click.option("--out", type=FOLDER, help="Picture to write; HAND.png in this folder if not given.")
@click.option("--no-picture", is_flag=True, help="Describe only.")
@hand_options
@outputs.force_option
def hand(hand: str, out: pathlib.Path | None, no_picture: bool, force: bool) -> None:
    """Describe HAND (a shipped name, an MJCF or a URDF) and draw what was derived from it.

    HAND:mirrored is its mirror image, the left hand of a right one.

    Where derivation is wrong, a file beside the hand says so: right_hand.zdg.json beside
    right_hand.xml. All keys are optional, vectors are in the root frame:

    \b
    {"palm": {"link": "base", "normal": [0, 0, 1], "direction": [1, 0, 0]},
     "thumb": "thumb_tip",        a link of the thumb; null = the hand has none
     "exclude": ["forearm"]}      links that take no part in grasping
    """
    from zdg_jax.hand import Hand, describe

    loaded = Hand.load(hand)
    click.echo(describe(loaded))
    if no_picture:
        return
    from zdg_jax.rendering import hand_picture

    path = out or pathlib.Path(f"{loaded.name}.png")
    if path.suffix.lower() not in ("", ".png"):
        raise InputError(f"{path}: the picture is a PNG file; name it {path.with_suffix('.png')}")
    writable(path.absolute().parent)
    outputs.check_picture(path, force)
    hand_picture(loaded, path)
    click.echo(str(path))
