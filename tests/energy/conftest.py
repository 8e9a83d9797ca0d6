"""Generic grasps of a jar in double precision, where finite differences can be trusted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import scene
from zdg_jax.energy import (
    DirectionTarget,
    GraspVariables,
    LinkTargets,
    PartTarget,
    Pattern,
    Problem,
)
from zdg_jax.scenes import Box, Scene, Surroundings
from zdg_jax.synthesis.contact_patterns import contact_patterns

GRASPS = 3
Tree = TypeVar("Tree")


def double(tree: Tree) -> Tree:
    """The same with float64 in place of float32."""

    def cast(leaf: Any) -> Any:
        return leaf.astype(np.float64) if leaf.dtype == np.float32 else leaf

    return jax.tree.map(cast, tree)


@pytest.fixture
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="session")
def problem() -> Problem:
    """The jar, to be held by its body and not by its lid; single precision."""
    jar = scene.jar()
    targets = jar.problem.targets

    def parts(mark: int, weight: float) -> PartTarget:
        return PartTarget(grid=jar.object.region_grid([mark]), weight=jnp.float32(weight))

    targets = dataclasses.replace(
        targets,
        held=parts(1, 0.7),
        avoided=parts(2, 0.9),
        rest=parts(1, 0.3),  # which the hands are sure to be near
        clearance=jnp.float32(0.03),
        approach=dataclasses.replace(targets.approach, weight=jnp.float32(0.6)),
        thumb=DirectionTarget(
            direction=jnp.array([0.48, 0.6, 0.64], jnp.float32), weight=jnp.float32(0.5)
        ),
        extended=dataclasses.replace(
            targets.extended,
            direction=DirectionTarget(
                direction=jnp.array([0.6, 0.0, -0.8], jnp.float32), weight=jnp.float32(0.4)
            ),
        ),
        links=LinkTargets(
            points=targets.links.points.at[:].set(jnp.array([0.03, -0.02, 0.05])),
            point_weights=jnp.full_like(targets.links.point_weights, 0.8),
            idle=jnp.full_like(targets.links.idle, 0.4),
        ),
    )
    table = Surroundings.of(
        Scene(obstacles=(Box(size=(0.2, 0.1, 0.12), position=(0.0, 0.1, 0.06)),)), jar.object
    ).arrays()
    around = dataclasses.replace(table, grids=(jar.object.region_grid([2]),))
    return dataclasses.replace(jar.problem, targets=targets, scene=around)


@pytest.fixture(scope="session")
def variables() -> GraspVariables:
    """Half-closed hands that stand a little inside the object and in themselves, (3, ...)."""
    hand = scene.allegro()
    seeds, _ = scene.jar().seeds(jax.random.key(5))
    rng = np.random.default_rng(2)
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    dofs = hand.half_closed_dofs + rng.uniform(-0.1, 0.35, (GRASPS, len(lower))) * (upper - lower)
    jitter = jnp.asarray(rng.normal(size=(GRASPS, 6)), jnp.float32)
    return GraspVariables(
        position=0.9 * seeds.position[:GRASPS],
        rotation=seeds.rotation[:GRASPS] + 0.05 * jitter,
        dofs=jnp.asarray(np.clip(dofs, lower, upper), jnp.float32),
    )


@pytest.fixture(scope="session")
def pattern() -> Pattern:
    """Every fingertip, (k,): no slot is optional, so that none fades as the hand moves."""
    return jax.tree.map(lambda leaf: leaf[0], contact_patterns(scene.allegro()))


def row(tree: Tree, index: int) -> Tree:
    """One grasp of several."""
    return jax.tree.map(lambda leaf: leaf[index], tree)
