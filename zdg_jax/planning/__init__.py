"""From a task in words to a grasp plan: what to hold, what to avoid, and how."""

from zdg_jax.planning.check import resolve
from zdg_jax.planning.grip import AvoidedPart, FingerPlan, Force, Grip, HeldPart, PalmPlan
from zdg_jax.planning.model.limits import Limits
from zdg_jax.planning.model.ranking import Look, Ranking
from zdg_jax.planning.plan import (
    GraspPlan,
    Intent,
    Motion,
    ObjectReading,
    PartReading,
    TaskReading,
    Usage,
    Wrench,
    plan_schema,
)
from zdg_jax.planning.planner import PlannerOptions, plan, plan_many, rank
from zdg_jax.planning.taxonomy import STYLES, GraspType, Opposition, Style

__all__ = [
    "STYLES",
    "AvoidedPart",
    "FingerPlan",
    "Force",
    "GraspPlan",
    "GraspType",
    "Grip",
    "HeldPart",
    "Intent",
    "Limits",
    "Look",
    "Motion",
    "ObjectReading",
    "Opposition",
    "PalmPlan",
    "PartReading",
    "PlannerOptions",
    "Ranking",
    "Style",
    "TaskReading",
    "Usage",
    "Wrench",
    "plan",
    "plan_many",
    "plan_schema",
    "rank",
    "resolve",
]
