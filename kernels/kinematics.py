"""Forward kinematics of a tree of hinge and slide joints, many hands at once.

The pose of a joint's frame in its parent's is affine in (sin q, cos q, q), so one formula serves
hinges about any axis, slides and fixed offsets:

    T(q) = A0 + sin(q) A1 + cos(q) A2 + q A3,    each A a constant (3, 4).

Joints of the same depth are computed together and their matrices are written out by component:
XLA then fuses a whole level into few loops. The derivative is the geometric Jacobian (Siciliano et
al., Robotics, section 3.1), which costs no second pass through the tree, forward or reverse.
"""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class Topology:
    """Which joint hangs on which, and which link rides on which joint; hashable."""

    levels: tuple[tuple[int, ...], ...]
    """Joints by depth; a joint's parent is on the level before."""
    parents: tuple[int, ...]
    """Parent joint of each joint, -1 = the root."""
    carriers: tuple[int, ...]
    """Joint that moves each link, -1 = fixed to the root."""
    offset: tuple[bool, ...]
    """Whether a link stands off its joint's frame, so that its mount counts."""
    slides: bool
    """Whether any joint slides; without one the term in q is left out."""

    def ancestors(self) -> np.ndarray:
        """1 where a joint (column) carries another, (j, j); none carries itself."""
        carried = np.zeros((len(self.parents),) * 2, np.float32)
        for level in self.levels:
            for joint in level:
                if (parent := self.parents[joint]) >= 0:
                    carried[joint] = carried[parent]
                    carried[joint, parent] = 1.0
        return carried


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Tree:
    """A kinematic tree of j joints and L links; constants, never differentiated."""

    affine: jax.Array
    """A0 to A3 of each joint, (4, j, 3, 4): three columns of rotation, one of translation [m]."""
    mount: jax.Array
    """Pose of each link in the frame of the joint that carries it, (L, 3, 4)."""
    axes: jax.Array
    """Unit axis of each joint in its own frame, (j, 3)."""
    anchors: jax.Array
    """A point of the joint's axis in its own frame, (j, 3) [m]."""
    hinge: jax.Array
    """1 for a hinge, 0 for a slide, (j,)."""
    moves: jax.Array
    """1 where a joint moves a link, (L, j)."""
    topology: Topology = dataclasses.field(metadata={"static": True})
    """Static structure."""

    @property
    def num_joints(self) -> int:
        """Number of joints."""
        return len(self.topology.parents)

    @property
    def num_links(self) -> int:
        """Number of links."""
        return len(self.topology.carriers)


_Components = list[list[jax.Array]]
"""Three rows of four entries, rotation and translation, each entry (*b, n)."""


def link_poses(tree: Tree, joints: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Poses of all links in the hand's root frame.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].

    Returns:
        Rotations (*b, L, 3, 3) and translations (*b, L, 3) [m], `T_root_link`.
    """
    rotation, translation, _, _ = _poses(tree, joints)
    return rotation, translation


def link_twists(tree: Tree, joints: jax.Array, motions: jax.Array) -> jax.Array:
    """How links move about the root's origin when joints move together.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].
        motions: rates of the joints, (m, j).

    Returns:
        Turn and shift, (*b, m, L, 6), of a point at the root's origin: a point p moves by
        turn x p + shift.
    """
    _, _, axis, anchor = _poses(tree, joints)
    return jnp.einsum("lj,mj,...jk->...mlk", tree.moves, motions, _screws(tree, axis, anchor))


def _screws(tree: Tree, axis: jax.Array, anchor: jax.Array) -> jax.Array:
    """Turn and shift about the root's origin of each joint: hinges turn, slides only move."""
    turning = axis * tree.hinge[:, None]
    shifting = jnp.cross(anchor, turning) + axis * (1 - tree.hinge[:, None])
    return jnp.concatenate([turning, shifting], axis=-1)


@jax.custom_jvp
def _poses(tree: Tree, joints: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Rotation and translation of links, then axis (*b, j, 3) and anchor (*b, j, 3) of joints."""
    joints = jnp.asarray(joints)
    top = tree.topology
    sine, cosine = jnp.sin(joints), jnp.cos(joints)
    frames: list[_Components] = []
    order: list[int] = []
    previous: tuple[int, ...] = ()
    for level in top.levels:
        index = jnp.asarray(level)
        s, c, q = sine[..., index], cosine[..., index], joints[..., index]
        a = tree.affine[:, index]
        local = [
            [
                a[0, :, i, k]
                + s * a[1, :, i, k]
                + c * a[2, :, i, k]
                + (q * a[3, :, i, k] if top.slides else 0.0)
                for k in range(4)
            ]
            for i in range(3)
        ]
        parents = [top.parents[joint] for joint in level]
        if parents[0] >= 0:
            local = _compose(_take(frames[-1], [previous.index(p) for p in parents]), local)
        frames.append(local)
        order += level
        previous = level
    merged = [
        [jnp.concatenate([level[i][k] for level in frames], axis=-1) for k in range(4)]
        for i in range(3)
    ]
    by_joint = _take(merged, [order.index(joint) for joint in range(tree.num_joints)])
    rotation, translation = _stack(by_joint)
    axis = jnp.stack(_turn(by_joint, tree.axes), axis=-1)
    anchor = jnp.stack(_turn(by_joint, tree.anchors), axis=-1) + translation
    return *_links(tree, rotation, translation), axis, anchor


@_poses.defjvp
def _poses_jvp(primals: tuple, tangents: tuple) -> tuple:
    tree, joints = primals
    rate = jnp.asarray(tangents[1])
    rotation, translation, axis, anchor = _poses(tree, joints)
    twist = _screws(tree, axis, anchor) * rate[..., None]
    summed = jnp.einsum("lj,...jk->...lk", tree.moves, twist)
    omega, velocity = summed[..., :3], summed[..., 3:]
    columns = jnp.cross(omega[..., None, :], jnp.swapaxes(rotation, -1, -2))
    above = jnp.einsum("ij,...jk->...ik", jnp.asarray(tree.topology.ancestors()), twist)
    moved = (
        jnp.swapaxes(columns, -1, -2),
        velocity + jnp.cross(omega, translation),
        jnp.cross(above[..., :3], axis),
        above[..., 3:] + jnp.cross(above[..., :3], anchor),
    )
    return (rotation, translation, axis, anchor), moved


def attach(
    rotation: jax.Array, translation: jax.Array, local: jax.Array, link: jax.Array
) -> jax.Array:
    """Points fixed to links, (n, 3), in the frame of the links' poses [m].

    One matrix product with a matrix that is zero but in each point's own link. Measured for 1024
    Allegros of 1680 points, value and gradient, 2 CPU cores: 25 ms and 1.6 s to compile; links
    one by one, written out by component, 192 ms and 15.6 s; a rotation gathered a point more.

    Args:
        rotation: rotations of the links, (L, 3, 3).
        translation: their origins, (L, 3) [m].
        local: the points in their links' frames, (n, 3) [m].
        link: the link of each, (n,).
    """
    ones = jnp.ones((local.shape[0], 1), local.dtype)
    poses = jnp.concatenate([rotation, translation[..., None]], axis=-1)
    return _carry(poses, jnp.concatenate([local, ones], axis=-1), link)


def turn(rotation: jax.Array, local: jax.Array, link: jax.Array) -> jax.Array:
    """Directions fixed to links, (n, 3): `attach` without translation."""
    return _carry(rotation, local, link)


def _carry(poses: jax.Array, local: jax.Array, link: jax.Array) -> jax.Array:
    """Rows (L, 3, k) applied to the vectors (n, k) of their links, (n, 3)."""
    links, _, width = poses.shape
    own = (link == jnp.arange(links)[:, None]).astype(local.dtype)
    spread = (own[:, None, :] * local.T).reshape(links * width, -1)
    rows = jnp.swapaxes(poses, 0, 1).reshape(3, links * width)
    return jnp.matmul(rows, spread, precision=jax.lax.Precision.HIGHEST).T


def _compose(a: _Components, b: _Components) -> _Components:
    """The product of rigid transforms, by component."""
    return [
        [
            a[i][0] * b[0][k] + a[i][1] * b[1][k] + a[i][2] * b[2][k] + (a[i][3] if k == 3 else 0.0)
            for k in range(4)
        ]
        for i in range(3)
    ]


def _take(parts: _Components, index: list[int]) -> _Components:
    size = parts[0][0].shape[-1]
    if index == list(range(size)):
        return parts
    if len(set(index)) == 1:  # all on one parent: broadcasting spares a gather
        return [[entry[..., index[0] : index[0] + 1] for entry in row] for row in parts]
    gather = jnp.asarray(index)
    return [[entry[..., gather] for entry in row] for row in parts]


def _stack(parts: _Components) -> tuple[jax.Array, jax.Array]:
    rows = [jnp.stack(row[:3], axis=-1) for row in parts]
    return jnp.stack(rows, axis=-2), jnp.stack([row[3] for row in parts], axis=-1)


def _turn(parts: _Components, vectors: jax.Array) -> list[jax.Array]:
    return [sum(row[k] * vectors[:, k] for k in range(3)) for row in parts]  # type: ignore[misc]


def _links(tree: Tree, rotation: jax.Array, translation: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Poses of links from those of the joints' frames (*b, j, 3, 3) and (*b, j, 3)."""
    top = tree.topology
    batch = translation.shape[:-2]
    rotations, translations = [], []
    for link, carrier in enumerate(top.carriers):
        turned, shift = tree.mount[link, :, :3], tree.mount[link, :, 3]
        if carrier < 0:
            rotations.append(jnp.broadcast_to(turned, (*batch, 3, 3)))
            translations.append(jnp.broadcast_to(shift, (*batch, 3)))
            continue
        own, origin = rotation[..., carrier, :, :], translation[..., carrier, :]
        if top.offset[link]:
            origin = origin + own @ shift
            own = own @ turned
        rotations.append(own)
        translations.append(origin)
    return jnp.stack(rotations, axis=-3), jnp.stack(translations, axis=-2)
