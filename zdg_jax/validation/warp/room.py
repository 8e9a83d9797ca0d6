"""Room: how many contacts and constraint rows of a world Warp sets memory aside for."""

from __future__ import annotations

import dataclasses

import mujoco

_POINTS = 8
"""Most contact points of a pair of geoms, those of two boxes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Room:
    """Contacts and constraint rows of one world. Worlds share the room for contacts."""

    contacts: int
    """Contacts, and pairs of geoms whose bounds meet."""
    rows: int
    """Rows of constraints."""

    @classmethod
    def first_guess(cls, model: mujoco.MjModel) -> Room:
        """Returns the room that a scene needs as a rule: twice as many contacts as it has geoms.

        The Allegro hand on apple, marker, mug and hammer needs half of it at most.

        Args:
            model: the scene.
        """
        contacts = 2 * _colliding(model)
        return cls(contacts=contacts, rows=_standing(model) + _rows_per_contact(model) * contacts)

    @classmethod
    def most(cls, model: mujoco.MjModel) -> Room:
        """Returns the room that a scene can need at all: every pair of geoms in contact.

        Args:
            model: the scene.
        """
        geoms = _colliding(model)
        contacts = _POINTS * geoms * (geoms - 1) // 2
        return cls(contacts=contacts, rows=_standing(model) + _rows_per_contact(model) * contacts)

    def doubled(self, *, contacts: bool, rows: bool, most: Room) -> Room:
        """Returns twice the room where it was too small.

        Args:
            contacts: there were too many contacts.
            rows: there were too many rows.
            most: room that is always enough.
        """
        return Room(
            contacts=min(self.contacts * (1 + contacts), most.contacts),
            rows=min(self.rows * (1 + rows), most.rows),
        )


def _colliding(model: mujoco.MjModel) -> int:
    """Counts the geoms that can touch anything."""
    return int(((model.geom_contype != 0) | (model.geom_conaffinity != 0)).sum())


def _standing(model: mujoco.MjModel) -> int:
    """Counts rows that are no contact's: of welds, couplings, dry friction and limits."""
    limits = int(model.jnt_limited.sum() + model.tendon_limited.sum())
    friction = int((model.dof_frictionloss > 0).sum() + (model.tendon_frictionloss > 0).sum())
    return 6 * int(model.neq) + friction + limits


def _rows_per_contact(model: mujoco.MjModel) -> int:
    most = int(model.geom_condim.max(initial=1))
    elliptic = model.opt.cone == mujoco.mjtCone.mjCONE_ELLIPTIC
    return most if elliptic or most == 1 else 2 * (most - 1)
