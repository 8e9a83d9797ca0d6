"""Long runs that are cut off."""

from __future__ import annotations

import dataclasses
import pathlib

import mujoco
import numpy as np
import pytest

from zdg_jax import validation
from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.physics import Physics
from zdg_jax.validation import six_directions

from .gripper import PUSHING, TOUCHING, Ball, Gripper, closing

QUICK = dataclasses.replace(six_directions, loads=six_directions.loads[:1])


def _poses(n: int) -> Poses:
    return closing(np.where(np.arange(n) % 2, PUSHING, TOUCHING).tolist())


class StiffGripper(Gripper):
    """The gripper after its file was edited."""

    def spec(self) -> mujoco.MjSpec:
        spec = super().spec()
        spec.joint("tip0").armature = 0.01
        return spec


class _CutOffError(Exception):
    pass


def test_a_run_goes_on_where_it_was_cut_off(
    gripper: Gripper, ball: Ball, tmp_path: pathlib.Path
) -> None:
    file, poses = tmp_path / "run.npz", _poses(40)

    def cut_off(stage: str, done: int, total: int) -> None:
        raise _CutOffError

    with pytest.raises(_CutOffError):
        validation.rollout(gripper, ball, poses, QUICK, progress=cut_off, resume=file)
    seen: list[int] = []
    resumed = validation.rollout(
        gripper, ball, poses, QUICK, progress=lambda _, done, total: seen.append(done), resume=file
    )
    assert seen[0] > 16  # the first chunk was not run again
    assert seen[-1] == 40
    whole = validation.rollout(gripper, ball, poses, QUICK)
    np.testing.assert_array_equal(resumed.held, whole.held)
    np.testing.assert_array_equal(resumed.drift, whole.drift)
    assert not list(tmp_path.glob("*.part"))


def test_results_of_another_run_are_refused(
    gripper: Gripper, ball: Ball, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "run.npz"
    validation.rollout(gripper, ball, _poses(2), QUICK, resume=file)
    other = closing([TOUCHING, PUSHING + 1e-3])
    with pytest.raises(InputError, match="results of another run"):
        validation.rollout(gripper, ball, other, QUICK, resume=file)
    with pytest.raises(InputError, match="results of another run"):
        validation.rollout(gripper, ball, _poses(2), six_directions, resume=file)


def test_another_mass_or_hand_of_the_same_name_is_another_run(
    gripper: Gripper, ball: Ball, tmp_path: pathlib.Path
) -> None:
    """A protocol that takes the object's own mass does not tell it, and names can stay the same."""
    file, at_own_mass = tmp_path / "run.npz", dataclasses.replace(QUICK, physics=Physics())
    validation.rollout(gripper, ball, _poses(2), at_own_mass, resume=file)
    validation.rollout(gripper, ball, _poses(2), at_own_mass, resume=file)
    for hand, obj in ((gripper, dataclasses.replace(ball, mass=0.3)), (StiffGripper(), ball)):
        with pytest.raises(InputError, match="results of another run"):
            validation.rollout(hand, obj, _poses(2), at_own_mass, resume=file)


def test_a_broken_file_is_named(gripper: Gripper, ball: Ball, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "run.npz"
    file.write_bytes(b"not a zip archive")
    with pytest.raises(InputError, match=r"cannot resume from .*run\.npz"):
        validation.rollout(gripper, ball, _poses(1), QUICK, resume=file)
