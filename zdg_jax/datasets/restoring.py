"""Sets of grasps from the rows of a dataset; JAX is not needed."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from zdg_jax.datasets.columns import TEST
from zdg_jax.grasps import GraspSet, HandRecord, ObjectRecord
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.hand.poses import LEAVES, POSES, HandPose, Poses
from zdg_jax.physics import Physics
from zdg_jax.planning.grasp_plan import GraspPlan
from zdg_jax.scenes.scene import Scene
from zdg_jax.validation.results import Reason, Validation

_CODES = {reason.text: int(reason) for reason in Reason}


def to_grasp_set(
    rows: pa.Table,
    record: Mapping[str, Any],
    hand: Mapping[str, Any],
    model: pathlib.Path,
    obj: ObjectRecord,
) -> GraspSet:
    """Makes a set of grasps of rows of one job.

    Args:
        rows: n rows of the job, all columns.
        record: what the dataset keeps of the job.
        hand: facts of its hand.
        model: path of its hand's MJCF in the dataset.
        obj: its object.
    """
    plan, physics = record["plan"], record["physics"]
    names = list(record["status_names"])
    tests = list(record["job"]["recipe"]["tests"])
    return GraspSet(
        poses=Poses(
            **{
                pose: HandPose(**{leaf: matrix(rows[f"{pose}_{leaf}"]) for leaf in LEAVES})
                for pose in POSES
            },
            approach=_way(rows),
        ),
        score=numbers(rows["score"]),
        rank=np.argsort(np.argsort(numbers(rows["rank"]), kind="stable"), kind="stable"),
        object=obj,
        hand=HandRecord(
            name=hand["hand"],
            source=str(model.resolve()),
            fingerprint=hand["stored_fingerprint"],
            joint_names=tuple(hand["joint_names"]),
            link_names=tuple(hand["link_names"]),
            actuator_names=tuple(hand["actuator_names"]),
        ),
        task=record["job"]["task"],
        plan=None if plan is None else GraspPlan.model_validate(plan),
        alignment_weight=record["alignment_weight"],
        physics=None if physics is None else Physics(**physics),
        scene=None if record.get("scene") is None else Scene.from_json(record["scene"]),
        forces=_forces(rows, record["contact_slots"], hand["link_names"]),
        terms=_named(rows, "term_"),
        metrics=_named(rows, "metric_"),
        status=np.array([names.index(s) for s in rows["status"].to_pylist()], np.int8),
        status_names=tuple(names),
        kept=numbers(rows["kept"]),
        validation=to_validation(rows, tests[0], record["tests"][tests[0]]) if tests else None,
        provenance=record["provenance"],
    )


def to_validation(rows: pa.Table, name: str, test: Mapping[str, Any]) -> Validation:
    """Makes the results of one test of rows of one job.

    Args:
        rows: n rows of the job.
        name: the test.
        test: what the dataset keeps of it: `backend`, `loads` and `changes`.
    """
    columns: dict[str, Any] = {}
    for column, (kind, _) in TEST.items():
        values = rows[f"{name}_{column}"]
        columns[column] = matrix(values) if pa.types.is_list(kind) else numbers(values)
    codes = [_CODES[text.partition(" when ")[0]] for text in columns["reason"]]
    columns["reason"] = np.array(codes, np.int8)
    return Validation(
        protocol=name,
        backend=test["backend"],
        loads=tuple(test["loads"]),
        changes=tuple(test["changes"]),
        **columns,
    )


def numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Returns a column of n values, (n,).

    Args:
        column: the column.
    """
    return np.asarray(column.to_numpy(zero_copy_only=False))


def matrix(column: pa.Array | pa.ChunkedArray) -> Any:
    """Returns a column of n lists of m values each, (n, m).

    Args:
        column: the column.
    """
    n = len(column)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    flat = whole.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat).reshape(n, -1) if n else np.zeros((0, _width(column.type)))


def _width(kind: pa.DataType) -> int:
    return int(kind.list_size) if pa.types.is_fixed_size_list(kind) else 0


def _way(rows: pa.Table) -> HandPose | None:
    if "approach_joints" not in rows.column_names or rows["approach_joints"].null_count:
        return None
    n = len(rows)
    leaves = {}
    for leaf in LEAVES:
        poses = rows[f"approach_{leaf.removesuffix('s')}s"].combine_chunks().flatten()
        leaves[leaf] = matrix(poses).reshape(n, len(poses) // max(n, 1), -1)
    return HandPose(**leaves)


def _named(rows: pa.Table, prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): numbers(rows[name])
        for name in rows.column_names
        if name.startswith(prefix) and rows[name].null_count == 0
    }


def _forces(rows: pa.Table, slots: int, link_names: list[str]) -> SqueezeForces | None:
    if not slots:
        return None
    n, index = len(rows), {name: i for i, name in enumerate(link_names)}
    links = np.full((n, slots), -1, np.int32)
    vectors = {name: np.zeros((n, slots, 3), np.float32) for name in ("points", "forces")}
    for i in range(n):
        names = rows["contact_links"][i].as_py()
        links[i, : len(names)] = [index[name] for name in names]
        for name, values in vectors.items():
            if names:
                values[i, : len(names)] = rows[f"contact_{name}"][i].as_py()
    return SqueezeForces(links=links, torques=matrix(rows["actuator_torques"]), **vectors)
