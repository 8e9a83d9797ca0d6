"""Scenes from MJCF files: whatever in them collides is in the way.

Boxes stay boxes; a level plane is the table; all other geoms become convex solids, as MuJoCo
collides with them (meshes by their hull). A body called `object`, without geoms, says where the
object is. Nothing may move: what has joints is a robot or another object, not surroundings.
"""

from __future__ import annotations

import os
import pathlib

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.meshes.geoms import collides, geom_mesh
from zdg_jax.meshes.model_text import check_model_file
from zdg_jax.objects.convex import ConvexPiece, hull
from zdg_jax.runtime.files import is_file
from zdg_jax.runtime.kinds import check_path
from zdg_jax.runtime.mujoco_warnings import quiet_compiler
from zdg_jax.scenes.obstacles import Box, Obstacle, Quaternion, Solid, Triple
from zdg_jax.scenes.scene import Scene

MARKER = "object"
"""Name of the body that says where the object is."""
_LEVEL = 1 - 1e-6
"""Least cosine between the normal of a plane and +z for it to be a table."""
_SECTIONS = 32
"""Segments around round geoms."""
_WALL = (10.0, 10.0, 1.0)
"""Size of the box that a plane which is not level becomes [m]."""


@quiet_compiler()
def read_scene(
    path: str | os.PathLike[str],
    *,
    up: Triple | None = None,
    position: Triple | None = None,
    quaternion: Quaternion | None = None,
) -> Scene:
    """Reads the surroundings of an object; arguments as of `Scene.from_mjcf`.

    Raises:
        InputError: the file cannot be read, holds something that moves or nothing that collides,
            or says where the object is although the arguments do.
    """
    check_path("path", path)
    path = pathlib.Path(path)
    if not is_file(path):
        raise InputError(f"no file {path}")
    check_model_file(path)
    try:
        spec = mujoco.MjSpec.from_file(str(path))
        model = spec.compile()
    except (ValueError, OSError) as error:
        line = " ".join(str(error).split())[:300]
        raise InputError(f"MuJoCo cannot read the scene {path}: {line}") from None
    if model.njnt or model.nu:
        names = [model.joint(i).name for i in range(model.njnt)]
        names += [model.actuator(i).name for i in range(model.nu)]
        raise InputError(
            f"the scene {path} holds {len(names)} joints and actuators, such as "
            f"'{names[0] or 'one without a name'}'; surroundings stand still: leave hand, object "
            "and all else that moves out of the file"
        )
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    marked = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, MARKER)
    if marked >= 0:
        if position is not None or quaternion is not None or up is not None:
            raise InputError(
                f"the body '{MARKER}' of {path} says where the object is, and so do the arguments; "
                "leave one of them out"
            )
        if model.body_geomnum[marked]:
            raise InputError(
                f"the body '{MARKER}' of {path} has geoms; it marks the place of the object alone"
            )
        x, y, z = data.xpos[marked].tolist()
        position = (x, y, z)
        a, b, c, d = data.xquat[marked].tolist()
        quaternion = (a, b, c, d)
    table: float | None = None
    obstacles: list[Obstacle] = []
    for geom in range(model.ngeom):
        if not collides(model, geom):
            continue
        rotation = data.geom_xmat[geom].reshape(3, 3)
        level = model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_PLANE and rotation[2, 2] > _LEVEL
        if level and table is None:
            table = float(data.geom_xpos[geom, 2])
        elif level:
            raise InputError(f"the scene {path} has two level planes; there is one table")
        else:
            obstacles.append(_obstacle(path, model, data, geom))
    if table is None and not obstacles:
        raise InputError(f"nothing in the scene {path} collides")
    return Scene(
        up=up,
        position=position,
        quaternion=quaternion,
        table=table,
        obstacles=tuple(obstacles),
    )


def _obstacle(
    path: pathlib.Path, model: mujoco.MjModel, data: mujoco.MjData, geom: int
) -> Obstacle:
    name = model.geom(geom).name or model.body(model.geom_bodyid[geom]).name or f"geom {geom}"
    kind, place = mujoco.mjtGeom(int(model.geom_type[geom])), data.geom_xpos[geom]
    turn = np.zeros(4)
    mujoco.mju_mat2Quat(turn, data.geom_xmat[geom])
    if kind in (mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_PLANE):
        size = 2 * model.geom_size[geom]
        if kind == mujoco.mjtGeom.mjGEOM_PLANE:
            size = np.array(_WALL)
            place = place - 0.5 * size[2] * data.geom_xmat[geom].reshape(3, 3)[:, 2]
        return Box(
            size=(float(size[0]), float(size[1]), float(size[2])),
            position=(float(place[0]), float(place[1]), float(place[2])),
            quaternion=(float(turn[0]), float(turn[1]), float(turn[2]), float(turn[3])),
            name=name,
        )
    mesh = geom_mesh(model, geom, _SECTIONS)  # in the frame of its body
    if mesh is None:
        raise InputError(
            f"'{name}' of the scene {path} is a height field or distance field; use boxes or meshes"
        )
    body = model.geom_bodyid[geom]
    convex = hull(np.asarray(mesh.vertices, float))
    vertices = convex.vertices @ rotation_matrix(data.xquat[body]).T + data.xpos[body]
    return Solid(pieces=(ConvexPiece(vertices=vertices, faces=convex.faces),), name=name)
