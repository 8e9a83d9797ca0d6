"""`mujoco`: hand and object in one scene that needs nothing but MuJoCo.

    out/scene.xml           hand on a free root welded to a mocap body `target`, and the free object
    out/meshes/             their meshes
    out/replay.py           replays a grasp: python replay.py --grasp 0 --view

Keyframes `grasp0_pregrasp`, `grasp0_grasp`, `grasp0_squeeze`, `grasp1_pregrasp` ... hold each
stage of each grasp, best first: state, actuator targets and the pose of `target`. The scene is
that of the tests in physics: no gravity, the object's own mass and friction. Grasps made in a scene
have their table and obstacles in it, with gravity, and keyframes `grasp0_approach0` ... before.
"""

from __future__ import annotations

import importlib.resources
import pathlib
import re

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.export.conventions import approach_qpos, qpos_by_stage, write_obj
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand
from zdg_jax.physics import Physics
from zdg_jax.runtime.files import atomic_write
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation.protocols import SolverOptions
from zdg_jax.validation.scene import build_spec, compile_scene

NEEDS_HAND = True
_MESHES = "meshes"
_AT_REST = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
"""Pose of the object at the start, position and quaternion."""


def write(
    grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
) -> list[pathlib.Path]:
    """Writes scene, meshes and script, see `zdg_jax.export.Format`.

    Raises:
        InputError: there is no hand, or the object has no convex pieces.
        ValidationError: MuJoCo refuses the scene.
        OSError: a file cannot be written.
    """
    if hand is None:
        raise InputError("a scene needs the hand itself: hand=... (--hand)")
    around = None if grasps.scene is None else Surroundings.of(grasps.scene, grasps.object)
    spec = build_spec(hand, grasps.object, Physics(), SolverOptions(), surroundings=around)
    spec.modelname = f"{hand.name}_{grasps.object.name}"
    (out / _MESHES).mkdir(exist_ok=True)
    _gather_meshes(spec, grasps, out / _MESHES)
    ctrl_from_joints = compile_scene(spec).ctrl_from_joints
    stages, way = qpos_by_stage(grasps), approach_qpos(grasps)
    if way is not None:
        steps = range(way.shape[1] - 1)  # the last is the pregrasp
        stages = {f"approach{k}": way[:, k] for k in steps} | stages
    for stage, rows in stages.items():
        for i, qpos in enumerate(rows):
            spec.add_key(
                name=f"grasp{i}_{stage}",
                qpos=np.concatenate([qpos, _AT_REST]),
                ctrl=ctrl_from_joints @ qpos[7:],
                mpos=qpos[:3],
                mquat=qpos[3:7],
            )
    path = out / "scene.xml"
    with atomic_write(path) as file:
        # Attached parts look for files in their own folders, so names were absolute until now.
        file.write(
            re.sub(r'file="[^"]*/([^"/]+)"', rf'file="{_MESHES}/\1"', spec.to_xml()).encode()
        )
    script = importlib.resources.files("zdg_jax.export").joinpath("replay.py").read_text()
    (out / "replay.py").write_text(script)
    return [path]


def _gather_meshes(spec: mujoco.MjSpec, grasps: GraspSet, folder: pathlib.Path) -> None:
    """Writes all meshes of a scene to a folder, that of the object as it shows among them."""
    pieces = {f"piece{i}": piece for i, piece in enumerate(grasps.object.pieces)}
    for i, mesh in enumerate(spec.meshes):
        if mesh.name in pieces:
            piece = pieces[mesh.name]
            file = folder / f"{mesh.name}.obj"
            write_obj(file, piece.vertices, piece.faces)
        elif mesh.file:
            source = pathlib.Path(mesh.file)
            file = folder / f"hand{i:03d}{source.suffix.lower()}"
            file.write_bytes(source.read_bytes())
        else:
            file = folder / f"hand{i:03d}.obj"
            faces = np.asarray(mesh.userface, int).reshape(-1, 3)
            write_obj(file, np.asarray(mesh.uservert, float).reshape(-1, 3), faces)
        mesh.uservert, mesh.userface = [], []
        mesh.file = str(file)
    for i, texture in enumerate(spec.textures):
        if texture.file:
            source = pathlib.Path(texture.file)
            file = folder / f"texture{i:03d}{source.suffix.lower()}"
            file.write_bytes(source.read_bytes())
            texture.file = str(file)
    visual = folder / "object.obj"
    write_obj(visual, grasps.object.vertices, grasps.object.faces)
    shell = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL  # an open mesh has no volume
    spec.add_mesh(name="object", file=str(visual), inertia=shell)
    body = spec.body("object")
    for geom in body.geoms:
        geom.group = 3  # hidden by default: the mesh shows instead
    body.add_geom(
        name="object",
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname="object",
        contype=0,
        conaffinity=0,
        mass=0.0,
        group=2,
        rgba=[0.93, 0.62, 0.31, 1.0],
    )
