"""Throughput, first grasps and memory of the whole road."""

from __future__ import annotations

import itertools
import os
import pathlib
import sys
import tempfile

import jax

from benchmarks.children import answer_of
from benchmarks.metrics import Metric
from benchmarks.settings import Settings, load_objects
from benchmarks.yields import STAGES, all_tested
from zdg_jax.hand import Hand


def measure_synthesis(settings: Settings) -> dict[str, Metric]:
    """The first hand with the first five objects, programs compiled; spread over the objects:

    - `refined`: grasps a second over seeds, refinement, fit and squeeze, those counted that are
      dropped for more promising ones.
    - `returned`: the same without these: grasps that the caller gets.
    - `held`: grasps a second that hold in the six-direction test, over plan, those stages and the
      test of all that are returned.
    - `plan`, `make`, `test`: seconds of each.
    - `peak_memory`: of a process that does this, with the device's own peak where it tells.
    """
    num = settings.num or (32 if settings.quick else 256)
    hand, rows = Hand.load(settings.hands[0]), []
    for obj in itertools.islice(load_objects(settings), 5):
        if not rows:
            all_tested(hand, obj, num, settings.key + 1)
        grasps, seconds = all_tested(hand, obj, num, settings.key)
        refined, held = grasps.provenance["refined"], int(grasps.held.sum())
        rows.append(seconds | {"refined": refined, "held": held})
    metrics = {
        "refined": Metric.of([row["refined"] / row["make"] for row in rows], "grasps/s", "higher"),
        "returned": Metric.of([num / row["make"] for row in rows], "grasps/s", "higher"),
        "held": Metric.of(
            [row["held"] / sum(row[stage] for stage in STAGES) for row in rows],
            "held grasps/s",
            "higher",
        ),
    }
    for stage in STAGES:
        metrics[stage] = Metric.of([row[stage] for row in rows], "s", "lower")
    return metrics | memory()


def measure_first(settings: Settings) -> dict[str, Metric]:
    """Seconds from nothing to the first grasp that holds, in new processes.

    - `bare_*`: nothing is cached, neither programs nor the object.
    - `cold_*`: the same again with another object: programs come from the cache on disk.
    - `_import`, `_prepare` (hand and object), `_first_held`: parts of the time, in that order;
      `_total` is their sum. `warm_first_held` is a second call in the same process.
    """
    metrics: dict[str, Metric] = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ZDG_CACHE_DIR": folder}
        for number, kind in enumerate(("bare", "cold")):
            report = _child(settings, number, environment)
            for name, seconds in report.items():
                if name == "warm" and kind == "bare":
                    continue
                key = "warm_first_held" if name == "warm" else f"{kind}_{name}"
                unit = "MB" if name == "peak_memory" else "s"
                metrics[key] = Metric(value=seconds, unit=unit, better="lower")
    return metrics


def memory() -> dict[str, Metric]:
    """Peak memory of this process so far, and of the device where it tells."""
    metrics = {"peak_memory": Metric(value=peak_memory(), unit="MB", better="lower")}
    device = jax.local_devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in device:
        metrics["device_peak"] = Metric(
            value=device["peak_bytes_in_use"] / 1e6, unit="MB", better="lower"
        )
    return metrics


def peak_memory() -> float:
    """Peak resident memory of this process [MB]."""
    import resource

    # Linux hands the peak that `getrusage` tells on to child processes.
    status = pathlib.Path("/proc/self/status")
    if status.is_file():
        rows = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return float(rows["VmHWM"].split()[0]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def _child(settings: Settings, number: int, environment: dict[str, str]) -> dict[str, float]:
    """Runs `benchmarks.first` in a new process; its report."""
    command = [sys.executable, "-m", "benchmarks.first", settings.hands[0], str(number)]
    if settings.objects is not None and settings.objects.is_dir():
        command += ["--objects", str(settings.objects)]
    for name in settings.only:
        command += ["--only", name]
    return answer_of(command, environment)
