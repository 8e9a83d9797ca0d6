"""Grasps on disk that physics can test in no time: a gripper, a ball."""

from __future__ import annotations

import dataclasses
import functools
import pathlib

import numpy as np

from tests.hands import hand_from_text
from tests.made_up import make_grasps
from tests.validation.gripper import OPEN, PUSHING, TOUCHING, Gripper, pose
from zdg_jax.grasps.records import HandRecord
from zdg_jax.hand.poses import HandPose, Poses


def _hand() -> str:
    return Gripper().spec().to_xml()


@functools.cache
def _record() -> HandRecord:
    return HandRecord.of(hand_from_text(_hand()))


def many(folder: pathlib.Path, n: int, height: float = 0.095) -> pathlib.Path:
    """A file of n grasps of a ball from `height` [m] below, none of them tested; they hold."""
    folder.mkdir(exist_ok=True)
    path = folder / "gripper.xml"
    path.write_text(_hand())

    def poses(angle: float) -> HandPose:
        qpos = np.tile(pose(angle, height=height), (n, 1))
        turn = np.pi * np.arange(n) / n
        qpos[:, 3], qpos[:, 6] = np.cos(turn / 2), np.sin(turn / 2)
        return HandPose.from_qpos(qpos)

    grasps = dataclasses.replace(
        make_grasps(n, tested=False),
        poses=Poses(pregrasp=poses(OPEN), grasp=poses(TOUCHING), squeeze=poses(PUSHING)),
        hand=dataclasses.replace(_record(), source=str(path)),
        kept=np.ones(n, bool),
    )
    return grasps.save(folder / "grasps.npz")
