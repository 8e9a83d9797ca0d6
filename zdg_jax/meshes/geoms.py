"""Geoms of a compiled MuJoCo model as triangles."""

from __future__ import annotations

import mujoco
import numpy as np
import trimesh

from zdg_jax.geometry.quaternions import rotation_matrix


def collides(model: mujoco.MjModel, geom: int) -> bool:
    """Returns whether physics lets a geom touch anything."""
    return bool(model.geom_contype[geom] or model.geom_conaffinity[geom])


def geom_mesh(model: mujoco.MjModel, geom: int, sections: int) -> trimesh.Trimesh | None:
    """Makes triangles of a geom.

    Args:
        model: the model.
        geom: index of the geom.
        sections: segments around a round geom.

    Returns:
        Triangles in the frame of the geom's body [m]; None for planes, height fields and
        distance fields.
    """
    size, types = model.geom_size[geom], mujoco.mjtGeom
    match model.geom_type[geom]:
        case types.mjGEOM_BOX:
            mesh = trimesh.creation.box(extents=2 * size)
        case types.mjGEOM_SPHERE:
            mesh = _ball(size[0], sections)
        case types.mjGEOM_ELLIPSOID:
            mesh = _ball(1.0, sections)
            mesh.apply_scale(size)
        case types.mjGEOM_CAPSULE:
            ball, up = _ball(size[0], sections), np.array([0, 0, size[1]])
            ends = np.concatenate([ball.vertices + up, ball.vertices - up])
            mesh = trimesh.Trimesh(ends).convex_hull
        case types.mjGEOM_CYLINDER:
            mesh = trimesh.creation.cylinder(radius=size[0], height=2 * size[1], sections=sections)
        case types.mjGEOM_MESH:
            mesh = _asset(model, int(model.geom_dataid[geom]))
        case _:
            return None
    rotation = rotation_matrix(model.geom_quat[geom])
    vertices = mesh.vertices @ rotation.T + model.geom_pos[geom]
    return trimesh.Trimesh(vertices, mesh.faces, process=False)


def _ball(radius: float, sections: int) -> trimesh.Trimesh:
    return trimesh.creation.uv_sphere(radius=radius, count=[sections // 2, sections])


def _asset(model: mujoco.MjModel, index: int) -> trimesh.Trimesh:
    v, nv = model.mesh_vertadr[index], model.mesh_vertnum[index]
    f, nf = model.mesh_faceadr[index], model.mesh_facenum[index]
    vertices = np.array(model.mesh_vert[v : v + nv], float)
    return trimesh.Trimesh(vertices, np.array(model.mesh_face[f : f + nf]), process=False)
