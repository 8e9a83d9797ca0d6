"""Motions of a task: axes and loads."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import trimesh

from tests.planning import things
from zdg_jax.objects import Object
from zdg_jax.planning import Motion
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.planning.geometry.wrenches import motion_axis, task_wrenches

HANDLE, BLADE = 1, 2


@functools.cache
def lever() -> Object:
    """A bar along x whose handle is at -x."""
    handle = things.at(things.rod(0.012, 0.12, "x"), -0.06, 0, 0)
    blade = things.at(things.box(0.1, 0.01, 0.004), 0.05, 0, 0)
    mesh = trimesh.util.concatenate([handle, blade])
    labels = np.r_[np.ones(len(handle.faces), int), np.full(len(blade.faces), 2)]
    return Object.from_mesh(mesh, parts=labels, pieces=2)


def test_a_lever_turns_about_the_level_axis_square_to_it() -> None:
    axis = motion_axis(Motion.LEVER, measure(lever()), [HANDLE], [BLADE])
    assert axis is not None
    assert np.abs(axis) == pytest.approx([0, 1, 0], abs=0.02)


@pytest.mark.parametrize("motion", [Motion.STIR, Motion.CIRCLE])
def test_what_goes_round_goes_about_the_upright_axis(motion: Motion) -> None:
    shape = measure(lever())
    axis = motion_axis(motion, shape, [HANDLE], [BLADE])
    assert axis == pytest.approx([0, 0, 1])
    loads = task_wrenches(motion, axis, shape, lever(), [BLADE], 0.2)
    drags = np.array([load.force for load in loads if "round" in load.reason])
    assert drags.sum(axis=0) == pytest.approx([0, 0, 0], abs=1e-9)
    assert (np.linalg.norm(drags, axis=1) > 1).all()
    assert np.abs(drags @ axis).max() < 1e-9


@pytest.mark.parametrize("motion", [Motion.LEVER, Motion.SQUEEZE])
def test_levers_and_jaws_bear_a_load_at_their_end(motion: Motion) -> None:
    shape = measure(lever())
    axis = motion_axis(motion, shape, [HANDLE], [BLADE])
    loads = task_wrenches(motion, axis, shape, lever(), [BLADE], 0.2)
    assert len(loads) > 1
    assert max(np.linalg.norm(load.force) for load in loads) > 3
    assert task_wrenches(motion, axis, shape, lever(), [], 0.2)[1:] == []
