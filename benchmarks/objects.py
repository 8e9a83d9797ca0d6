"""Objects: how long they take to prepare, how exact they are, how fast the look-up is.

    python -m benchmarks.objects --out objects.json [--objects FOLDER] [--only NAME]

A row an object: seconds to prepare, on the clock and of processors (all threads), seconds to load
from the cache, errors of the distance field and of the convex pieces' union [mm], wrong signs
farther than 1 mm from the surface [%], pieces, parts. Where FOLDER holds `parts.json`, also how
much of each part that it names the best part or group overlaps (intersection over union of
surface).
A summary; and milliseconds of a look-up with gradient of 200 points for each of 1024 hands, beside
the time that a copy of the bytes it cannot do without takes.
"""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import click
import igl
import jax
import jax.numpy as jnp
import numpy as np
import trimesh

from benchmarks import reports, written
from benchmarks.settings import OBJECTS, Settings, sources
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.kernels import distance
from zdg_jax.objects import Object, convex

_HANDS, _POINTS = 1024, 200


def measure_object(
    name: str, mesh: pathlib.Path | trimesh.Trimesh, scale: float
) -> tuple[dict[str, Any], Object]:
    """Preparation time and accuracy of one mesh, in an empty cache."""
    seconds, processors = [], []
    with tempfile.TemporaryDirectory() as folder:
        empty_cache = mock.patch.dict(os.environ, ZDG_CACHE_DIR=folder)
        for _ in range(2):
            start, used = time.perf_counter(), time.process_time()
            with empty_cache:
                thing = Object.from_mesh(mesh, scale=scale, name=name)
            jax.block_until_ready(thing.arrays)
            seconds.append(time.perf_counter() - start)
            processors.append(time.process_time() - used)
    vertices = np.ascontiguousarray(thing.vertices, np.float64)
    faces = np.ascontiguousarray(thing.faces, np.int64)
    surface = trimesh.Trimesh(vertices, faces, process=False)
    on, _ = trimesh.sample.sample_surface(surface, 20_000, seed=0)
    rng = np.random.default_rng(0)
    ray = rng.normal(size=on.shape)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    points = np.ascontiguousarray(on + ray * rng.uniform(0, 0.02, (len(on), 1)))
    squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
    inside = igl.fast_winding_number(vertices, faces, points) > 0.5
    queried, _ = distance.query(thing.arrays.grid, jnp.asarray(points, jnp.float32))
    grid_distance = np.asarray(queried)
    error = 1e3 * np.abs(grid_distance - np.sqrt(squared) * np.where(inside, -1, 1))
    wrong = ((grid_distance < 0) != inside)[squared > 1e-6]

    shell, shell_faces = convex.union(thing.pieces)
    back_points, _ = trimesh.sample.sample_surface(
        trimesh.Trimesh(shell, shell_faces, process=False), 8000, seed=0
    )
    forth = igl.point_mesh_squared_distance(on[:8000], np.ascontiguousarray(shell), shell_faces)[0]
    back = igl.point_mesh_squared_distance(np.ascontiguousarray(back_points), vertices, faces)[0]
    row: dict[str, Any] = {
        "object": thing.name,
        "prepare_s": round(seconds[0], 2),
        "prepare_cpu_s": round(processors[0], 2),
        "cached_s": round(seconds[1], 3),
        "distance_mean_mm": round(float(error.mean()), 3),
        "distance_p99_mm": round(float(np.percentile(error, 99)), 3),
        "wrong_sign_percent": round(100 * float(wrong.mean()), 3),
        "pieces_to_mesh_mm": round(1e3 * float(np.sqrt(back).mean()), 3),
        "mesh_to_pieces_mm": round(1e3 * float(np.sqrt(forth).mean()), 3),
        "pieces": len(thing.pieces),
        "parts": len(thing.parts),
    }
    return row, thing


def measure_lookup(thing: Object) -> dict[str, float]:
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
    seconds = _best(lambda: run(points, thing.arrays.grid))
    copied = _best(lambda: copy(source))
    # a point read, its row read, its gradient written; the copy reads and writes each number
    least = _HANDS * _POINTS * (12 + 16 + 12) / (2 * source.nbytes / copied)
    return {
        "lookup_ms": round(1e3 * seconds, 3),
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


def overlaps(thing: Object, rules: written.Rules) -> dict[str, float]:
    """Overlap of each part that rules name with the part or group that fits it best."""
    names, labels = written.face_labels(thing, rules)
    _, area = facets(thing.vertices, thing.faces)
    sets = [(part.mark,) for part in thing.parts] + list(thing.groups)
    segments = [np.isin(thing.face_parts, marks) for marks in sets]
    results = {}
    for number, name in enumerate(names):
        truth = labels == number
        shares = [area[truth & part].sum() / area[truth | part].sum() for part in segments]
        results[name] = round(float(max(shares)), 3)
    return results


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Median and worst of every number of the rows, and the mean overlap of all named parts."""
    results = {}
    for name in (name for name, value in rows[0].items() if isinstance(value, float)):
        values = [row[name] for row in rows]
        results[f"{name}_median"] = round(float(np.median(values)), 3)
        results[f"{name}_worst"] = max(values)
    shares = [share for row in rows for share in row.get("overlap", {}).values()]
    return results | ({"overlap_mean": round(float(np.mean(shares)), 3)} if shares else {})


@click.command()
@click.option("--objects", type=click.Path(path_type=pathlib.Path), default=OBJECTS)
@click.option("--only", multiple=True, help="An object's name; all of the folder's by default.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def main(objects: pathlib.Path, only: tuple[str, ...], out: pathlib.Path) -> None:
    """Measures the preparation of objects and writes OUT."""
    environment, rows = reports.environment(), []
    named = objects / "parts.json"
    parts = json.loads(named.read_text()) if named.is_file() else {}
    for name, (mesh, scale) in sources(Settings(objects=objects, only=only)).items():
        row, thing = measure_object(name, mesh, scale)
        if name in parts:
            row["overlap"] = overlaps(thing, parts[name])
        rows.append(row)
        click.echo(json.dumps(row))
    results = {"summary": summary(rows), "lookup": measure_lookup(thing)}
    click.echo(json.dumps(results))
    reports.write(out, environment, **results, objects=rows)


if __name__ == "__main__":
    main()
