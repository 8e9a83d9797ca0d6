"""A specification written anew from a compiled model: as it is, or mirrored.

A compiled model no longer knows its file, but it holds all that makes a hand: links, joints,
geometry, couplings and actuators. Rebuilding from it serves models that were never a file, and
mirroring, where every pose must be known in full.
"""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from zdg_jax.errors import InputError

_FLAT = (int(mujoco.mjtGeom.mjGEOM_PLANE), int(mujoco.mjtGeom.mjGEOM_HFIELD))
_DRIVEN = {
    int(mujoco.mjtTrn.mjTRN_JOINT),
    int(mujoco.mjtTrn.mjTRN_JOINTINPARENT),
    int(mujoco.mjtTrn.mjTRN_TENDON),
}
_FLIP = np.array([1.0, -1.0, 1.0])
"""Reflection in the plane y = 0, as a diagonal."""


def rebuild(model: mujoco.MjModel, name: str, *, mirror: bool = False) -> mujoco.MjSpec:
    """The specification of a compiled hand, with names for what had none.

    Args:
        model: the hand. Sites, sensors, cameras, textures and height fields are left out, and
            so are actuators that drive neither a joint nor a fixed tendon.
        name: what to call it.
        mirror: reflects it in the plane y = 0 of the root frame. Joint positions keep their
            meaning: a left hand at the same positions is the mirror image of the right one.
    """
    spec = mujoco.MjSpec()
    spec.modelname = name
    spec.compiler.degree = False
    spec.compiler.autolimits = False
    _copy_options(model, spec)
    bodies = [spec.worldbody]
    for body in range(1, model.nbody):
        bodies.append(_add_body(model, body, bodies[model.body_parentid[body]], mirror))
    meshes: set[int] = set()
    for geom in range(model.ngeom):
        _add_geom(model, geom, spec, bodies[model.geom_bodyid[geom]], meshes, mirror)
    for joint in range(model.njnt):
        _add_joint(model, joint, bodies[model.jnt_bodyid[joint]], mirror)
    for signature in model.exclude_signature:
        first, second = int(signature) >> 16, int(signature) & 0xFFFF
        spec.add_exclude(bodyname1=bodies[first].name, bodyname2=bodies[second].name)
    for tendon in range(model.ntendon):
        _add_tendon(model, tendon, spec)
    for equality in range(model.neq):
        _add_equality(model, equality, spec, name)
    for actuator in range(model.nu):
        if model.actuator_plugin[actuator] < 0 and model.actuator_trntype[actuator] in _DRIVEN:
            _add_actuator(model, actuator, spec)
    return spec


def _copy_options(model: mujoco.MjModel, spec: mujoco.MjSpec) -> None:
    for option in ("timestep", "integrator", "cone", "solver", "iterations", "impratio"):
        setattr(spec.option, option, getattr(model.opt, option))
    spec.option.noslip_iterations = model.opt.noslip_iterations
    spec.option.disableflags = model.opt.disableflags
    spec.option.gravity = model.opt.gravity


def _place(position: np.ndarray, quaternion: np.ndarray, mirror: bool) -> tuple:
    """A pose, or its mirror image: M T M with M the reflection."""
    if not mirror:
        return np.array(position), np.array(quaternion)
    return position * _FLIP, quaternion * [1, -1, 1, -1]


def _body_name(model: mujoco.MjModel, body: int) -> str:
    return model.body(body).name or ("world" if body == 0 else f"link{body}")


def _joint_name(model: mujoco.MjModel, joint: int) -> str:
    return model.joint(joint).name or f"joint{joint}"


def _tendon_name(model: mujoco.MjModel, tendon: int) -> str:
    return model.tendon(tendon).name or f"tendon{tendon}"


def _add_body(
    model: mujoco.MjModel, index: int, parent: mujoco.MjsBody, mirror: bool
) -> mujoco.MjsBody:
    body = parent.add_body(name=_body_name(model, index))
    body.pos, body.quat = _place(model.body_pos[index], model.body_quat[index], mirror)
    body.gravcomp = model.body_gravcomp[index]
    body.mocap = bool(model.body_mocapid[index] >= 0)
    if model.body_mass[index] > 0:
        body.explicitinertial = True
        body.mass, body.inertia = model.body_mass[index], model.body_inertia[index]
        body.ipos, body.iquat = _place(model.body_ipos[index], model.body_iquat[index], mirror)
    return body


def _add_joint(model: mujoco.MjModel, index: int, body: mujoco.MjsBody, mirror: bool) -> None:
    kind = mujoco.mjtJoint(model.jnt_type[index])
    joint = body.add_joint(name=_joint_name(model, index), type=kind)
    position, axis = np.array(model.jnt_pos[index]), np.array(model.jnt_axis[index])
    if mirror:
        # The axis of a turn is a pseudovector: reflected, it also changes its sign.
        turns = kind == mujoco.mjtJoint.mjJNT_HINGE
        position, axis = position * _FLIP, axis * (-_FLIP if turns else _FLIP)
    joint.pos, joint.axis = position, axis
    dof = model.jnt_dofadr[index]
    joint.limited, joint.range = int(model.jnt_limited[index]), model.jnt_range[index]
    joint.actfrclimited = int(model.jnt_actfrclimited[index])
    joint.actfrcrange = model.jnt_actfrcrange[index]
    joint.actgravcomp = bool(model.jnt_actgravcomp[index])
    joint.margin = model.jnt_margin[index]
    joint.solref_limit, joint.solimp_limit = model.jnt_solref[index], model.jnt_solimp[index]
    joint.solref_friction, joint.solimp_friction = model.dof_solref[dof], model.dof_solimp[dof]
    joint.armature, joint.frictionloss = model.dof_armature[dof], model.dof_frictionloss[dof]
    joint.damping = _leading(joint.damping, model.dof_damping[dof])
    joint.stiffness = _leading(joint.stiffness, model.jnt_stiffness[index])
    if kind in (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE):
        address = model.jnt_qposadr[index]
        joint.ref, joint.springref = model.qpos0[address], model.qpos_spring[address]


def _leading(like: Any, value: float) -> Any:
    """`value` as a number, or as the first coefficient where the field holds a polynomial."""
    shape = np.shape(like)
    return [value, *[0.0] * (shape[0] - 1)] if shape else value


def _add_geom(
    model: mujoco.MjModel,
    index: int,
    spec: mujoco.MjSpec,
    body: mujoco.MjsBody,
    meshes: set[int],
    mirror: bool,
) -> None:
    kind = int(model.geom_type[index])
    if kind in _FLAT:
        return
    geom = body.add_geom(name=model.geom(index).name, type=mujoco.mjtGeom(kind), mass=0.0)
    geom.pos, geom.quat = _place(model.geom_pos[index], model.geom_quat[index], mirror)
    geom.size = model.geom_size[index]
    if kind == int(mujoco.mjtGeom.mjGEOM_MESH):
        geom.meshname = _mesh(model, int(model.geom_dataid[index]), spec, meshes, mirror)
    for field in ("contype", "conaffinity", "condim", "priority", "group"):
        setattr(geom, field, int(getattr(model, f"geom_{field}")[index]))
    for field in ("solmix", "margin", "gap", "friction", "solref", "solimp"):
        setattr(geom, field, getattr(model, f"geom_{field}")[index])
    material = model.geom_matid[index]
    geom.rgba = model.geom_rgba[index] if material < 0 else model.mat_rgba[material]


def _mesh(
    model: mujoco.MjModel, index: int, spec: mujoco.MjSpec, meshes: set[int], mirror: bool
) -> str:
    name = model.mesh(index).name or f"mesh{index}"
    if index in meshes:
        return name
    meshes.add(index)
    start, count = model.mesh_vertadr[index], model.mesh_vertnum[index]
    vertices = np.array(model.mesh_vert[start : start + count], float)
    start, count = model.mesh_faceadr[index], model.mesh_facenum[index]
    faces = np.array(model.mesh_face[start : start + count])
    if mirror:
        vertices, faces = vertices * _FLIP, faces[:, ::-1]
    mesh = spec.add_mesh(name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    mesh.uservert, mesh.userface = vertices.ravel().tolist(), faces.ravel().tolist()
    return name


def _add_tendon(model: mujoco.MjModel, index: int, spec: mujoco.MjSpec) -> None:
    start, count = model.tendon_adr[index], model.tendon_num[index]
    if (model.wrap_type[start : start + count] != mujoco.mjtWrap.mjWRAP_JOINT).any():
        return
    tendon = spec.add_tendon(name=_tendon_name(model, index))
    for wrap in range(start, start + count):
        joint = _joint_name(model, model.wrap_objid[wrap])
        tendon.wrap_joint(joint, float(model.wrap_prm[wrap]))
    tendon.limited, tendon.range = int(model.tendon_limited[index]), model.tendon_range[index]
    tendon.springlength = model.tendon_lengthspring[index]
    tendon.frictionloss = model.tendon_frictionloss[index]
    tendon.stiffness = _leading(tendon.stiffness, model.tendon_stiffness[index])
    tendon.damping = _leading(tendon.damping, model.tendon_damping[index])


def _add_equality(model: mujoco.MjModel, index: int, spec: mujoco.MjSpec, name: str) -> None:
    kind = mujoco.mjtEq(model.eq_type[index])
    names = {
        mujoco.mjtEq.mjEQ_JOINT: _joint_name,
        mujoco.mjtEq.mjEQ_TENDON: _tendon_name,
    }.get(kind)
    if names is None:
        if model.eq_active0[index]:
            raise InputError(
                f"the hand '{name}' closes a loop of links by the equality "
                f"'{model.equality(index).name or index}'; only trees are taken: replace it with "
                "joint equalities that state how the joints move together"
            )
        return
    second = int(model.eq_obj2id[index])
    equality = spec.add_equality(
        name=model.equality(index).name,
        type=kind,
        name1=names(model, int(model.eq_obj1id[index])),
        name2=names(model, second) if second >= 0 else "",
        active=bool(model.eq_active0[index]),
    )
    equality.data[:5] = model.eq_data[index, :5]
    equality.solref, equality.solimp = model.eq_solref[index], model.eq_solimp[index]


def _add_actuator(model: mujoco.MjModel, index: int, spec: mujoco.MjSpec) -> None:
    target = int(model.actuator_trnid[index, 0])
    by_tendon = model.actuator_trntype[index] == mujoco.mjtTrn.mjTRN_TENDON
    actuator = spec.add_actuator(
        name=model.actuator(index).name,
        trntype=mujoco.mjtTrn(model.actuator_trntype[index]),
        target=(_tendon_name if by_tendon else _joint_name)(model, target),
    )
    actuator.gaintype = mujoco.mjtGain(model.actuator_gaintype[index])
    actuator.biastype = mujoco.mjtBias(model.actuator_biastype[index])
    actuator.dyntype = mujoco.mjtDyn(model.actuator_dyntype[index])
    for field in ("gainprm", "biasprm", "dynprm", "gear", "ctrlrange", "forcerange", "actrange"):
        setattr(actuator, field, getattr(model, f"actuator_{field}")[index])
    for field in ("ctrllimited", "forcelimited", "actlimited"):
        setattr(actuator, field, int(getattr(model, f"actuator_{field}")[index]))
