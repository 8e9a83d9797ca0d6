"""The workloads by name. Each takes the settings and returns its metrics by name."""

from __future__ import annotations

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import trimesh

from benchmarks.energies import measure_energies, measure_stages, measure_step
from benchmarks.metrics import Metric, time_calls
from benchmarks.settings import Settings, first_object
from benchmarks.synthesis import measure_first, measure_synthesis
from benchmarks.yields import TASK, measure_yield
from zdg_jax.hand import Hand, joints_from_dofs, shipped_hands
from zdg_jax.kernels import distance
from zdg_jax.kernels.kinematics import link_poses
from zdg_jax.objects import Object
from zdg_jax.planning.model.pictures import Picturing
from zdg_jax.synthesis.synthesize import synthesize
from zdg_jax.validation import EngineOptions, rollout

Workload = Callable[[Settings], dict[str, Metric]]


def kinematics(settings: Settings) -> dict[str, Metric]:
    """Link poses of 1024 hands, forward and with the reverse gradient, for each shipped hand."""
    metrics = {}
    for name in shipped_hands()[:1] if settings.quick else shipped_hands():
        arrays = Hand.load(name).arrays
        share = jax.random.uniform(jax.random.key(0), (1024, arrays.lower.shape[0]))
        dofs = arrays.lower + share * (arrays.upper - arrays.lower)

        @jax.jit
        def forward(dofs: jax.Array, arrays=arrays) -> jax.Array:
            return link_poses(arrays.tree, joints_from_dofs(arrays, dofs))

        @jax.jit
        @jax.grad
        def gradient(dofs: jax.Array, forward=forward) -> jax.Array:
            return jnp.sum(forward(dofs) ** 2)

        for kind, call in (("forward", forward), ("gradient", gradient)):
            first, steady = time_calls(lambda c=call, d=dofs: c(d), 5 if settings.quick else 30)
            metrics |= {f"{name}_{kind}_first": first, f"{name}_{kind}": steady}
    return metrics


def lookup(settings: Settings) -> dict[str, Metric]:
    """Distance and normal at 204,800 points about a ball, forward and with the gradient."""
    ball = Object.from_mesh(trimesh.creation.icosphere(subdivisions=3, radius=0.04))
    points = 0.05 * jax.random.normal(jax.random.key(0), (204_800, 3))
    grid = ball.arrays.grid
    forward = jax.jit(distance.query)
    gradient = jax.jit(jax.grad(lambda points: jnp.sum(distance.query(grid, points)[0])))
    repeats = 5 if settings.quick else 30
    first, steady = time_calls(lambda: forward(grid, points), repeats)
    first_gradient, steady_gradient = time_calls(lambda: gradient(points), repeats)
    rate = Metric(
        value=len(points) / (1e3 * steady.value), unit="million points/s", better="higher"
    )
    return {
        "first": first,
        "forward": steady,
        "rate": rate,
        "gradient_first": first_gradient,
        "gradient": steady_gradient,
    }


def views(settings: Settings) -> dict[str, Metric]:
    """The pictures that a planner's model is shown of an object: all sides, parts numbered."""
    picturing = Picturing(first_object(settings), Hand.load(settings.hands[0]), max_side=2048)
    first, steady = time_calls(lambda: len(picturing.parts()), settings.repeats)
    return {"first": first, "steady": steady}


def validation(settings: Settings) -> dict[str, Metric]:
    """Verdicts of the six-direction test on refined grasps, by each engine made for the device.

    MJX is left out on a CPU, where it takes minutes: `python -m benchmarks.engines` has it there.
    """
    hand, obj = Hand.load(settings.hands[0]), first_object(settings)
    num = settings.num or (16 if settings.quick else 128)
    grasps = synthesize(TASK, obj, hand, num=num, planner="rules", validate=False)
    metrics = {}
    for backend in ("mujoco",) if jax.default_backend() == "cpu" else ("mujoco", "mjx"):
        first, steady = time_calls(
            lambda backend=backend: (
                rollout(hand, obj, grasps.poses, engine=EngineOptions(backend=backend)).held
            ),
            3,
        )
        rate = Metric(value=1e3 * num / steady.value, unit="verdicts/s", better="higher")
        metrics |= {f"{backend}/first": first, f"{backend}/steady": steady, f"{backend}/rate": rate}
    return metrics


def end_to_end(settings: Settings) -> dict[str, Metric]:
    """From a task and a mesh to tested grasps with the offline planner, first and second call."""
    hand = Hand.load("allegro")
    box = Object.from_mesh(trimesh.creation.box((0.05, 0.06, 0.12)))
    num, seconds, held = (64 if settings.quick else 256), [], []
    for seed in range(2 if settings.quick else 4):
        start = time.perf_counter()
        grasps = synthesize(
            "lift it", box, hand, num=num, key=jax.random.key(seed), planner="rules"
        )
        seconds.append(time.perf_counter() - start)
        held.append(float(np.sum(grasps.held)))
    rates = [h / s for h, s in zip(held[1:], seconds[1:], strict=True)]
    return {
        "first": Metric.of(seconds[:1], "s", "lower"),
        "warm": Metric.of(seconds[1:], "s", "lower"),
        "held_rate": Metric.of(rates, "held grasps/s", "higher"),
    }


WORKLOADS: dict[str, Workload] = {
    "kinematics": kinematics,
    "lookup": lookup,
    "views": views,
    "validation": validation,
    "end_to_end": end_to_end,
    "energy": measure_energies,
    "step": measure_step,
    "stages": measure_stages,
    "synthesis": measure_synthesis,
    "first": measure_first,
    "yield": measure_yield,
}
"""All workloads; add one here."""
