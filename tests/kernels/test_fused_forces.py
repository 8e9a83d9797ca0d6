"""The force solver as one kernel: interpreted here, and lowered for CUDA."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from zdg_jax.kernels import friction_cone, fused_forces

_GRASPS = 3


def _solve(
    points: jax.Array,
    start: jax.Array,
    passive_motions: jax.Array,
    minimizer: friction_cone.Minimizer,
) -> friction_cone.Forces:
    """Forces of five contacts for seven targets; the last contact is absent."""
    targets = jax.random.normal(jax.random.key(3), (7, 6))
    return friction_cone.solve_contact_forces(
        points,
        -points / jnp.linalg.norm(points, axis=-1, keepdims=True),
        targets,
        start=start,
        mu=jnp.float32(0.4),
        low=jnp.array([0.1, 0.1, 0.0, 0.0, 0.0]),
        high=jnp.array([2.0, 2.0, 2.0, 4.0, 0.0]),
        length=jnp.float32(0.05),
        passive_motions=passive_motions,
        preferred=0.5,
        damping=0.01,
        iterations=6,
        minimizer=minimizer,
    )


def _given(motions: int) -> tuple[jax.Array, ...]:
    keys = jax.random.split(jax.random.key(0), 3)
    points = 0.03 * jax.random.normal(keys[0], (_GRASPS, 5, 3))
    start = jax.random.normal(keys[1], (_GRASPS, 7, 5, 3))
    return points, start, 0.05 * jax.random.normal(keys[2], (_GRASPS, 5, motions, 3))


@pytest.mark.parametrize("motions", [0, 2])
def test_the_kernel_finds_the_forces_of_the_plain_solver(motions: int) -> None:
    given = _given(motions)
    kernel = functools.partial(fused_forces.launch, interpret=True)
    plain = jax.vmap(lambda *a: _solve(*a, friction_cone.minimize))(*given)
    fused = jax.jit(jax.vmap(lambda *a: _solve(*a, kernel)))(*given)
    assert float(jnp.max(jnp.abs(plain.force))) > 1.0
    np.testing.assert_allclose(fused.force, plain.force, atol=2e-5)
    np.testing.assert_allclose(fused.residual, plain.residual, rtol=1e-4, atol=1e-5)


def test_no_gradient_flows_through_the_kernel() -> None:
    points, start, motions = (each[0] for each in _given(1))
    kernel = functools.partial(fused_forces.launch, interpret=True)
    slope = jax.grad(lambda p: jnp.sum(_solve(p, start, motions, kernel).force))(points)
    np.testing.assert_array_equal(slope, 0.0)


def test_only_cuda_gets_a_kernel() -> None:
    solve = jax.jit(jax.vmap(lambda *a: _solve(*a, fused_forces.minimize)))
    kernel = export.DisabledSafetyCheck.custom_call("__gpu$xla.gpu.triton")
    calls = {
        platform: export.export(solve, platforms=[platform], disabled_checks=[kernel])(
            *_given(2)
        ).mlir_module().count("triton")
        for platform in ("cuda", "tpu", "cpu")
    }  # fmt: skip
    assert calls["cuda"] > 0
    assert calls["tpu"] == calls["cpu"] == 0
