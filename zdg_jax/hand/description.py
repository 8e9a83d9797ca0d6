"""A hand in words: what was read, what was derived, and what MJX will not take."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.hand.hand import Hand
from zdg_jax.meshes.geoms import collides


def describe(hand: Hand) -> str:
    """List joints, coupling, actuators, fingers, palm, candidates and proxies in lines of text."""
    arrays, model = hand.arrays, hand.model
    links = np.asarray(arrays.contacts.link)
    lower, upper = np.asarray(arrays.lower), np.asarray(arrays.upper)
    lines = [
        f"{hand.name}: {hand.num_joints} joints, {hand.num_dofs} independent, "
        f"{hand.num_actuators} actuators, {hand.num_links - 1} links, "
        f"{float(model.body_mass.sum()):.2f} kg",
        f"source: {hand.source or 'a model in memory'}",
    ]
    lines += [f"note: {note}" for note in hand.notes]
    lines.append("palm: link {}, face at {} m, normal {}, direction {}".format(
        hand.link_names[hand.palm.link],
        *(np.round(v, 3).tolist() for v in (hand.palm.position, hand.palm.normal)),
        np.round(hand.palm.direction, 3).tolist(),
    ))  # fmt: skip
    for finger in hand.fingers:
        kind = "thumb" if finger.is_thumb else "finger"
        count = int(np.isin(links, finger.links).sum())
        names = ", ".join(hand.joint_names[j] for j in finger.joints)
        lines.append(f"{kind} {finger.name}: joints {names}; {count} contact candidates")
    for i, name in enumerate(hand.dof_names):
        side = {1: "closes upward", -1: "closes downward", 0: "spreads"}[int(hand.closing[i])]
        lines.append(
            f"dof {name}: {lower[i]:.3f} to {upper[i]:.3f}, open {hand.open_dofs[i]:.2f}, "
            f"half closed {hand.half_closed_dofs[i]:.2f}, {side}"
        )
    for a, name in enumerate(hand.actuator_names):
        moved = np.flatnonzero(np.abs(hand.ctrl_from_joints[a]) > 1e-9)
        target = " + ".join(hand.joint_names[j] for j in moved)
        low, high = hand.force_range[a]
        lines.append(f"actuator {name}: {target}, gain {hand.kp[a]:g}, force {low:g} to {high:g}")
    lines.append(
        f"contact candidates: {len(links)}, on the palm {int((links == hand.palm.link).sum())}; "
        f"surface points: {len(arrays.surface.link)}"
    )
    lines.append(
        f"proxies: {len(arrays.spheres.link)} spheres, {len(arrays.self_pairs)} pairs that can "
        f"collide; off the surface by {hand.coverage.mean * 1e3:.1f} mm on average, sticking out "
        f"by {hand.coverage.stick_out * 1e3:.1f} mm at most"
    )
    refused = mjx_refusals(model)
    lines.append("MJX: " + ("; ".join(refused) if refused else "takes all of it"))
    return "\n".join(lines)


def mjx_refusals(model: mujoco.MjModel) -> list[str]:
    """List what MJX does not simulate of a hand that meets convex meshes, a clause each."""
    geoms = [g for g in range(model.ngeom) if collides(model, g)]
    cylinders = [g for g in geoms if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_CYLINDER]
    refused = []
    if cylinders:
        names = sorted({model.body(model.geom_bodyid[g]).name for g in cylinders})
        refused.append(f"no cylinder against a mesh (links {', '.join(names)}): use capsules")
    if model.opt.noslip_iterations:
        refused.append("no noslip iterations: set them to 0")
    return refused
