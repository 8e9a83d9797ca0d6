"""`ros`: the way from pregrasp over grasp to squeeze, as the fields of ROS messages in JSON. Grasps
made in a scene begin with the approach, at `APPROACH_SPEED`.

    out/00000.json ...      one file per grasp, best first:
        joint_trajectory    trajectory_msgs/JointTrajectory, the fingers
        wrist_trajectory    trajectory_msgs/MultiDOFJointTrajectory, the hand's root in the
                            object's frame; ROS writes quaternions by name, x y z w
    out/object.obj          the object's mesh in that frame [m]

`rosidl_runtime_py.set_message_fields(JointTrajectory(), content["joint_trajectory"])` makes the
message of it.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from zdg_jax.export.conventions import approach_qpos, qpos_by_stage, write_mesh
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand

NEEDS_HAND = False
STAGE_TIMES = {"pregrasp": 0.0, "grasp": 1.0, "squeeze": 1.5}
"""Time from the pregrasp at which each stage is reached [s]."""
APPROACH_SPEED = 0.1
"""Speed of the hand on its way to the pregrasp [m/s]."""


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes the trajectories, see `zdg_jax.export.Format`."""
    write_mesh(grasps, out)
    qpos, way = qpos_by_stage(grasps), approach_qpos(grasps)
    paths = []
    for i in range(len(grasps)):
        points = [] if way is None else _approach(way[i])
        start = points[-1][0] if points else 0.0
        points = points[:-1]  # its last is the pregrasp
        points += [(start + seconds, qpos[stage][i]) for stage, seconds in STAGE_TIMES.items()]
        content = {
            "task": grasps.task,
            "hand": grasps.hand.name,
            "number": int(numbers[i]),
            "score": float(grasps.score[i]),
            "joint_trajectory": {
                "header": {"frame_id": grasps.hand.name},
                "joint_names": list(grasps.hand.joint_names),
                "points": [
                    {"positions": row[7:].tolist(), "time_from_start": _time(seconds)}
                    for seconds, row in points
                ],
            },
            "wrist_trajectory": {
                "header": {"frame_id": grasps.object.name},
                "joint_names": [f"{grasps.hand.name}_root"],
                "points": [
                    {"transforms": [_transform(row)], "time_from_start": _time(seconds)}
                    for seconds, row in points
                ],
            },
        }
        path = out / f"{i:05d}.json"
        path.write_text(json.dumps(content, indent=1) + "\n")
        paths.append(path)
    return paths


def _approach(way: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Times [s] and poses (7 + j,) along a way (T, 7 + j), without those that repeat the last."""
    points = [(0.0, way[0])]
    for row in way[1:]:
        length = float(np.linalg.norm(row[:3] - points[-1][1][:3]))
        if length > 0:
            points.append((points[-1][0] + length / APPROACH_SPEED, row))
    return points


def _transform(qpos: np.ndarray) -> dict[str, Any]:
    """Fields of geometry_msgs/Transform."""
    x, y, z, qw, qx, qy, qz = qpos[:7].tolist()
    return {
        "translation": {"x": x, "y": y, "z": z},
        "rotation": {"x": qx, "y": qy, "z": qz, "w": qw},
    }


def _time(seconds: float) -> dict[str, int]:
    """Fields of builtin_interfaces/Duration."""
    whole = int(seconds)
    return {"sec": whole, "nanosec": round((seconds - whole) * 1e9)}
