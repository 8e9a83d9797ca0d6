"""The programs as they are lowered for accelerators, beside what was kept of them."""

from __future__ import annotations

import json

import jax
import pytest

from benchmarks import lowering
from tests import scene
from tests.validation.gripper import Ball, Gripper

_KEPT = json.loads(lowering.COUNTS.read_text())


def _compare(name: str, found: dict[str, object]) -> None:
    kept = _KEPT["programs"][name]
    if jax.__version__ == _KEPT["jax"]:
        assert found == kept, f"{name} changed: python -m benchmarks.lowering counts --write"
    else:  # another version may call other libraries
        assert found["doubles"] == kept["doubles"] or "mjx" in name


def test_the_road_keeps_its_custom_calls_and_single_precision() -> None:
    found = dict(lowering.counts_of_road(scene.jar().pipeline))
    names = {name.partition(" ")[0] for name in found}
    assert names == lowering.program_names()
    assert len(found) == len(names) * len(lowering.PLATFORMS)
    for name, row in found.items():
        assert row["doubles"] == 0, name
        _compare(name, row)


@pytest.mark.slow
def test_mjx_keeps_its_custom_calls() -> None:
    for name, row in lowering.counts_of_mjx(Gripper(), Ball(subdivisions=1)):
        assert (row["doubles"] > 0) is name.endswith("cuda")
        assert row["custom_calls"].keys() <= _KEPT["programs"][name]["custom_calls"].keys()


def test_what_is_counted() -> None:
    module = """
    %0 = stablehlo.custom_call @cusolver_getrf_ffi(%arg0) : (tensor<3x3xf32>) -> tensor<3x3xf32>
    %1 = stablehlo.custom_call @cusolver_getrf_ffi(%0) : (tensor<3x3xf64>) -> tensor<3x3xf64>
    %2 = stablehlo.add %1, %1 : tensor<f64>
    """
    assert lowering.counts_of_text(module) == {
        "custom_calls": {"cusolver_getrf_ffi": 2},
        "doubles": 2,
    }


def test_floors_follow_the_machine() -> None:
    machine = lowering.Machine(name="toy", bandwidth=1e3, arithmetic=1e4, launch=1e-3)
    costs = {"operations": 50.0, "traffic": 20.0, "state": 10.0, "kernels": 3.0}
    assert lowering.floors(costs, machine) == pytest.approx(
        {"arithmetic": 5.0, "state": 10.0, "launches": 3.0}
    )
    assert lowering.traffic(costs, machine) == pytest.approx(20.0)
