"""Energy terms: gradients against differences, batches against loops, scenes moved as a whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from zdg_jax import energy
from zdg_jax.energy import (
    Contacts,
    ForceLimits,
    GraspState,
    GraspVariables,
    Pattern,
    Problem,
    alignment,
    contact,
    penetration,
    wrench,
)
from zdg_jax.kernels import rotations
from zdg_jax.kernels.distance import DistanceGrid

from .conftest import GRASPS, double, row

pytestmark = pytest.mark.usefixtures("truths_as_numbers")

Term = Callable[[GraspState, Problem], jax.Array]

OF_THE_POSE: dict[str, Term] = {
    "contact": lambda state, _: contact.contact(state, jnp.asarray(0.004)),
    "facing": lambda state, _: contact.facing(state),
    "surface": lambda state, problem: penetration.surface(state, problem, jnp.asarray(0.01)),
    "skeleton": lambda state, problem: penetration.skeleton(state, problem, jnp.asarray(0.01)),
    "itself": penetration.itself,
    "held": alignment.held,
    "avoided": alignment.avoided,
    "rest": alignment.rest,
    "fingers": alignment.fingers,
    "idle": alignment.idle,
    "approach": alignment.approach,
    "thumb": alignment.thumb,
}
"""Terms that depend on nothing but the pose."""


evaluate = jax.jit(energy.grasp_state)


def contacts_of(problem: Problem, variables: GraspVariables, pattern: Pattern) -> Contacts:
    return evaluate(problem, variables, pattern).contacts


def limits(dtype: type) -> ForceLimits:
    friction, least, greatest = (jnp.asarray(value, dtype) for value in (0.4, 0.05, 2.0))
    return ForceLimits(friction=friction, least=least, greatest=greatest)


def test_gradients_in_the_pose(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact, hands, slots = double(problem), double(variables), double(pattern)

    @jax.jit
    def values(hand: GraspVariables, normals: jax.Array) -> jax.Array:
        """Every term, (n,), the object's normals at the contacts held as documented."""
        state = energy.grasp_state(exact, hand, slots)
        contacts = dataclasses.replace(state.contacts, normals=normals)
        state = dataclasses.replace(state, contacts=contacts)
        return jnp.stack([term(state, exact) for term in OF_THE_POSE.values()])

    slopes = jax.jit(jax.jacrev(values))
    rng = np.random.default_rng(4)
    step = 1e-9  # [m, rad]: stays within the cells of the distance grid, whose borders are steps
    seen = np.zeros(len(OF_THE_POSE))
    for i in range(GRASPS):
        hand = row(hands, i)
        normals = contacts_of(exact, hand, slots).normals
        way = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), hand)
        ahead = values(jax.tree.map(lambda a, b: a + step * b, hand, way), normals)
        behind = values(jax.tree.map(lambda a, b: a - step * b, hand, way), normals)
        slope = sum(
            jnp.reshape(a, (len(OF_THE_POSE), -1)) @ jnp.ravel(b)
            for a, b in zip(*map(jax.tree.leaves, (slopes(hand, normals), way)), strict=True)
        )
        for name, a, b in zip(OF_THE_POSE, slope, (ahead - behind) / (2 * step), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=name)
        seen = np.maximum(seen, np.abs(slope))
    assert (seen > 1e-3).all(), dict(zip(OF_THE_POSE, seen, strict=True))


def test_gradient_of_closure_in_the_contacts(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact = double(problem)
    contacts = contacts_of(exact, row(double(variables), 0), double(pattern))

    def value(points: jax.Array) -> jax.Array:
        return energy.closure(dataclasses.replace(contacts, points=points), exact)

    assert value(contacts.points) > 0
    check_grads(value, (contacts.points,), order=1, modes=["rev"], eps=1e-6)


def test_gradient_of_the_wrench_residuals_holds_the_best_forces_fixed(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact = double(problem)
    contacts = contacts_of(exact, row(double(variables), 1), double(pattern))
    targets = exact.guidance.targets

    @jax.jit
    def value(points: jax.Array) -> jax.Array:
        # At the minimum the forces' own change does not count: the solver must get there.
        residuals, _ = wrench.balanced(
            dataclasses.replace(contacts, points=points),
            exact,
            targets,
            limits(jnp.float64),
            jnp.zeros((len(targets), len(points), 3)),
            6000,
        )
        return jnp.sum(residuals)

    assert value(contacts.points) > 1e-3
    check_grads(value, (contacts.points,), order=1, modes=["rev"], eps=1e-5, rtol=1e-3)


def test_forces_found_lie_in_their_cones_and_leave_the_least_residual(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    contacts = contacts_of(problem, row(variables, 0), pattern)
    targets = problem.guidance.targets
    bounds = limits(jnp.float32)
    start = jnp.zeros((len(targets), len(contacts.points), 3))
    residuals, forces = jax.jit(wrench.balanced, static_argnums=5)(
        contacts, problem, targets, bounds, start, 400
    )
    _, normals = energy.contacts_about_com(contacts, problem)
    normal = jnp.sum(forces * normals, axis=-1)
    tangent = jnp.linalg.norm(forces - normal[..., None] * normals, axis=-1)
    on = np.asarray(contacts.active) > 0
    assert (normal[:, on] >= 0.05 - 1e-4).all()
    assert (normal[:, on] <= 2.0 + 1e-5).all()
    assert (tangent <= bounds.friction * normal + 1e-5).all()
    assert (jnp.abs(forces[:, ~on]) < 1e-6).all()
    # No other forces in the cones do better.
    rng = np.random.default_rng(0)
    points, _ = energy.contacts_about_com(contacts, problem)
    for _ in range(50):
        share = jnp.asarray(rng.uniform(0.05, 2.0, normal.shape) * on, jnp.float32)
        mixed = 0.9 * forces + 0.1 * share[..., None] * normals
        error = wrench.friction_cone.wrench(points, mixed, problem.guidance.torque_length) - targets
        assert (jnp.sum(error * error, axis=-1) >= residuals - 1e-4).all()


def all_terms(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> dict[str, jax.Array]:
    """What refinement sums, (): every term by its name."""
    dtype = variables.position.dtype
    state = energy.grasp_state(problem, variables, pattern)
    shape = (len(problem.guidance.targets), len(pattern.link), 3)
    values, _ = energy.terms(
        state,
        problem,
        limits=limits(dtype),
        forces=jnp.zeros(shape, dtype),
        iterations=30,
        standoff=jnp.asarray(0.005, dtype),
        margin=jnp.asarray(0.002, dtype),
    )
    return values


compute = jax.jit(all_terms)


def test_a_batch_gives_what_a_loop_gives(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    together = jax.jit(jax.vmap(all_terms, in_axes=(None, 0, None)))(problem, variables, pattern)
    for i in range(GRASPS):
        for name, value in compute(problem, row(variables, i), pattern).items():
            np.testing.assert_allclose(together[name][i], value, rtol=2e-4, atol=1e-6, err_msg=name)
    spread = [name for name, values in together.items() if np.ptp(values) > 0]
    assert len(spread) == len(together)  # the grasps differ in every term


TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SHIFT = np.array([0.37, -0.21, 0.58])


def moved_grid(grid: DistanceGrid) -> DistanceGrid:
    """The field after a quarter turn about z and a shift: the same cells in another order."""
    shape = np.asarray(grid.shape)
    count = int(shape.prod())
    cells = np.array(grid.cells)
    block = np.rot90(cells[:count].reshape(*shape, 4), axes=(0, 1)).copy()
    block[..., 1:] = block[..., 1:] @ TURN.T
    cells[:count] = block.reshape(-1, 4)
    origin, spacing = np.asarray(grid.origin), float(grid.spacing)
    corner = np.array([-(origin[1] + (shape[1] - 1) * spacing), origin[0], origin[2]])
    return dataclasses.replace(
        grid,
        cells=jnp.asarray(cells),
        shape=jnp.asarray(shape[[1, 0, 2]]),
        origin=jnp.asarray(corner + SHIFT),
    )


def test_terms_do_not_depend_on_where_the_scene_stands(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact, hand, slots = double(problem), row(double(variables), 1), double(pattern)
    guidance, turn = exact.guidance, jnp.asarray(TURN)
    targets = guidance.targets.reshape(-1, 2, 3) @ turn.T
    moved = dataclasses.replace(
        exact,
        object=dataclasses.replace(
            exact.object,
            grid=moved_grid(exact.object.grid),
            center_of_mass=turn @ exact.object.center_of_mass + SHIFT,
        ),
        guidance=dataclasses.replace(
            guidance,
            held=moved_grid(guidance.held),
            avoided=moved_grid(guidance.avoided),
            rest=moved_grid(guidance.rest),
            points=guidance.points @ turn.T + SHIFT,
            approach=turn @ guidance.approach,
            thumb=turn @ guidance.thumb,
            targets=targets.reshape(-1, 6),
        ),
    )
    there = GraspVariables(
        position=turn @ hand.position + SHIFT,
        rotation=rotations.sixd_from_matrix(turn @ rotations.matrix_from_6d(hand.rotation)),
        dofs=hand.dofs,
    )
    before, after = compute(exact, hand, slots), compute(moved, there, slots)
    unmoved = compute(exact, there, slots)
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6, err_msg=name)
    assert abs(unmoved["contact"] - before["contact"]) > 0.1  # the hand alone went elsewhere


def test_a_weight_of_zero_switches_a_part_of_the_plan_off(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    parts = ("held", "avoided", "rest", "approach", "thumb")
    off = {f"{name}_weight": jnp.float32(0) for name in parts}
    off |= {name: 0 * getattr(problem.guidance, name) for name in ("point_weights", "idle")}
    free = dataclasses.replace(problem, guidance=dataclasses.replace(problem.guidance, **off))
    values, bound = (compute(each, row(variables, 0), pattern) for each in (free, problem))
    assert {name for name in values if values[name] == 0 and bound[name] > 0} == {
        *parts,
        "fingers",
        "idle",
    }
