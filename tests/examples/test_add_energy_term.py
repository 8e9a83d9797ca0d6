"""The example that adds an energy term."""

from __future__ import annotations

import pathlib
import runpy

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.slow
def test_the_term_of_the_example_keeps_hands_above_the_table() -> None:
    make_grasps = runpy.run_path(str(EXAMPLES / "06_add_energy_term.py"))["make_grasps"]
    without, with_term = (
        make_grasps(weight, num=8).terms["below_table"] for weight in (0.0, 100.0)
    )
    assert np.median(without) > 0.01
    assert np.median(with_term) < 0.01
