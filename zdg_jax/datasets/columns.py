"""Columns of a table of grasps: their names, types, units and frames, in the file itself."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from zdg_jax.datasets.jobs import Job
from zdg_jax.errors import InputError
from zdg_jax.export.conventions import CONVENTIONS
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.grasps import GraspSet
from zdg_jax.hand.poses import POSES
from zdg_jax.validation.results import Validation

FORMAT, VERSION = "zdg-jax dataset", 1
"""Name and version of the format, in every file's schema."""
CONVENTIONS_KEY, JOB_KEY = b"zdg_jax", b"zdg_jax_job"
"""Keys of the schema's metadata: conventions, and in a shard the record of its job."""

_VECTOR, _QUATERNION = pa.list_(pa.float32(), 3), pa.list_(pa.float32(), 4)
_NUMBERS, _FLAGS = pa.list_(pa.float32()), pa.list_(pa.bool_())
_TEXT = pa.string()

_FIXED: dict[str, tuple[pa.DataType, str]] = {
    "job": (_TEXT, "job that made the grasp"),
    "grasp": (pa.int32(), "number of the grasp in its job"),
    "object": (_TEXT, "object: its row in objects.parquet, its mesh in objects/"),
    "object_name": (_TEXT, "name of the object"),
    "hand": (_TEXT, "hand: its row in hands.parquet, its MJCF in hands/"),
    "task": (_TEXT, "task in words"),
    "kept": (pa.bool_(), "one of the best of its job that hold and differ"),
    "tested": (pa.bool_(), "tested in physics"),
    "held": (pa.bool_(), "holds in the first test; null where not tested"),
    "rank": (pa.int32(), "place in the order of preference of its job, 0 for the best"),
    "score": (pa.float32(), "predicted chance to hold, less what disagrees with the plan"),
    "status": (_TEXT, "what the refinement says of it"),
    "approach_direction": (_VECTOR, "unit normal of the palm at the grasp, object frame"),
    "approach_positions": (
        pa.list_(_VECTOR),
        "way to the pregrasp, its last pose: origins of the hand's root, object frame [m]",
    ),
    "approach_quaternions": (pa.list_(_QUATERNION), "likewise: rotations, w x y z, unit"),
    "approach_joints": (pa.list_(_NUMBERS), "likewise: joints, in the order of joint_names"),
    "contact_links": (pa.list_(pa.string()), "link of each contact of the squeeze"),
    "contact_points": (pa.list_(_VECTOR), "points of contact, object frame [m]"),
    "contact_forces": (pa.list_(_VECTOR), "forces on the object, object frame [N]"),
    "actuator_torques": (_NUMBERS, "forces of the actuators, hand's order [N m, N for slides]"),
}
_POSE: dict[str, tuple[pa.DataType, str]] = {
    "position": (_VECTOR, "of the hand's root, object frame [m]"),
    "quaternion": (_QUATERNION, "of the hand's root, object frame, w x y z, unit"),
    "joints": (_NUMBERS, "in the order of joint_names [rad, m for slides]"),
}
TEST: dict[str, tuple[pa.DataType, str]] = {
    "held": (pa.bool_(), "holds"),
    "reason": (_TEXT, "held, or why not"),
    "survived_loads": (_FLAGS, "loads that it survived, order of `loads`"),
    "tested": (_FLAGS, "loads that were tried"),
    "drift": (_NUMBERS, "drift of the object under each load [m], NaN where not tried"),
    "turn": (_NUMBERS, "turn of the object under each load [rad], NaN where not tried"),
    "slip": (_NUMBERS, "motion of the object since the squeeze [m], NaN where not tried"),
    "closing_drift": (pa.float32(), "motion of the object while the hand closed [m]"),
    "closing_turn": (pa.float32(), "turn of the object while the hand closed [rad]"),
    "pregrasp_penetration": (pa.float32(), "deepest overlap at the pregrasp [m]"),
    "grasp_penetration": (pa.float32(), "deepest overlap at the grasp [m]"),
    "contacts": (pa.int32(), "links that touch the object after the squeeze"),
    "force": (pa.float32(), "sum of the normal forces after the squeeze [N]"),
    "failed_at": (pa.float32(), "simulated time of the failure [s], NaN if it held"),
    "steps": (pa.int32(), "steps of the simulation"),
}
"""Columns `TEST_NAME` of one test, from the arrays of a `Validation` of the same name."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobResult:
    """Grasps of one job, and what is known of it."""

    job: Job
    """The job."""
    grasps: GraspSet
    """Its grasps, with the results of the first test."""
    others: Mapping[str, Validation]
    """Results of further tests by name."""
    link_names: tuple[str, ...]
    """Names of the hand's links."""
    palm_normal: np.ndarray
    """Normal of the palm, hand's root frame, (3,)."""


def to_table(result: JobResult) -> pa.Table:
    """Makes the table of a job's grasps, one row per grasp in the order in which they were made.

    Args:
        result: the job and its grasps.
    """
    grasps, job, n = result.grasps, result.job, len(result.grasps)
    tests = {} if grasps.validation is None else {grasps.validation.protocol: grasps.validation}
    tests |= result.others
    values: dict[str, Any] = {
        "job": [job.id] * n,
        "grasp": np.arange(n),
        "object": [job.object.id] * n,
        "object_name": [job.object.name] * n,
        "hand": [job.hand.name] * n,
        "task": [job.task] * n,
        "kept": grasps.kept,
        "tested": grasps.tested,
        "held": pa.array(grasps.held, mask=~grasps.tested),
        "rank": grasps.rank,
        "score": grasps.score,
        "status": [grasps.status_names[code] for code in grasps.status],
        "approach_direction": _approach_direction(grasps, result.palm_normal),
        **_way(grasps),
        **_forces(grasps, result.link_names),
    }
    for pose in POSES:
        leaves = getattr(grasps.poses, pose)
        values |= {f"{pose}_{leaf}": getattr(leaves, leaf) for leaf in _POSE}
    values |= {f"metric_{name}": value for name, value in sorted(grasps.metrics.items())}
    values |= {f"term_{name}": value for name, value in sorted(grasps.terms.items())}
    for name, test in tests.items():
        values |= {f"{name}_{column}": getattr(test, column) for column in TEST}
        values[f"{name}_reason"] = test.reasons
    fields = [_field(name) for name in values]
    arrays = [_array(values[field.name], field.type) for field in fields]
    loads = {name: list(test.loads) for name, test in tests.items()}
    return pa.Table.from_arrays(
        arrays,
        schema=pa.schema(
            fields,
            metadata={
                CONVENTIONS_KEY: conventions(job.hand.name, grasps.hand.joint_names, loads),
                JOB_KEY: _record(result, tests),
            },
        ),
    )


def read_record(schema: pa.Schema) -> dict[str, Any]:
    """Returns what a shard keeps of its job, see `restoring.to_grasp_set`.

    Args:
        schema: schema of the shard.

    Raises:
        InputError: the file is no shard.
    """
    try:
        record: dict[str, Any] = json.loads((schema.metadata or {})[JOB_KEY])
    except (KeyError, ValueError):
        raise InputError("the file is no shard of a dataset: it names no job") from None
    return record


def conventions(hand: str, joint_names: Sequence[str], loads: Mapping[str, Sequence[str]]) -> bytes:
    """Returns the conventions of a file of grasps by one hand, as JSON.

    Args:
        hand: the hand.
        joint_names: its joints, in the order of the columns `*_joints`.
        loads: names of the loads of each test.
    """
    words = {key: text for key, text in CONVENTIONS.items() if key != "order"}
    content = {
        "format": FORMAT,
        "version": VERSION,
        "conventions": words,
        "hand": hand,
        "joint_names": list(joint_names),
        "loads": {name: list(names) for name, names in loads.items()},
    }
    return json.dumps(content).encode()


def _record(result: JobResult, tests: Mapping[str, Validation]) -> bytes:
    """All that a set of grasps needs besides its rows, as JSON."""
    grasps = result.grasps
    content = {
        "job": _without_folders(result.job),
        "plan": None if grasps.plan is None else grasps.plan.model_dump(mode="json"),
        "physics": None if grasps.physics is None else dataclasses.asdict(grasps.physics),
        "scene": None if grasps.scene is None else grasps.scene.to_json(),
        "alignment_weight": grasps.alignment_weight,
        "status_names": grasps.status_names,
        "contact_slots": 0 if grasps.forces is None else grasps.forces.links.shape[1],
        "tests": {
            name: {"backend": test.backend, "loads": test.loads, "changes": test.changes}
            for name, test in tests.items()
        },
        "provenance": grasps.provenance,
    }
    return json.dumps(content, sort_keys=True).encode()


def _without_folders(job: Job) -> dict[str, Any]:
    """A job in JSON values; files by their names, wherever they lay: equal jobs, equal shards."""
    values = job.to_json()
    for row, key in (("object", "path"), ("object", "parts"), ("hand", "source")):
        values[row][key] = pathlib.PurePath(values[row][key]).name
    return values


def _field(name: str) -> pa.Field:
    """The field of a column, with what it means."""
    kind, meaning = _described(name)
    return pa.field(name, kind, metadata={"description": meaning})


def _described(name: str) -> tuple[pa.DataType, str]:
    if name in _FIXED:
        return _FIXED[name]
    group, _, rest = name.partition("_")
    if group in POSES:
        kind, meaning = _POSE[rest]
        return kind, f"{group}: {meaning}"
    if group in ("metric", "term"):
        what = "quality metric" if group == "metric" else "energy term, unweighted"
        return pa.float32(), f"{what} `{rest}`, see docs/metrics.md of zdg-jax"
    column = max((c for c in TEST if name.endswith(f"_{c}")), key=len)
    kind, meaning = TEST[column]
    return kind, f"test {name.removesuffix(f'_{column}')}: {meaning}"


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.Array):
        return values.cast(kind)
    if isinstance(values, np.ndarray) and values.ndim > 1:
        return _rows_of(values, kind)
    return pa.array(values, kind) if isinstance(values, list) else pa.array(values).cast(kind)


def _rows_of(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    """Rows (n, m) as lists of m."""
    flat = pa.array(np.ascontiguousarray(values).ravel()).cast(kind.value_type)
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(flat, type=kind)
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), flat, type=kind)


def _approach_direction(grasps: GraspSet, palm_normal: np.ndarray) -> np.ndarray:
    quaternions = np.asarray(grasps.grasp.quaternion, float)
    rows = [rotation_matrix(quaternion) @ palm_normal for quaternion in quaternions]
    return np.asarray(rows, np.float32).reshape(-1, 3)


def _way(grasps: GraspSet) -> dict[str, Any]:
    """The way to the pregrasp, as lists of poses; nothing where nobody looked for one."""
    way = grasps.approach
    if way is None:
        return {}
    n, steps = np.shape(way.position)[:2]
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * steps)
    kinds = {"position": _VECTOR, "quaternion": _QUATERNION, "joints": _NUMBERS}
    return {
        f"approach_{leaf.removesuffix('s')}s": pa.ListArray.from_arrays(
            offsets, _rows_of(np.reshape(getattr(way, leaf), (n * steps, -1)), kind)
        )
        for leaf, kind in kinds.items()
    }


def _forces(grasps: GraspSet, link_names: Sequence[str]) -> dict[str, Any]:
    """Contacts that are used, as lists of their own lengths."""
    forces = grasps.forces
    if forces is None:
        return {}
    used = forces.links >= 0
    offsets = pa.array(np.concatenate([[0], np.cumsum(used.sum(axis=1))]).astype(np.int32))
    names = pa.array([link_names[link] for link in forces.links[used]], pa.string())
    lists = {"contact_links": pa.ListArray.from_arrays(offsets, names)}
    for column, rows in (("contact_points", forces.points), ("contact_forces", forces.forces)):
        vectors = _rows_of(rows[used].reshape(-1, 3), _VECTOR)
        lists[column] = pa.ListArray.from_arrays(offsets, vectors)
    return {**lists, "actuator_torques": forces.torques}
