"""URDF files as MuJoCo specifications that stand on their own.

MuJoCo reads URDF, but finds only meshes whose names are paths, and only some formats of them.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any, cast

import mujoco
import numpy as np
import trimesh
from lxml import etree

from zdg_jax.errors import InputError
from zdg_jax.meshes.model_text import check_numbers
from zdg_jax.meshes.units import stated_unit
from zdg_jax.runtime.files import read_limited

_MESH_FORMATS = (".stl", ".obj", ".msh")
"""Formats of meshes that MuJoCo reads by itself."""
_LARGEST = 50_000_000
"""Size of the largest URDF that is read [B]."""
_LARGEST_STL = 10_000_000
"""Size of the largest STL file that MuJoCo reads: 200,000 triangles [B]."""
_KEEP_VISUALS = '<mujoco><compiler discardvisual="false"/></mujoco>'


def read_urdf(path: pathlib.Path, *, visuals: bool) -> mujoco.MjSpec:
    """Reads a URDF: every link a body, its meshes found, the formats that MuJoCo lacks filled in.

    Args:
        path: the file.
        visuals: keep visual geometry beside that for collision; else it is kept only where
            nothing in the file collides.

    Raises:
        InputError: MuJoCo cannot read it, or a mesh cannot be read.
    """
    try:
        content = read_limited(path, _LARGEST)
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror or error}") from None
    content = _with_one_inertial(content, path)
    text = content.decode(errors="replace")
    check_numbers(text, path)
    _check_mimics(urdf_joints(content), path)
    with_visuals = re.sub(r"(<robot\b[^>]*>)", rf"\1{_KEEP_VISUALS}", text, count=1)
    try:
        spec = mujoco.MjSpec.from_string(with_visuals if visuals else text)
        if not visuals and not spec.geoms:
            spec = mujoco.MjSpec.from_string(with_visuals)
    except ValueError as error:
        raise unreadable(path, error) from error
    spec.compiler.fusestatic = False  # else the root link becomes the world
    spec.compiler.balanceinertia = True  # URDFs of CAD origin often break the triangle inequality
    spec.compiler.boundmass, spec.compiler.boundinertia = 1e-6, 1e-11
    names = dict.fromkeys(re.findall(r"filename\s*=\s*[\"']([^\"']+)", text))
    for mesh in spec.meshes:
        if mesh.file:
            name = next((n for n in names if n.endswith(mesh.file)), mesh.file)
            _fill(mesh, _find(name, path))
    spec.meshdir, spec.strippath = "", False
    return spec


def _with_one_inertial(content: bytes, path: pathlib.Path) -> bytes:
    """A URDF whose links have one inertial at most: ROS takes the first, MuJoCo refuses more.

    Raises:
        InputError: a link's mass is negative, of which MuJoCo makes a small one in silence.
    """
    robot = _robot(content)
    links = [] if robot is None else robot.findall("link")
    for link in links:
        mass = link.find("inertial/mass")
        try:
            value = 0.0 if mass is None else float(mass.get("value", "0"))
        except ValueError:
            continue  # MuJoCo says what is wrong
        if value < 0:
            raise InputError(
                f"link '{link.get('name', '')}' of '{path}' has the mass {value:g}; correct the "
                "file"
            )
    again = [inertial for link in links for inertial in link.findall("inertial")[1:]]
    for inertial in again:
        inertial.getparent().remove(inertial)
    return etree.tostring(robot) if again else content


def _robot(content: bytes) -> Any:
    """The root of a URDF, None where it is no XML."""
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, recover=True))


def urdf_joints(content: bytes) -> dict[str, Any]:
    """The joints of a URDF by name, none where it is no XML.

    Args:
        content: the file's content.
    """
    robot = _robot(content)
    joints = () if robot is None else robot.findall("joint")
    return {joint.get("name", ""): joint for joint in joints}


def _check_mimics(joints: dict[str, Any], path: pathlib.Path) -> None:
    """Refuses joints that mimic what does not exist, which MuJoCo leaves out in silence, or one
    another."""
    leaders = {
        name: mimic.get("joint", "")
        for name, joint in joints.items()
        if (mimic := joint.find("mimic")) is not None
    }
    for name, leader in leaders.items():
        if leader not in joints:
            raise InputError(
                f"joint '{name}' of '{path}' mimics '{leader}', which does not exist; joints: "
                f"{', '.join(sorted(joints))}"
            )
        chain = [name]
        while leader in leaders and leader not in chain:
            chain.append(leader)
            leader = leaders[leader]
        if leader in chain:
            raise InputError(
                f"joints of '{path}' mimic one another in a circle: {' -> '.join([*chain, leader])}"
            )


def unreadable(path: pathlib.Path, error: ValueError) -> InputError:
    """Returns the error of a file that MuJoCo refuses, with MuJoCo's reason on one line."""
    return InputError(f"MuJoCo cannot read '{path}': {' '.join(str(error).split())[:300]}")


def _find(name: str, urdf: pathlib.Path) -> pathlib.Path:
    """Finds a file that a URDF names, relative to it or to a package that it lies in."""
    plain = re.sub(r"^(package|file|model)://", "", name)
    inner = plain.split("/", 1)[-1]
    folder = urdf.parent.resolve()
    tried = [folder / plain]
    for parent in (folder, *folder.parents):
        tried += [parent / plain, parent / inner]
    for file in tried:
        if file.is_file():
            return file
    what = "is no file" if any(file.exists() for file in tried) else "does not exist"
    raise InputError(f"'{urdf}' names a mesh that {what}: {name}")


def _fill(mesh: mujoco.MjsMesh, file: pathlib.Path) -> None:
    """Names the file of a mesh, or fills the mesh in where MuJoCo cannot read the file."""
    suffix = file.suffix.lower()
    mesh.file = str(file)
    if suffix in _MESH_FORMATS and (suffix != ".stl" or file.stat().st_size <= _LARGEST_STL):
        return
    try:
        triangles = cast(trimesh.Trimesh, trimesh.load(file, force="mesh", skip_materials=True))
    except Exception as error:  # readers raise whatever their parser raises
        raise InputError(
            f"cannot read the mesh '{file}': {error}; convert it to STL or OBJ"
        ) from error
    mesh.file = ""
    unit = stated_unit(file) or 1.0
    mesh.uservert = (unit * np.asarray(triangles.vertices, float)).ravel().tolist()
    mesh.userface = np.asarray(triangles.faces).ravel().tolist()
