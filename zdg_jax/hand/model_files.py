"""Files of hands, MJCF or URDF, as specifications that stand on their own."""

from __future__ import annotations

import pathlib
import re
from typing import cast

import mujoco
import numpy as np
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.hand.rebuild import rebuild

_MESH_FORMATS = (".stl", ".obj", ".msh")
"""What MuJoCo reads by itself."""
_MANY_LINKS = 64
"""Links of a URDF above which those fixed to one another are merged."""


def read(path: pathlib.Path) -> mujoco.MjSpec:
    """The specification in a file, with absolute file names.

    Raises:
        InputError: MuJoCo cannot read it.
    """
    return (_urdf if path.suffix.lower() == ".urdf" else _mjcf)(path)


def _mjcf(path: pathlib.Path) -> mujoco.MjSpec:
    try:
        spec = mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise _unreadable(path, error) from error
    for mesh in spec.meshes:
        if mesh.file:
            mesh.file = str(path.parent / (spec.meshdir or "") / mesh.file)
    spec.meshdir = ""
    return spec


def _urdf(path: pathlib.Path) -> mujoco.MjSpec:
    """Reads a URDF as a hand needs it: every link a body, visuals where nothing collides."""
    text = path.read_text(errors="replace")
    try:
        spec = mujoco.MjSpec.from_string(text)
        if not spec.geoms:
            keep = '<mujoco><compiler discardvisual="false"/></mujoco>'
            spec = mujoco.MjSpec.from_string(
                re.sub(r"(<robot\b[^>]*>)", rf"\1{keep}", text, count=1)
            )
    except ValueError as error:
        raise _unreadable(path, error) from error
    spec.compiler.fusestatic = False  # else the palm becomes the world, which cannot be carried
    spec.compiler.balanceinertia = True  # URDFs of CAD origin often break the triangle inequality
    spec.compiler.boundmass, spec.compiler.boundinertia = 1e-6, 1e-11
    names = dict.fromkeys(re.findall(r"filename\s*=\s*[\"']([^\"']+)", text))
    for mesh in spec.meshes:
        if mesh.file:
            full = next((n for n in names if n.endswith(mesh.file)), mesh.file)
            _point_to(mesh, _find(full, path.parent))
    spec.meshdir, spec.strippath = "", False
    return _merge_fixed(spec, path) if len(spec.bodies) > _MANY_LINKS else spec


def _merge_fixed(spec: mujoco.MjSpec, path: pathlib.Path) -> mujoco.MjSpec:
    """The hand with links that are fixed to one another made one: a URDF of every screw.

    A free joint keeps the palm from being merged with the world.
    """
    mount = "zdg_mount"
    for body in spec.worldbody.bodies:
        body.add_freejoint(name=mount)
    spec.compiler.fusestatic = True
    try:
        merged = rebuild(spec.compile(), spec.modelname or path.stem)
    except ValueError as error:
        raise _unreadable(path, error) from error
    merged.delete(merged.joint(mount))
    return merged


def _find(name: str, folder: pathlib.Path) -> pathlib.Path:
    """A file that a URDF names, relative to it or to a package that lies about it."""
    plain = re.sub(r"^(package|file|model)://", "", name)
    inner = plain.split("/", 1)[-1]
    tried = [folder / plain]
    for place in (folder, *folder.parents):
        tried += [place / plain, place / inner]
    return next((p for p in tried if p.is_file()), tried[0])


def _point_to(mesh: mujoco.MjsMesh, file: pathlib.Path) -> None:
    """Names the file of a mesh, or fills the mesh in where MuJoCo cannot read its format."""
    mesh.file = str(file)
    if file.suffix.lower() in _MESH_FORMATS or not file.is_file():
        return
    try:
        read = cast(trimesh.Trimesh, trimesh.load(file, force="mesh"))
    except Exception as error:
        raise InputError(
            f"cannot read the mesh '{file}': {error}; convert it to STL or OBJ"
        ) from error
    mesh.file = ""
    mesh.uservert = np.asarray(read.vertices, float).ravel().tolist()
    mesh.userface = np.asarray(read.faces).ravel().tolist()


def _unreadable(path: pathlib.Path, error: ValueError) -> InputError:
    return InputError(f"MuJoCo cannot read the hand '{path}': {' '.join(str(error).split())}")
