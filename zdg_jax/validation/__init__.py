"""Physics: tests that decide whether a grasp holds."""

from zdg_jax.validation.film import Film, film
from zdg_jax.validation.mjx.engine import MjxEngine
from zdg_jax.validation.mjx.scene import MjxOptions
from zdg_jax.validation.mujoco.engine import Engine
from zdg_jax.validation.noise import Noise, SoftLabels, soft_labels
from zdg_jax.validation.protocols import (
    Hold,
    Lift,
    Load,
    Protocol,
    Settling,
    SolverOptions,
    six_directions,
    task_wrench,
)
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.rollout import BACKENDS, rollout

__all__ = [
    "BACKENDS",
    "Engine",
    "Film",
    "Hold",
    "Lift",
    "Load",
    "MjxEngine",
    "MjxOptions",
    "Noise",
    "Protocol",
    "Reason",
    "Settling",
    "SoftLabels",
    "SolverOptions",
    "Validation",
    "film",
    "rollout",
    "six_directions",
    "soft_labels",
    "task_wrench",
]
