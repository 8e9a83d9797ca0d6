"""Physics: tests that decide whether a grasp holds."""

from zdg_jax.validation.engine import Engine
from zdg_jax.validation.protocols import (
    Hold,
    Lift,
    Load,
    Physics,
    Protocol,
    Settling,
    six_directions,
    task_wrench,
)
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.rollout import BACKENDS, rollout

__all__ = [
    "BACKENDS",
    "Engine",
    "Hold",
    "Lift",
    "Load",
    "Physics",
    "Protocol",
    "Reason",
    "Settling",
    "Validation",
    "rollout",
    "six_directions",
    "task_wrench",
]
