"""The greatest load that one squeeze carries: contacts that stick, fingers that are springs.

Contacts press an object with forces f_i in friction cones: a squeeze, G f = 0. A load w, borne by
fingers whose actuators are springs, adds forces that spread by stiffness,

    d = C^-1 G^T (G C^-1 G^T)^-1 w,    C = M^T M / gain + 1 / contact_stiffness

(least complementary energy; M turns contact forces into actuator forces). No contact slips and no
actuator passes its limit as long as f + d stays in the cones and M (f + d) within the limits.
Where the load is a force of any direction, "any side down", and d = D u for its unit vector u, a
facet a of a cone bounds it by max_u a . D u = |D^T a|. So the greatest load is that of a linear
program in f and the load alone, here for a weight,

    max load   with  G f = 0,   a . f_i + load |D_i^T a| <= 0,   |M f|_r + load |M D|_r <= limit_r,

exact in the direction, without a sample of them. It is solved by a primal-dual interior point
method (Nocedal and Wright, Numerical Optimization, chapter 14) in fixed iterations.

A contact has four forces: along its inward normal, along two tangents, and the moment about the
normal over a length, so that its cone is |(t1, t2, moment)| <= mu normal (condim 4 of MuJoCo).
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from zdg_jax.kernels import elimination

_STEPS = 24
_CENTERING, _TO_BOUNDARY = 0.25, 0.95
_CLOSED, _BALANCED = 1e-6, 1e-4
"""Gap, and share of the forces left unbalanced, at which steps end: beyond that single precision
leads away again."""
_FORCE = 10.0
"""Newton that the program counts in, so that its numbers are near one."""
_BULGE = 1.0448
"""Radius of the ball that has the volume of the polytope whose facets touch a ball of one."""
_MISSED = 0.03
"""Share of a load that contacts may leave unbalanced; more, and they do not bear it."""
_EVEN = 1e-5
"""Weight of |f|^2 beside the load: it chooses among squeezes that carry the same."""


class Carried(NamedTuple):
    """The solution of `greatest_load`."""

    force: jax.Array
    """The squeeze, (k, 4) [N]: along the normal, two tangents, moment over a length."""
    load: jax.Array
    """Greatest load in units of the loads given, ()."""
    gap: jax.Array
    """Mean complementarity at the end, (): how far from solved."""


def greatest_load(
    balance: jax.Array,
    drive: jax.Array,
    limit: jax.Array,
    weight: jax.Array,
    pulls: jax.Array,
    *,
    mu: jax.Array,
    gain: jax.Array,
    contact_stiffness: jax.Array,
    most: jax.Array,
) -> Carried:
    """The squeeze that bears the greatest multiple of some loads, each of them alone.

    Args:
        balance: rows that a squeeze must null, (r, k, 4): the object's six wrenches, torques over
            a length, then motions of the hand that nothing resists. Zero for absent contacts.
        drive: actuator forces from contact forces, (a, k, 4) [N m per N].
        limit: greatest force of each actuator, (a,) [N m or N].
        weight: a force that may point anywhere, () [N].
        pulls: further loads as they are, (p, 6), torques over the length [N]; zeros count nothing.
        mu: friction coefficient, ().
        gain: stiffness of each actuator, (a,) [N m/rad or N/m].
        contact_stiffness: stiffness of a contact, () [N/m].
        most: multiple at which the search ends, ().

    Returns:
        The squeeze, the multiple, and how far the program was solved. A load that the contacts
        cannot balance at all gives the multiple 0.
    """
    rows, k = balance.shape[:2]
    dtype = balance.dtype
    nulled = balance.reshape(rows, 4 * k)
    torque = drive.reshape(len(drive), 4 * k) / limit[:, None]
    loads = jnp.zeros((rows, 3 + len(pulls)), dtype)
    loads = loads.at[:3, :3].set(weight * jnp.eye(3, dtype=dtype)).at[:6, 3:].set(pulls.T)
    added = _spread(nulled, torque, limit, loads, gain, contact_stiffness)
    missed = jnp.linalg.norm(nulled @ added + loads) / (jnp.linalg.norm(loads) + 1e-9)
    facets = jnp.asarray(_facets(), dtype)
    facets = facets * jnp.stack([mu / _BULGE, *jnp.ones(3, dtype)])
    at_contacts = jnp.einsum("ef,kfc->kec", facets, added.reshape(k, 4, -1))
    pull = torque @ added
    arrow = jnp.concatenate(
        [
            _worst(at_contacts.reshape(-1, loads.shape[1])) / _FORCE,
            _worst(pull),
            _worst(-pull),
            jnp.ones(1, dtype),
        ]
    )
    carried = _interior(nulled, torque * _FORCE, facets, arrow, most)
    return carried._replace(load=jnp.where(missed < _MISSED, carried.load, 0.0))


def _worst(rows: jax.Array) -> jax.Array:
    """Greatest value of rows (n, 3 + p) over all loads and none: a direction, and pulls."""
    pulls = jnp.max(rows[:, 3:], axis=1, initial=0.0)
    return jnp.maximum(jnp.linalg.norm(rows[:, :3], axis=1), pulls)


def _spread(
    nulled: jax.Array,
    torque: jax.Array,
    limit: jax.Array,
    loads: jax.Array,
    gain: jax.Array,
    contact_stiffness: jax.Array,
) -> jax.Array:
    """Forces that loads (r, c) add, (4 k, c) [N]."""
    eye = jnp.eye(nulled.shape[1], dtype=nulled.dtype)
    # (M^T M / gain + 1 / stiffness)^-1 by Woodbury: M has fewer rows than columns.
    root = torque * (limit * jnp.sqrt(contact_stiffness / gain))[:, None]
    small = jnp.eye(len(root), dtype=nulled.dtype) + root @ root.T
    give = eye - root.T @ elimination.solve(small, root)
    through = give @ nulled.T
    system = nulled @ through
    eased = 1e-6 * (1 + jnp.trace(system))
    system = system + eased * jnp.eye(len(system), dtype=nulled.dtype)
    return through @ elimination.solve(system, -loads)


def _interior(
    nulled: jax.Array,
    torque: jax.Array,
    facets: jax.Array,
    arrow: jax.Array,
    most: jax.Array,
) -> Carried:
    """Solves the program in units of `_FORCE`.

    Inequalities are, in order, the cones' facets, actuators one way and the other, and the bound
    of the load.
    """
    size, dtype = nulled.shape[1], nulled.dtype
    k, edges, motors = size // 4, len(facets), len(torque)
    bound = jnp.concatenate(
        [jnp.zeros(k * edges, dtype), jnp.ones(2 * motors, dtype), most[None].astype(dtype)]
    )

    def times(force: jax.Array, load: jax.Array) -> jax.Array:
        cone = jnp.einsum("ef,kf->ke", facets, force.reshape(k, 4)).ravel()
        turn = torque @ force
        return jnp.concatenate([cone, turn, -turn, jnp.zeros(1, dtype)]) + arrow * load

    def back(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        cone, one, other = y[: k * edges], y[k * edges : -motors - 1], y[-motors - 1 : -1]
        force = jnp.einsum("ef,ke->kf", facets, cone.reshape(k, edges)).ravel()
        return force + torque.T @ (one - other), arrow @ y

    def step(_: jax.Array, carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        force, load, slack, dual, nu = carry
        gap = jnp.mean(slack * dual)
        weight = dual / slack
        pushed, loaded = back(dual)
        r_force = _EVEN * force + pushed + nulled.T @ nu
        r_load = loaded - 1.0
        r_bound = times(force, load) + slack - bound
        r_null = nulled @ force
        # Newton's matrix: a block per contact, the actuators' rows, and the load's arrow.
        w_cone = weight[: k * edges].reshape(k, edges)
        blocks = jnp.einsum("ke,ea,eb->kab", w_cone, facets, facets)
        w_turn = weight[k * edges : -motors - 1] + weight[-motors - 1 : -1]
        hessian = (torque.T * w_turn) @ torque
        hessian = hessian + _diagonal(blocks) + _EVEN * jnp.eye(size, dtype=dtype)
        side, corner = back(weight * arrow)
        aim = _CENTERING * gap / slack - dual + weight * r_bound
        g_force, g_load = back(aim)
        g_force, g_load = -r_force - g_force, -r_load - g_load
        solved = elimination.solve(
            hessian, jnp.concatenate([nulled.T, side[:, None], g_force[:, None]], axis=1)
        )
        # Border of equalities and the load.
        border = jnp.concatenate([nulled, side[None]])
        schur = border @ solved[:, :-1]
        rest = border @ solved[:, -1]
        rows = len(nulled)
        schur = schur.at[rows, rows].add(-corner)
        eased = 1e-7 * (jnp.trace(schur[:rows, :rows]) / rows + 1e-6)
        schur = schur + jnp.diag(jnp.concatenate([jnp.full(rows, eased), jnp.zeros(1)])).astype(
            dtype
        )
        border_solution = elimination.solve(schur, rest - jnp.append(-r_null, g_load))
        d_nu, d_load = border_solution[:-1], border_solution[-1]
        d_force = solved[:, -1] - solved[:, :-1] @ border_solution
        change = times(d_force, d_load)
        d_slack = -r_bound - change
        d_dual = aim + weight * change
        length = jnp.stack(
            [
                jnp.minimum(1.0, _TO_BOUNDARY / jnp.maximum(jnp.max(-d / v), 1e-9))
                for d, v in ((d_slack, slack), (d_dual, dual))
            ]
        )
        moved = (
            force + length[0] * d_force,
            load + length[0] * d_load,
            slack + length[0] * d_slack,
            dual + length[1] * d_dual,
            nu + length[1] * d_nu,
        )
        off = jnp.max(jnp.abs(r_null)) > _BALANCED * jnp.sum(jnp.abs(force))
        good = jnp.all(jnp.isfinite(moved[0])) & jnp.isfinite(moved[1]) & (off | (gap > _CLOSED))
        return jax.tree.map(lambda new, old: jnp.where(good, new, old), moved, carry)

    start = (
        jnp.zeros(size, dtype),
        jnp.zeros((), dtype),
        jnp.ones_like(bound),
        jnp.ones_like(bound),
        jnp.zeros(len(nulled), dtype),
    )
    force, load, slack, dual, _ = jax.lax.fori_loop(0, _STEPS, step, start)
    return Carried(_FORCE * force.reshape(k, 4), jnp.maximum(load, 0.0), jnp.mean(slack * dual))


def _diagonal(blocks: jax.Array) -> jax.Array:
    """Blocks (k, 4, 4) along the diagonal of a matrix, (4 k, 4 k)."""
    k = len(blocks)
    spread = jnp.einsum("kab,kl->kalb", blocks, jnp.eye(k, dtype=blocks.dtype))
    return spread.reshape(4 * k, 4 * k)


@functools.cache
def _facets() -> np.ndarray:
    """Outer normals of the cone's facets before friction, (e, 4): v . t <= normal.

    The 26 directions to faces, edges and corners of a cube. The polytope that they bound reaches
    from 1 to 1.13; friction is divided by `_BULGE`, so that it has the volume of the true ball.
    """
    ways = np.array([w for w in itertools.product((-1, 0, 1), repeat=3) if any(w)], float)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.concatenate([np.full((len(ways), 1), -1.0), ways], axis=1)
