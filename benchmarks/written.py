"""Plans written by hand: what a planner that makes no mistake would ask for.

They tell what is lost after planning. A plan names parts; ASSETS/objects/parts.json says which
faces those are, so neither the planner nor the segmentation has a say.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.objects import Object
from zdg_jax.planning import (
    AvoidedPart,
    GraspPlan,
    Grip,
    HeldPart,
    Motion,
    ObjectReading,
    PalmPlan,
    TaskReading,
)
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.planning.geometry.wrenches import task_wrenches
from zdg_jax.planning.taxonomy import STYLES, GraspType

Rules = Sequence[Sequence[Any]]
"""Rows of a name and half-spaces {n: (3,), over: m}; the first row that holds names a point."""
PLANS = pathlib.Path(__file__).with_name("plans.json")


def face_labels(obj: Object, rules: Rules) -> tuple[list[str], np.ndarray]:
    """The names of rules, and which of them each face has, (f,); -1 where no rule holds."""
    names = list(dict.fromkeys(row[0] for row in rules))
    middles = obj.vertices[obj.faces].mean(axis=1)
    labels = np.full(len(middles), -1)
    for name, *spaces in reversed(rules):
        inside = np.ones(len(middles), bool)
        for space in spaces:
            inside &= middles @ space["n"] > space["over"]
        labels[inside] = names.index(name)
    return names, labels


def with_named_parts(obj: Object, rules: Rules) -> tuple[Object, dict[str, int]]:
    """The object with the parts that rules name, and each name's mark.

    Raises:
        InputError: the rules name a part that no face lies on.
    """
    names, labels = face_labels(obj, rules)
    missing = sorted(set(range(len(names))) - set(labels.tolist()))
    if missing:
        raise InputError(f"no face of {obj.name} lies on its part {names[missing[0]]!r}")
    mass = obj.mass if obj.mass_given else None
    named = Object.from_mesh((obj.vertices, obj.faces), name=obj.name, parts=labels, mass=mass)
    return named, {name: mark for mark, name in enumerate(names, start=1)}


def plan_of(case: Mapping[str, Any], obj: Object, marks: Mapping[str, int]) -> GraspPlan:
    """The plan that a row of `plans.json` writes, for an object with named parts and its mass."""
    return GraspPlan(
        prompt=case["task"],
        object=ObjectReading(
            category=case["object"],
            largest_size=float(np.ptp(obj.vertices, axis=0).max()),
            upright=tuple(case.get("up", (0.0, 0.0, 1.0))),
        ),
        task=TaskReading(
            verb=case["verb"],
            intent=case["intent"],
            motion=case["motion"],
            motion_axis=tuple(case["axis"]) if "axis" in case else None,
            wrenches=task_wrenches(
                Motion(case["motion"]),
                np.asarray(case["axis"], float) if "axis" in case else None,
                measure(obj),
                obj,
                [marks[name] for name in case["avoid"]],
                obj.mass,
            ),
        ),
        grip=Grip(
            held=[HeldPart(mark=marks[name]) for name in case["hold"]],
            avoided=[AvoidedPart(mark=marks[name]) for name in case["avoid"]],
            grasp_type=case["grasp_type"],
            palm=PalmPlan(
                contact=STYLES[GraspType(case["grasp_type"])].palm,
                approach=tuple(case["approach"]),
                thumb=tuple(case["thumb"]) if "thumb" in case else None,
            ),
            aperture=case["aperture"],
            confidence=0.9,
        ),
    )


def load(path: pathlib.Path = PLANS) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of a file of plans by object and task."""
    return {(row["object"], row["task"]): row for row in json.loads(path.read_text())}
