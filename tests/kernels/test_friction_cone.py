"""Friction cones: the exact projection, and force balance against a reference solver."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from jax.test_util import check_grads

from zdg_jax.kernels import friction_cone


def _sphere_contacts(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points on a 4 cm sphere and their inward normals."""
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return (0.04 * directions).astype(np.float32), (-directions).astype(np.float32)


_PULLS = np.concatenate([np.eye(3), -np.eye(3)])
_TARGETS = np.concatenate([_PULLS, np.zeros((6, 3))], axis=1).astype(np.float32)


def _project(
    forces: jax.Array, normals: jax.Array, mu: float, low: jax.Array, high: jax.Array
) -> jax.Array:
    """Projected forces (c, 3), one target."""
    parts = friction_cone.project(
        [forces[:, i, None] for i in range(3)],
        [normals[:, i, None] for i in range(3)],
        jnp.float32(mu),
        low[:, None],
        high[:, None],
    )
    return jnp.concatenate(parts, axis=-1)


@pytest.mark.parametrize("mu", [0.1, 0.6])
def test_projection_is_the_nearest_point_of_the_set(mu: float) -> None:
    rng = np.random.default_rng(1)
    normal = np.array([0.0, 0.0, 1.0], np.float32)
    low, high = 0.3, 1.2
    # Half-plane of tangential and normal magnitude, sampled finely.
    heights, shares = np.meshgrid(np.linspace(low, high, 400), np.linspace(0, 1, 400))
    for force in rng.normal(scale=1.5, size=(60, 3)).astype(np.float32):
        projected = _project(
            jnp.asarray(force)[None],
            jnp.asarray(normal)[None],
            mu,
            jnp.full((1,), low),
            jnp.full((1,), high),
        )[0]
        tangent = np.linalg.norm(force[:2])
        best = np.sqrt((shares * mu * heights - tangent) ** 2 + (heights - force[2]) ** 2).min()
        assert np.linalg.norm(np.asarray(projected) - force) <= best + 1e-5
        assert np.linalg.norm(projected[:2]) <= mu * projected[2] + 1e-5
        assert low - 1e-6 <= projected[2] <= high + 1e-6


def test_projection_keeps_what_is_inside() -> None:
    _, normals = _sphere_contacts(5)
    forces = jnp.asarray(normals) * 0.7
    kept = _project(forces, jnp.asarray(normals), 0.2, jnp.zeros(5), jnp.ones(5))
    np.testing.assert_allclose(kept, forces, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_balance_matches_a_reference_solver(seed: int) -> None:
    points, normals = (array.astype(float) for array in _sphere_contacts(4, seed))
    length, mu = 0.05, 0.3
    high = np.full(4, 2.0, np.float32)

    def objective(flat: np.ndarray, target: np.ndarray) -> float:
        forces = flat.reshape(4, 3)
        torque = np.cross(points, forces).sum(0) / length
        return float(((np.concatenate([forces.sum(0), torque]) - target) ** 2).sum())

    constraints = [
        {
            "type": "ineq",
            "fun": lambda flat: (
                mu * (flat.reshape(4, 3) * normals).sum(1)
                - np.sqrt(
                    (
                        (
                            flat.reshape(4, 3)
                            - (flat.reshape(4, 3) * normals).sum(1)[:, None] * normals
                        )
                        ** 2
                    ).sum(1)
                    + 1e-10
                )
            ),
        },
        {"type": "ineq", "fun": lambda flat: 2.0 - (flat.reshape(4, 3) * normals).sum(1)},
    ]
    solution = friction_cone.solve_contact_forces(
        jnp.asarray(points, jnp.float32),
        jnp.asarray(normals, jnp.float32),
        jnp.asarray(_TARGETS),
        start=jnp.zeros((6, 4, 3)),
        mu=jnp.float32(mu),
        low=jnp.zeros(4),
        high=jnp.asarray(high),
        length=jnp.float32(length),
        iterations=2000,
    )
    for target, found in zip(_TARGETS, np.asarray(solution.residual), strict=True):
        reference = scipy.optimize.minimize(
            objective,
            0.5 * normals.ravel(),
            (target,),
            "SLSQP",
            constraints=constraints,
            options={"maxiter": 300},
        )
        assert found == pytest.approx(reference.fun, abs=2e-3)


def test_antipodal_contacts_resist_every_pull_and_one_contact_does_not() -> None:
    points = jnp.array([[0.03, 0, 0], [-0.03, 0, 0], [0, 0.03, 0], [0, -0.03, 0]])
    settings = {
        "mu": jnp.float32(0.5),
        "low": jnp.zeros(4),
        "length": jnp.float32(0.05),
        "iterations": 500,
        "start": jnp.zeros((6, 4, 3)),
    }

    def solve(high: jax.Array) -> jax.Array:
        return friction_cone.solve_contact_forces(
            points, -points / 0.03, jnp.asarray(_TARGETS), high=high, **settings
        ).residual

    assert float(jnp.max(solve(jnp.full(4, 4.0)))) < 1e-4
    assert float(jnp.max(solve(jnp.array([4.0, 0, 0, 0])))) > 0.5


def test_forces_do_no_work_on_what_gives_way() -> None:
    points = jnp.array([[0.03, 0, 0], [-0.03, 0, 0], [0, 0.03, 0], [0, -0.03, 0]])
    way = jnp.zeros((4, 1, 3)).at[0, 0].set(jnp.array([-0.05, 0.0, 0.01]))

    def solve(passive_motions: jax.Array | None) -> friction_cone.Forces:
        return friction_cone.solve_contact_forces(
            points,
            -points / 0.03,
            jnp.zeros((1, 6)),
            start=jnp.zeros((1, 4, 3)),
            mu=jnp.float32(0.5),
            low=jnp.full(4, 0.5),
            high=jnp.full(4, 2.0),
            length=jnp.float32(0.05),
            passive_motions=passive_motions,
            iterations=500,
        )

    def work(found: friction_cone.Forces) -> float:
        return float(jnp.sum(way[:, 0] * found.force[0]) / 0.05)

    # A push along the finger's free motion needs more friction than there is.
    assert abs(work(solve(None))) > 0.4
    assert float(solve(None).residual[0]) < 1e-6
    given = solve(way)
    assert abs(work(given)) < abs(work(solve(None)))
    assert float(given.residual[0]) > work(given) ** 2 - 1e-4 > 0.01
    # One that friction can turn across it balances.
    turned = way.at[0, 0].set(jnp.array([-0.02, 0.0, 0.05]))
    assert float(solve(turned).residual[0]) < 1e-4


def test_no_gradient_flows_through_the_forces() -> None:
    points, normals = map(jnp.asarray, _sphere_contacts(4))

    def residual(points: jax.Array) -> jax.Array:
        return jnp.sum(
            friction_cone.solve_contact_forces(
                points,
                normals,
                jnp.asarray(_TARGETS),
                start=jnp.zeros((6, 4, 3)),
                mu=jnp.float32(0.3),
                low=jnp.zeros(4),
                high=jnp.ones(4),
                length=jnp.float32(0.05),
            ).force
        )

    np.testing.assert_array_equal(jax.grad(residual)(points), 0.0)


def test_projection_gradients() -> None:
    _, normals = _sphere_contacts(3)
    forces = jnp.asarray(np.random.default_rng(0).normal(size=(3, 3)), jnp.float32)
    check_grads(
        lambda f: _project(f, jnp.asarray(normals), 0.4, 0.1 * jnp.ones(3), jnp.ones(3)),
        (forces,),
        order=1,
        modes=["rev"],
        atol=2e-2,
        rtol=2e-2,
    )
