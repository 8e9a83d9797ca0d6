"""Numbers of the host as arrays of JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike


def floats(values: ArrayLike) -> jax.Array:
    """Returns numbers in single precision.

    They are converted on the host: JAX compiles a program to convert them, one for each shape.

    Args:
        values: numbers of any type and shape.
    """
    return _array(values, np.float32)


def integers(values: ArrayLike) -> jax.Array:
    """Returns whole numbers of 32 bits, see `floats`.

    Args:
        values: whole numbers of any type and shape.
    """
    return _array(values, np.int32)


def _array(values: ArrayLike, dtype: Any) -> jax.Array:
    return jnp.asarray(np.asarray(values, dtype))
