"""What all grasps of one grip share: the problem to solve, where seeds come from, what to bear."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np

from zdg_jax.energy import Problem
from zdg_jax.hand import Hand, side_contacts
from zdg_jax.hand.pressing_range import pressing_range
from zdg_jax.hand.strength import fingertip_payload
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning import GraspPlan, Grip, Opposition
from zdg_jax.planning.geometry.working_end import pointing
from zdg_jax.runtime.arrays import floats
from zdg_jax.runtime.devices import replicate
from zdg_jax.scenes import SceneArrays, Surroundings
from zdg_jax.synthesis.contact_patterns import (
    contact_patterns,
    idle_fingers,
    pattern_probabilities,
)
from zdg_jax.synthesis.enclosing import ClosingMotion
from zdg_jax.synthesis.plan_targets import targets_from_plan
from zdg_jax.synthesis.seed_proposal import SeedConfig, SeedProposal, is_power
from zdg_jax.synthesis.squeeze import SqueezeConfig
from zdg_jax.synthesis.statics import Load


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, kw_only=True)
class PreparedGrip:
    """Everything that all grasps of one grip share."""

    problem: Problem
    """Hand, object and targets."""
    proposal: SeedProposal
    """The distribution that seeds are drawn from."""
    squeeze: SqueezeConfig
    """Settings of the squeeze, with the firmness that the grip asks for."""
    load: Load
    """Loads to bear, and what bears them."""

    @classmethod
    def of(
        cls,
        plan: GraspPlan,
        number: int,
        obj: Object,
        hand: Hand,
        *,
        seeds: SeedConfig,
        squeeze: SqueezeConfig,
        physics: Physics,
        around: Surroundings | None,
        posed: bool = True,
    ) -> PreparedGrip:
        """Prepares a grip.

        Args:
            plan: the plan.
            number: of the grip in `plan.grips`.
            obj: the object.
            hand: the hand.
            seeds: settings of the seeds.
            squeeze: settings of the squeeze, for a grip of usual firmness.
            physics: mass, friction and drives.
            around: what surrounds the object, if there is anything.
            posed: whether the palm's planned approach and turn bind, see `targets_from_plan`.
        """
        grip = plan.grips[number]
        up = None if around is None else around.up
        # Descent sees the shape that physics will see, not the mesh.
        arrays = dataclasses.replace(obj.arrays, grid=obj.arrays.collision_grid)
        lower, upper = (floats(end) for end in pressing_range(hand))
        sides = grip.style.opposition is Opposition.SIDE
        problem = Problem(
            hand=dataclasses.replace(
                hand.arrays,
                lower=lower,
                upper=upper,
                contacts=side_contacts(hand) if sides else hand.arrays.contacts,
            ),
            object=arrays,
            targets=targets_from_plan(grip, plan.task, obj, hand, up, posed=posed),
            scene=SceneArrays.empty() if around is None else around.arrays(),
        )
        limits = physics.drives(hand).force_limit
        payload = fingertip_payload(hand, limits, physics.friction_of(obj))
        load = physics.weight_of(obj) / payload
        patterns = contact_patterns(hand, grip)
        chances = pattern_probabilities(hand, grip, obj, load)
        if around is not None:
            encloses = np.asarray(is_power(patterns))
            room = around.grip_room(obj, float(np.median(hand.preshapes.depth)))
            tips = np.sum(np.where(encloses, 0.0, chances))
            others = 1 - room * (1 - tips)
            chances = chances * np.where(encloses, room, others / max(tips, 1e-9))
        proposal = SeedProposal.prepare(
            problem,
            hand.lateral_preshapes if sides else hand.preshapes,
            patterns,
            floats(chances),
            ClosingMotion.of(hand, idle_fingers(grip), _pointing_in_hand(grip, obj, hand)),
            seeds,
            load=load * (1 - grip.confidence),
        )
        firmness = grip.force.factor
        return cls(
            problem=replicate(problem),
            proposal=proposal,
            squeeze=dataclasses.replace(
                squeeze,
                margin=floats(np.asarray(squeeze.margin) * firmness),
                bend=floats(np.asarray(squeeze.bend) * firmness),
            ),
            load=replicate(Load.of(physics, hand, obj, plan, up)),
        )


def _pointing_in_hand(grip: Grip, obj: Object, hand: Hand) -> np.ndarray | None:
    """Direction in which the planned hand's index finger is laid, (3,), hand root frame."""
    along, thumb = pointing(grip, obj), grip.palm.thumb
    if along is None:
        return None
    palm, approach = hand.palm, np.asarray(grip.palm.approach)
    if thumb is None:
        return palm.direction
    planned = [approach, np.asarray(thumb), np.cross(approach, thumb)]
    in_hand = [palm.normal, palm.thumb_side, np.cross(palm.normal, palm.thumb_side)]
    return np.asarray(np.stack(in_hand, axis=1) @ (np.stack(planned) @ along))
