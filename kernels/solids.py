"""Signed distances to planes and boxes in closed form, with gradients everywhere."""

import jax
import jax.numpy as jnp


def plane_distance(plane: jax.Array, points: jax.Array) -> jax.Array:
    """Measure the height of points over a plane.

    Args:
        plane: unit normal and offset, (4,): points x with normal . x = offset lie on it [m].
        points: (3, *b) [m].

    Returns:
        (*b,) [m], negative below.
    """
    return _dot(plane[:3], points) - plane[3]


def box_distance(
    center: jax.Array, axes: jax.Array, half: jax.Array, points: jax.Array
) -> jax.Array:
    """Measure the signed distance of points to a box.

    Args:
        center: (3,) [m].
        axes: unit axes as columns, (3, 3).
        half: half of its lengths along them, (3,) [m].
        points: (3, *b) [m].

    Returns:
        (*b,) [m], negative inside.
    """
    arm = [points[i] - center[i] for i in range(3)]
    beyond = [jnp.abs(_dot(axes[:, i], arm)) - half[i] for i in range(3)]
    outside = [jax.nn.relu(gap) for gap in beyond]
    # The square root has no slope at 0, where the point lies inside and the other part counts.
    away = jnp.sqrt(sum((gap * gap for gap in outside), jnp.full_like(points[0], 1e-16)))
    deepest = jnp.maximum(jnp.maximum(beyond[0], beyond[1]), beyond[2])
    return jnp.where(deepest > 0, away, deepest)


def _dot(direction: jax.Array, points: jax.Array | list[jax.Array]) -> jax.Array:
    """Dot products by component: rank promotion and transposes are not wanted in hot loops."""
    return direction[0] * points[0] + direction[1] * points[1] + direction[2] * points[2]
