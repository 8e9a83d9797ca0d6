"""Physics: tests that decide whether a grasp holds."""

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
from zdg_jax.validation.rollout import BACKENDS, EngineOptions, rollout

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
