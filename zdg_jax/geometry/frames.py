"""Frames about a direction, on the host."""

from __future__ import annotations

import numpy as np


def upright_axes(up: np.ndarray) -> np.ndarray:
    """Returns right-handed unit axes as columns, the last of them `up`, (3, 3).

    Args:
        up: unit vector, (3,).
    """
    first = np.cross(up, np.eye(3)[np.argmin(np.abs(up))])
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(up, first), up], axis=1)


def square_to(direction: np.ndarray) -> np.ndarray:
    """Returns two unit vectors square to a direction and to each other, as rows, (2, 3).

    Args:
        direction: any length but 0, (3,).
    """
    rows: np.ndarray = np.linalg.svd(direction[None])[2][1:]
    return rows
