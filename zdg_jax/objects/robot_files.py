"""Objects that come as MJCF or URDF: one group of triangles for each body, at rest."""

from __future__ import annotations

import pathlib

import mujoco
import numpy as np
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.meshes.geoms import collides, geom_mesh
from zdg_jax.meshes.mjcf import read_mjcf
from zdg_jax.meshes.model_text import check_model_file
from zdg_jax.meshes.urdf import read_urdf, unreadable
from zdg_jax.runtime.mujoco_warnings import quiet_compiler

_MOST_GEOMS = 1000
"""Geometries of a model; each round one has thousands of triangles."""
_SECTIONS = 64
"""Segments around a round geom: 50 mm radius is 0.06 mm off."""


@quiet_compiler()
def read_robot_file(path: pathlib.Path) -> trimesh.Scene:
    """Reads the bodies of an MJCF or URDF model in its initial pose.

    Visual geoms (those that collide with nothing) are taken where a body has any, otherwise all.

    Args:
        path: the file, a URDF by its suffix.

    Returns:
        A scene of one mesh for each body that has triangles, world frame [m].

    Raises:
        InputError: MuJoCo cannot read the model, a mesh is missing, there are too many geoms, or
            one has no triangles.
    """
    model = _compiled(path)
    if model.ngeom > _MOST_GEOMS:
        raise InputError(
            f"{path} has {model.ngeom:,} geometries; at most {_MOST_GEOMS:,} are read: make a mesh "
            "of them"
        )
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    scene = trimesh.Scene()
    for body in range(model.nbody):
        geoms = [
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] == body
            and model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_PLANE
        ]
        visual = [geom for geom in geoms if not collides(model, geom)]
        meshes = [_triangles(model, geom) for geom in visual or geoms]
        if meshes:
            pose = np.eye(4)
            pose[:3, :3], pose[:3, 3] = data.xmat[body].reshape(3, 3), data.xpos[body]
            whole = trimesh.util.concatenate(meshes)
            name = model.body(body).name or f"body{body}"
            scene.add_geometry(whole, node_name=name, geom_name=name, transform=pose)
    return scene


def _compiled(path: pathlib.Path) -> mujoco.MjModel:
    """Compiles a model from a file."""
    try:
        if path.suffix.lower() == ".xml":
            check_model_file(path)
            return mujoco.MjModel.from_xml_path(str(path))
        if path.suffix.lower() != ".urdf":
            return read_mjcf(path).compile()
        spec = read_urdf(path, visuals=True)
        for mesh in spec.meshes:  # a sheet has no volume that could give it a mass
            mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        return spec.compile()
    except InputError:
        raise
    except ValueError as error:
        raise unreadable(path, error) from error


def _triangles(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh:
    mesh = geom_mesh(model, geom, _SECTIONS)
    if mesh is None:
        name = mujoco.mjtGeom(model.geom_type[geom]).name
        raise InputError(f"no triangles can be made of a {name}: use meshes or primitives")
    return mesh
