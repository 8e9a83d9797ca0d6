"""Loops of links that a hand's file closes by `connect` or `weld`, opened into joint couplings.

The library's kinematics are trees. A linkage that moves in one way, as the four bars of a
gripper's finger, is solved along its way, and each of its joints becomes a polynomial in the joint
that leads: MuJoCo's joint equality. A linkage that moves in several ways is cut, and its joints are
driven.
"""

from __future__ import annotations

import dataclasses

import mujoco
import numpy as np
from numpy.polynomial import polynomial

from zdg_jax.hand.actuation import actuator_moment

_CLOSING = (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD)
_IGNORED = (
    mujoco.mjtDisableBit.mjDSBL_CONTACT,
    mujoco.mjtDisableBit.mjDSBL_LIMIT,
    mujoco.mjtDisableBit.mjDSBL_FRICTIONLOSS,
)
"""Constraints that are no equalities."""
_DEGREE = 4
"""Degree of MuJoCo's joint equalities."""
_STEPS = 80
"""Steps along the range of the joint that leads."""
_CLOSED = 1e-7
"""Residual at which a loop counts as closed [m or rad]."""
_OFF = 1e-3
"""Distance by which the couplings may leave a loop open [m or rad]."""
_ITERATIONS = 60
_RANK = 1e-4
"""Singular values, as a share of the greatest, below which rows say the same."""
_WAY = np.pi
"""Range of a leading joint without limits, either way [rad]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenedLoops:
    """Outcome of closing or cutting a hand's loops."""

    notes: tuple[str, ...] = ()
    """A sentence per loop."""
    joined: tuple[tuple[int, int], ...] = ()
    """Pairs of links that a loop held together: their chains are one finger."""
    cut: str = ""
    """Why every joint must be driven, empty where the couplings move all."""


def open_loops(spec: mujoco.MjSpec) -> OpenedLoops:
    """Replaces the equalities that close loops by joint equalities, in place.

    Args:
        spec: the hand's description, which compiles.
    """
    closing = [e for e in spec.equalities if e.active and e.type in _CLOSING]
    if not closing:
        return OpenedLoops()
    for i, joint in enumerate(spec.joints):
        joint.name = joint.name or f"joint{i}"
    for i, equality in enumerate(spec.equalities):
        equality.name = equality.name or f"equality{i}"
    system = _Loops(spec.compile())
    notes: list[str] = []
    joined: list[tuple[int, int]] = []
    cut = ""
    for joints, equalities in system.linkages():
        held = [e for e in equalities if system.model.eq_type[e] in [int(k) for k in _CLOSING]]
        if not held:
            continue
        named = [system.model.equality(e).name for e in held]
        pairs = [system.bodies(e) for e in held]
        joined += pairs
        ties = _couple(system, joints, equalities)
        for name in [system.model.equality(e).name for e in equalities]:
            if ties is not None or name in named:
                spec.delete(spec.equality(name))
        between = " and ".join(
            "-".join(system.model.body(b).name or f"link{b}" for b in pair) for pair in pairs
        )
        if ties is None:
            cut = f"the loop {between} does not move in one way and is cut"
            continue
        ties.apply(spec, system.model)
        notes.append(
            f"the loop {between} is opened: its joints follow {ties.leader_name(system.model)} "
            f"to within {1e3 * ties.off:.2g} mm"
        )
    return OpenedLoops(notes=tuple(notes), joined=tuple(joined), cut=cut)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Ties:
    """Joints of one linkage as polynomials in the joint that leads."""

    leader: int
    lower: float
    upper: float
    followers: tuple[int, ...]
    coefficients: np.ndarray
    """In the leader's distance from its place in the file, (f, _DEGREE + 1)."""
    off: float
    """Farthest that the loop is left open [m or rad]."""

    def leader_name(self, model: mujoco.MjModel) -> str:
        name: str = model.joint(self.leader).name
        return name

    def apply(self, spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
        """Writes them as joint equalities; the leader's range ends where the loop does."""
        leader = spec.joint(self.leader_name(model))
        leader.range = [self.lower, self.upper]
        leader.limited = int(mujoco.mjtLimited.mjLIMITED_TRUE)
        for joint, line in zip(self.followers, self.coefficients, strict=True):
            tie = spec.add_equality(
                type=mujoco.mjtEq.mjEQ_JOINT,
                objtype=mujoco.mjtObj.mjOBJ_JOINT,
                name1=model.joint(joint).name,
                name2=leader.name,
            )
            tie.data[: _DEGREE + 1] = line


class _Loops:
    """The equalities of a model as equations in its joints."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self.model = model
        for bit in _IGNORED:
            model.opt.disableflags |= int(bit)
        model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
        self._data = mujoco.MjData(model)

    def residual(self, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Errors of the equalities, (r,), their Jacobian, (r, j), and the equality of each row."""
        data = self._data
        data.qpos[:] = qpos
        mujoco.mj_fwdPosition(self.model, data)
        rows = data.efc_type[: data.nefc] == int(mujoco.mjtConstraint.mjCNSTR_EQUALITY)
        jacobian = np.reshape(data.efc_J, (-1, self.model.nv))[: data.nefc]
        return (
            np.array(data.efc_pos[: data.nefc][rows]),
            np.array(jacobian[rows]),
            np.array(data.efc_id[: data.nefc][rows]),
        )

    def linkages(self) -> list[tuple[list[int], list[int]]]:
        """Joints that equalities tie together, and those equalities."""
        around = np.random.default_rng(0).normal(scale=0.05, size=(3, self.model.nq))
        touched: dict[int, set[int]] = {}
        for offset in around:
            _, jacobian, ids = self.residual(self.model.qpos0 + offset)
            for row, e in zip(jacobian, ids, strict=True):
                touched.setdefault(int(e), set()).update(np.flatnonzero(np.abs(row) > 1e-9))
        groups: list[tuple[set[int], list[int]]] = []
        for e, joints in touched.items():
            met = [group for group in groups if group[0] & joints]
            merged = (joints.union(*(g[0] for g in met)), [e] + [k for g in met for k in g[1]])
            groups = [group for group in groups if group not in met] + [merged]
        return [(sorted(int(j) for j in joints), sorted(es)) for joints, es in groups]

    def bodies(self, equality: int) -> tuple[int, int]:
        """The two bodies that a closing equality holds together."""
        first, second = int(self.model.eq_obj1id[equality]), int(self.model.eq_obj2id[equality])
        if self.model.eq_objtype[equality] == mujoco.mjtObj.mjOBJ_SITE:
            first, second = (int(self.model.site_bodyid[site]) for site in (first, second))
        return first, second

    def close(
        self, qpos: np.ndarray, joints: list[int], equalities: list[int]
    ) -> np.ndarray | None:
        """Moves joints until the equalities are met; None where they cannot be."""
        qpos = qpos.copy()
        for _ in range(_ITERATIONS):
            error, jacobian, ids = self.residual(qpos)
            rows = np.isin(ids, equalities)
            if not rows.any() or np.abs(error[rows]).max() < _CLOSED:
                return qpos
            step = np.linalg.lstsq(jacobian[rows][:, joints], -error[rows], rcond=_RANK)[0]
            qpos[joints] += step * min(1.0, 0.3 / max(np.abs(step).max(), 1e-12))
        return None


def _couple(system: _Loops, joints: list[int], equalities: list[int]) -> _Ties | None:
    """The couplings of a linkage that moves in one way, None where it moves in more or not."""
    model = system.model
    rest = system.close(model.qpos0, joints, equalities)
    if rest is None:
        return None
    _, jacobian, ids = system.residual(rest)
    jacobian = jacobian[np.isin(ids, equalities)][:, joints]
    values = np.linalg.svd(jacobian, compute_uv=False)
    rank = int((values > _RANK * values.max()).sum())
    if len(joints) - rank != 1:
        return None
    leader = _leader(model, joints, jacobian)
    followers = [joint for joint in joints if joint != leader]
    way = _march(system, rest, leader, followers, equalities)
    if len(way) < 2 * _DEGREE:
        return None
    offset = way[:, leader] - model.qpos0[leader]
    lines = np.array(
        [polynomial.polyfit(offset, way[:, j] - model.qpos0[j], _DEGREE) for j in followers]
    )
    off = 0.0
    for row, distance in zip(way, offset, strict=True):
        stated = row.copy()
        stated[followers] = model.qpos0[followers] + polynomial.polyval(distance, lines.T)
        error, _, rows = system.residual(stated)
        off = max(off, float(np.abs(error[np.isin(rows, equalities)]).max()))
    if off > _OFF:
        return None
    return _Ties(
        leader=leader,
        lower=float(way[:, leader].min()),
        upper=float(way[:, leader].max()),
        followers=tuple(followers),
        coefficients=lines,
        off=off,
    )


def _leader(model: mujoco.MjModel, joints: list[int], jacobian: np.ndarray) -> int:
    """The joint by which to drive a linkage: one with an actuator, else the one that moves most."""
    motion = np.abs(np.linalg.svd(jacobian)[2][-1])
    driven = (np.abs(actuator_moment(model)[:, joints]) > 1e-9).any(axis=0)
    usable = motion > 0.1 * motion.max()
    best = np.where(driven & usable, 2.0, 0.0) + usable * motion / motion.max()
    return joints[int(best.argmax())]


def _march(
    system: _Loops, rest: np.ndarray, leader: int, followers: list[int], equalities: list[int]
) -> np.ndarray:
    """Closed postures along the leader's range, in order, (s, j), as far as the loop lets it."""
    model = system.model
    low, high = model.jnt_range[leader] if model.jnt_limited[leader] else (-_WAY, _WAY)
    start = float(np.clip(rest[leader], low, high))
    ways = []
    for end in (low, high):
        posture, way = rest, []
        for value in np.linspace(start, end, _STEPS + 1):
            moved = posture.copy()
            moved[leader] = value
            closed = system.close(moved, followers, equalities)
            # A jump is another branch of the linkage: it never turns by itself into that one.
            if closed is None or np.abs(closed - posture).max() > 0.3:
                break
            posture = closed
            way.append(closed)
        ways.append(way)
    return np.array([*reversed(ways[0]), *ways[1][1:]])
