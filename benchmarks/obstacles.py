"""Grasps from a table among obstacles, beside those from a table alone.

    python -m benchmarks.obstacles --hand HAND --out RESULT.json [--objects FOLDER]
                                   [--only NAME ...] [--torque NM]

For every object two sets of "pick it up" by the offline rules: one on a table, one with a wall
behind it, a box beside it and a shelf above it as well. The lift tests the first grasps of
each set as they were made, and then what would be kept of all of them. What is kept among
obstacles is read back from a file and tested once more, each grasp in turn, with the obstacles.
"""

from __future__ import annotations

import collections
import pathlib
import tempfile
import time
from typing import Any

import click
import jax
import numpy as np

import zdg_jax as zdg
from benchmarks import reports
from benchmarks.settings import OBJECTS, Settings, load_objects
from benchmarks.yields import TASK
from zdg_jax import planning
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.validation import LiftProtocol, Reason

_THICK = 0.02
"""Thickness of wall, box and shelf [m]."""
_MARGIN = 0.08
"""How far they reach beyond the object [m]."""


def surroundings(obj: zdg.Object, beside: float, above: float) -> zdg.Scene:
    """A table with the object at rest, a wall behind it (+y), a box at its side (+x) and a shelf.

    Args:
        obj: the object.
        beside: distance of wall and box from the object's bounding box [m].
        above: distance of the shelf from its top [m].
    """
    alone = zdg.Scene().rest(obj.pieces)
    assert alone.position is not None
    assert alone.quaternion is not None
    vertices = np.concatenate([piece.vertices for piece in obj.pieces])
    placed = vertices @ rotation_matrix(np.array(alone.quaternion)).T + alone.position
    low, high = placed.min(0), placed.max(0)
    width, depth, height = high - low + 2 * _MARGIN
    x, y = (low + high)[:2] / 2
    top = float(high[2])
    return zdg.Scene(
        position=alone.position,
        quaternion=alone.quaternion,
        obstacles=(
            zdg.Box(
                size=(width, _THICK, height),
                position=(x, high[1] + beside + _THICK / 2, height / 2),
                name="wall",
            ),
            zdg.Box(
                size=(_THICK, depth / 2, top),
                position=(high[0] + beside + _THICK / 2, y, top / 2),
                name="box",
            ),
            zdg.Box(
                size=(width, depth, _THICK),
                position=(x, y, top + above + _THICK / 2),
                name="shelf",
            ),
        ),
    )


def measure(
    hand: zdg.Hand, obj: zdg.Object, scene: zdg.Scene, physics: zdg.Physics, num: int, first: int
) -> dict[str, Any]:
    """Makes and tests grasps of one object in a scene.

    Returns:
        Seconds without the test, the share of the first grasps that lift as they were made and why
        others do not, how many of all are kept, and the share of these that lift again.
    """
    plan = planning.plan(TASK, obj, hand, planner="rules", scene=scene)
    stages: dict[str, tuple[zdg.GraspSet, float]] = {}
    began = time.perf_counter()
    made = zdg.synthesize(
        TASK, obj, hand, num=num, keep=8, key=jax.random.key(0), planner=plan, scene=scene,
        physics=physics,
        on_stage=lambda name, grasps: stages.update({name: (grasps, time.perf_counter())}),
    )  # fmt: skip
    refined, ended = stages["refine"]
    # The test of the synthesis: of the plan's mass where the physics states none.
    test = LiftProtocol(physics=made.physics or physics, scene=made.scene or scene)
    tested = refined[np.arange(min(first, num))].validate(test)
    assert tested.validation is not None
    reasons = collections.Counter(Reason(code).name.lower() for code in tested.validation.reason)
    kept = made.selected()
    again = np.zeros(0, bool)
    if len(kept):
        with tempfile.TemporaryDirectory() as folder:
            loaded = zdg.GraspSet.load(kept.save(pathlib.Path(folder) / "kept"))
            again = loaded.validate(test).held
    return {
        "seconds": round(ended - began, 2),
        "lifted": float(np.mean(tested.held)),
        "reasons": dict(reasons),
        "kept": len(kept),
        "lift_again": float(np.mean(again)) if len(again) else None,
    }


@click.command()
@click.option("--hand", required=True, help="A shipped hand, or an MJCF file.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--objects", type=click.Path(path_type=pathlib.Path), default=OBJECTS)
@click.option("--only", multiple=True, help="An object's name; all of the folder's by default.")
@click.option("--num", default=64, show_default=True, help="Grasps to make.")
@click.option("--first", default=8, show_default=True, help="Of them, tested as they were made.")
@click.option("--torque", type=float, help="Limit of every actuator [N m]; the file's by default.")
@click.option("--beside", default=0.04, show_default=True, help="Room to wall and box [m].")
@click.option("--above", default=0.25, show_default=True, help="Room to the shelf [m].")
def main(
    hand: str,
    out: pathlib.Path,
    objects: pathlib.Path,
    only: tuple[str, ...],
    num: int,
    first: int,
    torque: float | None,
    beside: float,
    above: float,
) -> None:
    """Makes grasps of every object with and without obstacles and writes OUT."""
    loaded = zdg.Hand.load(hand)
    environment = reports.environment() | {
        "hand": loaded.name, "task": TASK, "num": num, "first": first, "torque": torque,
        "beside": beside, "above": above,
    }  # fmt: skip
    physics = zdg.Physics(torque_limit=torque)
    rows: dict[str, dict[str, Any]] = {}
    for obj in load_objects(Settings(objects=objects, only=only)):
        rows[obj.name] = {}
        for name, scene in (
            ("table", zdg.Scene()),
            ("obstacles", surroundings(obj, beside, above)),
        ):
            try:
                row = measure(loaded, obj, scene, physics, num, first)
            except zdg.InputError as error:  # nothing of it can be reached
                row = {"refused": str(error)}
            rows[obj.name][name] = row
            click.echo(f"{obj.name} {name}: {row}")
    among = [row["obstacles"] for row in rows.values() if "refused" not in row["obstacles"]]
    again = [row for row in among if row["kept"]]
    total = {
        "objects": len(rows),
        "refused": len(rows) - len(among),
        "with_kept": len(again),
        "kept": sum(row["kept"] for row in among),
        "kept_lift_again": float(np.average(
            [row["lift_again"] for row in again], weights=[row["kept"] for row in again]
        )) if again else None,
        "lifted": {
            name: float(np.mean([row[name].get("lifted", 0.0) for row in rows.values()]))
            for name in ("table", "obstacles")
        },
    }  # fmt: skip
    click.echo(str(total))
    reports.write(out, environment, total=total, objects=rows)


if __name__ == "__main__":
    main()
