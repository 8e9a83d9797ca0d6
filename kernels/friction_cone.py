"""Contact forces in friction cones: the lower level of the wrench energy, in fixed iterations.

For contacts at points p_i with unit inward normals n_i the forces f_i act on the object; the
wrench about the origin, torques divided by a length, is

    G f = (sum_i f_i, sum_i p_i x f_i / length).

`balance` solves, for several target wrenches t_j at once,

    min_f |G f - t_j|^2 + damping |f - preferred|^2    with  low_i <= n_i.f_i <= high_i,
                                                             |f_i - (n_i.f_i) n_i| <= mu n_i.f_i

by accelerated projected gradient (FISTA; Beck and Teboulle, SIAM J. Imaging Sciences 2009). The
projection is exact. Functions take one grasp; batch them with `jax.vmap`. Sums over contacts are
written out by component, which XLA fuses into loops over the batch: as batched 6 x 3c matrix
products the same arithmetic took several times as long on a CPU.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class Forces(NamedTuple):
    """The solution of `balance`."""

    force: jax.Array
    """Contact forces, (t, c, 3), the frame of the contacts [units of the bounds]."""
    residual: jax.Array
    """Squared wrench residual |G f - t|^2, (t,)."""


def wrench(points: jax.Array, forces: jax.Array, length: jax.Array) -> jax.Array:
    """Sums forces (*t, c, 3) at points (c, 3) to wrenches (*t, 6), torques over `length` [m]."""
    force = jnp.sum(forces, axis=-2)
    torque = jnp.sum(jnp.cross(points, forces), axis=-2) / length
    return jnp.concatenate([force, torque], axis=-1)


def project(
    forces: jax.Array, normals: jax.Array, mu: jax.Array, low: jax.Array, high: jax.Array
) -> jax.Array:
    """Nearest forces (*t, c, 3) within the friction cones cut to low <= normal force <= high.

    In the half-plane of normal and tangential magnitude the set is a trapezoid; projecting on
    the cone first and then clipping the normal force, with the tangential one clipped to its
    cone, is the exact projection in each of its regions.

    Args:
        forces: (*t, c, 3).
        normals: unit cone axes, (c, 3).
        mu: friction coefficient, ().
        low: least normal force, (c,), >= 0.
        high: greatest normal force, (c,), >= low.
    """
    normal = jnp.sum(forces * normals, axis=-1)
    tangent = forces - normal[..., None] * normals
    size = jnp.sqrt(jnp.maximum(jnp.sum(tangent * tangent, axis=-1), 1e-12))
    on_edge = jnp.maximum((normal + mu * size) / (1 + mu * mu), 0.0)
    new_normal = jnp.clip(jnp.where(size <= mu * normal, normal, on_edge), low, high)
    new_size = jnp.minimum(size, mu * new_normal)
    return new_normal[..., None] * normals + (new_size / size)[..., None] * tangent


def balance(
    points: jax.Array,
    normals: jax.Array,
    targets: jax.Array,
    *,
    start: jax.Array,
    mu: jax.Array,
    low: jax.Array,
    high: jax.Array,
    length: jax.Array,
    preferred: jax.Array | float = 0.0,
    damping: jax.Array | float = 0.0,
    iterations: int = 30,
) -> Forces:
    """Forces within friction cones that come nearest to each target wrench.

    Args:
        points: contact points from the point that torques are taken about, (c, 3) [m].
        normals: unit inward normals, (c, 3).
        targets: wrenches to produce, (t, 6), torques over `length`.
        start: forces to start from, (t, c, 3): those of the step before, or zeros.
        mu: friction coefficient, ().
        low, high: bounds of the normal forces, (c,). An absent contact has both at zero.
        length: metres that turn a torque into a force, ().
        preferred: normal force towards which `damping` pulls, () or (c,).
        damping: weight of |f - preferred n|^2, ().
        iterations: static.

    Returns:
        Forces and squared residuals; no gradient flows through them (see `energy.wrench`).
    """
    points, normals, targets = jax.lax.stop_gradient((points, normals, targets))
    scaled = points / length
    preferred = jnp.asarray(preferred, points.dtype)[..., None] * normals
    damping = jnp.asarray(damping, points.dtype)
    present = (high > 0).astype(points.dtype)
    # |G|^2 is at most the sum over contacts of |G_i|^2 <= 1 + |p_i|^2: forces and their torques.
    lipschitz = jnp.sum(present * (1 + jnp.sum(scaled * scaled, axis=-1))) + damping + 1e-6

    def gradient(forces: jax.Array) -> jax.Array:
        error = wrench(scaled, forces, jnp.ones((), points.dtype)) - targets
        force_error, torque_error = error[..., None, :3], error[..., None, 3:]
        return force_error + jnp.cross(torque_error, scaled) + damping * (forces - preferred)

    def step(
        _: jax.Array, carry: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        old, ahead, momentum = carry
        new = project(ahead - gradient(ahead) / lipschitz, normals, mu, low, high)
        next_momentum = 0.5 * (1 + jnp.sqrt(1 + 4 * momentum * momentum))
        ahead = new + ((momentum - 1) / next_momentum) * (new - old)
        return new, ahead, next_momentum

    first = project(jax.lax.stop_gradient(start), normals, mu, low, high)
    forces, _, _ = jax.lax.fori_loop(
        0, iterations, step, (first, first, jnp.ones((), points.dtype))
    )
    forces = jax.lax.stop_gradient(forces)
    error = wrench(scaled, forces, jnp.ones((), points.dtype)) - targets
    return Forces(forces, jnp.sum(error * error, axis=-1))
