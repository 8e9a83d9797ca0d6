"""Kinematics: derivatives, batches, points on links."""

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
from jax.test_util import check_grads
from zdg_jax.kernels import kinematics

from zdg_jax.hand.topology import build_tree

CHAIN = """<mujoco><compiler angle="radian"/><worldbody>
  <body pos="0.1 0 0" quat="0.9 0.1 0.3 0.2"><joint axis="1 2 3" pos="0.02 0 0.01" ref="0.3"/>
    <joint type="slide" axis="0 1 1"/><geom size="0.01"/>
    <body pos="0 0.1 0"><geom size="0.01"/><body pos="0 0 0.1"><joint axis="0 1 0"/>
      <geom size="0.01"/></body></body>
    <body pos="0 -0.1 0"><joint axis="0 0 1"/><geom size="0.01"/></body></body>
  </worldbody></mujoco>"""


def _scene():
    model = mujoco.MjModel.from_xml_string(CHAIN)
    return model, build_tree(model)


def test_hinges_slides_anchors_and_references_agree_with_mujoco():
    model, tree = _scene()
    data = mujoco.MjData(model)
    for key in range(10):
        joints = jax.random.uniform(jax.random.key(key), (4,), minval=-1.5, maxval=1.5)
        rotation, translation = kinematics.link_poses(tree, joints)
        data.qpos[:] = joints
        mujoco.mj_kinematics(model, data)
        np.testing.assert_allclose(translation, data.xpos, atol=1e-6)
        np.testing.assert_allclose(rotation, data.xmat.reshape(-1, 3, 3), atol=1e-6)


def test_derivatives():
    _, tree = _scene()
    joints = jnp.array([0.3, -0.02, 0.7, -0.4])
    check_grads(
        lambda q: kinematics.link_poses(tree, q), (joints,), 1, ("fwd", "rev"), 2e-2, 2e-2, 1e-2
    )


def test_links_move_with_joints_as_in_mujoco():
    model, tree = _scene()
    data = mujoco.MjData(model)
    joints = jnp.array([0.3, -0.02, 0.7, -0.4])
    motions = jax.random.normal(jax.random.key(2), (2, 4))
    data.qpos[:] = joints
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    point = np.array([0.1, -0.2, 0.3])
    twists = np.asarray(kinematics.link_twists(tree, joints, motions))
    for link in range(model.nbody):
        jacobian = np.zeros((3, model.nv))
        mujoco.mj_jac(model, data, jacobian, None, point, link)
        moved = np.cross(twists[:, link, :3], point) + twists[:, link, 3:]
        np.testing.assert_allclose(moved, motions @ jacobian.T, atol=1e-6)
    check_grads(
        lambda q: kinematics.link_twists(tree, q, motions), (joints,), 1, ("fwd", "rev"), 2e-2, 2e-2
    )


def test_a_batch_is_its_members():
    _, tree = _scene()
    joints = jax.random.normal(jax.random.key(0), (2, 3, 4))
    whole = kinematics.link_poses(tree, joints)
    mapped = jax.vmap(jax.vmap(lambda q: kinematics.link_poses(tree, q)))(joints)
    for a, b in zip(whole, mapped, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_points_ride_on_their_links():
    _, tree = _scene()
    rotation, translation = kinematics.link_poses(tree, jnp.array([0.3, 0.01, 0.7, -0.4]))
    local = jax.random.normal(jax.random.key(1), (5, 3))
    link = np.array([1, 3, 1, 3, 0])
    turned = np.einsum("nij,nj->ni", rotation[link], local)
    np.testing.assert_allclose(kinematics.turn(rotation, local, link), turned, atol=1e-6)
    placed = kinematics.attach(rotation, translation, local, link)
    np.testing.assert_allclose(placed, turned + translation[link], atol=1e-6)
