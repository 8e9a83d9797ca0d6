"""Energies of a grasp: pure functions of one shared state, each returned unweighted by name."""

from zdg_jax.energy.penetration import self_penetration, signed_distances
from zdg_jax.energy.state import (
    TOUCH_GAP,
    Contacts,
    GraspState,
    GraspVariables,
    Pattern,
    Problem,
    grasp_state,
    passive_motions,
    root_pose,
)
from zdg_jax.energy.surroundings import facing_up, on_top, scene_clearances, scene_penetration
from zdg_jax.energy.targets import (
    ApertureTarget,
    DirectionTarget,
    LinkTargets,
    PartTarget,
    PointingTarget,
    TaskTargets,
    WrenchTargets,
)
from zdg_jax.energy.task import approach, avoided, held, thumb
from zdg_jax.energy.terms import TERMS, Term, evaluate
from zdg_jax.energy.wrench import (
    ForceLimits,
    contacts_about_com,
    force_closure,
    with_contact_forces,
)

__all__ = [
    "TERMS",
    "TOUCH_GAP",
    "ApertureTarget",
    "Contacts",
    "DirectionTarget",
    "ForceLimits",
    "GraspState",
    "GraspVariables",
    "LinkTargets",
    "PartTarget",
    "Pattern",
    "PointingTarget",
    "Problem",
    "TaskTargets",
    "Term",
    "WrenchTargets",
    "approach",
    "avoided",
    "contacts_about_com",
    "evaluate",
    "facing_up",
    "force_closure",
    "grasp_state",
    "held",
    "on_top",
    "passive_motions",
    "root_pose",
    "scene_clearances",
    "scene_penetration",
    "self_penetration",
    "signed_distances",
    "thumb",
    "with_contact_forces",
]
