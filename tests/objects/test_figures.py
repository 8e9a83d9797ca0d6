"""The figures that an object has to reach, on the scanned objects of the test assets."""

from __future__ import annotations

import csv
import json
import pathlib

import igl
import jax.numpy as jnp
import numpy as np
import pytest
import trimesh

from benchmarks.objects import overlaps
from zdg_jax.kernels import distance
from zdg_jax.objects import Object, convex

pytestmark = pytest.mark.slow

_ASSETS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "assets" / "objects"


def _rows() -> list[dict[str, str]]:
    index = _ASSETS / "index.csv"
    return list(csv.DictReader(index.read_text().splitlines())) if index.is_file() else []


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row["name"])
def test_distances_and_pieces(row: dict[str, str], assets: pathlib.Path) -> None:
    thing = Object.from_mesh(assets / row["file"], scale=float(row["scale_to_m"]))
    vertices = np.ascontiguousarray(thing.vertices, np.float64)
    faces = np.ascontiguousarray(thing.faces, np.int64)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    on, _ = trimesh.sample.sample_surface(mesh, 20_000, seed=0)
    rng = np.random.default_rng(0)
    ray = rng.normal(size=on.shape)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    points = np.ascontiguousarray(on + ray * rng.uniform(0, 0.02, (len(on), 1)))
    squared, _, closest = igl.point_mesh_squared_distance(points, vertices, faces)
    inside = igl.fast_winding_number(vertices, faces, points) > 0.5
    exact = np.sqrt(squared) * np.where(inside, -1, 1)
    found, normal = distance.query(thing.arrays.grid, jnp.asarray(points, jnp.float32))
    error = np.abs(np.asarray(found) - exact)
    assert error.mean() < 2e-4
    assert np.percentile(error, 99) < 1e-3
    clear = np.abs(exact) > 1e-3
    assert np.mean((np.asarray(found) < 0) == (exact < 0), where=clear) > 0.999
    outward = (points - closest) / np.where(exact == 0, 1, exact)[:, None]
    cosine = np.clip(np.sum(outward * np.asarray(normal), axis=-1), -1, 1)
    assert np.degrees(np.median(np.arccos(cosine))) < 5

    joined = convex.union(thing.pieces)
    shell, _ = trimesh.sample.sample_surface(trimesh.Trimesh(*joined, process=False), 8000, seed=0)
    there, _, _ = igl.point_mesh_squared_distance(
        np.ascontiguousarray(on[:8000]), np.ascontiguousarray(joined[0]), joined[1]
    )
    back, _, _ = igl.point_mesh_squared_distance(np.ascontiguousarray(shell), vertices, faces)
    assert (np.sqrt(there).mean() + np.sqrt(back).mean()) / 2 < 1.5e-3


def test_overlap_of_parts(assets: pathlib.Path) -> None:
    """The overlap (IoU of surface) of all named parts with the part or group that fits best.

    The neck of the bleach bottle ends below at a crease that is on one side only.
    """
    scores: dict[tuple[str, str], float] = {}
    files = {row["name"]: row for row in _rows()}
    for name, rules in json.loads((assets / "parts.json").read_text()).items():
        row = files[name]
        thing = Object.from_mesh(assets / row["file"], scale=float(row["scale_to_m"]))
        scores |= {(name, part): share for part, share in overlaps(thing, rules).items()}
    assert np.mean(list(scores.values())) >= 0.85
    poor = {part for part, share in scores.items() if share < 0.5}
    assert poor <= {("bleach_bottle", "neck")}
