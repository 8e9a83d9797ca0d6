"""From a task in words to a grasp plan: what to hold, what to avoid, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
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
    "NewPart",
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
    "object_of",
    "plan",
    "plan_many",
    "plan_schema",
    "planner_from_name",
    "resolve",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "AvoidedPart": "grip",
        "FallbackPlanner": "fallback",
        "FingerPlan": "grip",
        "Force": "grip",
        "GraspPlan": "grasp_plan",
        "GraspReview": "planner",
        "GraspType": "taxonomy",
        "Grip": "grip",
        "HeldPart": "grip",
        "Intent": "grasp_plan",
        "Limits": "model.budget",
        "Material": "materials",
        "ModelPlanner": "model.model_planner",
        "Motion": "grasp_plan",
        "NewPart": "grasp_plan",
        "ObjectReading": "grasp_plan",
        "Opposition": "taxonomy",
        "PalmPlan": "grip",
        "PartReading": "grasp_plan",
        "PictureSize": "model.options",
        "Planner": "planner",
        "PlannerOptions": "model.options",
        "Ranking": "planner",
        "RulesPlanner": "rules.rules_planner",
        "STYLES": "taxonomy",
        "SavedPlan": "saved_plan",
        "Style": "taxonomy",
        "TaskReading": "grasp_plan",
        "Usage": "grasp_plan",
        "Wrench": "grasp_plan",
        "as_planner": "planners",
        "object_of": "new_parts",
        "plan": "planners",
        "plan_many": "planners",
        "plan_schema": "grasp_plan",
        "planner_from_name": "planners",
        "resolve": "check",
    },
)
