import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from zdg_jax.kernels.distance import DistanceGrid, query

RADIUS = 0.03


def ball_grid(side: int = 41, half: float = 0.045, rows: int = 80_000) -> DistanceGrid:
    """The exact field of a ball at the origin, in more rows than it has cells."""
    axis = np.linspace(-half, half, side)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    reach = np.linalg.norm(points, axis=-1)
    cells = np.zeros((rows, 4), np.float32)
    cells[: side**3, 0] = reach - RADIUS
    cells[: side**3, 1:] = points / np.maximum(reach, 1e-9)[:, None]
    return DistanceGrid(
        cells=jnp.asarray(cells),
        shape=jnp.full(3, side, jnp.int32),
        origin=jnp.full(3, -half, jnp.float32),
        spacing=jnp.asarray(2 * half / (side - 1), jnp.float32),
    )


@pytest.fixture(scope="module")
def grid() -> DistanceGrid:
    return ball_grid()


def around(low: float, high: float, count: int = 4000) -> np.ndarray:
    """Points whose distance from the origin lies between two bounds."""
    rng = np.random.default_rng(0)
    ray = rng.normal(size=(count, 3))
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    return (ray * rng.uniform(low, high, (count, 1))).astype(np.float32)


@pytest.mark.parametrize(
    ("low", "high", "limit"),
    [(0.015, 0.04, 1.5e-4), (0.04, 0.08, 1.5e-3), (0.08, 1.0, 1.2e-2)],
    ids=["near", "edge of the box", "far outside"],
)
def test_distance_of_a_ball(grid, low, high, limit):
    points = around(low, high)
    distance, normal = query(grid, jnp.asarray(points))
    reach = np.linalg.norm(points, axis=-1)
    np.testing.assert_allclose(distance, reach - RADIUS, atol=limit)
    cosine = np.sum(np.asarray(normal) * points, axis=-1) / reach
    assert np.degrees(np.arccos(np.median(np.minimum(cosine, 1)))) < 3


def test_sign_and_normal_length(grid):
    distance, normal = query(grid, jnp.asarray(around(0.005, 0.3)))
    reach = np.linalg.norm(around(0.005, 0.3), axis=-1)
    clear = np.abs(reach - RADIUS) > 3e-4
    assert np.array_equal(np.asarray(distance)[clear] < 0, (reach < RADIUS)[clear])
    np.testing.assert_allclose(np.linalg.norm(normal, axis=-1), 1, atol=1e-4)


def test_gradient_is_the_normal_and_agrees_with_differences(grid):
    # within one cell and outside the box, where the function is smooth
    cell = grid.origin + grid.spacing * jnp.array([30.0, 22.0, 11.0])
    for point in (cell + 0.2 * grid.spacing, jnp.array([0.09, -0.07, 0.02])):
        slope = jax.grad(lambda p: query(grid, p)[0])(point)
        np.testing.assert_allclose(slope, query(grid, point)[1], atol=1e-6)
        check_grads(
            lambda p: query(grid, p * 1e-3)[0] * 1e3,
            (point * 1e3,),
            order=1,
            modes=("fwd", "rev"),
            atol=2e-2,
            rtol=2e-2,
            eps=1e-2,
        )


def test_batches_agree_with_single_points(grid):
    points = jnp.asarray(around(0.0, 0.1, 24)).reshape(2, 3, 4, 3)
    distance, normal = query(grid, points)
    assert distance.shape == (2, 3, 4)
    assert normal.shape == (2, 3, 4, 3)
    alone = jax.vmap(lambda p: query(grid, p))(points.reshape(-1, 3))
    np.testing.assert_allclose(distance.reshape(-1), alone[0], atol=1e-7)
    np.testing.assert_allclose(normal.reshape(-1, 3), alone[1], atol=1e-6)
    along, turned = query(grid, jnp.moveaxis(points, -1, 0), 0)
    np.testing.assert_array_equal(along, distance)
    np.testing.assert_array_equal(jnp.moveaxis(turned, 0, -1), normal)
    slope = jax.grad(lambda p: jnp.sum(query(grid, p, 0)[0] ** 2))(jnp.moveaxis(points, -1, 0))
    rows = jax.grad(lambda p: jnp.sum(query(grid, p)[0] ** 2))(points)
    np.testing.assert_allclose(jnp.moveaxis(slope, 0, -1), rows, atol=1e-7)


def test_another_box_does_not_recompile(grid):
    traces = []

    @jax.jit
    def look(field, points):
        traces.append(None)
        return query(field, points)[0]

    points = jnp.asarray(around(0.0, 0.1, 8))
    look(grid, points)
    look(ball_grid(side=31, half=0.06), points)
    assert len(traces) == 1


def test_no_nan_anywhere(grid):
    odd = jnp.array([[0.0, 0, 0], [0.03, 0, 0], [0.045, 0.045, 0.045], [1e4, 0, 0], [0, 0, -1e-9]])
    value, slope = jax.vmap(jax.value_and_grad(lambda p: query(grid, p)[0]))(odd)
    assert np.all(np.isfinite(value))
    assert np.all(np.isfinite(slope))
