"""What the compiled programs are made of, without a device: lowered for CUDA and TPU, and floors.

    python -m benchmarks.lowering counts [--write]     # custom calls, double precision
    python -m benchmarks.lowering floors [--batch 4096] [--measure] [--out lowering.json]

`counts` exports every program of the road for both platforms and compares what it finds with
`results/lowering.json`, which `--write` renews. `floors` asks XLA how many operations, bytes and
kernels a step of the refinement has, and says how long these take at least on an H100 and here;
`--measure` puts the time that a step takes on the device at hand beside it.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
import pathlib
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click
import jax
import jax.numpy as jnp
from jax import export

from benchmarks import reports
from benchmarks.cases import first_pipeline, repeat
from benchmarks.floors import arithmetic, bandwidth, products
from benchmarks.metrics import time_calls
from benchmarks.settings import Settings
from zdg_jax import synthesis
from zdg_jax.runtime.ahead import trace_calls
from zdg_jax.synthesis.antipodal import antipodal_pairs
from zdg_jax.synthesis.pipeline import GraspPipeline
from zdg_jax.validation import MjxOptions, six_directions
from zdg_jax.validation.mjx.patches import patched
from zdg_jax.validation.mjx.simplified import build_mjx
from zdg_jax.validation.scene import HandLike, ObjectLike

PLATFORMS = ("cuda", "tpu")
COUNTS = pathlib.Path(__file__).with_name("results") / "lowering.json"
"""Counts that the programs had when they were last looked at."""
_GRASPS = 32
_LAUNCH = 2e-6
"""Time that a GPU takes to start a kernel at least [s]; a guess."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """Rates of a machine at its best."""

    name: str
    """Name in tables."""
    bandwidth: float
    """Bytes a second to and from memory."""
    arithmetic: float
    """Operations in single precision a second, without matrix units."""
    launch: float
    """Time to start a kernel [s]."""


H100 = Machine(name="H100", bandwidth=3.35e12, arithmetic=67e12, launch=_LAUNCH)
"""The SXM card, from NVIDIA's data sheet of the H100."""


def program_names() -> frozenset[str]:
    """Names of the compiled functions of rows in the synthesis."""
    compiled = type(jax.jit(lambda x: x))
    names = set()
    for info in pkgutil.iter_modules(synthesis.__path__, synthesis.__name__ + "."):
        for value in vars(importlib.import_module(info.name)).values():
            shared = not isinstance(value, compiled)  # among devices
            if shared and isinstance(getattr(value, "__wrapped__", None), compiled):
                names.add(value.__name__)
    return frozenset(names)


def counts_of_road(pipeline: GraspPipeline) -> Iterator[tuple[str, dict[str, Any]]]:
    """Custom calls and double-precision values of each program on each platform, by name.

    Nothing is compiled: the road from seeds to metrics is traced, and what prepares a grip's seeds.
    The fit runs on the host.

    Args:
        pipeline: prepared stages.
    """
    calls: dict[str, tuple[Any, tuple[Any, ...]]] = {}
    proposal = pipeline.grip().proposal  # prepared, it is not traced

    def road(key: jax.Array) -> Any:
        span = jnp.max(proposal.preshapes.width)
        pairs = antipodal_pairs(proposal.problem, span, proposal.config.pairs)
        return pairs, pipeline.without_fit(_GRASPS, key)

    trace_calls(
        lambda program, given: calls.setdefault(program.__name__, (program.jitted, given)),
        road,
        jax.random.key(0),
    )
    for name, (program, given) in calls.items():
        for platform in PLATFORMS:
            yield f"{name} {platform}", counts(program, given, platform)


def counts_of_mjx(hand: HandLike, obj: ObjectLike) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same of a step of MJX in the scene that is simplified for it.

    In the precision that is the platform's: double but on TPUs.

    Args:
        hand: the hand.
        obj: the object.
    """
    from mujoco import mjx

    physics, solver = six_directions.physics, six_directions.solver
    model = build_mjx(hand, obj, physics, solver, MjxOptions()).model
    for platform in PLATFORMS:
        double = platform != "tpu"
        with jax.enable_x64(double), jax.numpy_dtype_promotion("standard"), patched():
            placed, data = mjx.put_model(model), mjx.make_data(model)
            states = jax.eval_shape(
                lambda data: jax.tree.map(lambda leaf: jnp.stack([leaf] * 2), data), data
            )
            step = jax.jit(jax.vmap(functools.partial(mjx.step, placed)))
            yield f"mjx {platform}", counts(step, (states,), platform)


def counts(program: Any, arguments: tuple[Any, ...], platform: str) -> dict[str, Any]:
    """What a compiled function becomes on a platform.

    Args:
        program: made by `jax.jit`.
        arguments: what it is called with, or their shapes and types.
        platform: `cuda` or `tpu`.
    """
    exported = export.export(program, platforms=[platform])(*arguments)
    return counts_of_text(exported.mlir_module())


def counts_of_text(module: str) -> dict[str, Any]:
    """Custom calls by name and the number of lines with values of double precision."""
    calls = Counter(re.findall(r"stablehlo\.custom_call @([\w.]+)", module))
    doubles = sum("f64>" in line for line in module.splitlines())
    return {"custom_calls": dict(sorted(calls.items())), "doubles": doubles}


def step_program(pipeline: GraspPipeline, batch: int) -> tuple[Any, tuple[Any, ...]]:
    """One step of the refinement of `batch` grasps, and its arguments."""
    problem, refiner = pipeline.grip().problem, pipeline.refiner
    variables, pattern = repeat(pipeline.seeds(16, jax.random.key(0)), batch)
    states = jax.vmap(functools.partial(refiner.init, problem))(variables, pattern)
    step = jax.jit(jax.vmap(refiner.step, in_axes=(None, 0, 0)))
    return step, (problem, pattern, states)


def step_costs(compiled: Any, arguments: tuple[Any, ...]) -> dict[str, float]:
    """Operations, bytes and kernels of a compiled step, as XLA counts them after fusion.

    `traffic` counts the bytes that kernels read and write, intermediate results too, but not what
    all grasps share; `state` only what a step must read and write of its grasps.

    Args:
        compiled: a compiled `step_program`.
        arguments: what it is called with.
    """
    costs = compiled.cost_analysis()
    entry = compiled.as_text().partition("ENTRY")[2]
    kernels = len(
        re.findall(r"= \S+ (?:fusion|dot|custom-call|call|while|sort|scatter|gather)\(", entry)
    )
    _, pattern, states = arguments
    own = sum(leaf.nbytes for leaf in jax.tree.leaves((pattern, states)))
    shared = compiled.memory_analysis().argument_size_in_bytes - own
    return {
        "operations": float(costs["flops"]),
        "traffic": float(costs["bytes accessed"] - shared),
        "state": float(own + sum(leaf.nbytes for leaf in jax.tree.leaves(states))),
        "kernels": float(kernels),
    }


def traffic(costs: dict[str, float], machine: Machine) -> float:
    """Milliseconds that a step's traffic takes where no cache spares any of it.

    Args:
        costs: from `step_costs`.
        machine: where.
    """
    return 1e3 * costs["traffic"] / machine.bandwidth


def floors(costs: dict[str, float], machine: Machine) -> dict[str, float]:
    """Milliseconds that a step takes on a machine at least, by what bounds it.

    Args:
        costs: from `step_costs`.
        machine: where.
    """
    return {
        "arithmetic": 1e3 * costs["operations"] / machine.arithmetic,
        "state": 1e3 * costs["state"] / machine.bandwidth,
        "launches": 1e3 * costs["kernels"] * machine.launch,
    }


def here() -> Machine:
    """The device at hand, by its measured rates."""
    launch = 0.0 if jax.default_backend() == "cpu" else _LAUNCH
    return Machine(
        name=jax.devices()[0].device_kind,
        bandwidth=bandwidth(),
        arithmetic=max(arithmetic(), products()),
        launch=launch,
    )


def _words(row: dict[str, Any]) -> str:
    """A line: what bounds the step on each machine, and what it took."""
    parts = []
    for machine, times in row["floors_ms"].items():
        bound = max(times, key=times.__getitem__)
        whole = row["traffic_ms"][machine]
        parts.append(f"{machine} at least {times[bound]:.3g} ms ({bound}), traffic {whole:.3g} ms")
    if "measured_ms" in row:
        parts.append(f"measured {row['measured_ms']:.3g} ms")
    return f"a step of {row['batch']} grasps: " + "; ".join(parts)


@click.group()
def main() -> None:
    """Tells what the compiled programs are made of."""


@main.command("counts")
@click.option("--hand", default="allegro", show_default=True)
@click.option("--write", is_flag=True, help="Renew the kept counts.")
def count(hand: str, write: bool) -> None:
    """Counts custom calls and double precision, and compares them with those that are kept."""
    pipeline = first_pipeline(Settings(hands=(hand,), objects=None))
    found = dict(counts_of_road(pipeline)) | dict(counts_of_mjx(pipeline.hand, pipeline.object))
    if write:
        COUNTS.write_text(json.dumps({"jax": jax.__version__, "programs": found}, indent=1) + "\n")
    kept = json.loads(COUNTS.read_text())
    for name, row in found.items():
        before = kept["programs"].get(name)
        print(name, json.dumps(row), "" if row == before else f"before: {json.dumps(before)}")
    sys.exit(found != kept["programs"])


@main.command("floors")
@click.option("--hand", default="allegro", show_default=True)
@click.option("--objects", type=click.Path(path_type=pathlib.Path))
@click.option("--batch", "batches", multiple=True, type=int, default=(1024, 4096, 16384))
@click.option("--measure", is_flag=True, help="Time the step on the device at hand, too.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file to write.")
def predict(
    hand: str,
    objects: pathlib.Path | None,
    batches: tuple[int, ...],
    measure: bool,
    out: pathlib.Path | None,
) -> None:
    """Says how long a step of the refinement takes at least."""
    environment, rows = reports.environment(), []
    pipeline = first_pipeline(Settings(hands=(hand,), objects=objects))
    machines = (H100, here())
    for batch in batches:
        step, arguments = step_program(pipeline, batch)
        compiled = step.lower(*arguments).compile()
        costs = step_costs(compiled, arguments)
        row: dict[str, Any] = {"batch": batch, "costs": costs}
        row["floors_ms"] = {machine.name: floors(costs, machine) for machine in machines}
        row["traffic_ms"] = {machine.name: traffic(costs, machine) for machine in machines}
        if measure:
            _, steady = time_calls(lambda call=compiled, a=arguments: call(*a), 10)
            row["measured_ms"] = steady.value
        rows.append(row)
        print(_words(row), flush=True)
        reports.write(
            out, environment, machines=[dataclasses.asdict(m) for m in machines], steps=rows
        )


if __name__ == "__main__":
    main()
