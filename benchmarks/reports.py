"""Result files: what was measured, and where: device, versions, commit, how busy it was."""

from __future__ import annotations

import json
import os
import pathlib
import platform
import subprocess
from importlib import metadata
from typing import Any

import jax

from benchmarks.settings import ROOT

_PACKAGES = ("zdg-jax", "jax", "jaxlib", "mujoco", "mujoco-mjx", "mujoco-warp", "numpy")


def environment() -> dict[str, Any]:
    """Device, versions and commit of a result, and how busy the machine was.

    To be asked before the work: the load and the commit are those it begins with.
    """
    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in _PACKAGES if _installed(name)},
        "commit": commit_of(ROOT) or "unknown",
    }


def commit_of(checkout: pathlib.Path) -> str:
    """The commit of a checkout, and whether it was changed; "" where git knows none."""
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True).stdout.strip()


def write(file: pathlib.Path | None, environment: dict[str, Any], **results: Any) -> None:
    """Writes what was `found` and where it was `made`, as JSON; no file, nothing to do."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"made": environment} | results, indent=1) + "\n")


def _installed(name: str) -> bool:
    return any(True for _ in metadata.distributions(name=name))


def _processor() -> str:
    """The processor's name where Linux tells it."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
