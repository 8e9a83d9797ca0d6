"""Pairs of places: opposite, within the hand's span, and as wide as the plan says."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import scene
from zdg_jax.energy import ApertureTarget
from zdg_jax.synthesis.antipodal import AntipodalPairs, PairConfig, antipodal_pairs
from zdg_jax.synthesis.chances import draw_index

SPAN = jnp.float32(0.085)
"""Wider than two of the brick's three edges, 40, 60 and 90 mm, with clearance."""
DRAWS = 2000


def pairs(width: float = 0.04, weight: float = 0.0, span: jax.Array = SPAN) -> AntipodalPairs:
    """Pairs of the brick."""
    problem = scene.brick().problem
    aperture = ApertureTarget(width=jnp.float32(width), weight=jnp.float32(weight))
    targets = dataclasses.replace(problem.targets, aperture=aperture)
    return antipodal_pairs(dataclasses.replace(problem, targets=targets), span, PairConfig())


@jax.jit
def rows(pairs: AntipodalPairs) -> tuple[jax.Array, jax.Array]:
    """Indices of drawn pairs of places, each (DRAWS,)."""

    def single(numbers: jax.Array) -> tuple[jax.Array, jax.Array]:
        first = draw_index(numbers[0], pairs.first)
        return first, draw_index(numbers[1], pairs.second[first])

    return jax.vmap(single)(jax.random.uniform(jax.random.key(0), (DRAWS, 2)))


def drawn(pairs: AntipodalPairs) -> tuple[np.ndarray, np.ndarray]:
    """Width (n,) [m] of drawn pairs that oppose, and the product of their normals (n,)."""
    samples = scene.brick().problem.object.samples
    first, second = (np.asarray(row) for row in rows(pairs))
    kept = np.asarray(pairs.opposed)[first]
    first, second = first[kept], second[kept]
    points, normals = np.asarray(samples.points), np.asarray(samples.normals)
    width = np.linalg.norm(points[first] - points[second], axis=1)
    return width, np.sum(normals[first] * normals[second], axis=1)


@pytest.mark.parametrize("span", [0.085, 0.03])
def test_pairs_face_away_from_each_other_within_the_span(span: float) -> None:
    width, cosine = drawn(pairs(span=jnp.float32(span)))
    assert len(width) > 0
    assert (cosine < 0.01).all()  # 0: round an edge
    assert (width < span).all()


def test_opposite_faces_are_preferred_to_edges() -> None:
    _, cosine = drawn(pairs())
    assert (cosine < -0.99).mean() > 0.75


def test_places_whose_opposite_is_out_of_reach_are_rare() -> None:
    ends = np.abs(np.asarray(scene.brick().problem.object.samples.normals)[:, 2]) > 0.99
    likelihood = np.diff(np.asarray(pairs().first), prepend=0.0)
    assert likelihood[ends].mean() < 0.3 * likelihood[~ends].mean()  # 90 mm apart


def test_places_farther_than_the_span_from_anything_are_unopposed() -> None:
    found = pairs(span=jnp.float32(0.03))
    points = np.abs(np.asarray(scene.brick().problem.object.samples.points))
    to_edge = np.sort(np.array([0.02, 0.03, 0.045]) - points, axis=1)[:, 1]
    far = to_edge > 0.012  # the clearance leaves 10 mm of the span
    assert far.sum() > 100
    assert not np.asarray(found.opposed)[far].any()


def test_a_planned_width_draws_pairs_of_that_width() -> None:
    for width in (0.04, 0.06):
        near = [
            (np.abs(drawn(pairs(width, weight))[0] - width) < 0.01).mean() for weight in (0.0, 1.0)
        ]
        assert near[1] > near[0] + 0.05
