"""Signed distance on a grid: value and unit gradient from one gather a point.

A cell holds the signed distance d and the unit normal n at its centre p, so that near the cell

    d(x) ~ d + n . (x - p),

a first-order expansion whose exact gradient is the stored normal. Outside the box the cell
nearest to x knows the surface point c = p - d n, and |x - c| with its gradient takes over.

Cells of all objects fill one fixed number of rows; how many of them lie along each axis is data,
so that cells stay cubes for a knife as for a ball and no object recompiles a program.

Measured for 1024 x 250 points in hand-like clusters, value and gradient, 2 CPU cores, 2^20 cells:
nearest cell with the expansion written out by component 2.5 ms (index arithmetic alone: 2.4 ms),
the same with (n, 3) arrays 10 ms, distance and octahedral normal packed into 8 bytes 5.8 ms, into
4 bytes 5.5 ms, as float16 8.9 ms, trilinear 55 ms; 2^21 cells cost 15 % more.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp

from zdg_jax.kernels.branches import materialize


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class DistanceGrid:
    """Distances and normals at the centres of cubic cells, x slowest and z fastest."""

    cells: jax.Array
    """Rows (distance [m], unit normal), (n, 4); rows past the last cell are padding."""
    shape: jax.Array
    """Cells along each axis, (3,) int32; their product is at most n."""
    origin: jax.Array
    """Centre of the first cell, (3,) [m]."""
    spacing: jax.Array
    """Edge of a cell, () [m]."""


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def query(grid: DistanceGrid, points: jax.Array, axis: int = -1) -> tuple[jax.Array, jax.Array]:
    """Look up the signed distance and its gradient at points, inside the box and out.

    Differentiable in `points` only: the derivative of the distance is the returned normal, that
    of the normal is zero.

    Args:
        grid: the distance grid.
        points: (*b, 3), the grid's frame [m].
        axis: where x, y and z of the points lie, static. With points by component, (3, *b), and
            axis 0 nothing needs to be transposed.

    Returns:
        Distances (*b,) [m], negative inside, and unit normals (*b, 3), the gradient, whose
        components lie on the same axis.
    """
    points = jnp.moveaxis(points, axis, 0)
    always_true = grid.spacing > 0
    value, *normal = materialize(_query, always_true, grid, points)
    # By itself this moves whole rows; in one piece with what gives them, number by number.
    stacked = materialize(_stack, always_true, *normal)
    return value, jnp.moveaxis(stacked, 0, axis)


def _stack(*parts: jax.Array) -> jax.Array:
    return jnp.stack(parts)


def _query(grid: DistanceGrid, points: jax.Array) -> tuple[jax.Array, ...]:
    """Distances and x, y and z of the normals, each (*b,), at points (3, *b)."""
    shape = grid.shape.astype(points.dtype)
    column: list[jax.Array] = []
    offset: list[jax.Array] = []
    outside = jnp.zeros(points.shape[1:], bool)
    for axis in range(3):
        position = (points[axis] - grid.origin[axis]) / grid.spacing
        cell = jnp.clip(jnp.round(position), 0, shape[axis] - 1)
        away = position - cell
        outside |= jnp.abs(away) > 0.501
        column.append(cell.astype(jnp.int32))
        offset.append(away * grid.spacing)
    index = (column[0] * grid.shape[1] + column[1]) * grid.shape[2] + column[2]
    row = grid.cells.at[index].get(mode="promise_in_bounds")
    value, normal = row[..., 0], [row[..., 1], row[..., 2], row[..., 3]]
    along = normal[0] * offset[0] + normal[1] * offset[1] + normal[2] * offset[2]

    arm = [offset[axis] + value * normal[axis] for axis in range(3)]
    reach = jnp.sqrt(jnp.maximum(arm[0] * arm[0] + arm[1] * arm[1] + arm[2] * arm[2], 1e-16))
    distance = jnp.where(outside, reach, value + along)
    unit = [jnp.where(outside, arm[axis] / reach, normal[axis]) for axis in range(3)]
    return distance, *unit


@query.defjvp
def _query_jvp(
    axis: int,
    primals: tuple[DistanceGrid, jax.Array],
    tangents: tuple[DistanceGrid, jax.Array],
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    distance, normal = query(*primals, axis)
    moved = jnp.sum(normal * tangents[1], axis=axis)
    return (distance, normal), (moved, jnp.zeros_like(normal))
