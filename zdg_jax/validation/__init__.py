"""Physics: tests that decide whether a grasp holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.validation.deeds import Deed, Step
    from zdg_jax.validation.engine import PhysicsEngine
    from zdg_jax.validation.mjx.engine import MjxEngine
    from zdg_jax.validation.mjx.simplified import MjxOptions
    from zdg_jax.validation.mujoco.engine import Engine
    from zdg_jax.validation.noise import Noise, SoftLabels, Trials, soft_labels
    from zdg_jax.validation.programs import Program, deed_of, library_programs, load_program
    from zdg_jax.validation.protocols import (
        HoldProtocol,
        LiftProtocol,
        Load,
        Protocol,
        Settling,
        SolverOptions,
        UseProtocol,
        carry,
        six_directions,
        task_wrench,
    )
    from zdg_jax.validation.recording import Recording, record
    from zdg_jax.validation.results import Reason, Validation
    from zdg_jax.validation.rollouts import BACKENDS, EngineOptions, rollout
    from zdg_jax.validation.warp.engine import WarpEngine

__all__ = [
    "BACKENDS",
    "Deed",
    "Engine",
    "EngineOptions",
    "HoldProtocol",
    "LiftProtocol",
    "Load",
    "MjxEngine",
    "MjxOptions",
    "Noise",
    "PhysicsEngine",
    "Program",
    "Protocol",
    "Reason",
    "Recording",
    "Settling",
    "SoftLabels",
    "SolverOptions",
    "Step",
    "Trials",
    "UseProtocol",
    "Validation",
    "WarpEngine",
    "carry",
    "deed_of",
    "library_programs",
    "load_program",
    "record",
    "rollout",
    "six_directions",
    "soft_labels",
    "task_wrench",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "BACKENDS": "rollouts",
        "Deed": "deeds",
        "Engine": "mujoco.engine",
        "EngineOptions": "rollouts",
        "HoldProtocol": "protocols",
        "LiftProtocol": "protocols",
        "Load": "protocols",
        "MjxEngine": "mjx.engine",
        "MjxOptions": "mjx.simplified",
        "Noise": "noise",
        "PhysicsEngine": "engine",
        "Program": "programs",
        "Protocol": "protocols",
        "Reason": "results",
        "Recording": "recording",
        "Settling": "protocols",
        "SoftLabels": "noise",
        "SolverOptions": "protocols",
        "Step": "deeds",
        "Trials": "noise",
        "UseProtocol": "protocols",
        "Validation": "results",
        "WarpEngine": "warp.engine",
        "carry": "protocols",
        "deed_of": "programs",
        "library_programs": "programs",
        "load_program": "programs",
        "record": "recording",
        "rollout": "rollouts",
        "six_directions": "protocols",
        "soft_labels": "noise",
        "task_wrench": "protocols",
    },
)
