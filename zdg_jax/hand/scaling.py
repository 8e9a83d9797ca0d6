"""A hand's lengths in another unit: files in millimetres, or of a model of another size."""

from __future__ import annotations

import mujoco

from zdg_jax.errors import InputError

_CLOSING = (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD)
_SLIDE, _JOINT = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtWrap.mjWRAP_JOINT


def scale_lengths(spec: mujoco.MjSpec, factor: float, name: str) -> None:
    """Multiplies every length of a hand, in place.

    Masses and angles that the file states stay; masses that follow from densities follow the
    volume. Actuators of slides press as hard as before in the same posture.

    Args:
        spec: the hand's description, cleaned.
        factor: from the file's unit to metres.
        name: the hand's, for messages.

    Raises:
        InputError: a tendon or coupling mixes slides and hinges.
    """
    slides = {joint.name for joint in spec.joints if joint.type == _SLIDE}
    for body in spec.bodies:
        body.pos *= factor
        body.ipos *= factor
        body.inertia *= factor**2
        body.fullinertia *= factor**2
    for frame in spec.frames:
        frame.pos *= factor
    for geom in [*spec.geoms, *spec.sites]:
        geom.pos *= factor
        geom.size *= factor
        geom.fromto *= factor
    for geom in spec.geoms:
        geom.margin, geom.gap = factor * geom.margin, factor * geom.gap
    for mesh in spec.meshes:
        mesh.scale *= factor
    for joint in spec.joints:
        joint.pos *= factor
        if joint.type == _SLIDE:
            joint.range *= factor
            joint.ref, joint.springref = factor * joint.ref, factor * joint.springref
    linear = slides | _sliding_tendons(spec, slides, name)
    for tendon in spec.tendons:
        if tendon.name in linear:
            tendon.range *= factor
    for equality in spec.equalities:
        _scale_equality(equality, linear, factor, name)
    for actuator in spec.actuators:
        if actuator.target in linear:
            actuator.ctrlrange *= factor
            actuator.gainprm[0] /= factor
            actuator.biasprm[1] /= factor


def _sliding_tendons(spec: mujoco.MjSpec, slides: set[str], name: str) -> set[str]:
    """Tendons whose length is one: over sites, or sums of slides."""
    found = set()
    for tendon in spec.tendons:
        over = [w.target.name in slides for w in tendon.path if w.type == _JOINT]
        if over and any(over) != all(over):
            raise InputError(
                f"the tendon '{tendon.name}' of the hand '{name}' runs over slides and hinges; "
                "such a hand cannot be scaled: scale its file"
            )
        if all(over):
            found.add(tendon.name)
    return found


def _scale_equality(
    equality: mujoco.MjsEquality, linear: set[str], factor: float, name: str
) -> None:
    """Scales an equality; `linear` are the joints and tendons that are measured in metres."""
    if equality.type in _CLOSING:
        equality.data[:6] *= factor
        return
    if not equality.name2:
        equality.data[0] *= factor if equality.name1 in linear else 1.0
        return
    if (equality.name1 in linear) != (equality.name2 in linear):
        raise InputError(
            f"'{equality.name1}' of the hand '{name}' follows '{equality.name2}', and one of them "
            "slides while the other turns; such a hand cannot be scaled: scale its file"
        )
    if equality.name1 in linear:
        for power in range(5):  # y / f = sum of a (x / f)^k
            equality.data[power] *= factor ** (1 - power)
