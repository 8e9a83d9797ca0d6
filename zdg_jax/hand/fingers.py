"""Fingers: chains of links that branch off the palm's link."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from zdg_jax.errors import InputError

_MOST_FINGERS = 6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finger:
    """A chain of links that moves on its own."""

    name: str
    """Common beginning of its links' names."""
    links: tuple[int, ...]
    """Links from the palm to the tip."""
    joints: tuple[int, ...]
    """Joints from the palm to the tip."""
    tip_link: int
    """The outermost link with a surface."""
    is_thumb: bool
    """Whether it opposes the other fingers."""


def opposing_finger(fingers: Sequence[Finger]) -> int:
    """Return the index of the finger that opposes the others: the thumb, or else the first."""
    return next((i for i, finger in enumerate(fingers) if finger.is_thumb), 0)


def find_fingers(
    model: mujoco.MjModel,
    solid_links: set[int],
    name: str,
    joined: Sequence[tuple[int, int]] = (),
) -> tuple[int, list[Finger]]:
    """Find the palm's link and the fingers: chains from the branching link to each moving leaf.

    Links without joints below a leaf (tips, pads, sensors) belong to its finger. Of chains that a
    loop holds together, the bars of one finger, the one that reaches farthest is the finger.

    Args:
        model: the compiled hand.
        solid_links: links with a surface.
        name: the hand's, for messages.
        joined: pairs of links that loops hold together.

    Returns:
        Index of the link where the fingers branch off, and the fingers, none marked as thumb.

    Raises:
        InputError: the hand has fewer than two fingers, or more than any hand.
    """
    parent = model.body_parentid
    children: dict[int, list[int]] = {b: [] for b in range(model.nbody)}
    for body in range(1, model.nbody):
        children[parent[body]].append(body)
    moving = [False] * model.nbody  # whether a joint lies at or below the body
    for body in range(model.nbody - 1, 0, -1):
        moving[body] |= model.body_jntnum[body] > 0
        moving[parent[body]] |= moving[body]
    branches = {b: [c for c in children[b] if moving[c]] for b in range(model.nbody)}
    palm = 0
    while len(branches[palm]) == 1:
        palm = branches[palm][0]
    leaves = [b for b in range(1, model.nbody) if moving[b] and not branches[b]]
    chains = {}
    for leaf in leaves:
        chain, body = [], leaf
        while body != palm and len(branches[body]) <= 1:
            chain.append(body)
            body = parent[body]
        chains[leaf] = [*reversed(chain), *_below(leaf, children)]
    leaves = _without_bars(model, palm, chains, joined)
    if len(leaves) < 2:
        raise InputError(
            f"the hand '{name}' has {len(leaves)} finger; at least 2 are needed to grasp"
        )
    if len(leaves) > _MOST_FINGERS:
        raise InputError(
            f"the model '{name}' has {len(leaves)} chains of joints, more than a hand has fingers "
            f"(at most {_MOST_FINGERS} are taken): load one hand alone, from its wrist on"
        )
    fingers: list[Finger] = []
    for leaf in leaves:
        links = chains[leaf]
        joints = [
            j
            for b in links
            for j in range(model.body_jntadr[b], model.body_jntadr[b] + model.body_jntnum[b])
        ]
        solid = [b for b in links if b in solid_links]
        if not solid or not joints:
            continue
        fingers.append(
            Finger(
                name=_common_name([model.body(b).name for b in links], len(fingers)),
                links=tuple(links),
                joints=tuple(joints),
                tip_link=solid[-1],
                is_thumb=False,
            )
        )
    names = [finger.name for finger in fingers]
    fingers = [
        dataclasses.replace(f, name=f"finger{i}") if names.count(f.name) > 1 else f
        for i, f in enumerate(fingers)
    ]
    return palm, fingers


def _without_bars(
    model: mujoco.MjModel,
    palm: int,
    chains: Mapping[int, Sequence[int]],
    joined: Sequence[tuple[int, int]],
) -> list[int]:
    """Leaves of chains that are fingers: of chains that loops hold together, the longest."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)

    def reach(leaf: int) -> float:
        geoms = np.flatnonzero(np.isin(model.geom_bodyid, chains[leaf]))
        spans = np.linalg.norm(data.geom_xpos[geoms] - data.xpos[palm], axis=1)
        return float((spans + model.geom_rbound[geoms]).max(initial=0.0))

    leaves = set(chains)
    for pair in joined:
        bound = [leaf for leaf in leaves if set(pair) & set(chains[leaf])]
        leaves -= set(sorted(bound, key=reach)[:-1])
    return sorted(leaves)


def _below(body: int, children: dict[int, list[int]]) -> list[int]:
    below = []
    for child in children[body]:
        below += [child, *_below(child, children)]
    return below


def _common_name(names: list[str], index: int) -> str:
    names = [name for name in names if name]
    if not names:
        return f"finger{index}"
    common = names[0]
    for name in names:
        while not name.startswith(common):
            common = common[:-1]
    common = common.strip("_-./ ")
    return common if len(common) > 1 else f"finger{index}"
