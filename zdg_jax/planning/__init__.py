"""From a task in words to a grasp plan: what to hold, what to avoid, and how."""

from zdg_jax.planning.check import resolve
from zdg_jax.planning.fallback import FallbackPlanner
from zdg_jax.planning.grasp_plan import (
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
from zdg_jax.planning.grip import AvoidedPart, FingerPlan, Force, Grip, HeldPart, PalmPlan
from zdg_jax.planning.materials import Material
from zdg_jax.planning.model.budget import Limits
from zdg_jax.planning.model.model_planner import ModelPlanner
from zdg_jax.planning.model.options import PictureSize, PlannerOptions
from zdg_jax.planning.planner import GraspReview, Planner, Ranking
from zdg_jax.planning.planners import as_planner, plan, plan_many, planner_from_name
from zdg_jax.planning.rules.rules_planner import RulesPlanner
from zdg_jax.planning.saved_plan import SavedPlan
from zdg_jax.planning.taxonomy import STYLES, GraspType, Opposition, Style

__all__ = [
    "STYLES",
    "AvoidedPart",
    "FallbackPlanner",
    "FingerPlan",
    "Force",
    "GraspPlan",
    "GraspReview",
    "GraspType",
    "Grip",
    "HeldPart",
    "Intent",
    "Limits",
    "Material",
    "ModelPlanner",
    "Motion",
    "ObjectReading",
    "Opposition",
    "PalmPlan",
    "PartReading",
    "PictureSize",
    "Planner",
    "PlannerOptions",
    "Ranking",
    "RulesPlanner",
    "SavedPlan",
    "Style",
    "TaskReading",
    "Usage",
    "Wrench",
    "as_planner",
    "plan",
    "plan_many",
    "plan_schema",
    "planner_from_name",
    "resolve",
]
