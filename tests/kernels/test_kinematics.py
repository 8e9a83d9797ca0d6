"""Kinematics: derivatives, batches, points on links."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from jax.test_util import check_grads

from zdg_jax.hand.topology import build_tree
from zdg_jax.kernels import kinematics, rotations

CHAIN = """<mujoco><compiler angle="radian"/><worldbody>
  <body pos="0.1 0 0" quat="0.9 0.1 0.3 0.2"><joint axis="1 2 3" pos="0.02 0 0.01" ref="0.3"/>
    <joint type="slide" axis="0 1 1"/><geom size="0.01"/>
    <body pos="0 0.1 0"><geom size="0.01"/><body pos="0 0 0.1"><joint axis="0 1 0"/>
      <geom size="0.01"/></body></body>
    <body pos="0 -0.1 0"><joint axis="0 0 1"/><geom size="0.01"/></body></body>
  </worldbody></mujoco>"""


def _scene() -> tuple[mujoco.MjModel, kinematics.Tree]:
    model = mujoco.MjModel.from_xml_string(CHAIN)
    return model, build_tree(model)


def test_hinges_slides_anchors_and_references_agree_with_mujoco() -> None:
    model, tree = _scene()
    data = mujoco.MjData(model)
    for key in range(10):
        joints = jax.random.uniform(jax.random.key(key), (4,), minval=-1.5, maxval=1.5)
        poses = np.moveaxis(kinematics.link_poses(tree, joints), -1, 0)
        data.qpos[:] = joints
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(poses[..., 3], data.xpos, atol=1e-6)
        np.testing.assert_allclose(poses[..., :3], data.xmat.reshape(-1, 3, 3), atol=1e-6)


def test_derivatives() -> None:
    _, tree = _scene()
    joints = jnp.array([0.3, -0.02, 0.7, -0.4])
    check_grads(
        lambda q: kinematics.link_poses(tree, q), (joints,), 1, ("fwd", "rev"), 2e-2, 2e-2, 1e-2
    )


def _twists(
    tree: kinematics.Tree, joints: jax.Array, motions: jax.Array, base: jax.Array | None = None
) -> jax.Array:
    return kinematics.link_twists(tree, kinematics.forward_kinematics(tree, joints, base), motions)


def _base(vector: jax.Array) -> jax.Array:
    rotation = rotations.matrix_from_6d(vector[:6])
    return jnp.concatenate([rotation, vector[6:, None]], axis=1)


def test_the_base_carries_all_links_and_motions() -> None:
    _, tree = _scene()
    joints, motions = jnp.array([0.3, -0.02, 0.7, -0.4]), jnp.array([[1.0, 2.0, -1.0, 0.5]])
    vector = jnp.array([1.0, 0.2, -0.3, 0.1, 1.0, 0.4, 0.3, -0.2, 0.1])
    base = _base(vector)
    still = kinematics.link_poses(tree, joints)
    moved = jnp.einsum("ij,jkl->ikl", base[:, :3], still).at[:, 3].add(base[:, 3:])
    np.testing.assert_allclose(kinematics.link_poses(tree, joints, base), moved, atol=1e-6)
    point = jnp.array([0.1, -0.2, 0.3])
    away = base[:, :3] @ point + base[:, 3]
    fixed, outer = (np.asarray(_twists(tree, joints, motions, b))[:, 0] for b in (None, base))
    rate = np.cross(fixed[:3].T, point) + fixed[3:].T
    carried = np.cross(outer[:3].T, away) + outer[3:].T
    np.testing.assert_allclose(carried, rate @ np.asarray(base[:, :3]).T, atol=1e-6)


def test_derivatives_by_the_base() -> None:
    _, tree = _scene()
    joints = jnp.array([0.3, -0.02, 0.7, -0.4])
    vector = jnp.array([1.0, 0.2, -0.3, 0.1, 1.0, 0.4, 0.3, -0.2, 0.1])
    for call in (
        lambda v: kinematics.link_poses(tree, joints, _base(v)),
        lambda v: _twists(tree, joints, jnp.eye(4), _base(v)),
    ):
        check_grads(call, (vector,), 1, ("fwd", "rev"), 2e-2, 2e-2, 1e-2)


def test_links_move_with_joints_as_in_mujoco() -> None:
    model, tree = _scene()
    data = mujoco.MjData(model)
    joints = jnp.array([0.3, -0.02, 0.7, -0.4])
    motions = jax.random.normal(jax.random.key(2), (2, 4))
    data.qpos[:] = joints
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    point = np.array([0.1, -0.2, 0.3])
    twists = np.asarray(_twists(tree, joints, motions))
    for link in range(model.nbody):
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, None, point, link)
        moved = np.cross(twists[:3, :, link].T, point) + twists[3:, :, link].T
        np.testing.assert_allclose(moved, motions @ jacobian.T, atol=1e-6)
    check_grads(lambda q: _twists(tree, q, motions), (joints,), 1, ("fwd", "rev"), 2e-2, 2e-2)


def test_a_batch_is_its_members() -> None:
    _, tree = _scene()
    joints = jax.random.normal(jax.random.key(0), (2, 3, 4))
    whole = kinematics.link_poses(tree, joints)
    mapped = jax.vmap(jax.vmap(lambda q: kinematics.link_poses(tree, q)))(joints)
    np.testing.assert_allclose(whole, mapped, atol=1e-6)


def test_points_ride_on_their_links() -> None:
    _, tree = _scene()
    poses = kinematics.link_poses(tree, jnp.array([0.3, 0.01, 0.7, -0.4]))
    local = jax.random.normal(jax.random.key(1), (5, 3))
    link = np.array([1, 3, 1, 3, 0], np.int32)
    turned = np.einsum("ijn,nj->in", poses[:, :3, link], local)
    np.testing.assert_allclose(
        kinematics.rotate_directions(poses[:, :3], local, link), turned, atol=1e-6
    )
    placed = kinematics.transform_points(poses, local, link)
    np.testing.assert_allclose(placed, turned + poses[:, 3, link], atol=1e-6)
