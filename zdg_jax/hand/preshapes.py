"""Preshapes of a hand: postures whose thumb opposes the other fingers, at every width.

Closing all joints together from an open pose shows but one posture per width, and not the widest.
So postures are drawn at random: the thumb's joints over their whole ranges, the other fingers
curled alike. Those whose fingertip pads face each other with no link inside another are kept,
several per width (Iberall's opposition space; "The nature of human prehension", ICRA 1987).
Planner and seeds read the same table.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from zdg_jax.hand.passive_motion import given_way
from zdg_jax.hand.self_collision import overlap_depth
from zdg_jax.runtime.arrays import floats

if TYPE_CHECKING:
    from zdg_jax.hand.fingertips import Fingertips
    from zdg_jax.hand.hand import Hand

ROOM = 0.02
"""Room between open fingers and an object, both sides together [m]."""
LOOSENESS = 0.008
"""Misfit of a preshape's width that makes it e times less likely [m]."""
OPPOSITION_WEIGHT = 2.0
"""Log-likelihood of a preshape whose pads face each other, beside one with crossed pads."""
_DRAWS = 8192
"""Postures that are drawn."""
_WIDTHS = 16
"""Widths that the table lists."""
_PER_WIDTH = 6
"""Preshapes per width."""
_OPPOSED = 0.3
"""Least opposition of a preshape."""
_EASY = 0.9
"""Share of the open pose's width that an object may fill without strain."""
_MOVED = 1e-3
"""Share of a motion from which a joint counts as moved."""
_OVERLAP = 0.0005
"""Depth at which links count as overlapping [m]."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class Preshapes:
    """Postures in which the thumb opposes the other fingers, l of them; hand root frame.

    In a hand without a thumb its first finger stands for one.
    """

    dofs: jax.Array
    """Joint coordinates, (l, d)."""
    width: jax.Array
    """Distance between the thumb's pad and the mean of the others, (l,) [m]."""
    middle: jax.Array
    """Half-way between them, (l, 3) [m]."""
    axis: jax.Array
    """Unit direction from the thumb to the others, (l, 3)."""
    facing: jax.Array
    """Unit palm normal made orthogonal to the axis, (l, 3)."""
    depth: jax.Array
    """Distance from the palm's face to the middle along `facing`, (l,) [m]."""
    opposition: jax.Array
    """Least cosine between a side's pads and the axis, over the part of the palm's normal that is
    orthogonal to the axis, (l,): 1 = pads face each other squarely before the palm."""

    open_width: jax.Array
    """The width of the hand's open pose, in which fingers are all but straight, () [m]."""

    @property
    def max_aperture(self) -> float:
        """Greatest distance between the thumb's pad and the others' [m]."""
        return float(np.asarray(self.width).max())

    def strain(self, width: float) -> float:
        """Rate how far an object of a width stretches the hand.

        Args:
            width: the object's, between thumb and fingers [m].

        Returns:
            0 where the open pose takes it with ease, and from there in proportion to 1 at the
            greatest aperture; more than 1 cannot be held between thumb and fingers.
        """
        comfortable = _EASY * float(self.open_width)
        return max(width - comfortable, 0.0) / max(self.max_aperture - comfortable, 1e-3)

    def log_likelihood(
        self, width: Any, *, looseness: Any = LOOSENESS, opposition_weight: Any = OPPOSITION_WEIGHT
    ) -> Any:
        """Rate how well each preshape fits a distance between the pads, up to a constant.

        Args:
            width: distance between the thumb's pad and the others', () [m].
            looseness: misfit of the width that makes a preshape e times less likely, () [m].
            opposition_weight: log-likelihood of a preshape of opposition 1 beside one of 0, ().

        Returns:
            (l,): opposition speaks for a preshape, misfit against it.
        """
        misfit = (self.width - width) / looseness
        return opposition_weight * self.opposition - misfit * misfit

    def closest(self, width: float) -> int:
        """Return the index of the preshape that fits an object of a width with room to spare.

        Args:
            width: the object's, between thumb and fingers [m].
        """
        return int(np.argmax(np.asarray(self.log_likelihood(width + ROOM))))


def find_preshapes(hand: Hand, pads: Fingertips, opposing: int) -> Preshapes:
    """Draw and measure a hand's preshapes; the same ones at every call.

    Args:
        hand: the hand.
        pads: what presses against what.
        opposing: number of the pad that the others oppose: the thumb's.

    Returns:
        Six preshapes at each of sixteen widths; a width without a good one repeats its
        neighbour's.
    """
    drawn = _measure(hand, _draw(hand), pads, opposing)
    value = np.where(drawn.depth > 0, drawn.opposition, -np.inf)
    _rule_out_overlaps(hand, drawn.dofs, value, value > _OPPOSED)
    if (value > _OPPOSED).sum() < _PER_WIDTH:
        _rule_out_overlaps(hand, drawn.dofs, value, np.isfinite(value) & (value <= _OPPOSED))
    chosen = _spread(drawn.width, value)
    fields = {f.name: getattr(drawn, f.name)[chosen] for f in dataclasses.fields(drawn)}
    fields["open_width"] = _measure(hand, hand.open_dofs[None], pads, opposing).width[0]
    return Preshapes(**{name: floats(value) for name, value in fields.items()})


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Measured:
    """`Preshapes` on the host, in double precision."""

    dofs: np.ndarray
    width: np.ndarray
    middle: np.ndarray
    axis: np.ndarray
    facing: np.ndarray
    depth: np.ndarray
    opposition: np.ndarray


def _draw(hand: Hand) -> np.ndarray:
    """Postures (n, d): thumb anywhere, other fingers curled alike."""
    rng = np.random.default_rng(0)
    lower, upper = np.asarray(hand.arrays.lower), np.asarray(hand.arrays.upper)
    curl = rng.uniform(-0.3, 1.5, (_DRAWS, 1))
    noise = 0.05 * rng.normal(size=(_DRAWS, hand.num_dofs)) * (upper - lower)
    dofs = hand.open_dofs + curl * (hand.half_closed_dofs - hand.open_dofs) + noise
    driven = [set(hand.kinematics.dofs_of(finger.joints)) for finger in hand.fingers]
    thumb = driven.pop(hand.opposing_finger)
    free = sorted(thumb.difference(*driven))
    dofs[:, free] = rng.uniform(lower[free], upper[free], (_DRAWS, len(free)))
    motions = np.asarray(hand.arrays.passive_motions, float)
    # What moves one finger against another is no giving way.
    moved = np.stack([np.isin(np.arange(hand.num_joints), f.joints) for f in hand.fingers])
    motions = motions[((np.abs(motions) > _MOVED)[:, None] <= moved).all(axis=2).any(axis=1)]
    return given_way(hand.kinematics, motions, np.clip(dofs, lower, upper))


def _measure(hand: Hand, dofs: np.ndarray, pads: Fingertips, opposing: int) -> _Measured:
    points, normals = pads.posed(hand.kinematics, dofs)
    thumb = np.arange(len(pads.link)) == opposing
    near, far = points[:, thumb].mean(1), points[:, ~thumb].mean(1)
    axis = _unit(far - near)
    along = np.einsum("nfi,ni->nf", normals, axis)
    squareness = np.minimum(along[:, thumb].mean(1), -along[:, ~thumb].mean(1))
    across = hand.palm.normal - (axis @ hand.palm.normal)[:, None] * axis
    facing, middle = _unit(across), (near + far) / 2
    return _Measured(
        dofs=dofs,
        width=np.linalg.norm(far - near, axis=-1),
        middle=middle,
        axis=axis,
        facing=facing,
        depth=((middle - hand.palm.position) * facing).sum(-1),
        opposition=squareness * np.linalg.norm(across, axis=-1),
    )


def _rule_out_overlaps(
    hand: Hand, dofs: np.ndarray, value: np.ndarray, looked_at: np.ndarray
) -> None:
    """Sets to -inf in place the values (n,) of those postures in which links overlap."""
    rows = np.flatnonzero(looked_at)
    depth = overlap_depth(hand.kinematics, hand.model, dofs[rows])
    value[rows[depth > _OVERLAP]] = -np.inf


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def _spread(width: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Indices of the best postures of each width; one without repeats its neighbour's."""
    good = np.flatnonzero(value > _OPPOSED)
    if len(good) < _PER_WIDTH:
        good = np.argsort(-value, kind="stable")[:_PER_WIDTH]
    edges = np.linspace(width[good].min(), np.quantile(width[good], 0.995), _WIDTHS)
    chosen = []
    for edge in edges:
        off = np.abs(width[good] - edge) / (edges[-1] - edges[0] + 1e-6) * _WIDTHS
        cost = np.where(off < 0.7, 0.0, 10 * off) - value[good]
        chosen.append(good[np.argsort(cost, kind="stable")[:_PER_WIDTH]])
    return np.concatenate(chosen)
