"""Selection: the order in which grasps are tested, and the best that differ, which are kept."""

from __future__ import annotations

import numpy as np

from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.summary import ENOUGH_ON_PART
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.synthesis.squeeze import HOPELESS
from zdg_jax.validation import Engine, HoldProtocol, Protocol, carry, six_directions
from zdg_jax.validation.scene import HandLike, ObjectLike

DISTINCT = (0.02, np.radians(20.0), 0.5)
"""Grasps are distinct if apart by 2 cm, by 20 degrees, or by 0.5 rad of joints (Euclidean)."""
_CHUNK = 16


def validate_best_first(
    grasps: GraspSet,
    hand: HandLike,
    obj: ObjectLike,
    keep: int,
    progress: Progress = silent,
    protocol: Protocol = six_directions,
) -> GraspSet:
    """Tests grasps in MuJoCo's C engine, best first, until `keep` distinct ones hold.

    Grasps that are aligned with the plan come first, if that counts at all, then those that are but
    for their type; the others are tested only as far as those that hold among them do not suffice.
    Those that were tested before keep their results and count. Where the weight is to be borne with
    any side down, grasps of hopeless payload come last, and only as long as now and then one holds.

    Args:
        grasps: refined grasps; what they were tested by, if they were, is `protocol`.
        hand: their hand.
        obj: their object.
        keep: distinct holding grasps that suffice.
        progress: told of the stage `validate`, in grasps.
        protocol: the test.

    Returns:
        The grasps with their results; those that were not reached say so.
    """
    engine = Engine(hand, obj, protocol)
    result = engine.empty(len(grasps))
    if grasps.validation is not None:
        result.put(slice(None), grasps.validation)
    agreement = _agreement(grasps)
    order = _aligned_first(agreement, grasps.ranking)
    hopeless = _hopeless(grasps, obj, protocol)
    order = order[np.argsort(hopeless[order], kind="stable")]
    aligned = agreement == agreement.max(initial=0)
    tested = grasps.tested
    before, order = order[tested[order]], order[~tested[order]]
    promising = int((~hopeless[order]).sum())

    def suffice(count: int) -> bool:
        """Tells whether enough hold of those tested before and the first `count` since."""
        known = np.concatenate([before, order[:count]])
        holding = known[result.held[known]]
        if aligned[order[count:promising]].any():
            holding = holding[aligned[holding]]
        return len(distinct(grasps, holding, keep)) >= keep

    if suffice(0):
        return grasps
    chunks = engine.stream(grasps.poses[order], chunk=_CHUNK)
    for part, values in chunks:
        result.put(order[part], values)
        progress("validate", len(before) + part.stop, len(grasps))
        vain = order[max(promising, part.stop - _CHUNK) : part.stop]
        if suffice(part.stop) or (len(vain) == _CHUNK and not result.held[vain].any()):
            chunks.close()
            break
    return grasps.with_validation(result)


def diverse(grasps: GraspSet, keep: int) -> np.ndarray:
    """Chooses the grasps to keep.

    Those that are aligned with the plan first, then those that are but for their type, then by
    rank, a grasp is taken if it is distinct from all taken before; if that leaves room, the best of
    the others fill it. Where physics was asked, only grasps that hold are candidates, and where
    some do the plan's deed, only those.

    Args:
        grasps: n grasps.
        keep: greatest number to keep.

    Returns:
        Their numbers, at most `keep`, best first.
    """
    order = grasps.ranking
    used = np.asarray(grasps.metrics.get("use", np.zeros(len(grasps)))) == 1
    if used.any():
        order = order[used[order]]
    elif grasps.tested.any():
        order = order[grasps.held[order]]
    order = order[np.isfinite(grasps.score[order]) & (grasps.status[order] == 0)]
    order = _aligned_first(_agreement(grasps), order)
    chosen = distinct(grasps, order, keep)
    rest = order[~np.isin(order, chosen)]
    return np.concatenate([chosen, rest[: keep - len(chosen)]]).astype(int)


def _agreement(grasps: GraspSet) -> np.ndarray:
    """Agreement of grasps with the plan, (n,) int: 2 aligned, 1 but for the type, 0 not.

    All agree where that was not measured, or is not to count. With a plan that does not bind, all
    do that keep off its avoided parts.
    """
    metrics = grasps.metrics
    if grasps.alignment_weight == 0 or "aligned" not in metrics:
        return np.full(len(grasps), 2)
    off = np.asarray(metrics["on_avoided"]) == 0
    if grasps.plan is not None and grasps.plan.grip.binding == 0:
        return 2 * off
    on_parts = off & (np.asarray(metrics["on_part"]) >= ENOUGH_ON_PART)
    return np.where(np.asarray(metrics["aligned"]) > 0, 2, on_parts.astype(int))


def _hopeless(grasps: GraspSet, obj: ObjectLike, protocol: Protocol) -> np.ndarray:
    """Marks grasps whose payload is far too small for a test with any side down, (n,) bool."""
    if not isinstance(protocol, HoldProtocol) or protocol.loads != carry.loads:
        return np.zeros(len(grasps), bool)
    payload = np.asarray(grasps.metrics.get("payload", np.full(len(grasps), np.inf)))
    return payload < HOPELESS * protocol.physics.mass_of(obj)


def _aligned_first(agreement: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The same numbers, those of grasps that agree more before the others."""
    return order[np.argsort(-agreement[order], kind="stable")]


def distinct(grasps: GraspSet, order: np.ndarray, most: int) -> np.ndarray:
    """Chooses grasps that differ, see `DISTINCT`.

    Args:
        grasps: n grasps.
        order: numbers of grasps in the order of preference.
        most: greatest number to choose.

    Returns:
        The first `most` of `order` that are distinct from all chosen before them.
    """
    position = np.asarray(grasps.grasp.position)
    quaternion = np.asarray(grasps.grasp.quaternion)
    joints = np.asarray(grasps.grasp.joints)
    chosen: list[int] = []
    for i in order:
        if len(chosen) == most:
            break
        shift = np.linalg.norm(position[chosen] - position[i], axis=1)
        dot = np.abs(quaternion[chosen] @ quaternion[i])
        turn = 2 * np.arccos(np.clip(dot, 0, 1))
        bend = np.linalg.norm(joints[chosen] - joints[i], axis=1)
        apart = (shift > DISTINCT[0]) | (turn > DISTINCT[1]) | (bend > DISTINCT[2])
        if apart.all():
            chosen.append(int(i))
    return np.asarray(chosen, int)
