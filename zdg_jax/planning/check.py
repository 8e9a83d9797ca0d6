"""Checks of a plan against an object and a hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.planning.geometry.grasp_type import fingers as fingers_of_type
from zdg_jax.planning.grasp_plan import GraspPlan, ObjectReading
from zdg_jax.planning.grip import FingerPlan, Grip
from zdg_jax.planning.materials import Material
from zdg_jax.planning.new_parts import object_of
from zdg_jax.planning.rules.mass import guess_mass

if TYPE_CHECKING:
    from zdg_jax.hand import Finger, Hand
    from zdg_jax.objects import Object

_MAX_LISTED = 12
_SIZE_TOLERANCE = 0.05
_SEGMENTS = ("tip", "middle", "base")


def resolve(plan: GraspPlan, obj: Object, hand: Hand) -> GraspPlan:
    """Checks a plan against an object and a hand, and names the hand's links in it.

    Args:
        plan: the plan.
        obj: the object.
        hand: the hand.

    Returns:
        The plan with "tip", "middle" and "base" replaced by names of the hand's links, with the
        object's mass as far as it is known or guessed (see `with_mass`), and with the
        fingerprints of the mesh and the hand filled in.

    Raises:
        InputError: the plan is for another mesh, scale or hand, or names a part, a finger or a
            link that is not there, or a width that the hand cannot span. The message names each.
    """
    faults = list(_object_faults(plan, obj))
    if plan.hand is not None and plan.hand != hand.name:
        faults.append(f"it was made for the hand {plan.hand!r}, not {hand.name!r}: plan again")
    marked = obj if faults else object_of(plan, obj)
    marks = [int(part.mark) for part in marked.parts]
    for index, grip in enumerate(plan.grips):
        where = "" if index == 0 else f" of alternative {index}"
        faults += [fault + where for fault in grip_faults(grip, marks, hand)]
    unknown = sorted({part.mark for part in plan.parts} - set(marks))
    if unknown:
        faults.append(f"it describes parts {unknown}, {_there_are('parts', marks)}")
    if faults:
        raise InputError("the plan does not fit: " + "; ".join(faults))
    named = [_name_links(grip, hand) for grip in plan.grips]
    reading = with_mass(plan.object, obj, plan.prompt)
    return plan.model_copy(
        update={
            "object": reading,
            "notes": list(dict.fromkeys([*plan.notes, *_mass_notes(reading)])),
            "grip": named[0],
            "alternatives": named[1:],
            "mesh_hash": obj.mesh_hash,
            "hand": hand.name,
        }
    )


def with_mass(reading: ObjectReading, obj: Object, task: str) -> ObjectReading:
    """Completes the mass and the material of an object in its reading.

    A mass that was given with the object outweighs the reading's; a mass or a material that
    nobody judged is guessed by the rules, which the reading then says.

    Args:
        reading: what the object is taken to be.
        obj: the object.
        task: the task in words.
    """
    update: dict[str, object] = {}
    if obj.mass_given:
        update = {"mass": obj.mass, "mass_source": "given"}
    if reading.material is Material.UNKNOWN or (reading.mass is None and not obj.mass_given):
        guess = guess_mass(reading.category, task, obj.vertices, obj.faces, obj.volume)
        if reading.material is Material.UNKNOWN:
            update["material"] = guess.material
        if reading.mass is None:
            update["mass_evidence"] = guess.evidence
            update = {"mass": guess.mass, "mass_source": "rules"} | update
    return reading.model_copy(update=update)


def _mass_notes(reading: ObjectReading) -> list[str]:
    if reading.mass is None or reading.mass_source != "rules":
        return []
    return [
        f"the mass of {reading.mass * 1e3:.0f} g is a guess by kind and size "
        f"({reading.mass_evidence}); give the mass where it is known"
    ]


def grip_faults(grip: Grip, marks: list[int], hand: Hand) -> Iterable[str]:
    """Lists what keeps a grip from being tried, in words; nothing where it can be.

    Args:
        grip: the grip.
        marks: numbers of the object's parts.
        hand: the hand.
    """
    for what, numbers in (
        ("holds", [part.mark for part in grip.held]),
        ("avoids", [part.mark for part in grip.avoided]),
        ("points a finger at", [f.mark for f in grip.fingers if f.mark is not None]),
    ):
        unknown = sorted(set(numbers) - set(marks))
        if unknown:
            yield f"it {what} parts {unknown}, {_there_are('parts', marks)}"
    avoided = {part.mark for part in grip.avoided}
    fingers = {finger.name: finger for finger in hand.fingers}
    for planned in grip.fingers:
        if planned.finger not in fingers:
            yield f"the hand has no finger {planned.finger!r}, {_there_are('fingers', fingers)}"
        elif planned.role != "idle" and link_of(planned, fingers[planned.finger], hand) is None:
            names = [hand.link_names[link] for link in fingers[planned.finger].links]
            yield (
                f"finger {planned.finger!r} has no link {planned.link!r}, "
                f"{_there_are('links', [*_SEGMENTS, *names])}"
            )
        if planned.mark in avoided and planned.role != "idle":
            yield f"finger {planned.finger!r} is to touch part {planned.mark}, which is avoided"
    widest = hand.preshapes.max_aperture
    if grip.aperture > widest:
        yield (
            f"its aperture of {grip.aperture * 1e3:.0f} mm is wider than the hand's "
            f"{widest * 1e3:.0f} mm; hold a narrower part or another way across"
        )


def link_of(planned: FingerPlan, finger: Finger, hand: Hand) -> str | None:
    """Finds the link of the hand with which a planned finger touches.

    Args:
        planned: the finger's part of a plan.
        finger: that finger of the hand.
        hand: the hand.

    Returns:
        Name of the link; None where the finger has no such link.
    """
    links = list(finger.links)
    if planned.link == "tip":
        return str(hand.link_names[finger.tip_link])
    present = set(np.asarray(hand.arrays.contacts.link).tolist())
    touching = [link for link in links if link in present and link != finger.tip_link] or links
    if planned.link == "middle":
        return str(hand.link_names[touching[-1]])
    if planned.link == "base":
        return str(hand.link_names[touching[0]])
    names = [str(hand.link_names[link]) for link in links]
    return planned.link if planned.link in names else None


def _object_faults(plan: GraspPlan, obj: Object) -> Iterable[str]:
    if plan.mesh_hash is not None and plan.mesh_hash != obj.mesh_hash:
        yield f"it was made for another mesh than {obj.name!r}: its part numbers mean nothing here"
    size = float(np.ptp(np.asarray(obj.vertices), axis=0).max())
    if abs(plan.object.largest_size - size) > _SIZE_TOLERANCE * size:
        yield (
            f"it is for an object {plan.object.largest_size:.3f} m large, this one measures "
            f"{size:.3f} m: plan again at this scale"
        )


def _name_links(grip: Grip, hand: Hand) -> Grip:
    """The grip with the hand's own links; without fingers, with those of its type."""
    fingers = {finger.name: finger for finger in hand.fingers}
    roles = grip.fingers or fingers_of_type(hand, grip.grasp_type, grip.held[0].mark)
    named = [
        planned
        if planned.role == "idle"
        else planned.model_copy(update={"link": link_of(planned, fingers[planned.finger], hand)})
        for planned in roles
    ]
    return grip.model_copy(update={"fingers": named})


def _there_are(what: str, names: Iterable[object]) -> str:
    listed = [str(name) for name in names]
    more = ", ..." if len(listed) > _MAX_LISTED else ""
    return f"there are {what} {', '.join(listed[:_MAX_LISTED])}{more}"
