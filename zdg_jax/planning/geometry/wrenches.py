"""The loads that a task's motion puts on a held object, from its shape and mass.

Magnitudes are those of everyday handling, orders of size rather than measurements; what matters
to a grasp is their direction and the ratio of force to torque. Torques are about the centre of
mass: a contact force f at point p loads the object with (f, (p - c) x f).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.planning.geometry.grasp_type import vector
from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.grasp_plan import Motion, Wrench

if TYPE_CHECKING:
    from zdg_jax.objects import Object

_GRAVITY = 9.81
_WORK_FORCE = {Motion.SWING: 8.0, Motion.STROKE: 4.0, Motion.PUSH: 8.0, Motion.PULL: 8.0}
_ROUND_FORCE = {Motion.STIR: 2.0, Motion.CIRCLE: 4.0}  # against the end that goes round [N]
_RUB_FORCE = 5.0  # of a surface that is rubbed in circles [N]
_LEVER_FORCE = 12.0  # at the end of a lever [N]
_SQUEEZE_FORCE = 4.0  # of what is squeezed, against the end [N]
_TWIST_TORQUE = 0.3  # opening a cap or driving a screw by hand [N m]
_SHAKE = 1.5  # acceleration of shaking, in units of gravity


def motion_axis(
    motion: Motion, shape: ObjectShape, held: Collection[int], worked: Collection[int]
) -> np.ndarray | None:
    """Direction of a motion or axis of its turn, unit (3,), object frame; None where open.

    Args:
        motion: how the object moves.
        shape: the measured object.
        held: marks of the parts to touch.
        worked: marks of the parts that do the work.
    """
    grip = _middle(shape, held)
    tool = _middle(shape, worked) if worked else None
    if motion in (Motion.LIFT, Motion.SHAKE, Motion.STIR, Motion.CIRCLE):
        return shape.upright
    if motion is Motion.LEVER and tool is not None:
        return _unit(np.cross(shape.upright, tool - grip))
    if motion is Motion.TILT:
        side = (tool if tool is not None else shape.center) - grip
        axis = np.cross(shape.upright, side)
    elif motion is Motion.TWIST:
        # A cap turns about the upright axis, a tool about its own length.
        axis = shape.axis if tool is not None else shape.upright
    elif motion in (Motion.PUSH, Motion.PULL, Motion.STROKE, Motion.SWING) and tool is not None:
        axis = tool - grip
        if motion is Motion.PULL:
            axis = -axis
        if motion is Motion.SWING:
            axis = shape.part(max(worked, key=lambda m: shape.part(m).share)).axes[0]
            axis = axis - (axis @ (tool - grip)) * (tool - grip) / max(
                float((tool - grip) @ (tool - grip)), 1e-9
            )
    else:
        return None
    return _unit(axis)


def task_wrenches(
    motion: Motion,
    axis: np.ndarray | None,
    shape: ObjectShape,
    obj: Object,
    worked: Collection[int],
    mass: float,
) -> list[Wrench]:
    """Lists the loads of a motion, weight included.

    Args:
        motion: how the object moves.
        axis: direction of the motion or axis of its turn, unit (3,), object frame; None if open.
        shape: the measured object.
        obj: the object.
        worked: marks of the parts that do the work.
        mass: mass of the object [kg].

    Returns:
        Loads about the centre of mass, object frame.
    """
    weight = mass * _GRAVITY
    down = -shape.upright
    loads = [_wrench(weight * down, None, "its weight as it stands")]
    center = np.asarray(obj.center_of_mass, np.float64)
    if motion is Motion.TILT and axis is not None:
        for degrees in (60, -60):
            angle = np.radians(degrees)
            tilted = down * np.cos(angle) + np.cross(axis, down) * np.sin(angle)
            loads.append(_wrench(weight * tilted, None, f"its weight, tilted by {degrees} degrees"))
    if motion is Motion.TWIST and axis is not None:
        loads += [
            _wrench(None, sign * _TWIST_TORQUE * axis, "the moment of the turn")
            for sign in (1.0, -1.0)
        ]
    if motion is Motion.SHAKE:
        for direction in np.concatenate([np.eye(3), -np.eye(3)]):
            loads.append(_wrench(_SHAKE * weight * direction, None, "shaking"))
    if motion in (*_ROUND_FORCE, Motion.LEVER, Motion.SQUEEZE) and worked:
        lever = _middle(shape, worked) - center
        loads += [
            _wrench(force, np.cross(lever, force), reason)
            for force, reason in _end_forces(motion, axis, shape.upright, lever)
        ]
    if motion in _WORK_FORCE and worked and axis is not None:
        lever = _middle(shape, worked) - center
        size = _WORK_FORCE[motion]
        signs = (1.0, -1.0) if motion in (Motion.SWING, Motion.STROKE) else (-1.0,)
        for sign in signs:
            force = sign * size * axis
            loads.append(_wrench(force, np.cross(lever, force), "the work's reaction"))
    return loads


def _end_forces(
    motion: Motion, axis: np.ndarray | None, up: np.ndarray, lever: np.ndarray
) -> list[tuple[np.ndarray, str]]:
    """Forces of the work on the end that stirs, rubs, levers or squeezes."""
    if motion is Motion.LEVER:
        return [(sign * _LEVER_FORCE * up, "what is levered") for sign in (1.0, -1.0)]
    if motion is Motion.SQUEEZE or axis is None:
        way = _unit(lever)
        return [] if way is None else [(-_SQUEEZE_FORCE * way, "what is squeezed")]
    first = np.cross(axis, np.eye(3)[int(np.abs(axis).argmin())])
    first /= np.linalg.norm(first)
    forces = [
        (_ROUND_FORCE[motion] * way, "drag on the way round")
        for way in (first, -first, np.cross(axis, first), -np.cross(axis, first))
    ]
    return [*forces, (_RUB_FORCE * up, "the surface")] if motion is Motion.CIRCLE else forces


def _unit(vector: np.ndarray) -> np.ndarray | None:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-6 else None


def _middle(shape: ObjectShape, marks: Collection[int]) -> np.ndarray:
    return np.concatenate([shape.part(mark).points for mark in sorted(marks)]).mean(0)


def _wrench(force: np.ndarray | None, torque: np.ndarray | None, reason: str) -> Wrench:
    zero = np.zeros(3)
    return Wrench(
        force=vector(zero if force is None else force),
        torque=vector(zero if torque is None else torque),
        reason=reason,
    )
