"""Arguments of `synthesize`: told by name where they are of another kind, before work starts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from zdg_jax.errors import InputError
from zdg_jax.hand import Hand
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning.planner import checked_task
from zdg_jax.runtime.forks import check_not_forked
from zdg_jax.runtime.kinds import check_kind, check_whole
from zdg_jax.scenes import Scene
from zdg_jax.validation import Protocol

MOST = 1_000_000
"""Grasps that one call makes at most; several calls with other keys make more."""


def check_arguments(task: Any, obj: object, hand: object, num: object, keep: object) -> None:
    """Refuses what no grasps can be made of.

    Args:
        task: the task in words.
        obj: the object.
        hand: the hand.
        num: grasps to make.
        keep: grasps to keep.

    Raises:
        InputError: naming the argument, its type or value, and the call to make.
    """
    checked_task(task)
    check_kind("obj", obj, Object, "Object.from_mesh(PATH)")
    check_kind("hand", hand, Hand, "Hand.load(NAME_OR_PATH)")
    check_whole("num", num, 1, MOST)
    check_whole("keep", keep, 1, MOST)


def check_options(physics: object, scene: object, test: object) -> None:
    """Refuses options of another type; None stands for what is not given.

    Args:
        physics: mass, friction, gravity and drives.
        scene: what the object stands on and what is around it.
        test: the test.

    Raises:
        InputError: naming the argument, its type and the call to make.
    """
    check_kind("physics", physics, Physics | None, "Physics(mass=0.5)")
    check_kind("scene", scene, Scene | None, "Scene() for a table, or Scene.from_mjcf(PATH)")
    check_kind("test", test, Protocol | None, "a protocol such as zdg_jax.carry")


def checked_key(key: object) -> jax.Array:
    """Returns a random key, `jax.random.key(0)` for None.

    Args:
        key: one key.

    Raises:
        InputError: something else.
    """
    if key is None:
        return jax.random.key(0)
    if not isinstance(key, jax.Array):
        raise InputError(f"key is of the type {type(key).__name__}; give jax.random.key(SEED)")
    single = 0 if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else 1
    if key.ndim != single:
        raise InputError(f"key has shape {key.shape}; give one key, jax.random.key(SEED)")
    return key


def check_settings() -> None:
    """Refuses settings of JAX, and forks of it, in which the programs do not run.

    Raises:
        InputError: naming the setting and the way out.
    """
    check_not_forked()
    if jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        raise InputError(
            "JAX is set to 64 bits, and grasps are made in 32: unset JAX_ENABLE_X64, or "
            'jax.config.update("jax_enable_x64", False)'
        )
    promotion = jax.config.jax_numpy_rank_promotion  # type: ignore[attr-defined]
    if promotion == "raise":
        raise InputError(
            "JAX is set to refuse rank promotion, which the programs use: unset "
            'JAX_NUMPY_RANK_PROMOTION, or jax.config.update("jax_numpy_rank_promotion", "allow")'
        )
