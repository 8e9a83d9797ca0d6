"""The table's edge under an object."""

from __future__ import annotations

import numpy as np
import pytest

from tests import scene as world
from zdg_jax.errors import InputError
from zdg_jax.scenes import Box, Scene, Surroundings
from zdg_jax.scenes.overhang import overhanging


def test_the_longer_end_hangs_over_and_the_middle_stays_on_the_table() -> None:
    brick = world.brick().object  # 90 mm along z
    scene = overhanging(brick, Scene(up=(1.0, 0.0, 0.0)))
    around = Surroundings.of(scene, brick)
    end = 0.044
    below = np.array([[-0.03, 0, end], [-0.03, 0, -end], [-0.03, 0, 0.0], [-0.035, 0, end]])
    clearance = around.room(below)
    hanging = clearance[:2] > 0.01
    assert hanging.sum() == 1
    assert clearance[2] < 0


def test_what_cannot_hang_over_is_refused() -> None:
    brick = world.brick().object
    with pytest.raises(InputError, match=r"can hang over the edge by 1[45] mm"):
        overhanging(brick, Scene())  # stands on 40 x 60 mm
    wall = Box(size=(0.1, 0.1, 0.1), position=(1.0, 0.0, 0.05))
    with pytest.raises(InputError, match="bare table"):
        overhanging(brick, Scene(obstacles=(wall,)))
