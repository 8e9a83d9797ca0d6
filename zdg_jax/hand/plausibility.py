"""Signs that a file is no hand, or is in other units than it says: refused by name.

A hand that cannot be gives grasps that cannot be, and nothing later would tell. Limits lie well
outside of what hands have, from fingertip grippers to the Shadow hand with its forearm.
"""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import has_controls

LARGEST, SMALLEST = 1.0, 0.03
"""Longest side of a hand's box at rest [m]."""
_UNITS = (0.001, 0.01, 0.1, 10.0, 100.0)
"""Factors to metres that are proposed where a hand is too large or small."""
HEAVIEST = 50.0
"""Mass of a hand [kg]."""
_FULL_TURN = 2 * np.pi * 1.01
"""Farthest that a hinge may turn from zero [rad]: fingers turn less than once."""
_STIFF = 0.1
"""Range of hinges [rad] below which, where all have no more, degrees were meant as radians."""
_RESISTANCE = {"damping": 1e4, "armature": 100.0, "frictionloss": 1e4}
"""Most of what resists the motion of a joint: damping [N m s/rad or N s/m], armature [kg m^2 or
kg] and dry friction [N m or N]."""
_STIFFEST_SPRING = 1e4
"""Stiffness of a joint's spring [N m/rad or N/m]."""
_SLIGHT_INERTIA = 1e-2
"""Inertia of a link that is taken whatever it weighs [kg m^2]."""
_LARGEST_MARGIN = 0.01
"""Distance from which a geometry pushes what it does not touch yet [m]."""
_TRUNK = 4
"""Joints in a row before the fingers branch that make an arm; wrists have three at most."""
_MANY_TIPS = 3
"""Fingers that make a hand beyond doubt."""
MOST_BODIES, MOST_GEOMS = 1000, 2000
"""Bodies and geometries of a hand: more take minutes, or more memory than MuJoCo has."""

_CHECKED = {
    "body": ("pos", "ipos", "quat", "mass", "inertia"),
    "jnt": ("pos", "axis", "range", "stiffness"),
    "dof": ("damping", "armature", "frictionloss"),
    "geom": ("pos", "quat", "size"),
    "actuator": ("gainprm", "biasprm", "gear", "forcerange", "ctrlrange"),
    "eq": ("data",),
}
_NAMES = {"jnt": "joint", "dof": "joint", "eq": "equality"}
_COORDINATE = 100.0
"""Number of metres beyond which nothing of a hand lies."""


def check_counts(spec: mujoco.MjSpec, name: str) -> None:
    """Refuses a description of too many parts before it is compiled.

    Args:
        spec: the hand's description.
        name: the hand's, for messages.

    Raises:
        InputError: it has too many bodies or geometries, or one that is soft.
    """
    for what, count, most in (
        ("bodies", len(spec.bodies), MOST_BODIES),
        ("geometries", len(spec.geoms), MOST_GEOMS),
    ):
        if count > most:
            raise InputError(
                f"the hand '{name}' has {count:,} {what}; the limit is {most:,}: merge what does "
                "not move, or load the hand alone"
            )
    for soft in spec.flexes:
        raise InputError(
            f"the hand '{name}' has the soft part '{soft.name}' (a flex); links must be rigid: "
            "leave it out of the file, or make it a mesh"
        )


def check_plausible(model: mujoco.MjModel, name: str) -> None:
    """Refuses a compiled model that no hand can be.

    Args:
        model: the compiled hand.
        name: the hand's, for messages.

    Raises:
        InputError: naming the part, its value, the limit and the way out.
    """
    _check_names(model, name)
    _check_finite(model, name)
    _check_one_hand(model, name)
    _check_ranges(model, name)
    _check_resistance(model, name)
    _check_size(model, name)


def _check_names(model: mujoco.MjModel, name: str) -> None:
    for label in model.names.decode(errors="replace").split("\0"):
        if has_controls(label):
            raise InputError(
                f"the hand '{name}' has a part named {label!r}, which cannot be printed; rename it"
            )


def _check_finite(model: mujoco.MjModel, name: str) -> None:
    for kind, fields in _CHECKED.items():
        for field in fields:
            array = np.asarray(getattr(model, f"{kind}_{field}"), float)
            wrong = ~np.isfinite(array)
            if field == "pos":
                wrong |= np.abs(np.where(wrong, 0.0, array)) > _COORDINATE
            if wrong.any():
                row, *rest = np.argwhere(wrong)[0]
                part = _NAMES.get(kind, kind)
                label = getattr(model, part)(int(row)).name or row
                limit = f"; at most {_COORDINATE:g} m" if field == "pos" else ""
                limit += " (in millimetres? --hand-scale 0.001)" if limit else ""
                raise InputError(
                    f"{part} '{label}' of the hand '{name}' has {array[(row, *rest)]:g} in its "
                    f"{field}, which must be a finite number{limit}; correct the file"
                )
    if not np.isfinite(model.mesh_vert).all():
        raise InputError(f"a mesh of the hand '{name}' has vertices that are not finite")


def _check_ranges(model: mujoco.MjModel, name: str) -> None:
    hinges = []
    for j in range(model.njnt):
        low, high = model.jnt_range[j]
        joint = f"joint '{model.joint(j).name or j}' of the hand '{name}'"
        if low > high or (model.jnt_limited[j] and low == high):
            raise InputError(f"{joint} has the range {low:g} to {high:g}; the lower end goes first")
        if not model.jnt_limited[j]:
            continue
        if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_SLIDE:
            if max(abs(low), abs(high)) > LARGEST:
                raise InputError(
                    f"{joint} slides from {low:g} to {high:g} m; at most {LARGEST:g} m are taken: "
                    "is the file in millimetres? Give scale=0.001 (--hand-scale 0.001)"
                )
            continue
        hinges.append(high - low)
        if max(abs(low), abs(high)) > _FULL_TURN:
            raise InputError(
                f"{joint} turns from {low:g} to {high:g} rad, beyond a full turn; are its angles "
                'in degrees? Set <compiler angle="degree"/>'
            )
    if len(hinges) > 1 and max(hinges) < _STIFF:
        raise InputError(
            f"no joint of the hand '{name}' turns by more than {max(hinges):.2g} rad; are its "
            'angles in radians? Set <compiler angle="radian"/>'
        )


def _check_resistance(model: mujoco.MjModel, name: str) -> None:
    # The model has no ball or free joints by now: a joint has one degree of freedom.
    rows = [(field, most, getattr(model, f"dof_{field}")) for field, most in _RESISTANCE.items()]
    for field, most, values in [*rows, ("stiffness", _STIFFEST_SPRING, model.jnt_stiffness)]:
        for j in np.flatnonzero((values < 0) | (values > most)):
            raise InputError(
                f"joint '{model.joint(int(j)).name or j}' of the hand '{name}' has the {field} "
                f"{values[j]:g}; it must be from 0 to {most:g}: correct the file"
            )


def _check_size(model: mujoco.MjModel, name: str) -> None:
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    solid = np.flatnonzero(model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)
    if not len(solid):
        return
    # Half the sides of each geom's own box, turned into the world.
    boxes, frames = model.geom_aabb[solid], data.geom_xmat[solid].reshape(-1, 3, 3)
    middle = data.geom_xpos[solid] + np.einsum("nij,nj->ni", frames, boxes[:, :3])
    half = np.einsum("nij,nj->ni", np.abs(frames), boxes[:, 3:])
    longest = float(np.max((middle + half).max(axis=0) - (middle - half).min(axis=0)))
    if not SMALLEST <= longest <= LARGEST:
        limit = f"at most {LARGEST:g}" if longest > LARGEST else f"at least {SMALLEST:g}"
        factor = next((f for f in _UNITS if 0.05 <= longest * f <= 0.6), None)
        unit = f"scale={factor:g} (--hand-scale {factor:g})" if factor else "scale=FACTOR"
        advice = f"MJCF and URDF are in metres, for another unit give {unit}"
        raise InputError(f"the hand '{name}' is {longest:.3g} m long, {limit} m may be: {advice}")
    reach = model.geom_margin - model.geom_gap
    for g in np.flatnonzero(reach > _LARGEST_MARGIN):
        raise InputError(
            f"geom '{model.geom(int(g)).name or g}' of the hand '{name}' pushes from "
            f"{reach[g]:.3g} m away (margin); at most {_LARGEST_MARGIN:g} m are taken: correct the "
            "file"
        )
    _check_masses(model, name)


def _check_masses(model: mujoco.MjModel, name: str) -> None:
    for body in range(1, model.nbody):
        mass, inertia = float(model.body_mass[body]), float(model.body_inertia[body].max())
        away = float(np.linalg.norm(model.body_ipos[body]))
        # URDFs give links that weigh nothing a little inertia.
        if away > LARGEST or inertia > max(mass * LARGEST**2, _SLIGHT_INERTIA):
            raise InputError(
                f"body '{model.body(body).name or body}' of the hand '{name}' has {mass:.3g} kg "
                f"at {away:.3g} m from its origin and the inertia {inertia:.3g} kg m^2, which no "
                f"link of at most {LARGEST:g} m has; correct its inertial"
            )
    mass = float(model.body_mass.sum())
    if mass > HEAVIEST:
        raise InputError(
            f"the hand '{name}' weighs {mass:.3g} kg; at most {HEAVIEST:g} kg are taken: correct "
            "its masses or densities"
        )


def _check_one_hand(model: mujoco.MjModel, name: str) -> None:
    children: list[list[int]] = [[] for _ in range(model.nbody)]
    for body in range(1, model.nbody):
        children[model.body_parentid[body]].append(body)
    tips = np.zeros(model.nbody, int)
    for body in range(model.nbody - 1, -1, -1):
        below = sum(int(tips[child]) for child in children[body])
        tips[body] = below or int(model.body_jntnum[body] > 0)
    body, joints = 0, 0
    while True:
        moving = [child for child in children[body] if tips[child]]
        if len(moving) != 1 or tips[body] < 2:
            break
        body = moving[0]
        joints += int(model.body_jntnum[body])
    several = [child for child in moving if tips[child] >= _MANY_TIPS]
    if body == 0:  # what stands on the world without a joint of its own is a palm
        still = [child for child in moving if tips[child] >= 2 and not model.body_jntnum[child]]
        several = still if len(still) > len(several) else several
    if len(several) > 1:
        labels = [model.body(child).name or str(child) for child in several]
        raise InputError(
            f"'{name}' holds {len(several)} hands, at the bodies {', '.join(labels)}; name one: "
            f"root='{labels[0]}' (--root {labels[0]})"
        )
    if joints >= _TRUNK:
        label = model.body(body).name or str(body)
        raise InputError(
            f"'{name}' has {joints} joints before its fingers branch at the body '{label}', as an "
            f"arm has; load the hand alone: root='{label}' (--root {label})"
        )
