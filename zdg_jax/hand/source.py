"""From what the user names to a clean description of one hand, refused early if it cannot work."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.resources
import logging
import os
import pathlib
from typing import TypeAlias

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand import loops, model_files, overrides, plausibility
from zdg_jax.hand.overrides import Overrides
from zdg_jax.hand.rebuild import rebuild
from zdg_jax.runtime.files import is_file
from zdg_jax.runtime.kinds import has_controls

_log = logging.getLogger(__name__)

_DEFINING = [
    "body_parentid",
    "body_pos",
    "body_quat",
    "body_mass",
    "body_inertia",
    "jnt_type",
    "jnt_pos",
    "jnt_axis",
    "jnt_range",
    "jnt_bodyid",
    "qpos0",
    "qpos_spring",
    "jnt_stiffness",
    "geom_type",
    "geom_size",
    "geom_pos",
    "geom_quat",
    "geom_bodyid",
    "geom_contype",
    "geom_conaffinity",
    "mesh_vert",
    "mesh_face",
    "eq_type",
    "eq_obj1id",
    "eq_obj2id",
    "eq_data",
    "eq_active0",
    "wrap_objid",
    "wrap_prm",
    "tendon_adr",
    "tendon_num",
    "exclude_signature",
    "actuator_trntype",
    "actuator_trnid",
    "actuator_gear",
    "actuator_gainprm",
    "actuator_biasprm",
    "actuator_forcerange",
    "actuator_ctrlrange",
]
_MOUNT_SLIDES = 3

_Source: TypeAlias = str | pathlib.Path | mujoco.MjSpec | mujoco.MjModel


def shipped_hands() -> tuple[str, ...]:
    """Names of the hands that the library ships, for `Hand.load`."""
    folder = importlib.resources.files("zdg_jax.mjcf")
    return tuple(sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".xml")))


def read_spec(
    source: _Source, statements: overrides.Source | None = None
) -> tuple[mujoco.MjSpec, str, str, Overrides]:
    """Read a hand.

    Args:
        source: shipped name, path of an MJCF or URDF file, `MjSpec` or `MjModel`.
        statements: overrides; None takes those of the file beside the hand's, if there is one.

    Returns:
        The raw specification with absolute file names, the hand's name, its source (the shipped
        name or the absolute path, empty for an object), and what the file beside it says.

    Raises:
        InputError: there is no such hand or file, or MuJoCo cannot read it.
    """
    stated = Overrides() if statements is None else overrides.read(statements)
    if isinstance(source, mujoco.MjSpec):
        spec = source.copy()
        return spec, spec.modelname or "hand", "", stated
    if isinstance(source, mujoco.MjModel):
        name = source.names[: source.names.index(b"\0")].decode() or "hand"
        return rebuild(source, name), name, "", stated
    text = str(source)
    if text in shipped_hands():
        resource = importlib.resources.files("zdg_jax.mjcf").joinpath(f"{text}.xml")
        return mujoco.MjSpec.from_string(resource.read_text()), text, text, stated
    path = pathlib.Path(source).expanduser()
    if has_controls(os.path.abspath(path)):
        raise InputError(
            f"the hand's name {text!r}, or that of a folder above it, has characters that no file "
            "is read by; rename it"
        )
    if not is_file(path):
        kind = "file" if path.suffix or "/" in text else "hand"
        what = f"no {kind} '{text if len(text) < 300 else text[:100] + '...'}'"
        raise InputError(
            f"{what}; shipped: {', '.join(shipped_hands())}; or give the path of an MJCF file"
        )
    path = path.resolve()
    spec = model_files.read(path)
    name = path.parent.name if path.stem in ("right_hand", "left_hand", "hand") else path.stem
    beside = overrides.beside(path)
    if statements is None and beside.is_file():
        stated = overrides.read(beside)
    return spec, name, str(path), stated


def take_root(spec: mujoco.MjSpec, link: str, name: str) -> None:
    """Leaves of a robot, in place, what hangs on one of its bodies.

    Args:
        spec: the robot, with absolute file names.
        link: body that carries the hand.
        name: the robot's, for messages.

    Raises:
        InputError: there is no such body.
    """
    body = spec.body(link)
    if body is None:
        names = ", ".join(b.name for b in spec.bodies if b.name and b.name != "world")
        raise InputError(f"'{name}' has no body '{link}' to be the hand's root; bodies: {names}")
    while (parent := body.parent) is not None:
        for other in [b for b in parent.bodies if link not in _names(b)]:
            _drop_references(spec, other)
            spec.delete(other)
        _drop_named(spec, {joint.name for joint in parent.joints})
        for element in [*parent.joints, *parent.geoms]:
            spec.delete(element)
        # The root frame is that of the body, wherever the robot carries it.
        body.pos, body.quat = [0, 0, 0], [1, 0, 0, 0]
        body.alt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT
        body = parent


def clean(spec: mujoco.MjSpec) -> list[str]:
    """Remove in place all that is no part of a hand.

    Args:
        spec: the hand's description.

    Returns:
        A sentence per change.
    """
    removed = []
    for key in list(spec.keys):
        spec.delete(key)
    for kind in ("cameras", "lights", "skins"):
        for element in list(getattr(spec, kind)):
            spec.delete(element)
    for material in spec.materials:
        material.textures = [""] * len(material.textures)
    for texture in list(spec.textures):
        spec.delete(texture)
    flat = (mujoco.mjtGeom.mjGEOM_PLANE, mujoco.mjtGeom.mjGEOM_HFIELD)
    for geom in [g for g in spec.geoms if g.type in flat]:
        spec.delete(geom)
        removed.append("a floor")
    if any(_moving_tips(body) >= 2 for body in spec.worldbody.bodies):
        for geom in list(spec.worldbody.geoms):
            spec.delete(geom)
            removed.append("geometry of the world")
    for body in _foreign(spec):
        removed.append(f"body '{body.name}'")
        _drop_references(spec, body)
        spec.delete(body)
    for joint in list(spec.joints):
        if joint.type == mujoco.mjtJoint.mjJNT_FREE:
            removed.append(f"free joint {joint.name}".strip())
            _drop_named(spec, {joint.name})
            spec.delete(joint)
    mount = _mount_joints(spec)
    if mount:
        names = [joint.name for joint in mount]
        removed.append(f"mount joints {', '.join(names)}")
        _drop_named(spec, set(names))
        for joint in mount:
            spec.delete(joint)
    for what in removed:
        _log.info("hand: left out %s", what)
    return [f"left out {what}" for what in dict.fromkeys(removed)] + _make_solid(spec)


def _make_solid(spec: mujoco.MjSpec) -> list[str]:
    """Lets visual geometry collide where nothing else does; returns that in words, if so."""
    geoms = list(spec.geoms)
    if not geoms or any(geom.contype or geom.conaffinity for geom in geoms):
        return []
    for geom in geoms:
        geom.contype = geom.conaffinity = 1
    return ["no collision geometry: the visual geometry collides"]


def _all_bodies(body: mujoco.MjsBody) -> list:
    bodies = [body]
    for child in body.bodies:
        bodies += _all_bodies(child)
    return bodies


def _foreign(spec: mujoco.MjSpec) -> list[mujoco.MjsBody]:
    """Bodies on the world that belong to a scene and not to the hand.

    Mocap bodies; free bodies with no joint of their own below; and, where one body carries
    fingers, what stands beside it.
    """
    bodies = list(spec.worldbody.bodies)
    tips = [_moving_tips(body) for body in bodies]
    hands = [body for body, count in zip(bodies, tips, strict=True) if count >= 2]
    if len(hands) == 1:
        return [body for body in bodies if body is not hands[0]]
    foreign = []
    for body in bodies:
        joints = [joint for b in _all_bodies(body) for joint in b.joints]
        loose = any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)
        if body.mocap or (loose and len(joints) == 1):
            foreign.append(body)
    return foreign


def _moving_tips(body: mujoco.MjsBody) -> int:
    """Number of chains of joints that end below a body."""
    below = sum(_moving_tips(child) for child in body.bodies)
    return below or int(len(body.joints) > 0)


def _mount_joints(spec: mujoco.MjSpec) -> list[mujoco.MjsJoint]:
    """Joints that carry a whole hand about: three slides or more before the fingers branch.

    With them go hinges of the same bodies and of bodies without geometry; a wrist stays.
    """
    body, trunk = spec.worldbody, []
    while True:
        moving = [b for b in body.bodies if _moving_tips(b)]
        if len(moving) != 1:
            break
        body = moving[0]
        trunk.append(body)
    slide = mujoco.mjtJoint.mjJNT_SLIDE
    slides = [any(joint.type == slide for joint in b.joints) for b in trunk]
    if sum(joint.type == slide for b in trunk for joint in b.joints) < _MOUNT_SLIDES:
        return []
    carried = [b for b, slid in zip(trunk, slides, strict=True) if slid or not len(b.geoms)]
    return [joint for b in carried for joint in b.joints]


def _names(body: mujoco.MjsBody) -> set[str]:
    return {b.name for b in _all_bodies(body)}


def _drop_references(spec: mujoco.MjSpec, body: mujoco.MjsBody) -> None:
    bodies = _all_bodies(body)
    _drop_named(spec, {joint.name for b in bodies for joint in b.joints})
    names = _names(body)
    for exclude in [e for e in spec.excludes if {e.bodyname1, e.bodyname2} & names]:
        spec.delete(exclude)
    for equality in [e for e in spec.equalities if {e.name1, e.name2} & names]:
        spec.delete(equality)


def _drop_named(spec: mujoco.MjSpec, joints: set[str]) -> None:
    """Deletes actuators, sensors and equalities of the named joints."""
    for actuator in [a for a in spec.actuators if a.target in joints]:
        for sensor in [s for s in spec.sensors if s.objname == actuator.name]:
            spec.delete(sensor)
        spec.delete(actuator)
    for sensor in [s for s in spec.sensors if s.objname in joints]:
        spec.delete(sensor)
    for equality in [e for e in spec.equalities if {e.name1, e.name2} & joints]:
        spec.delete(equality)


def open_loops(spec: mujoco.MjSpec, name: str) -> loops.OpenedLoops:
    """Replaces, in place, equalities that close loops of links by couplings of their joints.

    Args:
        spec: the hand's description, cleaned.
        name: the hand's, for messages.

    Raises:
        InputError: MuJoCo refuses the model.
    """
    try:
        return loops.open_loops(spec)
    except (ValueError, mujoco.FatalError) as error:
        raise _refused(name, error) from error


def compile_spec(spec: mujoco.MjSpec, name: str) -> mujoco.MjModel:
    """Compiles a hand and refuses what the library cannot grasp with.

    Raises:
        InputError: MuJoCo refuses the model, or it holds a part that cannot work.
    """
    plausibility.check_counts(spec, name)
    try:
        model = spec.compile()
    except (ValueError, mujoco.FatalError) as error:
        raise _refused(name, error) from error
    for j in range(model.njnt):
        if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_BALL:
            raise InputError(
                f"joint '{model.joint(j).name}' of the hand '{name}' is a ball joint; "
                "write it as three hinges"
            )
    if model.njnt == 0:
        raise InputError(f"the hand '{name}' has no joints; give an MJCF with hinges or slides")
    plausibility.check_plausible(model, name)
    return model


def _refused(name: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split())
    return InputError(f"MuJoCo cannot compile the hand '{name}': {reason}")


def fingerprint(model: mujoco.MjModel, stated: Overrides) -> str:
    """SHA-256 of what defines a hand: links, joints, geometry, couplings, actuators, overrides."""
    digest = hashlib.sha256()
    for field in _DEFINING:
        value = np.ascontiguousarray(np.asarray(getattr(model, field)))
        digest.update(f"{field}{value.shape}".encode())
        digest.update(np.round(value.astype(np.float64), 9).tobytes())
    digest.update(model.names)
    stated = dataclasses.replace(stated, where="")
    if stated != Overrides():
        digest.update(repr(stated).encode())
    return digest.hexdigest()
