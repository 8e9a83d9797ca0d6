"""Energy terms: gradients against differences, batches against loops, scenes moved as a whole."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from tests import scene
from zdg_jax import energy
from zdg_jax.energy import (
    TERMS,
    ForceLimits,
    GraspState,
    GraspVariables,
    Pattern,
    Problem,
    Term,
    wrench,
)
from zdg_jax.errors import InputError
from zdg_jax.geometry.frames import upright_axes
from zdg_jax.kernels import friction_cone, rotations
from zdg_jax.kernels.distance import DistanceGrid
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.scenes import SceneArrays

from .conftest import GRASPS, double, row

OF_THE_POSE = tuple(
    term for term in TERMS if term.name not in ("wrench", "force_closure", "on_top")
)
"""Terms that depend on nothing but the pose; the others have tests of their own."""


grasp_state = jax.jit(energy.grasp_state)


def limits(dtype: type, greatest_force: float = 2.0) -> ForceLimits:
    values = (0.4, 0.05, greatest_force)
    friction, least, greatest = (jnp.asarray(value, dtype) for value in values)
    return ForceLimits(friction=friction, least=least, greatest=greatest)


def test_gradients_in_the_pose(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact, hands, slots = double(problem), double(variables), double(pattern)

    @jax.jit
    def values(hand: GraspVariables, normals: jax.Array) -> jax.Array:
        """Every term, (n,), the object's normals at the contacts held as documented."""
        state = energy.grasp_state(exact, hand, slots, standoff=0.004, margin=0.01)
        contacts = dataclasses.replace(state.contacts, normals=normals)
        state = dataclasses.replace(state, contacts=contacts)
        return jnp.stack([*energy.evaluate(OF_THE_POSE, state, exact).values()])

    slopes = jax.jit(jax.jacrev(values))
    rng = np.random.default_rng(4)
    step = 1e-9  # [m, rad]: stays within the cells of the distance grid, whose borders are steps
    names = [term.name for term in OF_THE_POSE]
    seen = np.zeros(len(names))
    for i in range(GRASPS):
        hand = row(hands, i)
        normals = grasp_state(exact, hand, slots).contacts.normals
        direction = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape)), hand)
        ahead = values(jax.tree.map(lambda a, b: a + step * b, hand, direction), normals)
        behind = values(jax.tree.map(lambda a, b: a - step * b, hand, direction), normals)
        slope = sum(
            jnp.reshape(a, (len(names), -1)) @ jnp.ravel(b)
            for a, b in zip(*map(jax.tree.leaves, (slopes(hand, normals), direction)), strict=True)
        )
        for name, a, b in zip(names, slope, (ahead - behind) / (2 * step), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=name)
        seen = np.maximum(seen, np.abs(slope))
    assert (seen > 1e-3).all(), dict(zip(names, seen, strict=True))


def test_contacts_on_top_slide_apart_and_those_beside_go_down(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    state, up = grasp_state(problem, row(variables, 0), pattern), problem.scene.up
    axes = upright_axes(np.asarray(up)).astype(np.float32)
    level, aside = jnp.asarray(axes[:, 0]), jnp.asarray(axes[:, 1])
    thumb = np.isin(state.contacts.link, scene.allegro().fingers[-1].links)
    active = np.asarray(state.contacts.active) > 0
    assert scene.allegro().fingers[-1].is_thumb
    points = jnp.where(thumb[:, None], -0.05 * level, 0.05 * level)

    def slide(steepness: float) -> tuple[jax.Array, jax.Array]:
        """Value, and the way that contacts go down their gradient, (k, 3)."""
        normals = steepness * up + np.sqrt(1 - steepness**2) * aside
        normals = jnp.broadcast_to(normals, points.shape)

        def value(points: jax.Array) -> jax.Array:
            contacts = dataclasses.replace(state.contacts, points=points, normals=normals)
            return energy.on_top(dataclasses.replace(state, contacts=contacts), problem)

        worth, gradient = jax.value_and_grad(value)(points)
        return worth, -gradient[active]

    worth, way = slide(0.0)
    assert worth == 0
    assert not way.any()
    worth, way = slide(1.0)
    assert worth == pytest.approx(1.0)
    assert (jnp.sign(way @ level) == jnp.where(thumb[active], -1, 1)).all()
    worth, way = slide(0.3)
    assert 0 < worth < 1
    assert (-way @ up > 2 * jnp.abs(way @ level)).all()


def moved_contacts(state: GraspState, points: jax.Array) -> GraspState:
    return dataclasses.replace(state, contacts=dataclasses.replace(state.contacts, points=points))


def no_forces(problem: Problem, pattern: Pattern, dtype: type) -> jax.Array:
    return jnp.zeros((len(problem.targets.wrenches.wrenches), len(pattern.link), 3), dtype)


def test_gradient_of_force_closure_in_the_contacts(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact = double(problem)
    state = grasp_state(exact, row(double(variables), 0), double(pattern))

    def value(points: jax.Array) -> jax.Array:
        return energy.force_closure(moved_contacts(state, points), exact)

    assert value(state.contacts.points) > 0
    check_grads(value, (state.contacts.points,), order=1, modes=["rev"], eps=1e-6)


def test_gradient_of_the_wrench_residuals_holds_the_best_forces_fixed(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact = double(problem)
    state = grasp_state(exact, row(double(variables), 1), double(pattern))
    start = no_forces(exact, pattern, jnp.float64)
    weak = limits(jnp.float64, greatest_force=0.2)  # no forces as small reach the targets

    @jax.jit
    def value(points: jax.Array) -> jax.Array:
        # At the minimum the forces' own change does not count: the solver must get there.
        moved = moved_contacts(state, points)
        moved = energy.with_contact_forces(moved, exact, weak, start, 6000)
        return jnp.sum(wrench.wrench_residuals(moved, exact))

    assert value(state.contacts.points) > 1e-3
    check_grads(value, (state.contacts.points,), order=1, modes=["rev"], eps=1e-5, rtol=1e-3)


def test_forces_found_lie_in_their_cones_and_leave_the_least_residual(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    bounds, start = limits(jnp.float32), no_forces(problem, pattern, jnp.float32)
    state = jax.jit(energy.with_contact_forces, static_argnums=4)(
        grasp_state(problem, row(variables, 0), pattern), problem, bounds, start, 400
    )
    residuals, forces, contacts = (
        wrench.wrench_residuals(state, problem),
        state.forces,
        state.contacts,
    )
    assert forces is not None
    points, normals = energy.contacts_about_com(contacts, problem)
    normal = jnp.sum(forces * normals, axis=-1)
    tangent = jnp.linalg.norm(forces - normal[..., None] * normals, axis=-1)
    on = np.asarray(contacts.active) > 0
    assert (normal[:, on] >= 0.05 - 1e-4).all()
    assert (normal[:, on] <= 2.0 + 1e-5).all()
    assert (tangent <= bounds.friction * normal + 3e-5).all()  # rounding of forces up to 2
    assert (jnp.abs(forces[:, ~on]) < 1e-6).all()
    # No other forces in the cones do better.
    rng = np.random.default_rng(0)
    targets = problem.targets.wrenches.wrenches
    for _ in range(50):
        share = jnp.asarray(rng.uniform(0.05, 2.0, normal.shape) * on, jnp.float32)
        mixed = 0.9 * forces + 0.1 * share[..., None] * normals
        error = friction_cone.wrench(points, mixed, TORQUE_LENGTH) - targets
        assert (jnp.sum(error * error, axis=-1) >= residuals - 1e-4).all()


def all_terms(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> dict[str, jax.Array]:
    """The terms that refinement sums, each (), by name."""
    dtype = variables.position.dtype
    state = energy.grasp_state(problem, variables, pattern, standoff=0.005, margin=0.002)
    start = no_forces(problem, pattern, dtype)
    state = energy.with_contact_forces(state, problem, limits(dtype), start, 30)
    return energy.evaluate(TERMS, state, problem)


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


def moved_scene(scene: SceneArrays) -> SceneArrays:
    """Surroundings after the same motion."""
    turn, shift = jnp.asarray(TURN), jnp.asarray(SHIFT)
    normals = scene.planes[:, :3] @ turn.T
    offsets = scene.planes[:, 3] + normals @ shift
    return SceneArrays(
        up=turn @ scene.up,
        planes=jnp.concatenate([normals, offsets[:, None]], axis=1),
        centers=scene.centers @ turn.T + shift,
        axes=turn @ scene.axes,
        halves=scene.halves,
        grids=tuple(moved_grid(grid) for grid in scene.grids),
    )


def test_terms_do_not_depend_on_where_the_scene_stands(
    x64: None, problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    exact, hand, slots = double(problem), row(double(variables), 1), double(pattern)
    targets, turn = exact.targets, jnp.asarray(TURN)
    wrenches = targets.wrenches.wrenches.reshape(-1, 2, 3) @ turn.T
    moved = dataclasses.replace(
        exact,
        object=dataclasses.replace(
            exact.object,
            grid=moved_grid(exact.object.grid),
            center_of_mass=turn @ exact.object.center_of_mass + SHIFT,
        ),
        targets=dataclasses.replace(
            targets,
            **{
                name: dataclasses.replace(part, grid=moved_grid(part.grid))
                for name in ("held", "avoided", "rest")
                for part in [getattr(targets, name)]
            },
            **{
                name: dataclasses.replace(target, direction=turn @ target.direction)
                for name in ("approach", "thumb")
                for target in [getattr(targets, name)]
            },
            extended=dataclasses.replace(
                targets.extended,
                direction=dataclasses.replace(
                    targets.extended.direction,
                    direction=turn @ targets.extended.direction.direction,
                ),
            ),
            links=dataclasses.replace(targets.links, points=targets.links.points @ turn.T + SHIFT),
            wrenches=dataclasses.replace(targets.wrenches, wrenches=wrenches.reshape(-1, 6)),
        ),
        scene=moved_scene(exact.scene),
    )
    moved_hand = GraspVariables(
        position=turn @ hand.position + SHIFT,
        rotation=rotations.sixd_from_matrix(turn @ rotations.matrix_from_6d(hand.rotation)),
        dofs=hand.dofs,
    )
    before, after = compute(exact, hand, slots), compute(moved, moved_hand, slots)
    unmoved = compute(exact, moved_hand, slots)
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-6, err_msg=name)
    assert abs(unmoved["contact"] - before["contact"]) > 0.1  # the hand alone went elsewhere


def test_a_weight_of_zero_switches_a_part_of_the_plan_off(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    weighted = ("held", "avoided", "rest", "approach", "thumb")
    targets, links = problem.targets, problem.targets.links
    off = {
        name: dataclasses.replace(getattr(targets, name), weight=jnp.float32(0))
        for name in weighted
    }
    off["extended"] = dataclasses.replace(
        targets.extended,
        direction=dataclasses.replace(targets.extended.direction, weight=jnp.float32(0)),
    )
    off["links"] = dataclasses.replace(
        links, point_weights=0 * links.point_weights, idle=0 * links.idle
    )
    free = dataclasses.replace(problem, targets=dataclasses.replace(targets, **off))
    values, bound = (compute(each, row(variables, 0), pattern) for each in (free, problem))
    assert {name for name in values if values[name] == 0 and bound[name] > 0} == {
        *weighted,
        "extended",
        "fingers",
        "idle",
    }


def test_a_term_that_is_no_scalar_is_refused(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    state = grasp_state(problem, row(variables, 0), pattern)
    joints = Term("joints", lambda state, _: state.dofs, 1.0)
    with pytest.raises(InputError, match=r"energy term 'joints' has shape \(16,\)"):
        energy.evaluate([joints], state, problem)


def test_the_wrench_term_asks_for_forces(
    problem: Problem, variables: GraspVariables, pattern: Pattern
) -> None:
    state = grasp_state(problem, row(variables, 0), pattern)
    with pytest.raises(InputError, match="with_contact_forces"):
        wrench.wrench_residual(state, problem)
