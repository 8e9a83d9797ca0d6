"""Zero-shot task-oriented dexterous grasp synthesis.

    import jax, zdg_jax as zdg

    hand = zdg.Hand.load("allegro")
    mug = zdg.Object.from_mesh("mug.stl", mass=0.3)
    grasps = zdg.synthesize("pour the coffee out", mug, hand, num=1024, key=jax.random.key(0))
    print(grasps)
    grasps.holding().best(32).save("mug.npz")

Names are imported when they are first used, so that `zdg --help` need not wait for JAX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.errors import InputError, PlannerError, ValidationError, ZdgError
    from zdg_jax.export import export_grasps
    from zdg_jax.grasps import GraspSet, concatenate
    from zdg_jax.hand import Hand, shipped_hands
    from zdg_jax.hand.poses import HandPose, Poses
    from zdg_jax.objects import Object
    from zdg_jax.physics import Physics
    from zdg_jax.planning import (
        FallbackPlanner,
        GraspPlan,
        ModelPlanner,
        PlannerOptions,
        RulesPlanner,
        SavedPlan,
        plan,
        plan_many,
        planner_from_name,
    )
    from zdg_jax.report import write_report
    from zdg_jax.scenes import Box, Scene, Solid, stable_poses
    from zdg_jax.synthesis.pipeline import GraspPipeline
    from zdg_jax.synthesis.pipeline_config import PipelineConfig
    from zdg_jax.synthesis.synthesize import SynthesisConfig, synthesize
    from zdg_jax.validation import (
        EngineOptions,
        HoldProtocol,
        LiftProtocol,
        Load,
        Noise,
        Trials,
        UseProtocol,
        Validation,
        carry,
        deed_of,
        load_program,
        rollout,
        six_directions,
        soft_labels,
        task_wrench,
    )
    from zdg_jax.viewer import Viewer, view_grasps, view_hand, view_object, view_plan

__all__ = [
    "Box",
    "EngineOptions",
    "FallbackPlanner",
    "GraspPipeline",
    "GraspPlan",
    "GraspSet",
    "Hand",
    "HandPose",
    "HoldProtocol",
    "InputError",
    "LiftProtocol",
    "Load",
    "ModelPlanner",
    "Noise",
    "Object",
    "Physics",
    "PipelineConfig",
    "PlannerError",
    "PlannerOptions",
    "Poses",
    "RulesPlanner",
    "SavedPlan",
    "Scene",
    "Solid",
    "SynthesisConfig",
    "Trials",
    "UseProtocol",
    "Validation",
    "ValidationError",
    "Viewer",
    "ZdgError",
    "carry",
    "concatenate",
    "deed_of",
    "export_grasps",
    "load_program",
    "plan",
    "plan_many",
    "planner_from_name",
    "rollout",
    "shipped_hands",
    "six_directions",
    "soft_labels",
    "stable_poses",
    "synthesize",
    "task_wrench",
    "view_grasps",
    "view_hand",
    "view_object",
    "view_plan",
    "write_report",
]

_get, __dir__ = lazy_names(
    __name__,
    {
        "Box": "scenes",
        "EngineOptions": "validation",
        "FallbackPlanner": "planning",
        "GraspPipeline": "synthesis.pipeline",
        "GraspPlan": "planning",
        "GraspSet": "grasps",
        "Hand": "hand",
        "HandPose": "hand.poses",
        "HoldProtocol": "validation",
        "InputError": "errors",
        "LiftProtocol": "validation",
        "Load": "validation",
        "ModelPlanner": "planning",
        "Noise": "validation",
        "Object": "objects",
        "Physics": "physics",
        "PipelineConfig": "synthesis.pipeline_config",
        "PlannerError": "errors",
        "PlannerOptions": "planning",
        "Poses": "hand.poses",
        "RulesPlanner": "planning",
        "SavedPlan": "planning",
        "Scene": "scenes",
        "Solid": "scenes",
        "SynthesisConfig": "synthesis.synthesize",
        "Trials": "validation",
        "UseProtocol": "validation",
        "Validation": "validation",
        "ValidationError": "errors",
        "Viewer": "viewer",
        "ZdgError": "errors",
        "carry": "validation",
        "concatenate": "grasps",
        "deed_of": "validation",
        "export_grasps": "export",
        "load_program": "validation",
        "plan": "planning",
        "plan_many": "planning",
        "planner_from_name": "planning",
        "rollout": "validation",
        "shipped_hands": "hand",
        "six_directions": "validation",
        "soft_labels": "validation",
        "stable_poses": "scenes",
        "synthesize": "synthesis.synthesize",
        "task_wrench": "validation",
        "view_grasps": "viewer",
        "view_hand": "viewer",
        "view_object": "viewer",
        "view_plan": "viewer",
        "write_report": "report",
    },
)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("zdg-jax")
    return _get(name)
