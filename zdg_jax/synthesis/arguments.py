"""Arguments of `synthesize`: told by name where they are of another kind, before work starts."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from zdg_jax.errors import InputError
from zdg_jax.hand import Hand
from zdg_jax.objects import Object

MOST = 1_000_000
"""Grasps that one call makes at most; several calls with other keys make more."""


def check_arguments(task: object, obj: object, hand: object, num: object, keep: object) -> None:
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
    if not isinstance(task, str):
        raise InputError(f"task is of the type {_kind(task)}; a text is needed")
    if not task.strip():
        raise InputError('the task is empty; say what the grasp is for, e.g. "pour the tea"')
    if not isinstance(obj, Object):
        raise InputError(f"obj is of the type {_kind(obj)}; give Object.from_mesh(PATH)")
    if not isinstance(hand, Hand):
        raise InputError(f"hand is of the type {_kind(hand)}; give Hand.load(NAME_OR_PATH)")
    for name, count in (("num", num), ("keep", keep)):
        if isinstance(count, bool) or not hasattr(count, "__index__"):
            raise InputError(f"{name} is {count!r}; a whole number is needed")
        if not 1 <= int(count) <= MOST:
            raise InputError(f"{name} is {count}; it must be from 1 to {MOST}")


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
        raise InputError(f"key is of the type {_kind(key)}; give jax.random.key(SEED)")
    single = 0 if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else 1
    if key.ndim != single:
        raise InputError(f"key has shape {key.shape}; give one key, jax.random.key(SEED)")
    return key


def check_settings() -> None:
    """Refuses settings of JAX under which the programs do not run.

    Raises:
        InputError: naming the setting.
    """
    if jax.config.read("jax_enable_x64"):
        raise InputError(
            "JAX is set to 64 bits, and grasps are made in 32: unset JAX_ENABLE_X64, or "
            'jax.config.update("jax_enable_x64", False)'
        )
    if jax.config.read("jax_numpy_rank_promotion") == "raise":
        raise InputError(
            "JAX is set to refuse rank promotion, which the programs use: unset "
            'JAX_NUMPY_RANK_PROMOTION, or jax.config.update("jax_numpy_rank_promotion", "allow")'
        )


def _kind(value: object) -> str:
    return type(value).__name__
