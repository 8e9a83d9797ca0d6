"""Actuators: from joint angles to their targets, gains and force limits."""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np

from zdg_jax.errors import InputError

DRIVE = 5.0
"""Gain of the drives of a hand whose file states none that serve [N m/rad]."""
_SETTLING = 0.05
"""Damping over gain of such drives [s]: without any, light fingers swing and knock things away."""
_ROTOR = 1e-3
"""Inertia of a geared motor, seen at its joint [kg m^2]: without any, light links that follow one
another by equalities shiver, and what they hold slips. Those of robot hands have 2e-4 to 1e-2."""
_LEVER = 0.07
"""Length of a finger [m], for the gain of a slide that pushes as hard as a driven hinge does."""
_WEAKEST, _STIFFEST = 1e-3, 1e6
"""Gains below and above which no motor is a hand's [N m/rad or N/m]."""
_ON_JOINT = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))
"""Transmissions that drive one joint."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Actuation:
    """The position actuators of a hand."""

    names: tuple[str, ...]
    """Their names."""
    ctrl_from_joints: np.ndarray
    """Targets from joints, (nu, j): the transmission's moment arms."""
    kp: np.ndarray
    """Gains, (nu,)."""
    force_range: np.ndarray
    """Least and greatest force, (nu, 2); infinite where the file states no limit."""
    linear: np.ndarray
    """Marks actuators that move slide joints, (nu,) bool: targets are in m, forces in N."""


def read_position_actuators(model: mujoco.MjModel, name: str) -> Actuation:
    """Read the actuators of a compiled hand, which must all be position actuators.

    Args:
        model: the compiled hand.
        name: the hand's, for messages.

    Raises:
        InputError: one is not a position actuator on a joint or fixed tendon, or cannot press.
    """
    taken = (*_ON_JOINT, int(mujoco.mjtTrn.mjTRN_TENDON))
    for a in range(model.nu):
        label = model.actuator(a).name or a
        if model.actuator_dyntype[a] == mujoco.mjtDyn.mjDYN_INTEGRATOR:
            raise InputError(
                f"the control of actuator '{label}' of the hand '{name}' is a speed, not a "
                "position; replace it with a position actuator, or pass drive=5.0 "
                "(--hand-drive 5) to replace all"
            )
        if model.actuator_trntype[a] not in taken:
            raise InputError(
                f"actuator '{label}' of the hand '{name}' drives neither a joint nor a fixed "
                "tendon; replace it with a position actuator on a joint"
            )
        if model.actuator_biastype[a] != mujoco.mjtBias.mjBIAS_AFFINE or not (
            model.actuator_biasprm[a, 1] < 0
        ):
            raise InputError(
                f"actuator '{label}' of the hand '{name}' is not a position actuator (its force "
                "does not pull to a target); replace it with one, or pass drive=5.0 "
                "(--hand-drive 5) to replace all"
            )
    actuation = read_actuators(model)
    _check_strength(model, actuation, name)
    return actuation


def _check_strength(model: mujoco.MjModel, actuation: Actuation, name: str) -> None:
    """Refuses actuators that cannot press, or press as no motor does."""
    way_out = "correct it, or pass drive=5.0 (--hand-drive 5) to replace all"
    for a in range(model.nu):
        actuator = f"actuator '{model.actuator(a).name or a}' of the hand '{name}'"
        low, high = actuation.force_range[a]
        if not np.abs(actuation.ctrl_from_joints[a]).max(initial=0.0) > 0:
            raise InputError(
                f"{actuator} moves no joint, its gear or coefficients are 0; {way_out}"
            )
        if not low < high:
            raise InputError(
                f"the force of {actuator} is limited to {low:g} to {high:g}; {way_out}"
            )
        if not _WEAKEST <= actuation.kp[a] <= _STIFFEST:
            raise InputError(
                f"{actuator} has the gain {actuation.kp[a]:g}; from {_WEAKEST:g} to "
                f"{_STIFFEST:g} is taken: {way_out}"
            )
        for what, (low, high) in (
            ("control range", model.actuator_ctrlrange[a]),
            ("force range", model.actuator_forcerange[a]),
        ):
            if low > high:
                raise InputError(
                    f"the {what} of {actuator} is {low:g} to {high:g}; the lower end goes first"
                )
        _check_targets(model, a, actuator)


def _check_targets(model: mujoco.MjModel, a: int, actuator: str) -> None:
    """Refuses an actuator whose targets all lie outside of the range of its joint."""
    joint = model.actuator_trnid[a, 0]
    on_joint = int(model.actuator_trntype[a]) in _ON_JOINT
    if not (on_joint and model.actuator_ctrllimited[a] and model.jnt_limited[joint]):
        return
    low, high = np.sort(target_range(model, a) / model.actuator_gear[a, 0])
    least, most = model.jnt_range[joint]
    if low >= most or high <= least:
        raise InputError(
            f"{actuator} moves joint '{model.joint(int(joint)).name or joint}' to {low:g} to "
            f"{high:g}, outside of its range of {least:g} to {most:g}; correct the ctrlrange"
        )


def read_actuators(model: mujoco.MjModel) -> Actuation:
    """Reads the actuators of a compiled hand that is fixed to the world, of whatever kind they are.

    Limits are those of the actuators, and of the joints that they drive (`actuatorfrcrange`).
    """
    moment = actuator_moment(model)
    slides = model.jnt_type[model.dof_jntid] == mujoco.mjtJoint.mjJNT_SLIDE
    limited = model.actuator_forcelimited.astype(bool)[:, None]
    return Actuation(
        names=tuple(model.actuator(a).name for a in range(model.nu)),
        ctrl_from_joints=moment,
        kp=np.array(-model.actuator_biasprm[:, 1]),
        force_range=_within_joint_limits(
            model, moment, np.where(limited, model.actuator_forcerange, [-np.inf, np.inf])
        ),
        linear=(moment[:, slides] != 0).any(axis=1),
    )


def target_range(model: mujoco.MjModel, actuator: int) -> np.ndarray:
    """Returns what the range of a control means for the actuator's length, (2,) [rad or m].

    Some files scale the control, to 0 to 255 for instance: the length at rest is where the force
    gain * control + offset - kp * length vanishes.

    Args:
        model: the compiled hand.
        actuator: index of a position actuator.
    """
    gain, offset = model.actuator_gainprm[actuator, 0], model.actuator_biasprm[actuator, 0]
    kp = -model.actuator_biasprm[actuator, 1]
    control = np.array(model.actuator_ctrlrange[actuator])
    return np.sort((gain * control + offset) / kp) if kp > 0 else control


def actuator_moment(model: mujoco.MjModel) -> np.ndarray:
    """Returns the moment arms of a model's actuators in its first state, (nu, nv).

    Targets of position actuators that hold the joints where they are: moment @ joints.
    """
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    moment = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        moment, data.actuator_moment, data.moment_rownnz, data.moment_rowadr, data.moment_colind
    )
    return moment


def _within_joint_limits(
    model: mujoco.MjModel, moment: np.ndarray, force_range: np.ndarray
) -> np.ndarray:
    """Narrows actuators' ranges (nu, 2) to what the joints that they drive let through."""
    for a in range(model.nu):
        if int(model.actuator_trntype[a]) not in _ON_JOINT:
            continue
        joint = model.actuator_trnid[a, 0]
        gear = moment[a, model.jnt_dofadr[joint]]
        if model.jnt_actfrclimited[joint] and gear:
            low, high = np.sort(model.jnt_actfrcrange[joint] / gear)
            force_range[a] = [max(force_range[a, 0], low), min(force_range[a, 1], high)]
    return force_range


def undriven(spec: mujoco.MjSpec, origin: str) -> str:
    """Says why the actuators of a hand cannot serve and drives must take their place.

    Args:
        spec: the hand's description.
        origin: name of its file; a URDF has no actuators.

    Returns:
        The reason, for a note; empty where the actuators are to be read.
    """
    if not list(spec.actuators):
        return f"{'a URDF' if '.urdf' in origin.lower() else 'the file'} states no actuators"
    on_links = (mujoco.mjtTrn.mjTRN_SITE, mujoco.mjtTrn.mjTRN_BODY, mujoco.mjtTrn.mjTRN_SLIDERCRANK)
    over_sites = {
        tendon.name
        for tendon in spec.tendons
        if any(wrap.type != mujoco.mjtWrap.mjWRAP_JOINT for wrap in tendon.path)
    }
    for actuator in spec.actuators:
        if actuator.trntype == mujoco.mjtTrn.mjTRN_TENDON and actuator.target in over_sites:
            return f"tendon '{actuator.target}' runs over sites"
        if actuator.plugin.active:
            return f"actuator '{actuator.name}' is a plugin"
        if actuator.trntype in on_links:
            return f"actuator '{actuator.name}' drives no joint"
    return ""


def add_drive(spec: mujoco.MjSpec, gain: float) -> None:
    """Replaces all actuators by a damped position actuator on each joint, in place.

    Joints get a motor's inertia, unless the file states one.

    Args:
        spec: the hand's description.
        gain: gain of the drives of hinges [N m/rad]; slides get as much at a finger's length [N/m].
    """
    for actuator in list(spec.actuators):
        for sensor in [s for s in spec.sensors if s.objname == actuator.name]:
            spec.delete(sensor)
        spec.delete(actuator)
    followers = {
        e.name1
        for e in spec.equalities
        if e.type == mujoco.mjtEq.mjEQ_JOINT and e.active and e.name1
    }
    _add_rotors(spec)
    for joint in spec.joints:
        if joint.name in followers:
            continue
        actuator = spec.add_actuator(
            name=f"{joint.name}_drive", target=joint.name, trntype=mujoco.mjtTrn.mjTRN_JOINT
        )
        slide = joint.type == mujoco.mjtJoint.mjJNT_SLIDE
        kp = gain / _LEVER**2 if slide else gain
        actuator.set_to_position(kp=kp, kv=_SETTLING * kp)
        low, high = joint.range
        if low < high:
            actuator.ctrlrange = [low, high]
            actuator.ctrllimited = int(mujoco.mjtLimited.mjLIMITED_TRUE)


def calm(spec: mujoco.MjSpec) -> str:
    """Damps, in place, a hand of which nothing resists the motion: simulations of it diverge.

    Args:
        spec: the hand's description, with actuators of its own.

    Returns:
        What was done, for a note; empty where the file states damping, friction or inertia of
        a motor anywhere.
    """
    resisted = any(j.armature or j.frictionloss or np.any(j.damping) for j in spec.joints)
    if resisted or any(a.biasprm[2] for a in spec.actuators):
        return ""
    _add_rotors(spec)
    for actuator in spec.actuators:
        if actuator.biasprm[1] < 0:
            actuator.biasprm[2] = _SETTLING * actuator.biasprm[1]
    return (
        "no joint states damping or armature: joints get the inertia of a motor and actuators "
        f"settle within {_SETTLING:g} s"
    )


def _add_rotors(spec: mujoco.MjSpec) -> None:
    """Gives joints the inertia of a motor, unless the file states one."""
    for joint in spec.joints:
        if joint.armature == 0:
            slide = joint.type == mujoco.mjtJoint.mjJNT_SLIDE
            joint.armature = _ROTOR / _LEVER**2 if slide else _ROTOR
