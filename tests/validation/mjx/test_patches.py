"""Patches of MJX belong to versions of MJX."""

from __future__ import annotations

from mujoco.mjx._src import solver

from zdg_jax.validation.mjx import patches


def test_the_installed_mjx_is_one_that_the_patches_were_compared_with() -> None:
    """If this fails, MJX has moved: run the slow tests of `tests/validation/mjx` and `python -m
    benchmarks.engines` on it, then add its version to `patches.TESTED_VERSIONS`."""
    assert not patches.unpatched()
    original = solver._while_loop_scan
    with patches.patched():
        assert solver._while_loop_scan is not original
    assert solver._while_loop_scan is original


def test_another_version_runs_with_its_own_code_and_says_so() -> None:
    original = solver._while_loop_scan
    with patches.patched("0.0.1"):
        assert solver._while_loop_scan is original
    (sentence,) = patches.unpatched("0.0.1")
    assert "mujoco-mjx 0.0.1's own" in sentence
