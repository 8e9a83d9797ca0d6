"""Objects: how long they take to prepare, how exact they are, how fast the look-up is.

    python -m benchmarks.objects mug.stl knife.stl --scale 1.0 --out objects.json

A row a mesh: seconds to prepare, on the clock and of processors (all threads), seconds to load
from the cache, errors of the distance field and of the convex pieces' union [mm], wrong signs
farther than 1 mm from the surface [%], pieces, parts.
A last row: milliseconds of a look-up with gradient of 200 points for each of 1024 hands, beside
the time that a copy of the bytes it cannot do without takes.
"""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import time
from collections.abc import Callable

import click
import igl
import jax
import jax.numpy as jnp
import numpy as np
import trimesh
from zdg_jax.kernels import distance

from zdg_jax.objects import Object, convex

_HANDS, _POINTS = 1024, 200


def measure_object(path: pathlib.Path, scale: float) -> tuple[dict[str, float | str], Object]:
    """Preparation time and accuracy of one mesh, in an empty cache."""
    seconds, processors = [], []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZDG_CACHE_DIR"] = folder
        for _ in range(2):
            start, used = time.perf_counter(), time.process_time()
            thing = Object.from_mesh(path, scale=scale)
            jax.block_until_ready(thing.arrays)
            seconds.append(time.perf_counter() - start)
            processors.append(time.process_time() - used)
    vertices = np.ascontiguousarray(thing.vertices, np.float64)
    faces = np.ascontiguousarray(thing.faces, np.int64)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    on, _ = trimesh.sample.sample_surface(mesh, 20_000, seed=0)
    rng = np.random.default_rng(0)
    ray = rng.normal(size=on.shape)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    points = np.ascontiguousarray(on + ray * rng.uniform(0, 0.02, (len(on), 1)))
    squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
    inside = igl.fast_winding_number(vertices, faces, points) > 0.5
    found = np.asarray(distance.query(thing.arrays.grid, jnp.asarray(points, jnp.float32))[0])
    error = 1e3 * np.abs(found - np.sqrt(squared) * np.where(inside, -1, 1))
    wrong = ((found < 0) != inside)[squared > 1e-6]

    shell, shell_faces = convex.union(thing.pieces)
    back_points, _ = trimesh.sample.sample_surface(
        trimesh.Trimesh(shell, shell_faces, process=False), 8000, seed=0
    )
    there = igl.point_mesh_squared_distance(on[:8000], np.ascontiguousarray(shell), shell_faces)[0]
    back = igl.point_mesh_squared_distance(np.ascontiguousarray(back_points), vertices, faces)[0]
    row: dict[str, float | str] = {
        "object": thing.name,
        "prepare_s": round(seconds[0], 2),
        "prepare_cpu_s": round(processors[0], 2),
        "cached_s": round(seconds[1], 3),
        "distance_mean_mm": round(float(error.mean()), 3),
        "distance_p99_mm": round(float(np.percentile(error, 99)), 3),
        "wrong_sign_percent": round(100 * float(wrong.mean()), 3),
        "pieces_to_mesh_mm": round(1e3 * float(np.sqrt(back).mean()), 3),
        "mesh_to_pieces_mm": round(1e3 * float(np.sqrt(there).mean()), 3),
        "pieces": len(thing.pieces),
        "parts": len(thing.parts),
    }
    return row, thing


def measure_lookup(thing: Object) -> dict[str, float | str]:
    """Time of one look-up with gradient for a batch of hands near the surface."""
    rng = np.random.default_rng(0)
    samples = np.asarray(thing.arrays.samples.points)
    near = samples[rng.integers(len(samples), size=(_HANDS, 20))][:, :, None]
    spread = 0.01 * rng.normal(size=(_HANDS, 20, _POINTS // 20, 3))
    points = jnp.asarray((near + spread).reshape(_HANDS, _POINTS, 3), jnp.float32)

    def penalty(points: jax.Array, grid: distance.DistanceGrid) -> jax.Array:
        return jnp.sum(jax.nn.relu(0.002 - distance.query(grid, points)[0]))

    run = jax.jit(jax.vmap(jax.value_and_grad(penalty), in_axes=(0, None)))
    source = jnp.zeros(2**25, jnp.float32)
    copy = jax.jit(lambda x: x + 1)
    found = _best(lambda: run(points, thing.arrays.grid))
    copied = _best(lambda: copy(source))
    # a point read, its row read, its gradient written; the copy reads and writes each number
    least = _HANDS * _POINTS * (12 + 16 + 12) / (2 * source.nbytes / copied)
    return {
        "device": jax.local_devices()[0].device_kind,
        "lookup_ms": round(1e3 * found, 3),
        "least_by_bandwidth_ms": round(1e3 * least, 3),
        "copy_gb_per_s": round(2 * source.nbytes / copied / 1e9, 2),
    }


def _best(run: Callable[[], object], repeats: int = 30) -> float:
    """Shortest of several runs, after a warm-up [s]."""
    jax.block_until_ready(run())
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(run())
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@click.command()
@click.argument("meshes", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--scale", default=1.0, show_default=True, help="Factor from the files' unit to m.")
@click.option("--out", type=click.Path(path_type=pathlib.Path), help="JSON file of the rows.")
def main(meshes: tuple[pathlib.Path, ...], scale: float, out: pathlib.Path | None) -> None:
    """Measures the preparation of objects."""
    rows = []
    for path in meshes:
        row, thing = measure_object(path, scale)
        rows.append(row)
        click.echo(json.dumps(row))
    rows.append(measure_lookup(thing))
    click.echo(json.dumps(rows[-1]))
    if out:
        out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
