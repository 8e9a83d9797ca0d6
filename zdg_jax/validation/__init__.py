"""Physics: tests that decide whether a grasp holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.validation.engine import PhysicsEngine
    from zdg_jax.validation.mjx.engine import MjxEngine
    from zdg_jax.validation.mjx.simplified import MjxOptions
    from zdg_jax.validation.mujoco.engine import Engine
    from zdg_jax.validation.noise import Noise, SoftLabels, Trials, soft_labels
    from zdg_jax.validation.protocols import (
        HoldProtocol,
        LiftProtocol,
        Load,
        Protocol,
        Settling,
        SolverOptions,
        carry,
        six_directions,
        task_wrench,
    )
    from zdg_jax.validation.recording import Recording, record
    from zdg_jax.validation.results import Reason, Validation
    from zdg_jax.validation.rollouts import BACKENDS, EngineOptions, rollout

__all__ = [
    "BACKENDS",
    "Engine",
    "EngineOptions",
    "HoldProtocol",
    "LiftProtocol",
    "Load",
    "MjxEngine",
    "MjxOptions",
    "Noise",
    "PhysicsEngine",
    "Protocol",
    "Reason",
    "Recording",
    "Settling",
    "SoftLabels",
    "SolverOptions",
    "Trials",
    "Validation",
    "carry",
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
        "Engine": "mujoco.engine",
        "EngineOptions": "rollouts",
        "HoldProtocol": "protocols",
        "LiftProtocol": "protocols",
        "Load": "protocols",
        "MjxEngine": "mjx.engine",
        "MjxOptions": "mjx.simplified",
        "Noise": "noise",
        "PhysicsEngine": "engine",
        "Protocol": "protocols",
        "Reason": "results",
        "Recording": "recording",
        "Settling": "protocols",
        "SoftLabels": "noise",
        "SolverOptions": "protocols",
        "Trials": "noise",
        "Validation": "results",
        "carry": "protocols",
        "record": "recording",
        "rollout": "rollouts",
        "six_directions": "protocols",
        "soft_labels": "noise",
        "task_wrench": "protocols",
    },
)
