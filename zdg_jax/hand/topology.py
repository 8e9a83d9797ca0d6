"""Links and joints of a compiled MuJoCo model as a kinematic tree."""

from __future__ import annotations

import mujoco
import numpy as np

from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.kernels.kinematics import Topology, Tree
from zdg_jax.runtime.arrays import floats


def _affine(rotation: np.ndarray, translation: np.ndarray) -> np.ndarray:
    return np.concatenate([rotation, np.asarray(translation)[:, None]], axis=1)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of affine maps (3, 4); the second's last row is 0 0 0 (t)."""
    full = np.concatenate([b, [[0.0, 0, 0, 1]]])
    return a @ full


def _linear_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Product of a pose (3, 4) with the part (3, 4) of an affine map that varies."""
    return a[:, :3] @ b


def build_tree(model: mujoco.MjModel) -> Tree:
    """Build the tree of a model of hinges and slides; links are its bodies, the world first.

    A body with several joints becomes a chain of frames; bodies without joints ride on the frame
    of the joint above them.
    """
    carriers, mounts = [-1], [np.eye(3, 4)]
    parents: list[int] = []
    parts, axes, anchors, hinge = [], [], [], []
    for body in range(1, model.nbody):
        above = model.body_parentid[body]
        carrier, pose = carriers[above], mounts[above]
        pose = _product(pose, _affine(rotation_matrix(model.body_quat[body]), model.body_pos[body]))
        first, count = model.body_jntadr[body], model.body_jntnum[body]
        for joint in range(first, first + count):
            parents.append(carrier)
            is_hinge = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE
            parts.append(_joint_parts(pose, model, joint, is_hinge))
            axes.append(model.jnt_axis[joint])
            anchors.append(model.jnt_pos[joint])
            hinge.append(float(is_hinge))
            carrier, pose = joint, np.eye(3, 4)
        carriers.append(carrier)
        mounts.append(pose)
    return Tree(
        affine=floats(np.stack(parts, axis=1)),
        mount=floats(np.stack(mounts)),
        axes=floats(np.stack(axes)),
        anchors=floats(np.stack(anchors)),
        hinge=floats(hinge),
        moves=floats(_moves(parents, carriers)),
        topology=Topology(
            parents=tuple(int(p) for p in parents),
            carriers=tuple(int(c) for c in carriers),
            slides=not all(hinge),
        ),
    )


def _joint_parts(pose: np.ndarray, model: mujoco.MjModel, joint: int, is_hinge: bool) -> np.ndarray:
    """A0 to A3, (4, 3, 4), of a joint whose body stands at `pose` when the joint is at rest.

    Rodrigues: R(t) = k k^T + cos(t) (1 - k k^T) + sin(t) [k]x with t = q - q_rest; a hinge also
    moves the body's origin by (1 - R) anchor.
    """
    axis, anchor = model.jnt_axis[joint], model.jnt_pos[joint]
    rest = model.qpos0[model.jnt_qposadr[joint]]
    constant, sine, cosine, slide = (np.zeros((3, 4)) for _ in range(4))
    if is_hinge:
        cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0.0]])
        along, across = np.outer(axis, axis), np.eye(3) - np.outer(axis, axis)
        s, c = np.sin(rest), np.cos(rest)
        constant = _affine(along, anchor - along @ anchor)
        turn = c * cross + s * across
        keep = c * across - s * cross
        sine, cosine = _affine(turn, -turn @ anchor), _affine(keep, -keep @ anchor)
    else:
        constant = _affine(np.eye(3), -rest * axis)
        slide[:, 3] = axis
    varying = [_linear_product(pose, part) for part in (sine, cosine, slide)]
    return np.stack([_product(pose, constant), *varying])


def _moves(parents: list[int], carriers: list[int]) -> np.ndarray:
    moves = np.zeros((len(carriers), len(parents)))
    for link, carrier in enumerate(carriers):
        joint = carrier
        while joint >= 0:
            moves[link, joint] = 1.0
            joint = parents[joint]
    return moves


def joint_frames(tree: Tree, joints: np.ndarray) -> list[np.ndarray]:
    """Compute the frames of joints in NumPy and double precision.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].

    Returns:
        Pose of each joint's frame in the root frame, (*b, 3, 4) [m], j of them.
    """
    top, joints = tree.topology, np.asarray(joints, np.float64)
    parts = np.asarray(tree.affine, np.float64)
    frames: list[np.ndarray] = []
    for joint, above in enumerate(top.parents):
        q = joints[..., joint, None, None]
        local = parts[0, joint] + np.sin(q) * parts[1, joint]
        local = local + np.cos(q) * parts[2, joint] + q * parts[3, joint]
        frames.append(local if above < 0 else _chain(frames[above], local))
    return frames


def link_poses(tree: Tree, joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute poses of links as `kernels.kinematics.link_poses`, in NumPy and double precision.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].

    Returns:
        Rotations (*b, L, 3, 3) and translations (*b, L, 3) [m], root frame.
    """
    carried, mount = joint_frames(tree, joints), np.asarray(tree.mount, np.float64)
    batch = np.shape(joints)[:-1]
    links = [
        np.broadcast_to(mount[link], (*batch, 3, 4))
        if carrier < 0
        else _chain(carried[carrier], np.broadcast_to(mount[link], (*batch, 3, 4)))
        for link, carrier in enumerate(tree.topology.carriers)
    ]
    stacked = np.stack(links, axis=-3)
    return stacked[..., :3], stacked[..., 3]


def _chain(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    turned = a[..., :3] @ b
    turned[..., 3] += a[..., 3]
    return turned
