"""Quality: metrics beside what they are by definition, and a chance that falls with each fault."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from tests import scene
from tests.synthesis.ball_contacts import THREE, on_a_ball
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.synthesis import quality
from zdg_jax.synthesis.squeeze import SqueezeConfig, SqueezeResult

CAGE = [*THREE, [0.2, 0.1, 1], [0.1, -0.2, -1]]
CONFIG = SqueezeConfig()
SLOTS = 7
"""Contacts of the grasps that are compared with a reference, active or not."""
SOUND = {
    "residual": 0.0,
    "imbalance": 0.0,
    "epsilon": 0.2,
    "min_weight": 0.4,
    "touching": 5.0,
    "payload": 1.0,
    "lever": 0.02,
    "wrist_turn": 0.02,
    "withdrawal": 0.0,
    "pregrasp_gap": 0.008,
    "penetration": 0.0003,
    "self_penetration": 0.0,
}


@pytest.mark.parametrize("ways", [CAGE, [*CAGE, [1, 1, 1]], THREE])
def test_epsilon_is_the_distance_to_the_hull_of_wrenches(ways: list[list[float]]) -> None:
    contacts = on_a_ball(ways, slots=SLOTS)
    found = float(jax.jit(quality.epsilon)(problem(), contacts, contacts.active))
    assert found == pytest.approx(hull_distance(contacts), abs=0.015)


@pytest.mark.parametrize("ways", [CAGE, [*CAGE, [1, 1, 1]], [*CAGE, [1, 0.3, 0.2]], THREE])
def test_min_weight_is_that_of_the_linear_program(ways: list[list[float]]) -> None:
    contacts = on_a_ball(ways, slots=SLOTS)
    found = float(jax.jit(quality.min_weight)(problem(), contacts, contacts.active))
    assert 0.05 < found < 1
    assert found == pytest.approx(least_weight(contacts), abs=2e-3)


def test_contacts_that_do_not_count_leave_min_weight_as_it_is() -> None:
    alone, more = on_a_ball(CAGE, slots=SLOTS), on_a_ball([*CAGE, [1, 1, 1], [0, 1, 1]])
    active = more.active.at[len(CAGE) :].set(0.0)
    weigh = jax.jit(quality.min_weight)
    assert weigh(problem(), more, active) == pytest.approx(
        float(weigh(problem(), alone, alone.active)), abs=2e-3
    )
    for active in (jnp.zeros_like(more.active), more.active.at[1:].set(0.0)):
        assert weigh(problem(), more, active) == 0


def test_contacts_from_one_side_close_nothing() -> None:
    contacts = on_a_ball([[1, 0, 0], [0.9, 0.4, 0], [0.9, -0.4, 0]], slots=SLOTS)
    assert float(jax.jit(quality.epsilon)(problem(), contacts, contacts.active)) == 0
    assert float(jax.jit(quality.min_weight)(problem(), contacts, contacts.active)) < 1e-3


def test_metrics_of_the_closing_are_distances_and_torques() -> None:
    found = measured(on_a_ball(CAGE), drawn=0.012, torques=(0.1, -0.2))
    assert found["withdrawal"] == pytest.approx(0.012, abs=1e-6)
    assert found["squeeze_torque"] == pytest.approx(0.3, rel=1e-4)
    assert found["imbalance"] == pytest.approx(0.03)


def test_lever_and_residual_grow_away_from_the_centre_of_mass() -> None:
    middle = on_a_ball(CAGE)
    shift = jnp.array([0.0, 0.15, 0.0])
    beside = dataclasses.replace(middle, points=middle.points + shift)
    near, far = measured(middle), measured(beside)
    assert near["lever"] < 0.01
    assert far["lever"] == pytest.approx(0.15, abs=0.01)
    assert near["residual"] < 1e-4 < 5e-4 < far["residual"]
    assert far["epsilon"] < near["epsilon"]


def test_contacts_off_the_surface_do_not_touch() -> None:
    found = measured(on_a_ball(CAGE, [0, 0, 0, 0, 3 * float(CONFIG.reach)]))
    assert found["touching"] == 4
    assert found["contact_distance"] == pytest.approx(0.6 * float(CONFIG.reach), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("residual", 0.01),
        ("imbalance", 0.1),
        ("epsilon", 0.05),
        ("min_weight", 0.05),
        ("touching", 2.0),
        ("payload", 0.15),
        ("lever", 0.15),
        ("wrist_turn", 0.15),
        ("withdrawal", 0.03),
        ("pregrasp_gap", -0.003),
        ("penetration", 0.004),
        ("self_penetration", 0.002),
    ],
)
def test_the_chance_to_hold_falls_with_each_fault(name: str, value: float) -> None:
    rows = [SOUND, SOUND | {name: value}]
    metrics = {key: np.array([row[key] for row in rows]) for key in SOUND}
    sound, faulty = quality.predicted_hold_probability(
        metrics, {"wrench": np.array([0.001, 0.001])}, mass=0.2
    )
    assert 0.9 < sound < 1
    assert 0 < faulty < sound - 0.005


def test_a_grasp_whose_payload_is_below_the_mass_is_not_promised() -> None:
    metrics = {key: np.full(4, SOUND[key]) for key in SOUND}
    metrics["payload"] = np.array([0.1, 0.3, 0.6, 2.0])
    chances = quality.predicted_hold_probability(metrics, {"wrench": np.full(4, 0.001)}, mass=0.6)
    assert (np.diff(chances) > 0).all()
    assert chances[0] < 0.05
    assert chances[1] < 0.4
    assert chances[2] < 0.9 < chances[3]


def problem() -> Problem:
    return scene.jar().problem


def measured(
    contacts: Contacts, drawn: float = 0.0, torques: tuple[float, ...] = ()
) -> dict[str, float]:
    """Metrics of the open hand at the jar with these contacts and a made-up closing."""
    dofs = jnp.zeros(scene.allegro().num_dofs)
    grasp = GraspVariables(
        position=jnp.array([0.0, 0.0, 0.3]), rotation=jnp.array([1.0, 0, 0, 0, 1, 0]), dofs=dofs
    )
    drawn_back = dataclasses.replace(grasp, position=grasp.position + jnp.array([0, 0, drawn]))
    closing = SqueezeResult(
        pregrasp=drawn_back,
        squeeze=dofs,
        forces=jnp.zeros_like(contacts.points),
        torques=jnp.zeros(scene.allegro().num_actuators).at[: len(torques)].add(jnp.array(torques)),
        imbalance=jnp.float32(0.03),
        payload=jnp.float32(0.4),
        payload_task=jnp.float32(0.6),
    )
    pattern = Pattern(
        link=contacts.link, active=contacts.active, optional=jnp.zeros_like(contacts.active)
    )
    rows = jax.tree.map(lambda leaf: leaf[None], (grasp, pattern, contacts, closing))
    found = quality.measure(problem(), *rows, CONFIG)
    return {name: float(values[0]) for name, values in found.items()}


def hull_distance(contacts: Contacts) -> float:
    """Least distance from the origin to the hull of all edges' wrenches, 0 outside it."""
    return max(0.0, float(-ConvexHull(edges(contacts)).equations[:, -1].max()))


def least_weight(contacts: Contacts) -> float:
    """The normalised min-weight metric by a solver of linear programs, 0 without balance."""
    wrenches = edges(contacts)
    n = len(wrenches)
    equal = np.vstack([np.hstack([wrenches.T, np.zeros((6, 1))]), [*np.ones(n), 0.0]])
    least = np.hstack([-np.eye(n), np.ones((n, 1))])  # l - a <= 0
    found = linprog(
        [*np.zeros(n), -1.0], least, np.zeros(n), equal, [*np.zeros(6), 1.0], bounds=(None, None)
    )
    return max(0.0, n * found.x[-1]) if found.status == 0 else 0.0


def edges(contacts: Contacts) -> np.ndarray:
    """Wrenches of the edges of the friction cones of the k active contacts, (8 k, 6)."""
    active = np.asarray(contacts.active) > 0
    normals = -np.asarray(contacts.normals, float)[active]
    points = np.asarray(contacts.points)[active] - np.asarray(problem().object.center_of_mass)
    wrenches = []
    for point, normal in zip(points, normals, strict=True):
        helper = np.eye(3)[0] if abs(normal[0]) < 0.7 else np.eye(3)[1]
        first = np.cross(normal, helper)
        first /= np.linalg.norm(first)
        second = np.cross(normal, first)
        for angle in np.arange(8) * np.pi / 4:
            force = normal + quality.FRICTION * (np.cos(angle) * first + np.sin(angle) * second)
            torque = np.cross(point, force) / TORQUE_LENGTH
            wrenches.append([*force, *torque])
    return np.array(wrenches)
