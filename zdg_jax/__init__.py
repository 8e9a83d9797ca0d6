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

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zdg_jax.errors import InputError, PlannerError, ValidationError, ZdgError
    from zdg_jax.export import export_grasps
    from zdg_jax.grasps import GraspSet, concatenate
    from zdg_jax.hand import Hand, shipped_hands
    from zdg_jax.hand.poses import HandPose, Poses
    from zdg_jax.objects import Object
    from zdg_jax.physics import Physics
    from zdg_jax.planning import GraspPlan, plan
    from zdg_jax.synthesis.pipeline import GraspPipeline, PipelineConfig
    from zdg_jax.synthesis.synthesize import SynthesisConfig, synthesize
    from zdg_jax.validation import Validation, carry, rollout, six_directions

_HOMES = {
    "GraspPipeline": "synthesis.pipeline",
    "GraspPlan": "planning",
    "GraspSet": "grasps",
    "Hand": "hand",
    "HandPose": "hand.poses",
    "InputError": "errors",
    "Object": "objects",
    "Physics": "physics",
    "PipelineConfig": "synthesis.pipeline",
    "PlannerError": "errors",
    "Poses": "hand.poses",
    "SynthesisConfig": "synthesis.synthesize",
    "Validation": "validation",
    "ValidationError": "errors",
    "ZdgError": "errors",
    "carry": "validation",
    "concatenate": "grasps",
    "export_grasps": "export",
    "plan": "planning",
    "rollout": "validation",
    "shipped_hands": "hand",
    "six_directions": "validation",
    "synthesize": "synthesis.synthesize",
}

__all__ = [
    "GraspPipeline",
    "GraspPlan",
    "GraspSet",
    "Hand",
    "HandPose",
    "InputError",
    "Object",
    "Physics",
    "PipelineConfig",
    "PlannerError",
    "Poses",
    "SynthesisConfig",
    "Validation",
    "ValidationError",
    "ZdgError",
    "carry",
    "concatenate",
    "export_grasps",
    "plan",
    "rollout",
    "shipped_hands",
    "six_directions",
    "synthesize",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib import metadata

        return metadata.version("zdg-jax")
    if name not in _HOMES:
        raise AttributeError(f"module 'zdg_jax' has no attribute '{name}'")
    value = getattr(importlib.import_module(f"zdg_jax.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
