"""A made-up set of grasps: enough of one to be chosen from, saved, shown and exported."""

from __future__ import annotations

import itertools

import numpy as np
import trimesh

from zdg_jax.grasps import GraspSet
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.meshes.hashing import mesh_hash
from zdg_jax.objects.convex import ConvexPiece, hull
from zdg_jax.physics import Physics
from zdg_jax.validation import Reason, Validation

JOINTS = 6


def make_ball(pieces: int = 2) -> ObjectRecord:
    """A ball of 3 cm radius, cut into slices along z."""
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=0.03)
    vertices, faces = np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32)
    edges = np.linspace(-0.03, 0.03, pieces + 1)
    slices: list[ConvexPiece] = [
        hull(vertices[(vertices[:, 2] >= low - 1e-9) & (vertices[:, 2] <= high + 1e-9)])
        for low, high in itertools.pairwise(edges)
    ]
    return ObjectRecord(
        name="ball",
        source="/somewhere/ball.stl",
        mesh_hash=mesh_hash(vertices, faces),
        scale=0.001,
        vertices=vertices,
        faces=faces,
        face_parts=np.ones(len(faces), np.int32),
        part_names={1: "shell"},
        pieces=tuple(slices),
        mass=0.2,
        friction=0.6,
        volume=float(mesh.volume),
    )


def make_grasps(n: int, *, tested: bool = True, seed: int = 0) -> GraspSet:
    """Random poses and values; every other grasp holds."""
    random = np.random.default_rng(seed)

    def pose() -> HandPose:
        quaternion = random.normal(size=(n, 4))
        return HandPose(
            position=random.normal(size=(n, 3)),  # type: ignore[arg-type]
            quaternion=quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True),
            joints=random.normal(size=(n, JOINTS)),  # type: ignore[arg-type]
        )

    validation = None
    if tested:
        loads = ("-x", "-y", "-z", "+x", "+y", "+z")
        validation = Validation.empty(n, protocol="six_directions", backend="mujoco", loads=loads)
        validation.held[::2] = True
        validation.survived_loads[::2] = True
        validation.tested[:] = True
        validation.drift[:] = random.random((n, 6)) * 0.1
        validation.reason[:] = Reason.SLIPPED
        validation.reason[::2] = Reason.HELD
    return GraspSet(
        poses=Poses(pregrasp=pose(), grasp=pose(), squeeze=pose()),
        score=random.random(n),
        object=make_ball(),
        hand=HandRecord(
            name="gripper",
            source="",
            fingerprint="b" * 64,
            joint_names=tuple(f"joint{i}" for i in range(JOINTS)),
        ),
        physics=Physics(mass=0.2, friction=0.6, torque_limit=0.7),
        forces=SqueezeForces(
            links=random.integers(-1, 5, size=(n, 4)),
            points=random.normal(size=(n, 4, 3)),
            forces=random.normal(size=(n, 4, 3)),
            torques=random.normal(size=(n, JOINTS)),
        ),
        terms={"contact": random.random(n), "wrench": random.random(n)},
        metrics={"epsilon": random.random(n), "penetration": random.random(n) * 1e-3},
        status=np.arange(n) % 2,
        status_names=("ok", "not_finite"),
        kept=np.arange(n) < n // 2,
        validation=validation,
        task="throw the ball",
        provenance={"seed": 3},
    )
