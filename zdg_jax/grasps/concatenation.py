"""Joining sets of grasps of one object by one hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.hand.poses import LEAVES, POSES, HandPose, Poses
from zdg_jax.scenes.scene import Scene
from zdg_jax.validation.results import Validation


def concatenate(sets: Sequence[GraspSet]) -> GraspSet:
    """Joins sets of the same object and hand, in order, ranked anew by score.

    Plan, task and provenance are those of the first.

    Raises:
        InputError: no set, or sets that differ in object, hand, names or what was tested.
    """
    if not sets:
        raise InputError("no grasps to join")
    first = sets[0]
    for other in sets[1:]:
        same = (
            other.object.mesh_hash == first.object.mesh_hash
            and other.hand.fingerprint == first.hand.fingerprint
            and other.status_names == first.status_names
            and other.terms.keys() == first.terms.keys()
            and other.metrics.keys() == first.metrics.keys()
            and other.physics == first.physics
            and _json(other.scene) == _json(first.scene)
            and (other.approach is None) == (first.approach is None)
            and (other.forces is None) == (first.forces is None)
            and _test_of(other) == _test_of(first)
        )
        if not same:
            raise InputError(
                f"{other!r} and {first!r} differ in object, hand, the names of their values, the"
                " physics or the scene they are made for, or the test in physics"
            )
    changes: dict[str, Any] = {
        name: _join([getattr(s, name) for s in sets]) for name in ("score", "status", "kept")
    }
    stages = {
        name: {
            leaf: _join([getattr(getattr(s.poses, name), leaf) for s in sets]) for leaf in LEAVES
        }
        for name in POSES
    }
    way = None
    if first.approach is not None:
        ways = [np.asarray(s.approach.qpos) for s in sets if s.approach is not None]
        way = HandPose.from_qpos(_join(ways))
    changes["poses"] = Poses(
        **{name: HandPose(**leaves) for name, leaves in stages.items()}, approach=way
    )
    if first.forces is not None:
        names = [field.name for field in dataclasses.fields(first.forces)]
        changes["forces"] = type(first.forces)(
            **{name: _join([getattr(s.forces, name) for s in sets]) for name in names}
        )
    for group in ("terms", "metrics"):
        names = getattr(first, group)
        changes[group] = {name: _join([getattr(s, group)[name] for s in sets]) for name in names}
    if first.validation is not None:
        rows: dict[str, Any] = {
            name: _join([getattr(s.validation, name) for s in sets])
            for name in Validation.array_names()
        }
        changes["validation"] = dataclasses.replace(first.validation, **rows)
    changes["rank"] = None  # by score
    return dataclasses.replace(first, **changes)


def _join(arrays: Sequence[np.ndarray]) -> Any:
    return np.concatenate(arrays)


def _json(scene: Scene | None) -> dict[str, Any] | None:
    return None if scene is None else scene.to_json()


def _test_of(grasps: GraspSet) -> tuple[str, tuple[str, ...]] | None:
    test = grasps.validation
    return None if test is None else (test.protocol, test.loads)
