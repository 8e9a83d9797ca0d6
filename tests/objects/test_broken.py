"""Broken meshes: each gives an object or one clear error, in bounded time and memory."""

import functools
import resource

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zdg_jax.errors import InputError
from zdg_jax.objects import Object, cleaning, loading


@functools.cache
def _whole() -> trimesh.Trimesh:
    return trimesh.creation.capsule(height=0.08, radius=0.02)


def _cut_bytes(rng: np.random.Generator, folder) -> object:
    kind = rng.choice(["stl", "ply", "off", "obj", "glb"])
    content = _whole().export(file_type=kind)
    content = content.encode() if isinstance(content, str) else content
    path = folder / f"cut.{kind}"
    path.write_bytes(content[: int(rng.integers(0, len(content)))])
    return path


def _flipped_bytes(rng: np.random.Generator, folder) -> object:
    kind = rng.choice(["stl", "ply", "off", "obj", "glb"])
    content = _whole().export(file_type=kind)
    content = bytearray(content.encode() if isinstance(content, str) else content)
    for place in rng.integers(0, len(content), 20):
        content[place] = rng.integers(256)
    path = folder / f"bits.{kind}"
    path.write_bytes(bytes(content))
    return path


def _vertices(rng: np.random.Generator, folder) -> object:
    vertices = _whole().vertices.copy()
    some = rng.random(len(vertices)) < rng.choice([0.01, 0.3, 1.0])
    vertices[some] = rng.choice([np.nan, np.inf, -np.inf, 1e30, 0.0])
    return vertices, _whole().faces


def _faces(rng: np.random.Generator, folder) -> object:
    faces = _whole().faces.copy()
    keep = rng.random(len(faces)) < rng.choice([0.01, 0.5, 0.95])
    turned = rng.random(len(faces)) < rng.choice([0.0, 0.1, 1.0])
    faces[turned] = faces[turned, ::-1]
    faces[rng.random(len(faces)) < 0.02] = rng.integers(len(_whole().vertices), size=3)[[0, 0, 1]]
    return _whole().vertices, faces[keep]


def _units(rng: np.random.Generator, folder) -> object:
    return _whole().vertices * 10.0 ** rng.integers(-6, 7), _whole().faces


def _noise(rng: np.random.Generator, folder) -> object:
    count = int(rng.integers(1, 40))
    return rng.normal(size=(count, 3)) * 0.05, rng.integers(count, size=(int(rng.integers(60)), 3))


def _scene(rng: np.random.Generator, folder) -> object:
    scene = trimesh.Scene()
    for index in range(40):
        move = trimesh.transformations.translation_matrix(rng.uniform(-0.1, 0.1, 3))
        scene.add_geometry(_whole(), node_name=f"body{index}", transform=move)
    path = folder / "scene.glb"
    scene.export(path)
    return path


_KINDS = (_cut_bytes, _flipped_bytes, _vertices, _faces, _units, _noise, _scene)


def _one_line(error: InputError) -> bool:
    """False, after a look at the message."""
    message = str(error)
    assert message
    assert "\n" not in message
    return False


def _reads(thing: object) -> bool:
    """Whether reading and cleaning succeed; anything but an InputError escapes."""
    try:
        raw = loading.read(thing)  # type: ignore[arg-type]
        vertices, faces, kept = cleaning.clean(raw, 1.0)
    except InputError as error:
        return _one_line(error)
    assert np.isfinite(vertices).all()
    assert faces.min() >= 0
    assert faces.max() < len(vertices)
    assert len(kept) == len(faces)
    return True


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(_KINDS), seed=st.integers(0, 2**31))
def test_reading_gives_triangles_or_one_line(tmp_path, kind, seed):
    _reads(kind(np.random.default_rng(seed), tmp_path))


@pytest.mark.slow
def test_three_hundred_broken_meshes_become_objects_or_one_line(tmp_path):
    made = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        thing = _KINDS[seed % len(_KINDS)](rng, tmp_path)
        if seed % 5:
            _reads(thing)
            continue
        try:
            found = Object.from_mesh(thing, cache=False)
        except InputError as error:
            _one_line(error)
            continue
        made += 1
        assert np.isfinite(np.asarray(found.arrays.grid.cells)).all()
        assert found.volume > 0
    assert made > 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6  # kilobytes on Linux


@pytest.mark.slow
def test_five_million_triangles_are_refused_within_memory(tmp_path):
    side = 1600
    i = np.arange(side * side).reshape(side, side)
    faces = np.concatenate(
        [
            np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:]], axis=-1).reshape(-1, 3),
            np.stack([i[:-1, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 3),
        ]
    )
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, side), np.linspace(0, np.pi, side))
    ball = np.stack(
        [np.cos(around) * np.sin(down), np.sin(around) * np.sin(down), np.cos(down)], axis=-1
    )
    ball = 0.05 * ball.reshape(-1, 3)
    with pytest.raises(InputError, match="triangles; the limit is"):
        Object.from_mesh((ball, faces), cache=False)
    path = tmp_path / "ball.stl"
    trimesh.Trimesh(ball, faces, process=False).export(path)
    with pytest.raises(InputError, match="MB; the limit is"):
        Object.from_mesh(path, cache=False)
    most = Object.from_mesh((ball, faces[: cleaning.MOST_FACES]), cache=False)
    assert len(most.faces) <= 100_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6
