"""Forward kinematics of a tree of hinge and slide joints, many hands at once.

The pose of a joint's frame in its parent's is affine in (sin q, cos q, q), so one formula serves
hinges about any axis, slides and fixed offsets:

    T(q) = A0 + sin(q) A1 + cos(q) A2 + q A3,    each A a constant (3, 4).

Joints of the same depth are computed together and their matrices are written out by component:
XLA then fuses a whole level into few loops. The derivative is the geometric Jacobian (Siciliano et
al., Robotics, section 3.1), which costs no second pass through the tree, forward or reverse; the
root moves like one more joint.
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
    slides: bool
    """Whether any joint slides; without one the term in q is left out."""

    @property
    def order(self) -> tuple[int, ...]:
        """All joints by depth."""
        return tuple(joint for level in self.levels for joint in level)

    def ancestors(self) -> np.ndarray:
        """1 where a joint (column) carries another, (j, j), by depth; none carries itself."""
        carried = np.zeros((len(self.parents),) * 2, np.float32)
        for joint in self.order:
            if (parent := self.parents[joint]) >= 0:
                carried[joint] = carried[parent]
                carried[joint, parent] = 1.0
        return carried[np.ix_(self.order, self.order)]


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


def link_poses(tree: Tree, joints: jax.Array, base: jax.Array | None = None) -> jax.Array:
    """Poses of all links, by component: links lie along the last axis.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].
        base: pose of the hand's root, (*b, 3, 4), rotation and translation [m]; none leaves links
            in the root's frame. Of a change of its rotation only the turn counts.

    Returns:
        The upper rows of `T_root_link` or, with a base, of links in the frame of the base,
        (*b, 3, 4, L): three columns of rotation, one of translation [m].
    """
    return _poses(tree, joints, _or_identity(base, joints))[0]


def link_twists(
    tree: Tree, joints: jax.Array, motions: jax.Array, base: jax.Array | None = None
) -> jax.Array:
    """How links move about the origin when joints move together.

    Args:
        tree: the kinematic tree.
        joints: joint positions, (*b, j) [rad or m].
        motions: rates of the joints, (m, j).
        base: as of `link_poses`.

    Returns:
        Turn and shift, (*b, 6, m, L), of a point at the origin: a point p moves by
        turn x p + shift.
    """
    _, axes, anchors = _poses(tree, joints, _or_identity(base, joints))
    order = tree.topology.order
    screws = jnp.stack(_screws(tree, axes, anchors), axis=-2)
    carried = motions[:, order].T[:, :, None] * tree.moves[:, order].T[:, None]
    return jnp.tensordot(screws, carried, axes=1, precision=jax.lax.Precision.HIGHEST)


def _or_identity(base: jax.Array | None, joints: jax.Array) -> jax.Array:
    return jnp.eye(3, 4, dtype=jnp.asarray(joints).dtype) if base is None else base


def _screws(tree: Tree, axes: list[jax.Array], anchors: list[jax.Array]) -> list[jax.Array]:
    """Turn and shift of a point at the origin for each joint: hinges turn, slides only move."""
    hinge = tree.hinge[jnp.asarray(tree.topology.order)]
    turning = [part * hinge for part in axes]
    across = _cross(anchors, turning)
    return turning + [c + a * (1 - hinge) for c, a in zip(across, axes, strict=True)]


@jax.custom_jvp
def _poses(
    tree: Tree, joints: jax.Array, base: jax.Array
) -> tuple[jax.Array, list[jax.Array], list[jax.Array]]:
    """Poses of links, then axes and anchors of joints by depth, x, y and z of each (*b, j)."""
    top = tree.topology
    order = jnp.asarray(top.order)
    joints = jnp.asarray(joints)[..., order]
    affine = tree.affine[:, order]
    sine, cosine = jnp.sin(joints), jnp.cos(joints)
    root = [[base[..., i, k, None] for k in range(4)] for i in range(3)]
    frames: list[_Components] = []
    first = 0
    previous: tuple[int, ...] = ()
    for level in top.levels:
        own = slice(first, first + len(level))
        s, c, q, a = sine[..., own], cosine[..., own], joints[..., own], affine[:, own]
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
        above = _take(frames[-1], [previous.index(p) for p in parents]) if first else root
        frames.append(_compose(above, local))
        first, previous = own.stop, level
    batch = joints.shape[:-1]
    root = [[jnp.broadcast_to(entry, (*batch, 1)) for entry in row] for row in root]
    frames.append(root)
    rows = [
        [jnp.concatenate([f[i][k] for f in frames], axis=-1) for k in range(4)] for i in range(3)
    ]
    joint_rows = [[entry[..., :first] for entry in row] for row in rows]
    axes = _turn(joint_rows, tree.axes[order])
    anchors = _turn(joint_rows, tree.anchors[order])
    anchors = [part + row[3] for part, row in zip(anchors, joint_rows, strict=True)]
    stacked = jnp.stack([jnp.concatenate(row, axis=-1) for row in rows], axis=-2)
    links = jnp.matmul(stacked, _mounting(tree), precision=jax.lax.Precision.HIGHEST)
    return links.reshape(*batch, 3, 4, tree.num_links), axes, anchors


def _mounting(tree: Tree) -> jax.Array:
    """Poses of links (4 L) from those of the joints by depth and the root, (4 (j + 1), 4 L)."""
    top = tree.topology
    # The root, -1 among the carriers, comes last.
    place = [*(top.order.index(joint) for joint in range(tree.num_joints)), tree.num_joints]
    rides = np.zeros((tree.num_joints + 1, tree.num_links), np.float32)
    rides[[place[carrier] for carrier in top.carriers], np.arange(tree.num_links)] = 1.0
    last = jnp.broadcast_to(jnp.array([0.0, 0, 0, 1], tree.mount.dtype), (tree.num_links, 1, 4))
    mount = jnp.concatenate([tree.mount, last], axis=1)
    spread = mount.transpose(1, 2, 0)[:, None] * rides[None, :, None]
    return spread.reshape(4 * (tree.num_joints + 1), 4 * tree.num_links)


@_poses.defjvp
def _poses_jvp(primals: tuple, tangents: tuple) -> tuple:
    tree, joints, base = primals
    links, axes, anchors = _poses(tree, joints, base)
    order = jnp.asarray(tree.topology.order)
    rate = jnp.asarray(tangents[1])[..., order]
    twists = [
        jnp.concatenate([screw * rate, jnp.broadcast_to(own, (*rate.shape[:-1], 1))], axis=-1)
        for screw, own in zip(
            _screws(tree, axes, anchors), _base_twist(base, tangents[2]), strict=True
        )
    ]
    together = jnp.stack(twists, axis=-2)
    # The root carries every link and every joint.
    moves = jnp.pad(tree.moves[:, order], ((0, 0), (0, 1)), constant_values=1)
    above = jnp.asarray(np.pad(tree.topology.ancestors(), ((0, 0), (0, 1)), constant_values=1))
    turn, shift = _halves(together @ moves.T)
    columns = [_cross(turn, [links[..., i, k, :] for i in range(3)]) for k in range(4)]
    columns[3] = [part + s for part, s in zip(columns[3], shift, strict=True)]
    moved = jnp.stack([jnp.stack([column[i] for column in columns], -2) for i in range(3)], -3)
    turn, shift = _halves(together @ above.T)
    turned, carried = _cross(turn, axes), _cross(turn, anchors)
    carried = [part + s for part, s in zip(carried, shift, strict=True)]
    return (links, axes, anchors), (moved, turned, carried)


def _base_twist(base: jax.Array, rate: jax.Array) -> list[jax.Array]:
    """Turn and shift of a point at the origin as the base moves, each (*b, 1)."""
    base, rate = jnp.asarray(base), jnp.asarray(rate)

    def product(a: int, b: int) -> jax.Array:
        return jnp.sum(rate[..., a, :3] * base[..., b, :3], axis=-1, keepdims=True)

    turn = [0.5 * (product(b, a) - product(a, b)) for a, b in ((1, 2), (2, 0), (0, 1))]
    across = _cross(turn, [base[..., i, 3, None] for i in range(3)])
    return turn + [rate[..., i, 3, None] - across[i] for i in range(3)]


def _halves(twists: jax.Array) -> tuple[list[jax.Array], list[jax.Array]]:
    """Turns and shifts of twists (*b, 6, n), by component."""
    parts = [twists[..., i, :] for i in range(6)]
    return parts[:3], parts[3:]


def attach(poses: jax.Array, local: jax.Array, link: jax.Array) -> jax.Array:
    """Points fixed to links, by component, (3, n), in the frame of the links' poses [m].

    One matrix product with a matrix that is zero but in each point's own link. Measured for 1024
    Allegros of 1680 points, value and gradient, 2 CPU cores: 25 ms and 1.6 s to compile; links
    one by one, written out by component, 192 ms and 15.6 s; a rotation gathered a point more.

    Args:
        poses: poses of the links, (3, 4, L), from `link_poses`.
        local: the points in their links' frames, (n, 3) [m].
        link: the link of each, (n,).
    """
    ones = jnp.ones((local.shape[0], 1), local.dtype)
    return turn(poses, jnp.concatenate([local, ones], axis=-1), link)


def turn(rotations: jax.Array, local: jax.Array, link: jax.Array) -> jax.Array:
    """Directions fixed to links, (3, n): `attach` with rotations (3, 3, L) for poses."""
    _, width, links = rotations.shape
    own = (link == jnp.arange(links)[:, None]).astype(local.dtype)
    spread = (local.T[:, None] * own).reshape(width * links, -1)
    rows = rotations.reshape(3, width * links)
    return jnp.matmul(rows, spread, precision=jax.lax.Precision.HIGHEST)


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


def _turn(parts: _Components, vectors: jax.Array) -> list[jax.Array]:
    return [sum(row[k] * vectors[:, k] for k in range(3)) for row in parts]  # type: ignore[misc]


def _cross(a: list[jax.Array], b: list[jax.Array]) -> list[jax.Array]:
    return [a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3] for i in range(3)]
