"""A small gripper and a ball: enough of a scene to hold, drop, eject and miss an object."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import mujoco
import numpy as np
import trimesh

from zdg_jax.hand.poses import Poses

_FINGER = """
<body name="finger{i}" pos="{x} {y} 0.02" euler="0 0 {angle}">
  <joint name="base{i}" axis="0 1 0" range="-1.2 1.2" damping="0.05" armature="0.001"/>
  <geom type="capsule" fromto="0 0 0 0 0 0.06" size="0.008" density="800"/>
  <body name="tip{i}" pos="0 0 0.06">
    <joint name="tip{i}" axis="0 1 0" range="-1.2 1.2" damping="0.05" armature="0.001"/>
    <geom type="capsule" fromto="0 0 0 -0.01 0 0.05" size="0.008" density="800"/>
  </body>
</body>
"""


@dataclasses.dataclass(frozen=True)
class Gripper:
    """Three fingers of two joints round the z axis of a box-shaped palm."""

    name: str = "gripper"

    def spec(self) -> mujoco.MjSpec:
        fingers = "".join(
            _FINGER.format(
                i=i, angle=(a := 2 * np.pi * i / 3), x=0.055 * np.cos(a), y=0.055 * np.sin(a)
            )
            for i in range(3)
        )
        actuators = "".join(
            f'<position joint="{joint}{i}" kp="2" kv="0.05" forcerange="-5 5"/>'
            for i in range(3)
            for joint in ("base", "tip")
        )
        return mujoco.MjSpec.from_string(
            f"""<mujoco model="gripper"><compiler angle="radian"/><worldbody><body name="palm">
            <geom type="box" size="0.05 0.05 0.01" density="800"/>{fingers}
            </body></worldbody><actuator>{actuators}</actuator></mujoco>"""
        )


@dataclasses.dataclass(frozen=True)
class WristGripper(Gripper):
    """The gripper on a forearm; a weak wrist 15 cm beside the palm is its first joint."""

    name: str = "wrist gripper"

    def spec(self) -> mujoco.MjSpec:
        spec = super().spec()
        palm = spec.to_xml()
        wrist = (
            '<body name="forearm"><geom type="box" size="0.02 0.02 0.02" pos="-0.2 0 0"/>'
            '<body name="palm"><joint name="wrist" axis="0 1 0" pos="-0.15 0 0" range="-1 1"'
            ' damping="0.1" armature="0.001"/>'
        )
        palm = palm.replace('<body name="palm">', wrist, 1)
        palm = palm.replace("</body>\n  </worldbody>", "</body></body>\n  </worldbody>", 1)
        drive = '<position joint="wrist" kp="1.5" kv="0.1" forcerange="-5 5"/>'
        return mujoco.MjSpec.from_string(palm.replace("<actuator>", f"<actuator>{drive}", 1))


@dataclasses.dataclass(frozen=True)
class Piece:
    vertices: np.ndarray
    faces: np.ndarray


@dataclasses.dataclass(frozen=True)
class Ball:
    """A ball of 3 cm radius about the origin."""

    name: str = "ball"
    mass: float = 0.2
    friction: float = 0.8
    subdivisions: int = 2

    @property
    def pieces(self) -> tuple[Piece, ...]:
        mesh = trimesh.creation.icosphere(subdivisions=self.subdivisions, radius=0.03)
        return (Piece(np.asarray(mesh.vertices), np.asarray(mesh.faces)),)


OPEN, TOUCHING, PUSHING = 0.10, -0.14, -0.55
"""Angles of the base joints: clear of the ball, on it, and driven into it [rad]."""


def pose(angle: float, *, height: float = 0.095) -> np.ndarray:
    """The palm `height` below the ball, every base joint at `angle`, (13,)."""
    return np.array([0, 0, -height, 1, 0, 0, 0, *[angle, -0.1] * 3], float)


def closing(squeezes: Sequence[float], *, height: float = 0.095) -> Poses:
    """Grasps from below that open and touch alike and squeeze to different angles."""
    return Poses.from_qpos(
        [pose(OPEN, height=height)] * len(squeezes),
        [pose(TOUCHING, height=height)] * len(squeezes),
        [pose(angle, height=height) for angle in squeezes],
    )


def by_grasp(rows: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Poses:
    """Grasps given as pregrasp, grasp and squeeze, one after the other."""
    return Poses.from_qpos(*zip(*rows, strict=True))


def above(angle: float, height: float = 0.109) -> np.ndarray:
    """The palm above the ball, looking down."""
    return np.concatenate([[0, 0, height, 0, 1, 0, 0], pose(angle)[7:]])
