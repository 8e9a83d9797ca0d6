"""Hands that tests share: to load one takes seconds, and what is loaded does not change."""

from __future__ import annotations

import functools

import mujoco

from zdg_jax.hand import Hand

load_hand = functools.cache(Hand.load)
"""`Hand.load`, once a process for the same arguments."""


@functools.cache
def hand_from_text(text: str, **settings: float | None) -> Hand:
    """The hand of an MJCF text, once a process for the same settings of `Hand.load`."""
    return Hand.load(mujoco.MjSpec.from_string(text), **settings)  # type: ignore[arg-type]
