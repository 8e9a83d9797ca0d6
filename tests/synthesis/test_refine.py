"""Refinement: what it must never do, and that it descends."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests import scene
from zdg_jax.energy import TERMS, GraspState, GraspVariables, Pattern, Problem, Term
from zdg_jax.errors import InputError
from zdg_jax.kernels import rotations
from zdg_jax.synthesis.refine import RefineConfig, Refined, Refiner, RefineState

Seeds = tuple[GraspVariables, Pattern]


@pytest.fixture(scope="module")
def seeds() -> Seeds:
    return scene.jar().seeds(jax.random.key(1))


@pytest.fixture(scope="module")
def refined(seeds: Seeds) -> Refined:
    return Refiner().run(scene.jar().problem, *seeds)


def same(a: object, b: object) -> bool:
    """Whether two trees hold the same bits, NaN included."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y, equal_nan=True) for x, y in leaves)


def finite(tree: object) -> bool:
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(tree))


class Compilations:
    """Counts programs that are compiled while it listens."""

    def __init__(self) -> None:
        self.count = 0
        jax.monitoring.register_event_duration_secs_listener(self._hear)

    def _hear(self, event: str, duration: float, **_: object) -> None:
        self.count += "backend_compile" in event


@pytest.fixture(scope="module")
def compilations() -> Compilations:
    return Compilations()


def test_same_key_same_bits(seeds: Seeds, refined: Refined) -> None:
    jar = scene.jar()
    again = jar.seeds(jax.random.key(1))
    assert same(again, seeds)
    assert same(Refiner().run(jar.problem, *again), refined)
    assert not same(jar.seeds(jax.random.key(2)), seeds)


def test_shapes_and_names(refined: Refined) -> None:
    assert refined.variables.position.shape == (scene.GRASPS, 3)
    assert refined.variables.dofs.shape == (scene.GRASPS, scene.allegro().num_dofs)
    assert set(refined.terms) == {term.name for term in TERMS}
    assert all(values.shape == (scene.GRASPS,) for values in refined.terms.values())
    assert refined.finite.all()
    assert finite(refined)


def test_contacts_reach_the_surface(seeds: Seeds, refined: Refined) -> None:
    jar = scene.jar()
    before, _ = Refiner().assess(
        jar.problem,
        *jax.tree.map(lambda leaf: leaf[: scene.GRASPS], seeds),
    )
    # Hands that enclose the object touch it from the start.
    reached = np.maximum(0.5 * np.asarray(before["contact"]), 3e-4)
    assert (np.asarray(refined.terms["contact"]) < reached).mean() > 0.7
    gap = np.abs(refined.contacts.distance)
    used = np.asarray(refined.contacts.active) > 0.5
    assert np.median(gap[used]) < 0.003


def test_hopeless_starts_are_given_up(seeds: Seeds) -> None:
    variables, pattern = seeds
    block = jnp.arange(len(variables.position)) // scene.GRASPS
    far = variables.position + jnp.where(block != 1, 10.0, 0.0)[:, None]
    alone = dataclasses.replace(variables, position=far)
    found = Refiner().run(scene.jar().problem, alone, pattern)
    assert jnp.abs(found.variables.position).max() < 0.5
    near = pattern.link[scene.GRASPS : 2 * scene.GRASPS]
    np.testing.assert_array_equal(found.pattern.link, near)


def test_joint_limits_are_kept(refined: Refined) -> None:
    arrays = scene.allegro().arrays
    assert (refined.variables.dofs >= arrays.lower).all()
    assert (refined.variables.dofs <= arrays.upper).all()


def placed(seeds: Seeds, position: np.ndarray) -> Seeds:
    variables, pattern = seeds
    position = jnp.broadcast_to(jnp.asarray(position, jnp.float32), variables.position.shape)
    return dataclasses.replace(variables, position=position), pattern


@pytest.mark.parametrize(
    "where",
    [
        pytest.param([10.0, -20.0, 5.0], id="far away"),
        pytest.param([0.0, 0.0, 0.03], id="inside"),
        pytest.param([0.028, 0.0, 0.03], id="on the surface"),
    ],
)
def test_no_start_gives_numbers_that_are_none(seeds: Seeds, where: list[float]) -> None:
    found = Refiner().run(scene.jar().problem, *placed(seeds, np.array(where)))
    assert finite(found)
    assert found.finite.all()


@pytest.mark.slow
def test_no_number_is_none_from_100_000_random_seeds(seeds: Seeds) -> None:
    """Hands in any pose, a third of them far, a third about the object, a third within it."""
    jar, count, batch = scene.jar(), 100_000, 1000
    hand, points = scene.allegro().arrays, jar.object.arrays.samples.points
    refiner = Refiner(RefineConfig(steps=20, starts=1))
    for number in range(count // batch):
        keys = jax.random.split(jax.random.key(number), 5)
        spread = jnp.repeat(jnp.array([5.0, 0.1, 0.002]), batch)[::3, None]
        near = points[jax.random.randint(keys[0], (batch,), 0, len(points))]
        drawn = GraspVariables(
            position=near + spread * jax.random.normal(keys[1], (batch, 3)),
            rotation=jax.random.normal(keys[2], (batch, 6)),
            dofs=jax.random.uniform(
                keys[3], (batch, len(hand.lower)), minval=hand.lower, maxval=hand.upper
            ),
        )
        rows = jax.random.randint(keys[4], (batch,), 0, len(seeds[1].link))
        found = refiner.run(
            jar.problem, drawn, jax.tree.map(lambda leaf, r=rows: leaf[r], seeds[1])
        )
        assert finite(found), number
        assert found.finite.all(), number


def test_a_bad_grasp_says_so_and_spoils_no_other(seeds: Seeds, refined: Refined) -> None:
    variables, pattern = seeds
    starts = RefineConfig().starts
    bad = scene.GRASPS * jnp.arange(starts) + 3  # every start of grasp 3
    broken = dataclasses.replace(variables, dofs=variables.dofs.at[bad].set(jnp.nan))
    found = Refiner().run(scene.jar().problem, broken, pattern)
    others = np.arange(scene.GRASPS) != 3
    assert not found.finite[3]
    assert found.finite[others].all()
    for a, b in zip(*map(jax.tree.leaves, (found, refined)), strict=True):
        np.testing.assert_array_equal(np.asarray(a)[others], np.asarray(b)[others])


def test_another_object_or_weight_compiles_nothing(
    seeds: Seeds, refined: Refined, compilations: Compilations
) -> None:
    jar, brick = scene.jar(), scene.brick()
    other = brick.seeds(jax.random.key(3))
    config = RefineConfig(weights={"contact": 100.0}, position_rate=jnp.float32(0.002))
    before = compilations.count
    on_brick = Refiner().run(brick.problem, *other)
    weighted = Refiner(config).run(jar.problem, *seeds)
    assert compilations.count == before
    assert finite(on_brick)
    assert not same(weighted.variables, refined.variables)
    # The counter hears what is compiled anew.
    jax.jit(lambda x: x * 3.25 + 1)(jnp.zeros(7)).block_until_ready()
    assert compilations.count > before


def test_another_object_needs_no_new_seeding(seeds: Seeds, compilations: Compilations) -> None:
    scene.brick().seeds(jax.random.key(4))
    before = compilations.count
    scene.jar().seeds(jax.random.key(5))
    assert compilations.count == before


def test_unknown_weights_are_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"no energy term 'grip'; there are: contact, .*thumb"):
        RefineConfig(weights={"contact": 1.0, "grip": 2.0})


def pull_down(state: GraspState, _: Problem) -> jax.Array:
    """Height of the hand's root, () [m]."""
    return state.position[2]


DOWN = Term("down", pull_down, 30.0)


def test_a_term_of_ones_own_takes_part_by_its_weight(seeds: Seeds, refined: Refined) -> None:
    config = RefineConfig(extra_terms=(DOWN,))
    assert config.weights["down"] == 30.0
    lower = Refiner(config).run(scene.jar().problem, *seeds)
    np.testing.assert_array_equal(lower.terms["down"], lower.variables.position[:, 2])
    assert (lower.terms["down"] < refined.variables.position[:, 2] - 0.01).mean() > 0.7


def test_a_term_counts_in_the_loss_by_its_weight(seeds: Seeds) -> None:
    problem = scene.jar().problem
    variables, pattern = jax.tree.map(lambda leaf: leaf[0], seeds)

    @jax.jit
    def loss(config: RefineConfig) -> jax.Array:
        refiner = Refiner(config)
        return refiner.loss(problem, pattern, refiner.init(problem, variables, pattern))

    plain = float(loss(RefineConfig()))
    off = RefineConfig(extra_terms=(DOWN,), weights={"down": 0.0})
    assert float(loss(off)) == pytest.approx(plain, rel=1e-5)
    added = float(loss(RefineConfig(extra_terms=(DOWN,)))) - plain
    assert added == pytest.approx(30.0 * float(variables.position[2]), abs=1e-4)


def test_terms_of_ones_own_compile_once_whatever_they_weigh(
    seeds: Seeds, compilations: Compilations
) -> None:
    problem = scene.jar().problem
    Refiner(RefineConfig(extra_terms=(DOWN,))).run(problem, *seeds)
    before = compilations.count
    heavier = Term("down", pull_down, 60.0)
    Refiner(RefineConfig(extra_terms=(heavier,), weights={"held": 1.0})).run(problem, *seeds)
    assert compilations.count == before


def test_a_second_term_of_one_name_is_refused() -> None:
    with pytest.raises(InputError, match="two energy terms are called 'contact'"):
        RefineConfig(extra_terms=(Term("contact", pull_down, 1.0),))


def test_seeds_that_make_no_groups_are_refused(seeds: Seeds) -> None:
    few = jax.tree.map(lambda leaf: leaf[:7], seeds)
    with pytest.raises(InputError, match="7 seeds do not make groups of 3"):
        Refiner(RefineConfig(starts=3)).run(scene.jar().problem, *few)


@jax.jit
def step(
    config: RefineConfig, problem: Problem, pattern: Pattern, state: RefineState
) -> tuple[jax.Array, RefineState]:
    """The loss before a step, and the state after it."""
    refiner = Refiner(config)
    return refiner.loss(problem, pattern, state), refiner.step(problem, pattern, state)


def test_steps_by_hand_are_the_same_descent(seeds: Seeds) -> None:
    problem, refiner = scene.jar().problem, Refiner()
    variables, pattern = jax.tree.map(lambda leaf: leaf[0], seeds)
    state = refiner.init(problem, variables, pattern)

    losses = []
    for _ in range(21):
        loss, state = step(refiner.config, problem, pattern, state)
        losses.append(loss)
    assert state.step == 21
    assert min(losses) < 0.9 * losses[0]  # not at every step: Adam's first ones go full length


def test_the_hand_turns_about_what_it_grasps_with(seeds: Seeds) -> None:
    """A step that only turns the hand leaves its `grasp_center` where it is, not its root."""
    problem = scene.jar().problem
    hand, target = problem.hand, problem.targets.approach
    asked = dataclasses.replace(target, weight=jnp.float32(1.0))
    problem = dataclasses.replace(
        problem, targets=dataclasses.replace(problem.targets, approach=asked)
    )
    variables, pattern = jax.tree.map(lambda leaf: leaf[0], seeds)
    refiner = Refiner(
        RefineConfig(weights={term.name: jnp.float32(term.name == "approach") for term in TERMS})
    )
    state = refiner.init(problem, variables, pattern)
    moved = step(refiner.config, problem, pattern, state)[1].variables

    def center(variables: GraspVariables) -> np.ndarray:
        rotation = rotations.matrix_from_6d(variables.rotation)
        return np.asarray(variables.position + rotation @ hand.grasp_center)

    np.testing.assert_allclose(center(moved), center(variables), atol=1e-6)
    assert np.linalg.norm(moved.position - variables.position) > 1e-3
