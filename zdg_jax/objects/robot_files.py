"""Objects that come as MJCF or URDF: one group of triangles for each body, at rest."""

from __future__ import annotations

import pathlib
import xml.etree.ElementTree as ElementTree

import mujoco
import numpy as np
import trimesh

from zdg_jax.errors import InputError


def read_mjcf(path: pathlib.Path) -> trimesh.Scene:
    """The bodies of an MJCF model in its initial pose, world frame [m].

    Visual geoms (those that collide with nothing) are taken where a body has any, otherwise all.

    Raises:
        InputError: MuJoCo cannot compile the model.
    """
    try:
        model = mujoco.MjModel.from_xml_path(str(path))
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"MuJoCo cannot read {path}: {reason}") from error
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    scene = trimesh.Scene()
    for body in range(model.nbody):
        geoms = [g for g in range(model.ngeom) if model.geom_bodyid[g] == body]
        geoms = [g for g in geoms if model.geom_type[g] != mujoco.mjtGeom.mjGEOM_PLANE]
        seen = [g for g in geoms if not model.geom_contype[g] and not model.geom_conaffinity[g]]
        for geom in seen or geoms:
            transform = np.eye(4)
            transform[:3, :3] = data.geom_xmat[geom].reshape(3, 3)
            transform[:3, 3] = data.geom_xpos[geom]
            mesh = _geom(model, geom)
            mesh.apply_transform(transform)
            _append(scene, model.body(body).name or f"body{body}", mesh)
    return scene


def read_urdf(path: pathlib.Path) -> trimesh.Scene:
    """The links of a URDF with all joints at zero, frame of its root link [m].

    Raises:
        InputError: the file is no URDF, or names a mesh that does not exist.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise InputError(f"{path} is no URDF: {error}") from error
    parent = {
        joint.find("child").get("link"): (joint.find("parent").get("link"), _origin(joint))  # type: ignore[union-attr]
        for joint in root.iter("joint")
        if joint.find("child") is not None and joint.find("parent") is not None
    }
    scene = trimesh.Scene()
    for link in root.iter("link"):
        pose, name, hops = np.eye(4), link.get("name"), 0
        while name in parent and hops <= len(parent):
            above, step = parent[name]
            pose, name, hops = step @ pose, above, hops + 1
        for element in link.findall("visual") or link.findall("collision"):
            shape = element.find("geometry")
            if shape is None or len(shape) == 0:
                continue
            mesh = _urdf_shape(shape[0], path)
            mesh.apply_transform(pose @ _origin(element))
            _append(scene, link.get("name") or "link", mesh)
    return scene


def _append(scene: trimesh.Scene, name: str, mesh: trimesh.Trimesh) -> None:
    """Adds triangles to the scene's group of that name."""
    group = scene.geometry.get(name)
    if isinstance(group, trimesh.Trimesh):
        count = len(group.vertices)
        mesh = trimesh.Trimesh(
            np.concatenate([group.vertices, mesh.vertices]),
            np.concatenate([group.faces, mesh.faces + count]),
            process=False,
        )
        scene.delete_geometry(name)
    scene.add_geometry(mesh, node_name=name, geom_name=name)


def _geom(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh:
    """Triangles of a geom in its own frame."""
    kind, size = model.geom_type[geom], model.geom_size[geom]
    match kind:
        case mujoco.mjtGeom.mjGEOM_MESH:
            mesh = model.geom_dataid[geom]
            first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
            face, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
            return trimesh.Trimesh(
                model.mesh_vert[first : first + count],
                model.mesh_face[face : face + faces],
                process=False,
            )
        case mujoco.mjtGeom.mjGEOM_BOX:
            return trimesh.creation.box(2 * size)
        case mujoco.mjtGeom.mjGEOM_SPHERE:
            return trimesh.creation.icosphere(subdivisions=3, radius=size[0])
        case mujoco.mjtGeom.mjGEOM_ELLIPSOID:
            ball = trimesh.creation.icosphere(subdivisions=3, radius=1.0)
            ball.apply_scale(size)
            return ball
        case mujoco.mjtGeom.mjGEOM_CAPSULE:
            return trimesh.creation.capsule(radius=size[0], height=2 * size[1])
        case mujoco.mjtGeom.mjGEOM_CYLINDER:
            return trimesh.creation.cylinder(radius=size[0], height=2 * size[1])
    name = mujoco.mjtGeom(kind).name
    raise InputError(f"cannot make triangles of a geom of type {name}: use meshes or primitives")


def _urdf_shape(shape: ElementTree.Element, path: pathlib.Path) -> trimesh.Trimesh:
    """Triangles of a URDF geometry in its own frame."""
    if shape.tag == "box":
        return trimesh.creation.box(_numbers(shape.get("size"), 3, 1.0))
    if shape.tag == "sphere":
        radius = float(shape.get("radius", 0))
        return trimesh.creation.icosphere(subdivisions=3, radius=radius)
    if shape.tag == "cylinder":
        return trimesh.creation.cylinder(
            radius=float(shape.get("radius", 0)), height=float(shape.get("length", 0))
        )
    if shape.tag != "mesh":
        raise InputError(f"{path}: unknown geometry <{shape.tag}>")
    name = shape.get("filename", "")
    relative = name.split("://", 1)[-1]
    for folder in (path.parent, *path.resolve().parents):
        file = folder / relative
        if file.is_file():
            mesh = trimesh.load_mesh(file, process=False)
            mesh.apply_scale(_numbers(shape.get("scale"), 3, 1.0))
            return mesh
    raise InputError(f"{path} names a mesh that does not exist: {name}")


def _origin(element: ElementTree.Element) -> np.ndarray:
    """The transform (4, 4) of an <origin> child; identity without one."""
    origin = element.find("origin")
    if origin is None:
        return np.eye(4)
    angles = _numbers(origin.get("rpy"), 3, 0.0)
    transform = trimesh.transformations.euler_matrix(angles[0], angles[1], angles[2], axes="sxyz")
    transform[:3, 3] = _numbers(origin.get("xyz"), 3, 0.0)
    return transform


def _numbers(text: str | None, count: int, default: float) -> np.ndarray:
    values = np.array(text.split(), float) if text else np.full(count, default)
    if values.size != count:
        raise InputError(f"{count} numbers are needed, not {text!r}")
    return values
