"""Broken mesh files by name: cut, flipped, mislabelled, lying about their size, or no files."""

from __future__ import annotations

import base64
import functools
import json
import os
import pathlib
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
import trimesh

Case = tuple[str, Callable[[pathlib.Path], object]]
"""A name, and what makes the input in a folder."""

MESHES = ("stl", "ascii.stl", "obj", "ply", "ascii.ply", "off", "glb", "gltf", "3mf", "dae")
FORMATS = (*MESHES, "urdf", "xml")
_HUGE = 4_294_967_295


def cases() -> Iterator[Case]:
    """All of them."""
    for kind in FORMATS:
        for share in (0.02, 0.2, 0.5, 0.8, 0.99):
            yield f"cut at {share} {kind}", functools.partial(_cut, kind, share)
        for seed in range(3):
            yield f"bits flipped {seed} {kind}", functools.partial(_flipped, kind, seed)
        yield f"only zeros {kind}", functools.partial(_write, kind, bytes(1000))
        yield f"empty {kind}", functools.partial(_write, kind, b"")
        yield f"white space {kind}", functools.partial(_write, kind, b" \n\t\r\n" * 50)
        yield f"binary noise {kind}", functools.partial(_noise, kind)
        yield f"prose {kind}", functools.partial(_write, kind, b"Once upon a time, a mug.\n" * 40)
        yield f"a folder {kind}", functools.partial(_folder, kind)
    for kind, other in zip(MESHES, (*MESHES[3:], *MESHES[:3]), strict=True):
        yield f"{kind} named as {other}", functools.partial(_mislabelled, kind, other)
    for name, (kind, content) in _LIES.items():
        yield name, functools.partial(_write, kind, content)
    yield "counts of a glTF", _gltf_of_huge_counts
    yield "nodes of a glTF in a circle", _gltf_circle
    yield "a glTF of a missing file", functools.partial(_gltf_buffer, "missing.bin")
    yield "a glTF of a device", functools.partial(_gltf_buffer, "/dev/zero")
    yield "a 3MF that unpacks to gigabytes", _zip_bomb
    yield "a pipe that nobody writes to", _pipe
    yield "a link to itself", _loop
    yield "a link to nothing", functools.partial(_link, "nothing.stl")
    yield "a link to an endless device", functools.partial(_link, "/dev/zero")
    yield "no such file", lambda folder: folder / "none.stl"
    yield "a name that is too long", lambda folder: folder / ("x" * 5000 + ".stl")
    yield "a name with a zero byte", lambda folder: f"{folder}/a\0b.stl"
    yield "an empty name", lambda folder: ""
    yield "an unknown format", lambda folder: _named(folder, "mesh.step", b"ISO-10303-21;")
    yield "no suffix", lambda folder: _named(folder, "mesh", b"solid x")
    yield "a file above the limit", _large


@functools.cache
def whole(kind: str) -> bytes:
    """A sound file of a format: a capsule of 120 mm."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of writers behind trimesh
        return _whole(kind)


def _whole(kind: str) -> bytes:
    mesh = trimesh.creation.capsule(height=0.08, radius=0.02)
    match kind:
        case "urdf":
            return _URDF.encode()
        case "xml":
            return _MJCF.encode()
        case "ascii.stl":
            content = mesh.export(file_type="stl_ascii")
        case "ascii.ply":
            content = trimesh.exchange.ply.export_ply(mesh, encoding="ascii")
        case "gltf":
            parts = trimesh.exchange.gltf.export_gltf(trimesh.Scene(mesh), merge_buffers=True)
            (buffer,) = (data for name, data in parts.items() if name.endswith(".bin"))
            model = json.loads(parts["model.gltf"])
            model["buffers"][0]["uri"] = _uri(buffer)
            content = json.dumps(model)
        case _:
            content = trimesh.Scene(mesh).export(file_type=kind) if kind in ("glb", "3mf") else None
            content = mesh.export(file_type=kind) if content is None else content
    return content.encode() if isinstance(content, str) else bytes(content)


def _uri(buffer: bytes) -> str:
    return "data:application/octet-stream;base64," + base64.b64encode(buffer).decode()


def _named(folder: pathlib.Path, name: str, content: bytes) -> pathlib.Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _write(kind: str, content: bytes, folder: pathlib.Path) -> pathlib.Path:
    return _named(folder, f"mesh.{kind.split('.')[-1]}", content)


def _cut(kind: str, share: float, folder: pathlib.Path) -> pathlib.Path:
    content = whole(kind)
    return _write(kind, content[: int(share * len(content))], folder)


def _flipped(kind: str, seed: int, folder: pathlib.Path) -> pathlib.Path:
    rng = np.random.default_rng(seed)
    content = bytearray(whole(kind))
    reach = (60, len(content), len(content))[seed]  # headers are where it hurts
    for place in rng.integers(0, min(reach, len(content)), 12):
        content[place] = rng.integers(256)
    return _write(kind, bytes(content), folder)


def _noise(kind: str, folder: pathlib.Path) -> pathlib.Path:
    return _write(kind, np.random.default_rng(5).bytes(20_000), folder)


def _folder(kind: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / f"mesh.{kind.split('.')[-1]}"
    path.mkdir()
    return path


def _mislabelled(kind: str, other: str, folder: pathlib.Path) -> pathlib.Path:
    return _write(other, whole(kind), folder)


def _gltf(folder: pathlib.Path, change: Callable[[dict], None]) -> pathlib.Path:
    model = json.loads(whole("gltf"))
    change(model)
    return _named(folder, "mesh.gltf", json.dumps(model).encode())


def _gltf_of_huge_counts(folder: pathlib.Path) -> pathlib.Path:
    def change(model: dict) -> None:
        for accessor in model["accessors"]:
            accessor["count"] = 10**12

    return _gltf(folder, change)


def _gltf_circle(folder: pathlib.Path) -> pathlib.Path:
    def change(model: dict) -> None:
        last = len(model["nodes"]) - 1
        model["nodes"][last]["children"] = [0, last]

    return _gltf(folder, change)


def _gltf_buffer(uri: str, folder: pathlib.Path) -> pathlib.Path:
    return _gltf(folder, lambda model: model["buffers"][0].update(uri=uri))


def _zip_bomb(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "mesh.3mf"
    sound = folder / "sound.zip"
    sound.write_bytes(whole("3mf"))
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.endswith(".model"):
                new.writestr(name, old.read(name))
                continue
            with new.open(name, "w", force_zip64=True) as stream:
                for _ in range(6000):
                    stream.write(b" " * 1_000_000)
    return path


def _pipe(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "mesh.stl"
    os.mkfifo(path)
    return path


def _loop(folder: pathlib.Path) -> pathlib.Path:
    return _link("mesh.stl", folder)


def _link(target: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / "mesh.stl"
    path.symlink_to(target)
    return path


def _large(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "mesh.stl"
    with path.open("wb") as stream:
        stream.truncate(3_000_000_000)
    return path


def _ply(*lines: str, body: bytes = b"") -> bytes:
    return "\n".join(["ply", *lines, "end_header", ""]).encode() + body


_XYZ = ("property float x", "property float y", "property float z")
_ENTITIES = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
_BOMB = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "aaaaaaaaaa">{_ENTITIES}]>'
_URDF = """<?xml version="1.0"?><robot name="mug">
<link name="body"><visual><geometry><cylinder radius="0.03" length="0.1"/></geometry></visual>
</link>
<link name="lid"><visual><origin xyz="0 0 0.06" rpy="0 0 0"/>
<geometry><box size="0.05 0.05 0.02"/></geometry></visual></link>
<joint name="j" type="fixed"><parent link="body"/><child link="lid"/></joint></robot>"""
_MJCF = """<mujoco><worldbody><body name="body"><geom type="cylinder" size="0.03 0.05"/>
<body name="lid" pos="0 0 0.06"><geom type="box" size="0.025 0.025 0.01"/></body>
</body></worldbody></mujoco>"""

_LIES: dict[str, tuple[str, bytes]] = {
    "an STL of 4 billion triangles": ("stl", bytes(80) + struct.pack("<I", _HUGE) + bytes(100)),
    "an STL of no triangles": ("stl", bytes(80) + struct.pack("<I", 0)),
    "an ASCII STL that repeats `solid`": ("stl", b"solid x\n" * 100_000),
    "an ASCII STL of short facets": ("stl", b"solid x\nfacet\nvertex 1 2\nendfacet\nendsolid"),
    "a PLY of 4 billion vertices": (
        "ply",
        _ply("format binary_little_endian 1.0", f"element vertex {_HUGE}", *_XYZ, body=bytes(99)),
    ),
    "an ASCII PLY of 10^15 faces": (
        "ply",
        _ply(
            "format ascii 1.0",
            "element vertex 3",
            *_XYZ,
            f"element face {10**15}",
            "property list uchar int vertex_indices",
            body=b"0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n",
        ),
    ),
    "a PLY of negative counts": (
        "ply",
        _ply("format ascii 1.0", "element vertex -5", *_XYZ, "element face -1"),
    ),
    "a PLY with faces of 255 corners": (
        "ply",
        _ply(
            "format binary_little_endian 1.0",
            "element vertex 3",
            *_XYZ,
            "element face 9",
            "property list uchar int vertex_indices",
            body=bytes(36) + b"\xff" * 500,
        ),
    ),
    "a PLY of an unknown type": (
        "ply",
        _ply("format ascii 1.0", "element vertex 3", "property quaternion x"),
    ),
    "a PLY without an end of its header": ("ply", b"ply\nformat ascii 1.0\n" * 50_000),
    "an OFF of 10^12 vertices": ("off", b"OFF\n1000000000000 1000000000000 0\n0 0 0\n"),
    "an OFF of negative counts": ("off", b"OFF\n-3 -1 0\n0 0 0\n"),
    "an OFF with faces of a billion corners": (
        "off",
        b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n1000000000 0 1 2\n",
    ),
    "an OBJ that names vertices it has not": ("obj", b"v 0 0 0\nv 1 0 0\nf 1 2 900000000000\n"),
    "an OBJ that counts from zero": ("obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n"),
    "an OBJ that counts back too far": ("obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf -7 -8 -9\n"),
    "an OBJ without faces": ("obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n"),
    "an OBJ of words": ("obj", b"v a b c\nv nan inf 1e999\nf x/y/z 1 2\n"),
    "an OBJ of one endless line": ("obj", b"v 0 0 0 " + b"1 " * 2_000_000),
    "an OBJ of NaN": ("obj", b"v nan nan nan\n" * 3 + b"f 1 2 3\n"),
    "an OBJ of a polygon of 100,000 corners": (
        "obj",
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf " + b"1 2 3 " * 33_333,
    ),
    "an OBJ with a missing material": ("obj", b"mtllib no.mtl\nusemtl x\n" + b"f 1 2 3\n"),
    "a GLB with a chunk of 4 GB": (
        "glb",
        b"glTF" + struct.pack("<IIII", 2, 10**9, _HUGE, 0x4E4F534A) + b"{}",
    ),
    "a GLB of version 9": ("glb", b"glTF" + struct.pack("<II", 9, 12)),
    "a glTF that is a list": ("gltf", b"[1, 2, 3]"),
    "a glTF of nested lists": ("gltf", b"[" * 100_000),
    "a DAE of entities of entities": ("dae", (_BOMB + "<COLLADA>&e9;</COLLADA>").encode()),
    "a URDF of entities of entities": ("urdf", (_BOMB + "<robot>&e9;</robot>").encode()),
    "an MJCF of entities of entities": ("xml", (_BOMB + "<mujoco>&e9;</mujoco>").encode()),
    "an MJCF that includes itself": ("xml", b'<mujoco><include file="mesh.xml"/></mujoco>'),
    "an MJCF of nothing": ("xml", b"<mujoco/>"),
    "an MJCF of a plane": (
        "xml",
        b'<mujoco><worldbody><geom type="plane" size="1 1 1"/></worldbody></mujoco>',
    ),
    "an MJCF of a missing mesh": (
        "xml",
        b'<mujoco><asset><mesh name="m" file="no.stl"/></asset></mujoco>',
    ),
    "a URDF whose joints form a circle": (
        "urdf",
        _URDF.replace('parent link="body"', 'parent link="lid"').encode(),
    ),
    "a URDF of a missing mesh": (
        "urdf",
        b'<robot><link name="a"><visual><geometry><mesh filename="package://x/no.stl"/>'
        b"</geometry></visual></link></robot>",
    ),
    "a URDF of itself": (
        "urdf",
        b'<robot><link name="a"><visual><geometry><mesh filename="mesh.urdf"/>'
        b"</geometry></visual></link></robot>",
    ),
    "a URDF of words": (
        "urdf",
        b'<robot><link name="a"><visual><geometry><box size="one two three"/>'
        b"</geometry></visual></link></robot>",
    ),
    "a URDF of infinite size": (
        "urdf",
        b'<robot><link name="a"><visual><geometry><sphere radius="inf"/>'
        b"</geometry></visual></link></robot>",
    ),
    "a URDF of a joint without links": (
        "urdf",
        b'<robot><link/><joint><parent/><child/></joint><link name="a"/></robot>',
    ),
    "a URDF deep as a well": ("urdf", b"<robot>" * 50_000),
}
