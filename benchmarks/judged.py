"""Grasps of many objects as an independent judge sees them.

    python -m benchmarks.judged --hand HAND --judge judge.py --out RESULT.json [--objects FOLDER]
                                [--set SET ...] [--protocol P ...] [--torque NM] [--table]

For every object, three exported sets, "pick it up" planned by the offline rules:

- `all`: 64 grasps, none chosen by physics, every one of them judged;
- `ranked`: the best 16 of 256 that differ, chosen by the library's ranking before any physics;
- `tested`: the best 16 of the same 256 that differ and hold in the library's own test.

The judge says which hold under each protocol, how deep, how far off and how alike they are, and
how many touch with the palm. Masses are those of the folder's `masses.csv`.
"""

from __future__ import annotations

import collections
import itertools
import json
import pathlib
import tempfile
from collections.abc import Collection
from typing import Any

import click
import jax
import numpy as np

import zdg_jax as zdg
from benchmarks import judging, reports
from benchmarks.settings import OBJECTS, Settings, load_objects
from benchmarks.yields import TASK, first_component
from zdg_jax import planning

SETS = ("all", "ranked", "tested")
PROTOCOLS = ("fc", "carry", "lift")
_ABOVE, _BELOW = 1.3, 0.7
"""Payloads over the mass that promise to carry it, and not to."""
_DISTANCES = ("penetration_mm", "self_penetration_mm", "contact_distance_mm")


def make(
    hand: zdg.Hand,
    obj: zdg.Object,
    folder: pathlib.Path,
    num: int,
    keep: int,
    sets: Collection[str] = SETS,
    physics: zdg.Physics | None = None,
    scene: zdg.Scene | None = None,
) -> dict[str, np.ndarray]:
    """Exports sets of one object, made for some physics, each into a folder of its name.

    Returns:
        Payload over mass of each exported grasp, by set, in the order of their files.
    """
    plan = planning.plan(TASK, obj, hand, planner="rules", scene=scene)

    def grasps(count: int, validate: bool) -> dict[str, zdg.GraspSet]:
        stages: dict[str, zdg.GraspSet] = {}
        zdg.synthesize(
            TASK, obj, hand, num=count, keep=keep, key=jax.random.key(0), planner=plan, scene=scene,
            physics=physics, validate=validate, on_stage=stages.__setitem__,
        )  # fmt: skip
        return stages

    exported = {}
    if "all" in sets:
        exported["all"] = grasps(num, False)["refine"]
        zdg.export_grasps(exported["all"], folder / "all", all=True)
    if "ranked" in sets or "tested" in sets:
        stages = grasps(4 * num, "tested" in sets)
        for name, stage in (("ranked", "refine"), ("tested", "validate")):
            kept = stages[stage].selected()
            if name in sets and len(kept):  # an object that nothing carries keeps none
                zdg.export_grasps(kept, folder / name)
                exported[name] = kept
    # Files are in the order of the ranking.
    return {
        name: (made.metrics["payload"] / made.physics.mass)[made.ranking]
        for name, made in exported.items()
    }


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums up the judge's records of one set under one protocol.

    Args:
        records: one per grasp, with its `payload` over the object's mass.

    Returns:
        The number of grasps, the share that held, mean distances [mm], the first component's share
        of the joints' variance, the share whose palm touches, inner links per grasp, and how many
        held of those with a payload well above the mass and well below.
    """
    joints = np.array([record["qpos"][7:] for record in records])
    means = {name: float(np.mean([record[name] for record in records])) for name in _DISTANCES}
    return {
        "grasps": len(records),
        "held": float(np.mean([record["success"] for record in records])),
        **{name: round(value, 3) for name, value in means.items()},
        "first_component": round(first_component(joints), 3),
        "palm": round(float(np.mean([record["palm"] for record in records])), 3),
        "inner_links": round(float(np.mean([record["inner_links"] for record in records])), 2),
        "payload_above": _held([record for record in records if record["payload"] >= _ABOVE]),
        "payload_below": _held([record for record in records if record["payload"] < _BELOW]),
    }


def _held(records: list[dict[str, Any]]) -> dict[str, int]:
    return {"grasps": len(records), "held": sum(record["success"] for record in records)}


@click.command()
@click.option("--hand", required=True, help="A shipped hand, or an MJCF file.")
@click.option("--judge", required=True, type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--objects", type=click.Path(path_type=pathlib.Path), default=OBJECTS)
@click.option("--only", multiple=True, help="An object's name; all of the folder's by default.")
@click.option("--num", default=64, show_default=True, help="Grasps of `all`.")
@click.option("--keep", default=16, show_default=True, help="Of four times as many.")
@click.option(
    "--set",
    "sets",
    multiple=True,
    default=SETS,
    type=click.Choice(SETS),
    help="A set to make and judge; all three by default.",
)
@click.option(
    "--protocol",
    "protocols",
    multiple=True,
    default=("fc", "carry"),
    type=click.Choice(PROTOCOLS),
    help="The judge's protocol; fc and carry by default.",
)
@click.option("--torque", type=float, help="Limit of every actuator [N m]; the file's by default.")
@click.option("--table", is_flag=True, help="Grasps from a table; `tested` ones passed the lift.")
def main(
    hand: str,
    judge: pathlib.Path,
    out: pathlib.Path,
    objects: pathlib.Path,
    only: tuple[str, ...],
    num: int,
    keep: int,
    sets: tuple[str, ...],
    protocols: tuple[str, ...],
    torque: float | None,
    table: bool,
) -> None:
    """Makes and judges grasps of every object and writes OUT."""
    loaded = zdg.Hand.load(hand)
    environment = reports.environment() | {
        "hand": loaded.name, "task": TASK, "torque": torque, "table": table,
    }  # fmt: skip
    scene = zdg.Scene() if table else None
    by_object: dict[str, dict[str, Any]] = collections.defaultdict(dict)
    total: dict[str, Any] = {}
    payloads: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        for obj in load_objects(Settings(objects=objects, only=only)):
            physics = zdg.Physics(torque_limit=torque)
            payloads[obj.name] = make(loaded, obj, folder, num, keep, sets, physics, scene)
            click.echo(f"made {obj.name}")
        for name, protocol in itertools.product(sorted(set(sets)), protocols):
            limit = None if protocol == "fc" else torque
            records = judging.run(judge, folder / name, hand, protocol=protocol, torque=limit)
            groups = collections.defaultdict(list)
            for record in records:
                of = pathlib.Path(record["object"]).name
                number = int(pathlib.Path(record["file"]).stem)
                groups[of].append(record | {"payload": float(payloads[of][name][number])})
            records = [record for group in groups.values() for record in group]
            total.setdefault(name, {})[protocol] = summary(records)
            for name_of_object, group in sorted(groups.items()):
                by_object[name_of_object].setdefault(name, {})[protocol] = summary(group)
            click.echo(f"{name} {protocol}: {json.dumps(total[name][protocol])}")
    reports.write(out, environment, total=total, objects=by_object)


if __name__ == "__main__":
    main()
