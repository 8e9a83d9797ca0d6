"""Rows of a set of grasps: which ones an index means, their order, and arrays of one row each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import POSES, HandPose, Poses

Index = int | slice | Sequence[int] | np.ndarray
"""Grasps of a set: one by its number, or several by a slice, numbers or a mask."""


def rows_of(index: Index, n: int) -> np.ndarray:
    """Returns the numbers of the grasps that an index means, (k,).

    Args:
        index: the index.
        n: number of grasps.

    Raises:
        IndexError: there is no such grasp.
    """
    if isinstance(index, int | np.integer):
        if not -n <= index < n:
            raise IndexError(f"no grasp {index}; there are {n}")
        return np.array([int(index) % n])
    if isinstance(index, slice):
        return np.arange(n)[index]
    rows = np.asarray(index)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "biu"):
        raise IndexError(
            f"{index!r} stands for no grasps; give a number, a slice, numbers or a mask"
        )
    if rows.dtype == bool and rows.shape != (n,):
        raise IndexError(f"a mask of shape {rows.shape} for {n} grasps")
    return np.arange(n)[rows.astype(int) if rows.size == 0 else rows]


def by_score(score: np.ndarray) -> np.ndarray:
    """Ranks grasps by falling score, (n,); scores that are not finite come last."""
    return places(np.argsort(-np.where(np.isfinite(score), score, -np.inf), kind="stable"))


def places(order: np.ndarray) -> np.ndarray:
    """The place of each number in an order of them, (n,)."""
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places


def rank_in_group(groups: np.ndarray) -> np.ndarray:
    """Returns the position of each entry within its group, (c,).

    Args:
        groups: number of each entry's group, (c,); entries of a group are neighbours.
    """
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    sizes = np.diff(starts, append=len(groups))
    return np.arange(len(groups)) - np.repeat(starts, sizes)


def numpy_poses(poses: Poses, n: int, names: tuple[str, ...]) -> Poses:
    """Brings poses to NumPy arrays of the right shapes, with names of their joints.

    Args:
        poses: the poses.
        n: number of grasps.
        names: names of the hand's joints.

    Raises:
        InputError: an array has another shape.
    """
    joints = len(names)
    widths = {"position": 3, "quaternion": 4, "joints": joints}
    triple = {}
    for name in POSES:
        leaves: dict[str, Any] = {}
        for field, width in widths.items():
            leaves[field] = np.asarray(getattr(getattr(poses, name), field), np.float32)
            if leaves[field].shape != (n, width):
                raise InputError(
                    f"{name}.{field} has shape {leaves[field].shape}; {(n, width)} is needed for"
                    f" {n} grasps of a hand with {joints} joints"
                )
        triple[name] = HandPose(**leaves, joint_names=names)
    way = poses.approach
    if way is not None:
        qpos = np.asarray(way.qpos, np.float32)
        if qpos.ndim != 3 or qpos.shape[::2] != (n, 7 + joints) or not qpos.shape[1]:
            raise InputError(
                f"approach has shape {qpos.shape}; ({n}, T, {7 + joints}) is needed for {n} grasps"
                f" of a hand with {joints} joints"
            )
        way = dataclasses.replace(HandPose.from_qpos(qpos), joint_names=names)
    return Poses(**triple, approach=way)


def check_rows(what: str, value: np.ndarray, n: int) -> None:
    """Refuses an array that does not hold one number per grasp.

    Args:
        what: name of the array, for messages.
        value: the array.
        n: number of grasps.

    Raises:
        InputError: its shape is another.
    """
    if value.shape != (n,):
        raise InputError(f"{what} has shape {value.shape}; {(n,)} is needed, one per grasp")
