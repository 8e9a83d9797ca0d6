"""The load that one squeeze carries, beside a solver of linear programs and beside directions."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog

from zdg_jax.kernels import carrying

CONTACTS, MOTORS, CASES = 6, 8, 300
MU, STIFFNESS, MOST, WEIGHT = 0.6, 5000.0, 5.0, 9.81
GAIN = np.full(MOTORS, 5.0)
LIMIT = np.linspace(0.5, 1.0, MOTORS)
LENGTH, TORSION = 0.05, 0.03
BULGE = 1.0448


def cases(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Made-up hands about a ball: balance (n, 6, k, 4), drive (n, a, k, 4), pulls (n, 2, 6)."""
    rng = np.random.default_rng(seed)
    balance, drive = np.zeros((CASES, 6, CONTACTS, 4)), np.zeros((CASES, MOTORS, CONTACTS, 4))
    for n in range(CASES):
        used = rng.integers(2, CONTACTS + 1)
        for i in range(used):
            normal = rng.normal(size=3)
            normal /= np.linalg.norm(normal)
            axes = np.linalg.qr(np.column_stack([normal, rng.normal(size=(3, 2))]))[0]
            axes[:, 0] = normal
            point = -0.035 * normal + 0.01 * rng.normal(size=3)
            balance[n, :3, i, :3] = axes
            balance[n, 3:, i, :3] = np.cross(point, axes.T).T / LENGTH
            balance[n, 3:, i, 3] = TORSION * normal / LENGTH
            if i:  # the first contact is the palm's
                finger = rng.integers(0, MOTORS // 4)
                rows = slice(4 * finger, 4 * finger + 4)
                drive[n, rows, i] = rng.normal(size=(4, 4)) * [0.05, 0.05, 0.05, 0.01]
    pulls = rng.normal(size=(CASES, 2, 6)) * [[5.0], [3.0]]
    return balance, drive, pulls


def solve(
    balance: np.ndarray, drive: np.ndarray, weight: float, pulls: np.ndarray
) -> carrying.Carried:
    scalars = {"mu": MU, "contact_stiffness": STIFFNESS, "most": MOST}
    single = jnp.float32

    def one(balance: jax.Array, drive: jax.Array, pulls: jax.Array) -> carrying.Carried:
        return carrying.greatest_load(
            balance,
            drive,
            single(LIMIT),
            single(weight),
            pulls,
            gain=single(GAIN),
            **{name: single(value) for name, value in scalars.items()},
        )

    found = jax.jit(jax.vmap(one))(*map(single, (balance, drive, pulls)))
    return jax.tree.map(lambda leaf: np.asarray(leaf, float), found)


def added(balance: np.ndarray, drive: np.ndarray, loads: np.ndarray) -> np.ndarray:
    """Forces that springs add under loads (6, c), (4 k, c): least complementary energy."""
    nulled, torque = balance.reshape(6, -1), drive.reshape(MOTORS, -1)
    compliance = torque.T @ (torque / GAIN[:, None]) + np.eye(nulled.shape[1]) / STIFFNESS
    through = np.linalg.solve(compliance, nulled.T)
    return through @ np.linalg.pinv(nulled @ through, rcond=1e-7) @ -loads


def facets() -> np.ndarray:
    ways = np.array([w for w in itertools.product((-1, 0, 1), repeat=3) if any(w)], float)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.concatenate([np.full((len(ways), 1), -MU / BULGE), ways], axis=1)


def reference(balance: np.ndarray, drive: np.ndarray, weight: float, pulls: np.ndarray) -> float:
    """The greatest load by HiGHS."""
    nulled, torque = balance.reshape(6, -1), drive.reshape(MOTORS, -1)
    loads = np.zeros((6, 3 + len(pulls)))
    loads[:3, :3], loads[:, 3:] = weight * np.eye(3), pulls.T
    more = added(balance, drive, loads)
    if np.linalg.norm(nulled @ more + loads) > 0.03 * np.linalg.norm(loads):
        return 0.0

    def worst(rows: np.ndarray) -> np.ndarray:
        return np.maximum(np.linalg.norm(rows[:, :3], axis=1), rows[:, 3:].max(1).clip(0))

    cone = np.kron(np.eye(CONTACTS), facets())
    rows = [np.column_stack([matrix, worst(matrix @ more)]) for matrix in (cone, torque, -torque)]
    bound = np.concatenate([np.zeros(len(cone)), LIMIT, LIMIT])
    size = nulled.shape[1]
    found = linprog(
        [*np.zeros(size), -1.0],
        np.vstack(rows),
        bound,
        np.column_stack([nulled, np.zeros(6)]),
        np.zeros(6),
        bounds=[(None, None)] * size + [(0, MOST)],
    )
    assert found.status == 0
    return float(found.x[-1])


@pytest.mark.parametrize(("weight", "share"), [(WEIGHT, 0.0), (0.0, 1.0), (WEIGHT, 1.0)])
def test_the_load_is_that_of_the_linear_program(weight: float, share: float) -> None:
    balance, drive, pulls = cases(0)
    count = CASES if weight and not share else CASES // 6
    balance, drive, pulls = balance[:count], drive[:count], share * pulls[:count]
    found = solve(balance, drive, weight, pulls)
    expected = np.array(
        [reference(*case) for case in zip(balance, drive, [weight] * count, pulls, strict=True)]
    )
    assert (expected > 0.05).mean() > 0.2
    # Single precision ends where contacts press with a thousand newtons: loads are then too low.
    usual = found.force[:, :, 0].sum(axis=1) < 1000
    assert usual.mean() >= 0.99
    np.testing.assert_allclose(found.load[usual], expected[usual], rtol=0.01, atol=3e-3)
    assert (found.load <= 1.01 * expected + 3e-3).all()


def test_the_squeeze_cancels_and_sticks_whatever_side_is_down() -> None:
    balance, drive, pulls = cases(1)
    found = solve(balance, drive, WEIGHT, 0 * pulls)
    carried = np.flatnonzero((found.load > 0.05) & (found.load < 0.9 * MOST))
    assert len(carried) > 30
    ways = np.random.default_rng(2).normal(size=(400, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    for n in carried:
        force, load = found.force[n], found.load[n]
        wrench = np.einsum("rkf,kf->r", balance[n], force)
        assert np.linalg.norm(wrench) < 2e-3 * np.abs(force).sum()
        loads = np.zeros((6, len(ways)))
        loads[:3] = load * WEIGHT * ways.T
        more = added(balance[n], drive[n], loads)
        total = force[..., None] + more.reshape(CONTACTS, 4, -1)
        scale = np.abs(force).max()
        assert (
            np.linalg.norm(total[:, 1:], axis=1) <= 1.09 * MU * total[:, 0] + 0.01 * scale
        ).all()
        pulled = np.einsum("akf,kfc->ac", drive[n], total)
        assert (np.abs(pulled) <= 1.01 * LIMIT[:, None] + 1e-3).all()


def test_contacts_on_one_side_carry_nothing() -> None:
    balance, drive, pulls = cases(3)
    balance[0, :3, :, :3] = np.eye(3)[:, None]
    balance[1] = 0.0
    found = solve(balance, drive, WEIGHT, 0 * pulls)
    assert found.load[0] < 1e-3
    assert found.load[1] == 0


def test_stronger_motors_carry_more() -> None:
    balance, drive, pulls = cases(4)
    weak, strong = (solve(balance, drive / size, WEIGHT, 0 * pulls).load for size in (1.0, 2.0))
    firm = (weak > 0.05) & (weak < 0.9 * MOST)
    assert firm.sum() > 20
    assert (strong[firm] > 1.02 * weak[firm]).all()
