"""Numbers of the host as arrays of JAX.

`jnp.asarray` compiles a program for each shape, and another where it converts numbers: half a
second for a hand, an object and a plan in each process. Here they are converted on the host and
put on the device as they are.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike


def floats(values: ArrayLike) -> jax.Array:
    """Returns numbers in single precision.

    Args:
        values: numbers of any type and shape.
    """
    return _put(values, np.float32)


def integers(values: ArrayLike) -> jax.Array:
    """Returns whole numbers of 32 bits.

    Args:
        values: whole numbers of any type and shape.
    """
    return _put(values, np.int32)


def booleans(values: ArrayLike) -> jax.Array:
    """Returns truth values.

    Args:
        values: truth values of any shape.
    """
    return _put(values, bool)


def _put(values: ArrayLike, dtype: Any) -> jax.Array:
    # A copy: on a CPU JAX reads the memory that it is given, which the caller may write to later.
    return jax.device_put(np.array(values, dtype))
