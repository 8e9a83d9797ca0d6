"""Independent coordinates of a hand: joints that move alone, and joints that follow them.

Joint equalities and equalities of fixed tendons tie joints together; a joint that nothing drives
stays where its spring rests. Joints that share one actuated tendon are held in their sum alone:
each has its own coordinate, and what moves them against each other is a passive motion.
"""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
from numpy.polynomial import polynomial
from scipy import linalg

from zdg_jax.errors import InputError
from zdg_jax.hand.actuation import target_range

_FREE = 10.0
"""Range of a joint without limits, either way [rad]."""
_AGREE = 0.02
"""Difference of two couplings of the same joints that are taken for one [rad]."""
_TIGHT = 0.2
"""Range of a tendon, as a share of its joints' own, under which it ties the joints together."""
_LEFT = 0.03
"""Share of a joint's range that the joints that follow it must leave."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Coupling:
    """joints = sum_k matrices[k] dofs**k, with the constant in the first column of matrices[0]."""

    matrices: np.ndarray
    """(K + 1, j, d)."""
    lower: np.ndarray
    """Least value of each dof, (d,)."""
    upper: np.ndarray
    """Greatest value, (d,)."""
    passive_motions: np.ndarray
    """Motions of joints that neither an actuator nor an equality resists, (m, j), orthonormal:
    joints that share a tendon can move against each other."""
    leaders: tuple[int, ...]
    """Joint that names each dof."""
    notes: tuple[str, ...]
    """A sentence per joint that was coupled or held still."""


def couple(model: mujoco.MjModel, name: str) -> Coupling:
    """Find the independent coordinates of a compiled hand.

    Args:
        model: the compiled hand.
        name: the hand's, for messages.

    Raises:
        InputError: the couplings contradict one another, or leave a joint no range.
    """
    size = model.njnt
    low, high, endless = _joint_ranges(model)
    driven, bundles = _driven(model)
    # Every joint starts as the polynomial "itself": leader and coefficients in the leader.
    leader = list(range(size))
    poly = [np.array([0.0, 1.0]) for _ in range(size)]
    notes = []

    def follow(joint: int, other: int, coefficients: np.ndarray) -> None:
        target, base = leader[other], poly[other]
        composed = np.zeros(1)
        for power, value in enumerate(coefficients):
            composed = polynomial.polyadd(composed, value * polynomial.polypow(base, power))
        for k in range(size):
            if leader[k] == joint:  # whoever followed this joint now follows its leader
                chained = np.zeros(1)
                for power, value in enumerate(poly[k]):
                    chained = polynomial.polyadd(
                        chained, value * polynomial.polypow(composed, power)
                    )
                leader[k], poly[k] = target, chained

    for e in range(model.neq):
        if not model.eq_active0[e]:
            continue
        pair = _tie(model, e, driven)
        if pair is None:
            continue
        joint, other, coefficients = pair
        if other < 0:
            spare = _spare(low[joint], high[joint])
            if not low[joint] - spare <= coefficients[0] <= high[joint] + spare:
                raise InputError(
                    f"an equality of the hand '{name}' holds joint '{model.joint(joint).name}' at "
                    f"{coefficients[0]:.3g}, outside of its range of {low[joint]:.3g} to "
                    f"{high[joint]:.3g}; correct one of them"
                )
            leader[joint], poly[joint] = -1, np.array([coefficients[0]])
            notes.append(f"{model.joint(joint).name} held at {coefficients[0]:.3g}")
            continue
        if leader[joint] == leader[other]:
            _check_stated_twice(model, name, (joint, other), poly, coefficients, low, high, leader)
            continue
        if leader[joint] != joint:
            raise InputError(
                f"joint '{model.joint(joint).name}' of the hand '{name}' follows both "
                f"'{model.joint(leader[joint]).name}' and '{model.joint(other).name}'; "
                "let it follow one"
            )
        follow(joint, other, coefficients)
        notes.append(f"{model.joint(joint).name} follows {model.joint(other).name}")
    for joint, other, line in _tight_tendons(model, driven, high - low):
        if leader[joint] == joint and leader[other] != joint:
            follow(joint, other, line)
            notes.append(f"{model.joint(joint).name} follows {model.joint(other).name}")
    for joints, _ in bundles:
        free = [j for j in joints if leader[j] == j and j not in driven]
        if len(free) > 1:
            names = [model.joint(j).name for j in free]
            notes.append(f"{' and '.join(names)} share a tendon")
    moved = driven | {j for joints, _ in bundles for j in joints}
    moved |= {leader[j] for j in moved if leader[j] >= 0}
    for joint in range(size):
        if leader[joint] == joint and joint not in moved:
            still = float(np.clip(model.qpos_spring[joint], low[joint], high[joint]))
            for k in range(size):
                if leader[k] == joint:
                    leader[k], poly[k] = -1, np.array([polynomial.polyval(still, poly[k])])
            notes.append(f"{model.joint(joint).name} has no actuator and stays at {still:.3g}")
    for joint in endless:
        if leader[joint] != joint:
            continue
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE:
            raise InputError(
                f"the slide '{model.joint(joint).name}' of the hand '{name}' states no range; add "
                "one, in metres"
            )
        notes.append(f"{model.joint(joint).name} states no range: half a turn either way")
    passive_motions = _passive_motions(model, leader, poly, (low + high) / 2, driven, bundles)
    return _assemble(model, name, leader, poly, low, high, passive_motions, tuple(notes))


def _check_stated_twice(
    model: mujoco.MjModel,
    name: str,
    pair: tuple[int, int],
    poly: list[np.ndarray],
    coefficients: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    leader: list[int],
) -> None:
    """Refuses a coupling that contradicts those before it."""
    joint, other = pair
    leading = leader[other]
    if leading < 0:
        return
    grid = np.linspace(low[leading], high[leading], 9)
    stated = polynomial.polyval(polynomial.polyval(grid, poly[other]), coefficients)
    gap = float(np.abs(stated - polynomial.polyval(grid, poly[joint])).max())
    if gap > _AGREE * max(1.0, float(high[joint] - low[joint])):
        raise InputError(
            f"two couplings of the joints '{model.joint(joint).name}' and "
            f"'{model.joint(other).name}' of the hand '{name}' contradict each other, by up to "
            f"{gap:.2g} rad; leave one of them out"
        )


def _joint_ranges(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Ends of the joints' ranges, (j,), and the joints for which nothing states them."""
    limited = model.jnt_limited.astype(bool)
    low = np.where(limited, model.jnt_range[:, 0], -_FREE)
    high = np.where(limited, model.jnt_range[:, 1], _FREE)
    # An actuator's own range bounds a joint that has none.
    for a in range(model.nu):
        joint = model.actuator_trnid[a, 0]
        on_joint = model.actuator_trntype[a] == mujoco.mjtTrn.mjTRN_JOINT
        if on_joint and not limited[joint] and model.actuator_ctrllimited[a]:
            low[joint], high[joint] = target_range(model, a) / (model.actuator_gear[a, 0] or 1.0)
            low[joint], high[joint] = sorted((low[joint], high[joint]))
    turns = (~limited) & (low == -_FREE)
    low[turns], high[turns] = -np.pi, np.pi
    return low, high, [int(j) for j in np.flatnonzero(turns)]


def _driven(model: mujoco.MjModel) -> tuple[set[int], list[tuple[list[int], list[float]]]]:
    """Joints with an actuator of their own, and the joints and signs of actuated tendons."""
    driven, bundles = set(), []
    for a in range(model.nu):
        target = model.actuator_trnid[a, 0]
        if model.actuator_trntype[a] == mujoco.mjtTrn.mjTRN_TENDON:
            joints, weights = tendon_joints(model, target)
            if len(joints) == 1:
                driven.add(joints[0])
            else:
                bundles.append((joints, weights))
        else:
            driven.add(int(target))
    return driven, bundles


def _passive_motions(
    model: mujoco.MjModel,
    leader: list[int],
    poly: list[np.ndarray],
    middle: np.ndarray,
    driven: set[int],
    bundles: list[tuple[list[int], list[float]]],
) -> np.ndarray:
    """Motions that equalities allow and shared tendons leave free, (m, j): a tendon's apart from
    another's, unless the same joints move both."""
    allowed = np.zeros((model.njnt, model.njnt))
    for joint, (first, line) in enumerate(zip(leader, poly, strict=True)):
        if first >= 0:
            allowed[joint, first] = polynomial.polyval(middle[first], polynomial.polyder(line))
    pulls = [np.eye(model.njnt)[joint] for joint in sorted(driven)]
    groups: list[set[int]] = []
    for joints, weights in bundles:
        pulls.append(np.zeros(model.njnt))
        pulls[-1][joints] = weights
        group = {leader[joint] for joint in joints} - {-1}
        for other in [g for g in groups if g & group]:
            groups.remove(other)
            group |= other
        groups.append(group)
    motions = [np.zeros((0, model.njnt))]
    for group in filter(None, groups):
        free = linalg.orth(allowed[:, sorted(group)])
        motions.append((free @ linalg.null_space(np.array(pulls) @ free, rcond=1e-6)).T)
    return np.concatenate(motions)


def tendon_joints(model: mujoco.MjModel, tendon: int) -> tuple[list[int], list[float]]:
    """Joints and coefficients of a fixed tendon.

    Raises:
        InputError: the tendon runs over sites.
    """
    start, count = model.tendon_adr[tendon], model.tendon_num[tendon]
    kinds = model.wrap_type[start : start + count]
    if (kinds != mujoco.mjtWrap.mjWRAP_JOINT).any():
        raise InputError(
            f"tendon '{model.tendon(tendon).name}' runs over sites; only fixed tendons, which "
            "are sums of joint angles, are taken: replace it with a fixed tendon, or pass "
            "drive=5.0 to drive every joint by itself"
        )
    joints = [int(j) for j in model.wrap_objid[start : start + count]]
    return joints, [float(c) for c in model.wrap_prm[start : start + count]]


def _tight_tendons(
    model: mujoco.MjModel, driven: set[int], span: np.ndarray
) -> list[tuple[int, int, np.ndarray]]:
    """Ties (follower, leader, coefficients) by fixed tendons that are left hardly any range."""
    ties = []
    for tendon in np.flatnonzero(model.tendon_limited):
        start, count = model.tendon_adr[tendon], model.tendon_num[tendon]
        kinds = model.wrap_type[start : start + count]
        if count != 2 or (kinds != mujoco.mjtWrap.mjWRAP_JOINT).any():
            continue
        joints, weights = tendon_joints(model, int(tendon))
        low, high = model.tendon_range[tendon]
        follower = 0 if joints[1] in driven else 1
        weight, other = weights[follower], weights[1 - follower]
        if joints[follower] in driven or high - low > _TIGHT * abs(weight) * span[joints[follower]]:
            continue
        line = np.array([(low + high) / 2 / weight, -other / weight])
        ties.append((joints[follower], joints[1 - follower], line))
    return ties


def _tie(model: mujoco.MjModel, e: int, driven: set[int]) -> tuple[int, int, np.ndarray] | None:
    """An equality as (follower, leader, coefficients in the leader); leader -1 = a constant."""
    kind = model.eq_type[e]
    first, second = int(model.eq_obj1id[e]), int(model.eq_obj2id[e])
    data = np.array(model.eq_data[e, :5], float)
    if kind == mujoco.mjtEq.mjEQ_JOINT:
        if second < 0:
            return first, -1, np.array([model.qpos0[first] + data[0]])
        # MuJoCo: y - y0 = poly(x - x0).
        shift = np.array([-model.qpos0[second], 1.0])
        total = np.array([model.qpos0[first]])
        for power, value in enumerate(data):
            total = polynomial.polyadd(total, value * polynomial.polypow(shift, power))
        if first in driven and second not in driven and not data[2:].any() and data[1]:
            inverse = np.array([-total[0] / total[1], 1.0 / total[1]])
            return second, first, inverse  # the joint with the actuator leads
        return first, second, np.trim_zeros(total, "b") if total.any() else np.zeros(1)
    if kind != mujoco.mjtEq.mjEQ_TENDON:
        return None
    joints, weights = tendon_joints(model, first)
    if second < 0 and len(joints) == 2:  # c0 q0 + c1 q1 = length0 + a0
        constant = float(model.tendon_length0[first]) + data[0]
        follower = 0 if joints[1] in driven else 1
        weight, other = weights[follower], weights[1 - follower]
        line = np.array([constant / weight, -other / weight])
        return joints[follower], joints[1 - follower], line
    if second >= 0 and len(joints) == 1:
        others, scales = tendon_joints(model, second)
        if len(others) == 1 and not data[2:].any():
            zero, zero2 = model.tendon_length0[first], model.tendon_length0[second]
            line = np.array([zero + data[0] - data[1] * zero2, data[1] * scales[0]]) / weights[0]
            return joints[0], others[0], line
    raise InputError(
        f"the tendon equality '{model.equality(e).name or e}' ties more than two joints; "
        "state it as joint equalities"
    )


def _spare(low: float, high: float) -> float:
    """Excess of a joint over its range that a coupling may cause: ranges in files are rounded."""
    return 1e-3 + 0.02 * (high - low)


def _assemble(
    model: mujoco.MjModel,
    name: str,
    leader: list[int],
    poly: list[np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    passive_motions: np.ndarray,
    notes: tuple[str, ...],
) -> Coupling:
    leaders = [j for j in range(model.njnt) if leader[j] == j]
    if not leaders:
        raise InputError(f"no joint of the hand '{name}' can be driven; add position actuators")
    degree = max(len(p) for p in poly)
    matrices = np.zeros((max(degree, 2), model.njnt, len(leaders)))
    for joint in range(model.njnt):
        for power, value in enumerate(poly[joint]):
            column = 0 if power == 0 else leaders.index(leader[joint])
            matrices[power, joint, column] = value
    lower, upper = [], []
    for joint in leaders:
        grid = np.linspace(low[joint], high[joint], 2001)
        allowed = np.ones(len(grid), bool)
        for other in range(model.njnt):
            if leader[other] == joint and other != joint:
                value = polynomial.polyval(grid, poly[other])
                spare = _spare(low[other], high[other])
                allowed &= (value >= low[other] - spare) & (value <= high[other] + spare)
        if allowed.mean() < _LEFT:
            raise InputError(
                f"the joints that follow '{model.joint(joint).name}' of the hand '{name}' "
                "leave it no range; check the ranges of the coupled joints"
            )
        lower.append(grid[allowed].min())
        upper.append(grid[allowed].max())
    return Coupling(
        matrices=matrices,
        lower=np.array(lower),
        upper=np.array(upper),
        passive_motions=passive_motions,
        leaders=tuple(leaders),
        notes=notes,
    )
