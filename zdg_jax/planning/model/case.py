"""A case: what every question to a model is about."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from zdg_jax.planning.geometry.parts import ObjectShape
from zdg_jax.planning.model.session import Session
from zdg_jax.rendering.figures import Figure

if TYPE_CHECKING:
    from zdg_jax.hand import Hand
    from zdg_jax.scenes.surroundings import Surroundings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """All that every stage knows."""

    task: str
    """The task in words."""
    shape: ObjectShape
    """The measured object."""
    hand: Hand
    """The hand."""
    session: Session
    """The session in which the model is asked."""
    around: Surroundings | None = None
    """Surroundings of the object, if there are any."""
    nearby: tuple[Figure, ...] = ()
    """The other person, the table and the work, as far as the task has them."""

    @property
    def marks(self) -> list[int]:
        """Numbers of the object's parts."""
        return [part.mark for part in self.shape.parts]

    @property
    def quoted(self) -> str:
        """The task as data."""
        return json.dumps({"task": self.task}, ensure_ascii=False)

    @property
    def span_mm(self) -> int:
        """Greatest width that the hand spans [mm]."""
        return int(self.hand.preshapes.max_aperture * 1e3)
