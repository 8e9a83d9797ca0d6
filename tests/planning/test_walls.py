"""Rims of vessels are taken between thumb and fingers, at one place, from above."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from tests.hands import load_hand
from tests.planning import things
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.grasp_type import choose_type
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.planning.taxonomy import GraspType


def basin(radius: float) -> things.Thing:
    """An open vessel whose rim is a part, and a handle at +x."""
    rim = trimesh.creation.annulus(r_min=radius - 0.003, r_max=radius, height=0.012)
    return things.thing(
        "basin",
        body=things.tub(radius, 0.08),
        rim=things.at(rim, 0, 0, 0.086),
        handle=things.at(things.rod(0.01, 0.1, "x"), radius + 0.05, 0, 0.07),
    )


def strain(width: float) -> float:
    return max(5 * width / 0.1 - 4, 0.0) ** 2


@pytest.mark.parametrize(("radius", "kind"), [(0.04, GraspType.TRIPOD), (0.1, GraspType.PRISMATIC)])
def test_rim_is_taken_at_one_place_of_its_wall(radius: float, kind: GraspType) -> None:
    shape = measure(basin(radius))
    best = propose(shape, [2], [1, 3], strain=strain)[0]
    assert best.wall
    assert best.width < 0.02
    assert best.direction[2] < -0.8
    place = best.place - np.array([0, 0, best.place[2]])
    assert np.linalg.norm(place) == pytest.approx(radius, abs=0.008)
    closing = np.cross(best.direction, best.thumb)
    assert abs(closing @ place) > 0.8 * radius  # through the wall, not along it
    assert choose_type(shape, [2], best, load_hand("allegro")) is kind


def test_rim_is_taken_away_from_what_is_spared() -> None:
    shape = measure(basin(0.05))
    assert propose(shape, [2], [3], strain=strain)[0].place[0] < 0.04


def test_collar_of_a_closed_bottle_is_no_wall() -> None:
    collar = trimesh.creation.annulus(r_min=0.027, r_max=0.03, height=0.02)
    bottle = things.thing(
        "bottle",
        body=things.at(things.rod(0.04, 0.1), 0, 0, 0.05),
        collar=things.at(collar, 0, 0, 0.11),
        cap=things.at(things.rod(0.02, 0.03), 0, 0, 0.135),
    )
    assert not any(a.wall for a in propose(measure(bottle), [2], [], strain=strain))
