"""Quality of refined grasps from geometry and statics alone, and the chance that they hold."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax import energy
from zdg_jax.energy import Contacts, GraspVariables, Pattern, Problem
from zdg_jax.kernels import elimination, friction_cone, rotations
from zdg_jax.kernels.lengths import TORQUE_LENGTH
from zdg_jax.kernels.reductions import least_of_columns
from zdg_jax.physics import BENCHMARK_FRICTION
from zdg_jax.runtime.devices import shard_rows
from zdg_jax.synthesis.squeeze import SqueezeConfig, SqueezeResult

_SCENE_DEPTH, _APPROACH_DEPTH = 0.007, 0.005
"""Depths in the surroundings, and in anything on the way, that half of the grasps survive [m]: the
lift refuses 10 mm."""
_EDGES = 8
_DIRECTIONS = 256
_STARTS, _POLISH = 8, 80
_RATE, _DECAY = 0.8, 0.93
_INTERIOR, _CENTERING, _CLOSED = 20, 0.2, 1e-5
"""Steps of the linear program, how far each aims off the boundary, and the gap at which it ends:
beyond that single precision has nothing left to give."""
_TOLERANCE, _PER_TURN, _OTHER_TYPE = 0.3, 0.3, 0.3
"""Error of approach and roll that costs nothing [rad], what a radian more of either costs beside a
grasp without a contact on the held parts, and what another type of grasp costs."""
_BESIDE, _CLEAR = 0.2, 0.02
"""Cost of a contact at the border of a part to avoid, and the distance from it at which there is
none [m]: where one part ends and the next begins is a matter of opinion."""
_FOREARM, _BURIED = 0.3, 0.02
"""Cost of a forearm that the object is in, and the depth from which it is the whole [m]."""
FRICTION = BENCHMARK_FRICTION
"""Friction of the metrics: that of the six-direction test."""
PULL = 0.1
"""Force of a pull over the sum of the squeeze's normal forces: 1 N against 10 N."""


@shard_rows(replicated=(0, 5), plain=True)
@jax.jit
def measure(
    problem: Problem,
    variables: GraspVariables,
    pattern: Pattern,
    contacts: Contacts,
    closing: SqueezeResult,
    squeeze: SqueezeConfig,
) -> dict[str, jax.Array]:
    """Metrics of grasps (n, ...) by name, each (n,).

    - `epsilon`: radius of the largest ball in the hull of contact wrenches whose normal forces
      sum to one (Ferrari and Canny, ICRA 1992), torques over `TORQUE_LENGTH`.
    - `min_weight`: how evenly the edges of the friction cones can balance, see `min_weight`.
    - `residual`: mean squared residual of pulling along +-x, +-y, +-z with squeezing contacts.
    - `imbalance`: |wrench| of the squeeze's forces over their sum.
    - `touching`: contacts that are close enough to carry force.
    - `contact_distance`: mean gap of the contacts [m].
    - `pregrasp_gap`: how far the pregrasp is from the object, negative inside [m].
    - `withdrawal`: how far the wrist is drawn back for the pregrasp [m].
    - `squeeze_torque`: sum of the actuators' torques in the squeeze [N m], forces where they slide.
    - `payload`: largest mass that the contacts carry with any side down [kg].
    - `payload_task`: largest mass for which they bear the task's loads [kg].
    - `lever`: from the object's centre of mass to the middle of the touching contacts [m].
    """

    def single(
        variables: GraspVariables, pattern: Pattern, contacts: Contacts, closing: SqueezeResult
    ) -> dict[str, jax.Array]:
        active = jnp.where(contacts.distance < squeeze.reach, contacts.active, 0.0)
        pregrasp = energy.grasp_state(problem, closing.pregrasp, pattern)
        count = jnp.maximum(jnp.sum(contacts.active), 1.0)
        points, _ = energy.contacts_about_com(contacts, problem)
        return {
            "epsilon": epsilon(problem, contacts, active),
            "min_weight": min_weight(problem, contacts, active),
            "residual": _residual(problem, contacts, active),
            "imbalance": closing.imbalance,
            "touching": jnp.sum(active),
            "contact_distance": jnp.sum(jnp.abs(contacts.distance) * contacts.active) / count,
            "pregrasp_gap": jnp.min(energy.signed_distances(pregrasp, problem)),
            "withdrawal": jnp.linalg.norm(closing.pregrasp.position - variables.position),
            "squeeze_torque": jnp.sum(jnp.abs(closing.torques)),
            "payload": closing.payload,
            "payload_task": closing.payload_task,
            "lever": jnp.linalg.norm(active @ points / jnp.maximum(jnp.sum(active), 1.0)),
        }

    return jax.vmap(single)(variables, pattern, contacts, closing)


def predicted_hold_probability(
    metrics: Mapping[str, np.ndarray], terms: Mapping[str, np.ndarray], mass: float
) -> np.ndarray:
    """Predicts the chance that grasps carry an object with any side down, (n,).

    It is the chance to hold the benchmark's light pulls, times that to bear the weight, times that
    of a wrist that does not turn too far under it; in a scene also times that of coming there, and
    the weight is that of an object that is lifted.

    Args:
        metrics: from `measure`, with exact `penetration` and `self_penetration`, `wrist_turn`, and
            in a scene `scene_penetration`, `approach_penetration` and `rise_penetration`, (n,).
        terms: energy terms, each (n,).
        mass: mass of the object [kg].
    """
    chance = _holds_light_pulls(metrics, terms) * _bears(metrics["payload"], mass)
    chance = chance * _stays(metrics["wrist_turn"])
    if "scene_penetration" in metrics:
        chance = chance * _clears(metrics["scene_penetration"], _SCENE_DEPTH)
        way = np.maximum(metrics["approach_penetration"], metrics["rise_penetration"])
        chance = chance * _clears(way, _APPROACH_DEPTH)
    return chance


def _clears(depth: np.ndarray, bound: float) -> np.ndarray:
    """Chance that a depth [m] does no harm, (n,): a half at `bound`, falling over a millimetre."""
    return 1 / (1 + np.exp(np.minimum((depth - bound) / 0.001, 50.0)))


def _bears(payload: np.ndarray, mass: float) -> np.ndarray:
    """Chance to bear a weight, (n,): a logistic curve over the logarithm of payload to mass.

    Fitted to 376 grasps of eight objects of 0.12 to 1.13 kg by Allegro and LEAP, each tested with
    its object's weight along six axes. Fingers with one tendon for several joints bear more than
    it says: of Shadow's grasps said to hold with a chance of 0.5 to 0.7, 92 % held.
    """
    ratio = np.maximum(payload, 1e-4) / mass
    return 1 / (1 + np.exp(-(0.97 + 2.64 * np.log(ratio))))


def _stays(wrist_turn: np.ndarray) -> np.ndarray:
    """Chance that the weight does not turn hand and object beyond a test's 15 degrees, (n,).

    Fitted to 360 grasps of nine objects by Shadow, whose wrist yields most.
    """
    return 1 / (1 + np.exp(-50.0 * (0.225 - wrist_turn)))


def _holds_light_pulls(
    metrics: Mapping[str, np.ndarray], terms: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Chance to hold in the six-direction test, (n,).

    A logistic regression, fitted once to 26,112 grasps that physics had tested (three hands, 34
    objects), its constant and `min_weight` later to 5,328 more, most of them made for tasks;
    `docs/notes/refinement.md` has its calibration curve on objects that were left out. All of
    them were squeezed with the same force; the constant stands for it.
    """
    logit = (
        2.79
        - 3.4 * np.maximum(0.3 - metrics["min_weight"], 0.0)
        - 9.74 * np.sqrt(metrics["residual"] + 1e-8)
        - 6.91 * metrics["imbalance"]
        - 1.97 * np.sqrt(terms["wrench"] + 1e-8)
        + 8.85 * metrics["epsilon"]
        - 2.51 * (metrics["touching"] < 3)
        + 0.076 * np.maximum(metrics["touching"] - 4, 0)
        - 19.7 * np.clip(metrics["lever"] - 0.05, 0.0, 0.15)
        - 81.5 * metrics["withdrawal"]
        + 915.0 * np.clip(metrics["pregrasp_gap"], -0.01, 0.0)
        - 197.0 * np.minimum(metrics["penetration"], 0.005)
        - 4090.0 * np.minimum(metrics["self_penetration"], 0.0003)
    )
    return 1 / (1 + np.exp(-logit))


def score(metrics: Mapping[str, np.ndarray], alignment: float, bound: float) -> np.ndarray:
    """Scores how well grasps promise to hold and to serve the task, higher is better, (n,).

    The chance to hold, less what disagrees with the plan: contacts off the held parts, another type
    of grasp, a palm that comes from elsewhere, a thumb on another side, a forearm in the object and
    contacts close to avoided parts, as far as the plan binds, and contacts on those anyhow.

    Args:
        metrics: `predicted_hold_probability`, and those of `TaskAlignment.measure`, each (n,).
        alignment: what a grasp without any contact on the held parts of a sure plan loses.
        bound: how far the plan binds, see `Grip.binding`.
    """
    turned = sum(
        np.maximum(metrics[name] - _TOLERANCE, 0) for name in ("approach_error", "roll_error")
    )
    off = np.maximum(0.9 - metrics["on_part"], 0) / 0.9 + _PER_TURN * turned
    off = off + _OTHER_TYPE * (1 - metrics["type_realised"])
    off = off + _FOREARM * np.clip(-metrics["forearm_gap"] / _BURIED, 0, 1)
    off = off + _BESIDE * np.clip(1 - metrics["avoided_gap"] / _CLEAR, 0, 1)
    return metrics["predicted_hold_probability"] - alignment * (
        bound * off + 2 * metrics["on_avoided"]
    )


def predicted_success(
    metrics: Mapping[str, np.ndarray], alignment: float, bound: float
) -> np.ndarray:
    """Chance to hold and, as far as the plan binds, to serve it, (n,); arguments as of `score`."""
    serves = metrics["aligned"] if alignment > 0 else 1.0
    return metrics["predicted_hold_probability"] * (1 - bound * (1 - serves))


def _residual(problem: Problem, contacts: Contacts, active: jax.Array) -> jax.Array:
    """Mean squared residual of the six pulls while every contact presses, ()."""
    points, normals = energy.contacts_about_com(contacts, problem)
    pulls = jnp.concatenate([jnp.eye(3), -jnp.eye(3)])
    targets = PULL * jnp.concatenate([pulls, jnp.zeros((6, 3))], axis=1).astype(points.dtype)
    count = jnp.maximum(jnp.sum(active), 1.0)
    share = active / count
    solution = friction_cone.solve_contact_forces(
        points,
        normals,
        targets,
        start=jnp.broadcast_to(normals * share[:, None], (6, *normals.shape)),
        mu=jnp.asarray(0.3, points.dtype),
        low=0.2 * share,
        high=3.0 * share,
        length=TORQUE_LENGTH,
        passive_motions=contacts.passive_motions,
        iterations=150,
    )
    return jnp.mean(solution.residual)


def epsilon(problem: Problem, contacts: Contacts, active: jax.Array) -> jax.Array:
    """The Q1 metric of one grasp, (): 0 without force closure.

    min over unit u of max_i w_i . u, from a fixed set of directions, the best of them polished by
    projected subgradient steps whose length falls geometrically: an upper bound. Of 300 made-up
    grasps with 8-edged cones it is 0.002 too high on average, 0.013 at most.
    """
    wrenches = _edges(problem, contacts, active)
    directions = _directions().astype(wrenches.dtype).T
    values = jnp.max(wrenches @ directions, axis=0)
    starts = directions[:, jax.lax.top_k(-values, _STARTS)[1]]

    def unit(columns: jax.Array) -> jax.Array:
        return rotations.normalize(columns.T).T

    def polish(i: jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        u, lowest = carry
        # Written out: a matrix library's call for so small a product takes longer than the product.
        values = sum((wrenches[:, k, None] * u[k] for k in range(1, 6)), wrenches[:, :1] * u[0])
        negative, best = least_of_columns(-values)
        value, gradient = -negative, wrenches[best].T
        rate = _RATE * _DECAY ** i.astype(u.dtype)
        return unit(u - rate * unit(gradient - value * u)), jnp.minimum(lowest, value)

    worst = jnp.full(_STARTS, jnp.inf, wrenches.dtype)
    _, lowest = jax.lax.fori_loop(0, _POLISH, polish, (starts, worst))
    return jax.nn.relu(jnp.min(lowest))


def min_weight(problem: Problem, contacts: Contacts, active: jax.Array) -> jax.Array:
    """The normalised min-weight metric of one grasp, () in [0, 1]: 0 without force closure.

    n max l such that weights a >= l of the n cone edges sum to one and their wrenches to zero (Li
    et al., FRoGGeR, IROS 2023). With w the mean wrench that is r / (r + |w|), where the ray from
    the origin along -w leaves the hull at r: a linear program, solved by a primal-dual interior
    point method (Nocedal and Wright, Numerical Optimization, chapter 14). Of 300 made-up grasps it
    is off by 0.0001 on average, 0.0005 at most.
    """
    wrenches = _edges(problem, contacts, active)
    count = jnp.maximum(jnp.sum(active), 1e-3) * _EDGES
    mean = jnp.sum(wrenches, axis=0) / count
    size = jnp.sqrt(jnp.sum(mean * mean) + 1e-12)
    # Weights of the edges and of the origin, which keeps the program feasible, then r.
    n = len(wrenches) + 2
    rows = jnp.concatenate([wrenches.T, jnp.zeros((6, 1), mean.dtype), mean[:, None] / size], 1)
    rows = jnp.concatenate([rows, jnp.ones((1, n), mean.dtype).at[0, -1].set(0.0)])
    sums = jnp.zeros(7, mean.dtype).at[6].set(1.0)
    cost = jnp.zeros(n, mean.dtype).at[-1].set(-1.0)

    def step(
        _: jax.Array, carry: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        x, y, s = carry
        missing, uncosted = sums - rows @ x, cost - rows.T @ y - s
        gap = jnp.mean(x * s)
        aim, scale = _CENTERING * gap - x * s, x / s
        normal = (rows * scale) @ rows.T
        normal = normal + 1e-9 * (1 + jnp.trace(normal)) * jnp.eye(7, dtype=mean.dtype)
        dy = elimination.solve(normal, missing - rows @ (aim / s) + rows @ (scale * uncosted))
        ds = uncosted - rows.T @ dy
        dx = aim / s - scale * ds
        lengths = [
            jnp.minimum(1.0, 0.9 / jnp.maximum(jnp.max(-d / v), 1e-9))
            for d, v in ((dx, x), (ds, s))
        ]
        new = (x + lengths[0] * dx, y + lengths[1] * dy, s + lengths[1] * ds)
        # Of a few contacts on a line the equations can be singular.
        sound = jnp.all(jnp.array([jnp.all(jnp.isfinite(leaf)) for leaf in new]))
        goes_on = (gap > _CLOSED) & sound
        return jax.tree.map(lambda new, old: jnp.where(goes_on, new, old), new, carry)

    start = (jnp.full(n, 1 / n, mean.dtype), jnp.zeros(7, mean.dtype), jnp.ones(n, mean.dtype))
    reach = jax.lax.fori_loop(0, _INTERIOR, step, start)[0][-1]
    return jnp.where(jnp.sum(active) > 1, reach / (reach + size), 0.0)


def _edges(problem: Problem, contacts: Contacts, active: jax.Array) -> jax.Array:
    """Wrenches of the edges of all friction cones with unit normal forces, (k * _EDGES, 6)."""
    points, normals = energy.contacts_about_com(contacts, problem)
    helper = jnp.where(
        jnp.abs(normals[:, :1]) < 0.7, jnp.array([1.0, 0, 0]), jnp.array([0, 1.0, 0])
    ).astype(points.dtype)
    first = rotations.normalize(jnp.cross(normals, helper))
    second = jnp.cross(normals, first)
    angle = jnp.arange(_EDGES, dtype=points.dtype) * (2 * jnp.pi / _EDGES)
    edges = normals[:, None] + FRICTION * (
        jnp.cos(angle)[None, :, None] * first[:, None]
        + jnp.sin(angle)[None, :, None] * second[:, None]
    )
    torque = jnp.cross(points[:, None], edges) / TORQUE_LENGTH
    wrenches = jnp.concatenate([edges, torque], axis=-1) * active[:, None, None]
    return wrenches.reshape(-1, 6)


@functools.cache
def _direction_table() -> tuple[tuple[float, ...], ...]:
    rows = np.random.default_rng(0).normal(size=(_DIRECTIONS, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return tuple(map(tuple, rows.tolist()))


def _directions() -> jax.Array:
    return jnp.asarray(_direction_table())
