"""Conventions of the exported numbers, in words for a file, and what several formats share."""

from __future__ import annotations

import pathlib

import numpy as np

from zdg_jax.grasps import GraspSet
from zdg_jax.hand.poses import POSES

CONVENTIONS = {
    "units": "metres, radians, kilograms; slide joints in metres",
    "object_frame": "the frame of the mesh file after scaling to metres",
    "pose": "T_object_hand: the hand's root frame in the object's frame, p_object = T p_hand",
    "hand_frame": "the hand's root frame is the world of its MJCF, the root link of its URDF, or "
    "the body that root=BODY names; a first body that has a place in the MJCF keeps it there",
    "quaternion": "w, x, y, z; unit",
    "joints": "in the order of joint_names, coupled joints included",
    "stages": "pregrasp (open, before the hand closes), grasp (in contact), squeeze (the pose "
    "that the hand is driven to so that it pushes)",
    "approach": "the way to the pregrasp, its last pose; of grasps made in a scene",
    "scene": "how the object stands and what surrounds it, z up; `up` is that direction in the "
    "object's frame",
    "order": "best grasp first",
}
"""Conventions that a reader must know, by subject."""


def qpos_by_stage(grasps: GraspSet) -> dict[str, np.ndarray]:
    """Returns position, quaternion (wxyz) and joints of each stage, (n, 7 + j) each.

    Args:
        grasps: the grasps.
    """
    return {stage: np.asarray(getattr(grasps.poses, stage).qpos, np.float64) for stage in POSES}


def approach_qpos(grasps: GraspSet) -> np.ndarray | None:
    """Returns the ways to the pregrasps, (n, T, 7 + j); None where nobody looked for them.

    Args:
        grasps: the grasps.
    """
    return None if grasps.approach is None else np.asarray(grasps.approach.qpos, np.float64)


def verdicts(grasps: GraspSet) -> list[bool | None]:
    """Returns for each grasp whether it holds in physics; None where that was not tested.

    Args:
        grasps: the grasps.
    """
    return [
        bool(held) if tested else None
        for held, tested in zip(grasps.held, grasps.tested, strict=True)
    ]


def write_obj(path: pathlib.Path, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Writes triangles as a Wavefront OBJ file.

    Args:
        path: the file.
        vertices: (v, 3) [m].
        faces: (f, 3).

    Raises:
        OSError: it cannot be written.
    """
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in vertices]
    lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in faces]
    path.write_text("\n".join(lines) + "\n")


def write_mesh(grasps: GraspSet, out: pathlib.Path) -> str:
    """Writes the object's mesh to a folder, in the frame of the poses; returns the file's name.

    Args:
        grasps: the grasps.
        out: the folder.

    Raises:
        OSError: it cannot be written.
    """
    write_obj(out / "object.obj", grasps.object.vertices, grasps.object.faces)
    return "object.obj"
