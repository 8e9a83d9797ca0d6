"""Broken meshes in memory and broken settings, by name."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import trimesh

from .broken_files import Case


def cases() -> Iterator[Case]:
    """All of them."""
    for name, make in _SHAPES.items():
        yield name, functools.partial(_made, make)
    for power in range(-6, 7):
        yield f"10^{power} times as large", functools.partial(_scaled, 10.0**power)
    for seed in range(10):
        yield f"random triangles {seed}", functools.partial(_soup, seed)
        yield f"random triangles of {seed + 1} vertices", functools.partial(_few, seed)
    for share in (0.01, 0.1, 0.5, 1.0):
        for what in ("flipped", "missing", "doubled", "NaN", "infinite", "1e30", "zero"):
            yield f"{share} {what}", functools.partial(_damaged, what, share)
    yield "a scene of 40 meshes", functools.partial(_scene, 40, 0.1)
    yield "a scene of 40 meshes a file", _scene_file
    yield "a scene of 400 meshes far apart", functools.partial(_scene, 400, 3.0)
    yield "5 million triangles", functools.partial(_ball, 1600)
    yield "5 million triangles in a file", _ball_file
    yield "2 million triangles", functools.partial(_ball, 1000)
    for kind in ("obj", "off", "ply", "dae"):
        yield f"2 million triangles as text in {kind}", functools.partial(_ball_text, kind)
    for name, settings in _SETTINGS.items():
        yield name, functools.partial(_with_settings, settings)
    for name, content in _LABELS.items():
        yield f"labels from a file of {name}", functools.partial(_labels, content)


def _whole() -> trimesh.Trimesh:
    return trimesh.creation.capsule(height=0.08, radius=0.02)


def _made(make: Callable[[], object], folder: pathlib.Path) -> object:
    return make()


def _with_settings(settings: dict[str, object], folder: pathlib.Path) -> object:
    return _whole(), settings


def _scaled(factor: float, folder: pathlib.Path) -> object:
    return _whole().vertices * factor, _whole().faces


def _soup(seed: int, folder: pathlib.Path) -> object:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 400))
    faces = rng.integers(count, size=(int(rng.integers(1, 500)), 3))
    return 0.05 * rng.normal(size=(count, 3)), faces


def _few(seed: int, folder: pathlib.Path) -> object:
    rng = np.random.default_rng(100 + seed)
    return 0.05 * rng.normal(size=(seed + 1, 3)), rng.integers(seed + 1, size=(20, 3))


def _damaged(what: str, share: float, folder: pathlib.Path) -> object:
    rng = np.random.default_rng(int(100 * share))
    vertices, faces = np.array(_whole().vertices), np.array(_whole().faces)
    some = rng.random(len(faces)) < share
    few = rng.random(len(vertices)) < share
    match what:
        case "flipped":
            faces[some] = faces[some, ::-1]
        case "missing":
            faces = faces[~some]
        case "doubled":
            faces = np.concatenate([faces, faces[some], faces[some, ::-1]])
        case _:
            vertices[few] = {"NaN": np.nan, "infinite": np.inf, "1e30": 1e30, "zero": 0.0}[what]
    return vertices, faces


def _scene(count: int, side: float, folder: pathlib.Path) -> trimesh.Scene:
    rng, scene = np.random.default_rng(3), trimesh.Scene()
    for index in range(count):
        move = trimesh.transformations.translation_matrix(rng.uniform(-side, side, 3))
        scene.add_geometry(_whole(), node_name=f"body{index}", transform=move)
    return scene


def _scene_file(folder: pathlib.Path) -> pathlib.Path:
    _scene(40, 0.1, folder).export(folder / "scene.glb")
    return folder / "scene.glb"


def _ball(side: int, folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(side * side).reshape(side, side)
    upper = np.stack([i[:-1, :-1], i[1:, :-1], i[1:, 1:]], axis=-1).reshape(-1, 3)
    lower = np.stack([i[:-1, :-1], i[1:, 1:], i[:-1, 1:]], axis=-1).reshape(-1, 3)
    around, down = np.meshgrid(np.linspace(0, 2 * np.pi, side), np.linspace(0, np.pi, side))
    ball = np.stack(
        [np.cos(around) * np.sin(down), np.sin(around) * np.sin(down), np.cos(down)], axis=-1
    )
    return 0.05 * ball.reshape(-1, 3), np.concatenate([upper, lower])


def _ball_file(folder: pathlib.Path) -> pathlib.Path:
    trimesh.Trimesh(*_ball(1600, folder), process=False).export(folder / "ball.stl")
    return folder / "ball.stl"


def _ball_text(kind: str, folder: pathlib.Path) -> pathlib.Path:
    vertices, faces = _ball(1000, folder)
    path = folder / f"ball.{kind}"
    ply = "property float x\nproperty float y\nproperty float z\nelement face {1}\n"
    with path.open("w") as stream:
        match kind:
            case "obj":
                np.savetxt(stream, vertices, "v %.7f %.7f %.7f")
                np.savetxt(stream, faces + 1, "f %d %d %d")
                return path
            case "off":
                head, foot = "OFF\n{0} {1} 0\n", ""
            case "ply":
                head = "ply\nformat ascii 1.0\nelement vertex {0}\n" + ply
                head += "property list uchar int vertex_indices\nend_header\n"
                foot = ""
            case _:
                head, foot = _DAE.split("HERE")[0], _DAE.split("HERE")[2]
        stream.write(head.format(len(vertices), len(faces), 3 * len(vertices)))
        np.savetxt(stream, vertices, "%.7f")
        if kind == "dae":
            stream.write(_DAE.split("HERE")[1].format(len(vertices), len(faces)))
        np.savetxt(stream, faces, "%d %d %d" if kind == "dae" else "3 %d %d %d")
        stream.write(foot)
    return path


_DAE = """<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<library_geometries><geometry id="g"><mesh><source id="s"><float_array id="a" count="{2}">
HERE</float_array><technique_common><accessor count="{0}" source="#a" stride="3">
<param name="X" type="float"/><param name="Y" type="float"/><param name="Z" type="float"/>
</accessor></technique_common></source><vertices id="v"><input semantic="POSITION" source="#s"/>
</vertices><triangles count="{1}"><input offset="0" semantic="VERTEX" source="#v"/><p>
HERE</p></triangles></mesh></geometry></library_geometries><library_visual_scenes>
<visual_scene id="w"><node><instance_geometry url="#g"/></node></visual_scene>
</library_visual_scenes><scene><instance_visual_scene url="#w"/></scene></COLLADA>"""


def _labels(content: bytes, folder: pathlib.Path) -> object:
    (folder / "labels.npy").write_bytes(content)
    return _whole(), {"parts": folder / "labels.npy"}


def _box(*size: float) -> tuple[np.ndarray, np.ndarray]:
    box = trimesh.creation.box(size)
    return np.array(box.vertices), np.array(box.faces)


def _open_box() -> object:
    vertices, faces = _box(0.06, 0.06, 0.09)
    return vertices, faces[2:]


def _far_apart() -> object:
    vertices, faces = _box(0.002, 0.002, 0.002)
    return np.concatenate([vertices, vertices + 1.5]), np.concatenate([faces, faces + 8])


def _shell_in_shell() -> object:
    outer, inner = _box(0.1, 0.1, 0.1), _box(0.08, 0.08, 0.08)
    return np.concatenate([outer[0], inner[0]]), np.concatenate([outer[1], inner[1] + 8])


def _crumbs(count: int, size: float) -> object:
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) * size
    sides = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    places = rng.uniform(-0.1, 0.1, (count, 1, 3))
    faces = sides + 4 * np.arange(count)[:, None, None]
    return (corners + places).reshape(-1, 3), faces.reshape(-1, 3)


def _moebius() -> object:
    turn = np.linspace(0, 2 * np.pi, 120)
    rows = [
        [
            [(0.05 + w * np.cos(t / 2)) * np.cos(t), (0.05 + w * np.cos(t / 2)) * np.sin(t),
             w * np.sin(t / 2)]
            for w in (-0.01, 0.01)
        ]
        for t in turn
    ]  # fmt: skip
    first = 2 * np.arange(119)[:, None, None]
    faces = (first + np.array([[0, 1, 3], [0, 3, 2]])).reshape(-1, 3)
    return np.array(rows).reshape(-1, 3), faces


def _moved(offset: float) -> object:
    vertices, faces = _box(0.05, 0.06, 0.07)
    return vertices + offset, faces


def _placed(matrix: np.ndarray) -> trimesh.Scene:
    scene = trimesh.Scene()
    scene.add_geometry(_whole(), transform=matrix)
    return scene


def _stray() -> object:
    vertices, faces = _box(0.05, 0.06, 0.07)
    strays = [[np.nan] * 3, [1e30] * 3, [1e6, 0, 0]]
    return np.concatenate([vertices, strays]), faces


_TRIANGLE = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0.0]])
_BOX = _box(0.05, 0.06, 0.07)
_SHAPES: dict[str, Callable[[], object]] = {
    "one triangle": lambda: (_TRIANGLE, np.array([[0, 1, 2]])),
    "one triangle, both sides": lambda: (_TRIANGLE, np.array([[0, 1, 2], [2, 1, 0]])),
    "one triangle, a thousand times": lambda: (_TRIANGLE, np.tile([[0, 1, 2]], (1000, 1))),
    "one triangle, 300,000 times": lambda: (_TRIANGLE, np.tile([[0, 1, 2]], (300_000, 1))),
    "a corner of three triangles": lambda: (
        np.vstack([_TRIANGLE, [0, 0, 0.1]]),
        np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2]]),
    ),
    "a sheet": lambda: (_TRIANGLE[[0, 1, 2, 2]] * 3, np.array([[0, 1, 2], [1, 3, 2]])),
    "zero area": lambda: (_TRIANGLE[[0, 0, 1]], np.array([[0, 1, 2]])),
    "all faces one": lambda: (_BOX[0], np.zeros((12, 3), int)),
    "a needle": lambda: _box(1.0, 1e-5, 1e-5),
    "a foil": lambda: _box(0.3, 0.3, 1e-5),
    "a plate": lambda: _box(0.3, 0.3, 1e-3),
    "a wire": lambda: _box(1.9, 1e-3, 1e-3),
    "a flat box": lambda: _box(0.1, 0.1, 0.0),
    "a box without a lid": _open_box,
    "crumbs 2 m apart": _far_apart,
    "10,000 crumbs": functools.partial(_crumbs, 10_000, 2e-3),
    "dust": functools.partial(_crumbs, 100_000, 1e-4),
    "a shell in a shell": _shell_in_shell,
    "a Moebius strip": _moebius,
    "inside out": lambda: (_BOX[0], _BOX[1][:, ::-1]),
    "a kilometre away": lambda: _moved(1e3),
    "1000 km away": lambda: _moved(1e6),
    "a light year away": lambda: _moved(1e16),
    "vertices that no face uses": _stray,
    "vertices twice": lambda: (np.repeat(_BOX[0], 2, axis=0), 2 * _BOX[1]),
    "faces of floats": lambda: (_BOX[0], _BOX[1].astype(float)),
    "faces of truths": lambda: (_BOX[0], _BOX[1] > 3),
    "faces of four corners": lambda: (_BOX[0], _BOX[1][:, [0, 1, 2, 2]]),
    "faces below zero": lambda: (_BOX[0], _BOX[1] - 1),
    "faces beyond the last": lambda: (_BOX[0], _BOX[1] + 2**40),
    "faces of unsigned bytes": lambda: (_BOX[0], _BOX[1].astype(np.uint8)),
    "faces beyond all integers": lambda: (_BOX[0], np.full((3, 3), 2**64 - 1, np.uint64)),
    "no faces": lambda: (_BOX[0], np.zeros((0, 3), int)),
    "no vertices": lambda: (np.zeros((0, 3)), _BOX[1]),
    "vertices in a plane": lambda: (_BOX[0][:, :2], _BOX[1]),
    "vertices of words": lambda: (np.full((8, 3), "one"), _BOX[1]),
    "vertices of complex numbers": lambda: (_BOX[0] * 1j, _BOX[1]),
    "vertices of objects": lambda: (np.full((8, 3), None), _BOX[1]),
    "ragged lists": lambda: ([[0, 0], [1], []], [[0, 1, 2]]),
    "three arrays": lambda: (*_BOX, _BOX[1]),
    "numbers": lambda: (1, 2),
    "None": lambda: None,
    "a number": lambda: 7,
    "bytes": lambda: b"mug.stl",
    "a list": lambda: [_BOX],
    "an empty scene": trimesh.Scene,
    "a cloud of points": lambda: trimesh.Scene(trimesh.PointCloud(_BOX[0])),
    "an empty mesh": trimesh.Trimesh,
    "a scene turned to nothing": lambda: _placed(np.diag([0.0, 0, 0, 1])),
    "a scene flattened": lambda: _placed(np.diag([1.0, 1, 0, 1])),
    "a mirrored scene": lambda: _placed(np.diag([-1.0, 1, 1, 1])),
    "a scene moved by NaN": lambda: _placed(np.full((4, 4), np.nan)),
}
_LABELS = {
    "words": b"one two",
    "a zip": b"PK\x03\x04",
    "a few": b"1 2 3",
    "10^15 numbers": b"\x93NUMPY\x01\x00\x76\x00"
    + b"{'descr': '<i8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117)
    + b"\n1234",
}
_SETTINGS: dict[str, dict[str, object]] = {
    "scale zero": {"scale": 0.0},
    "scale below zero": {"scale": -1.0},
    "scale NaN": {"scale": float("nan")},
    "scale infinite": {"scale": float("inf")},
    "scale of a word": {"scale": "large"},
    "scale of 1e-300": {"scale": 1e-300},
    "mass NaN": {"mass": float("nan")},
    "mass of a word": {"mass": "heavy"},
    "mass and density": {"mass": 1.0, "density": 2.0},
    "density below zero": {"density": -1.0},
    "friction infinite": {"friction": float("inf")},
    "no pieces": {"pieces": 0},
    "pieces of a fraction": {"pieces": 2.5},
    "one piece": {"pieces": 1},
    "pieces of three vertices": {"piece_vertices": 3},
    "an unknown decomposer": {"decomposer": "cleaver"},
    "unknown parts": {"parts": "by hand"},
    "parts in a missing file": {"parts": "/nowhere/labels.npy"},
    "parts in a folder": {"parts": "/"},
    "parts of a few faces": {"parts": np.array([1, 2])},
    "parts of fractions": {"parts": np.full(len(_whole().faces), 0.5)},
    "parts of NaN": {"parts": np.full(len(_whole().faces), np.nan)},
    "a part a face": {"parts": np.arange(len(_whole().faces))},
    "parts of any numbers": {"parts": np.arange(len(_whole().faces)) % 3 * 2**40 - 5},
}
