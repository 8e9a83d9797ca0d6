"""Joints in the order of a given URDF, as the robot's own software counts them."""

from __future__ import annotations

import dataclasses
import pathlib
import xml.etree.ElementTree as ElementTree

import jax
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.runtime.files import read_given

_LARGEST = 50_000_000
"""A larger file is no URDF [bytes]."""


def urdf_joints(path: pathlib.Path) -> list[str]:
    """Reads the names of the joints that move, in the order of the file.

    Args:
        path: a URDF.

    Raises:
        InputError: there is no such file, or it is no URDF.
    """
    text = read_given(path, _LARGEST, missing=f"no file {path}")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{path} is no URDF: {error}") from error
    return [
        joint.get("name", "") for joint in root.findall("joint") if joint.get("type") != "fixed"
    ]


def reordered(grasps: GraspSet, urdf: pathlib.Path) -> GraspSet:
    """Puts the joints of grasps in the order of a URDF.

    Args:
        grasps: the grasps.
        urdf: a file that has all their joints; others, such as those of an arm, are left out.

    Raises:
        InputError: it cannot be read, or lacks a joint of the grasps.
    """
    names = grasps.hand.joint_names
    wanted = [name for name in urdf_joints(urdf) if name in names]
    missing = [name for name in names if name not in wanted]
    if missing:
        raise InputError(
            f"{urdf} has no joint '{missing[0]}' ({len(missing)} of {len(names)} are missing); "
            "it must be the URDF of the grasps' hand"
        )
    index = np.array([names.index(name) for name in wanted])
    poses = dataclasses.replace(
        grasps.poses,
        **{
            field.name: dataclasses.replace(pose, joints=np.asarray(pose.joints)[..., index])
            for field in dataclasses.fields(grasps.poses)
            if (pose := getattr(grasps.poses, field.name)) is not None
        },
    )
    hand = dataclasses.replace(grasps.hand, joint_names=tuple(wanted))
    return dataclasses.replace(grasps, poses=jax.tree.map(np.asarray, poses), hand=hand)
