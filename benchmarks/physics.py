"""Physics throughput: Warp and MJX by batch size and number of pieces, beside the C engine.

    python -m benchmarks.physics --hand allegro --pieces 1 --pieces 4 --batch 64 --engine warp

Each row: seconds to compile, steps a second over all rollouts, and the memory that JAX took. The
hand closes round a cylinder that is cut into the given number of convex slices.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import pathlib
import sys
import time

import click
import jax
import numpy as np
import trimesh

from benchmarks import reports
from zdg_jax.hand import Hand
from zdg_jax.validation import Engine, MjxEngine, MjxOptions, WarpEngine, six_directions
from zdg_jax.validation.batched.engine import BatchedEngine
from zdg_jax.validation.batched.program import SINGLE, State
from zdg_jax.validation.mjx.simplified import PRECISIONS
from zdg_jax.validation.mujoco.simulation import Simulation
from zdg_jax.validation.scene import CompiledScene, HandLike

_RADIUS, _LENGTH = 0.03, 0.12


@dataclasses.dataclass(frozen=True)
class _Piece:
    vertices: np.ndarray
    faces: np.ndarray


@dataclasses.dataclass(frozen=True)
class Cylinder:
    """A cylinder in slices along its axis."""

    slices: int
    name: str = "cylinder"
    mass: float = 0.2
    friction: float = 0.6

    @property
    def pieces(self) -> tuple[_Piece, ...]:
        """The slices."""
        height = _LENGTH / self.slices
        mesh = trimesh.creation.cylinder(_RADIUS, height, sections=16)
        return tuple(
            _Piece(
                mesh.vertices + np.array([0, 0, (i + 0.5) * height - _LENGTH / 2]),
                np.asarray(mesh.faces),
            )
            for i in range(self.slices)
        )


def closing_pose(scene: CompiledScene) -> tuple[np.ndarray, np.ndarray]:
    """A pose (7 + j,) with the object between palm and fingers, and targets (nu,) that close it.

    From amid the links the object goes away from the heaviest one, the palm, until it is clear.
    """
    model = scene.model
    ranges = np.where(model.jnt_limited[1:-1, None], model.jnt_range[1:-1], [[0.0, 1.0]])
    pose = np.concatenate([[0, 0, 0, 1, 0, 0, 0], ranges @ [0.8, 0.2]])
    simulation = Simulation(scene)
    simulation.reset(pose)
    links = np.unique(scene.link_of_geom[scene.link_of_geom >= 0])
    middle = simulation.data.xipos[links].mean(axis=0)
    away = middle - simulation.data.xipos[links[np.argmax(model.body_mass[links])]]
    for shift in np.arange(0.0, 0.2, 0.003):
        pose[:3] = -middle - shift * away / np.linalg.norm(away)
        simulation.reset(pose)
        if simulation.penetration().with_object < 1e-3:
            break
    return pose, scene.ctrl_from_joints @ (ranges @ [0.4, 0.6])


def measure(
    engine: BatchedEngine, slices: int, batch: int, steps: int
) -> dict[str, float | int | str]:
    """Compile time, throughput and memory of one program."""
    scene, program = engine.scene, engine.program
    pose, ctrl = closing_pose(scene)
    wrench = np.zeros((batch, 6))
    with jax.numpy_dtype_promotion("standard"):
        state = State.at_rest(scene.model, np.tile(pose, (batch, 1)), np.tile(ctrl, (batch, 1)))
        start = time.perf_counter()
        state, _ = program.run(state, wrench, 1)
        compiled = time.perf_counter()
        _, missed = program.run(state, wrench, steps)
    elapsed = time.perf_counter() - compiled
    memory = jax.local_devices()[0].memory_stats() or {}
    return {
        "engine": engine.name,
        "pieces": slices,
        "batch": batch,
        "single": SINGLE in scene.changes,
        "compile_s": round(compiled - start, 2),
        "steps_per_s": round(batch * steps / elapsed, 1),
        "missed": int(missed.sum()),
        "peak_memory_mb": round(memory.get("peak_bytes_in_use", 0) / 1e6, 1),
    }


def measure_c(hand: HandLike, slices: int, steps: int) -> dict[str, float | int | str]:
    """Throughput of the C engine on one thread, with the full scene."""
    scene = Engine(hand, Cylinder(slices), six_directions, threads=1).scene
    pose, ctrl = closing_pose(scene)
    simulation = Simulation(scene)
    simulation.reset(pose)
    simulation.data.ctrl[:] = ctrl
    start = time.perf_counter()
    simulation.step(steps)
    return {
        "engine": "mujoco, one thread",
        "pieces": slices,
        "steps_per_s": round(steps / (time.perf_counter() - start), 1),
    }


@click.command()
@click.option("--hand", default="allegro", show_default=True, help="Shipped hand or MJCF file.")
@click.option(
    "--engine", "engines", multiple=True, type=click.Choice(["warp", "mjx"]), default=("warp",),
    show_default=True,
)  # fmt: skip
@click.option("--pieces", multiple=True, type=int, default=(1, 4, 16), show_default=True)
@click.option("--batch", multiple=True, type=int, default=(64, 1024, 4096), show_default=True)
@click.option("--steps", default=100, show_default=True, help="Steps timed after compiling.")
@click.option("--precision", default="auto", show_default=True, help=f"{', '.join(PRECISIONS)}.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file of the rows.")
def main(
    hand: str,
    engines: tuple[str, ...],
    pieces: tuple[int, ...],
    batch: tuple[int, ...],
    steps: int,
    precision: str,
    out: pathlib.Path | None,
) -> None:
    """Measures physics throughput."""
    options = MjxOptions(precision=precision)
    environment, loaded, rows = reports.environment(), Hand.load(hand), []
    for slices in pieces:
        thing = Cylinder(slices)
        rows.append(measure_c(loaded, slices, steps))
        click.echo(json.dumps(rows[-1]))
        for name, size in itertools.product(engines, batch):
            engine = (
                WarpEngine(loaded, thing, six_directions, batch=size)
                if name == "warp"
                else MjxEngine(loaded, thing, six_directions, batch=size, options=options)
            )
            rows.append(measure(engine, slices, size, steps))
            click.echo(json.dumps(rows[-1]))
    reports.write(out, environment | {"hand": loaded.name}, rows=rows)


if __name__ == "__main__":
    sys.exit(main())
