"""`GraspPipeline`: the stages between a plan and measured grasps, together or one by one."""

from __future__ import annotations

import copy
import dataclasses
import threading
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from scipy.spatial.transform import Rotation

from zdg_jax import planning
from zdg_jax.energy import GraspVariables, Pattern
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet, HandRecord, ObjectRecord
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.hand import Hand
from zdg_jax.kernels import rotations
from zdg_jax.objects import Object
from zdg_jax.physics import Physics
from zdg_jax.planning import GraspPlan, Grip
from zdg_jax.planning.geometry.grasp_type import with_all_tips, with_whole_hand
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.runtime.ahead import Road, compile_ahead, signature
from zdg_jax.runtime.devices import whole_batch
from zdg_jax.scenes import Scene, Surroundings
from zdg_jax.synthesis import quality
from zdg_jax.synthesis.alignment import TaskAlignment
from zdg_jax.synthesis.approach import ApproachPlanner
from zdg_jax.synthesis.fit import Fitted, Fitter, where_rows
from zdg_jax.synthesis.grasp_batch import GraspBatch, finite_rows, poses_of_grasps
from zdg_jax.synthesis.pipeline_config import PipelineConfig
from zdg_jax.synthesis.prepared_grip import PreparedGrip
from zdg_jax.synthesis.refine import Refined, Refiner
from zdg_jax.synthesis.seeds import draw_seeds
from zdg_jax.synthesis.squeeze import SqueezeResult, solve_squeeze
from zdg_jax.synthesis.underactuation import AdaptiveClosing
from zdg_jax.synthesis.wrist import WristCompliance

_matrix_from_6d = whole_batch(jax.jit(rotations.matrix_from_6d))


class GraspPipeline:
    """The stages from seeds to measured grasps, for a plan, an object and a hand.

    `run` takes all stages. By hand they are

        pipeline = GraspPipeline.prepare(plan, obj, hand)
        variables, pattern = pipeline.seeds(64, jax.random.key(0))
        refined = pipeline.refine(variables, pattern)
        fitted = pipeline.fit(refined)
        fitted = pipeline.settle(refined, fitted)
        squeezed = pipeline.squeeze(refined, fitted)
        batch = pipeline.measure(refined, fitted, squeezed)
        grasps = pipeline.grasp_set(batch)

    and between any two the data may be looked at, changed, or come from elsewhere. One pipeline
    serves the plan's grip and its alternatives: `grip` counts `plan.grips`, 0 for the plan's own.
    Row i of every result is grasp i. The stages may be called from several threads.
    """

    def __init__(
        self,
        plan: GraspPlan,
        obj: Object,
        hand: Hand,
        config: PipelineConfig,
        physics: Physics,
        fitter: Fitter,
        alignment: TaskAlignment,
        surroundings: Surroundings | None,
    ) -> None:
        """Holds prepared parts; `prepare` makes them."""
        self.plan, self.object, self.hand, self.config = plan, obj, hand, config
        self.physics, self.surroundings = physics, surroundings
        self.approaches = None
        if surroundings is not None:
            self.approaches = ApproachPlanner(hand, obj, surroundings)
        self.fitter, self.alignment = fitter, alignment
        self.closing = None
        if len(hand.arrays.passive_motions):
            self.closing = AdaptiveClosing(hand, obj, physics, surroundings)
        self.wrist = WristCompliance(hand, physics, fitter.wrist_stiffness)
        self.refiner = Refiner(config.refine)
        self._grips: dict[int, PreparedGrip] = {}
        self._lock = threading.Lock()
        self._posed = True

    @classmethod
    def prepare(
        cls,
        plan: GraspPlan,
        obj: Object,
        hand: Hand,
        config: PipelineConfig | None = None,
        physics: Physics | None = None,
        scene: Scene | None = None,
    ) -> GraspPipeline:
        """Prepares the stages.

        Args:
            plan: the plan to follow.
            obj: the object, with convex pieces.
            hand: the hand.
            config: settings; the defaults if not given.
            physics: what the squeeze is sized for, see `believed`; the defaults if not given.
            scene: what the object stands on and what is around it; nothing if not given.

        Returns:
            The pipeline. Each grip is prepared when it is first used.

        Raises:
            InputError: the plan does not fit the object or the hand, the object has no pieces, or
                it does not fit the scene.
            ValidationError: MuJoCo refuses the scene.
        """
        config = config or PipelineConfig()
        plan = planning.resolve(plan, obj, hand)
        obj = planning.object_of(plan, obj)
        surroundings = (
            None if scene is None else Surroundings.of(scene, obj, plan.object.resting_up)
        )
        return cls(
            plan,
            obj,
            hand,
            config,
            believed(physics or Physics(), plan, obj),
            Fitter(hand, obj, config.fit, surroundings),
            # Alignment is with the plan itself, also for grasps of one of its alternatives.
            TaskAlignment(plan.grip, obj, hand),
            surroundings,
        )

    def loosened(self) -> tuple[GraspPipeline, ...]:
        """The same stages for looser grips, where the planned ones do not hold.

        The palm's approach and turn are left open. Where fingertips are planned, all of them are
        used, or palm and inner links: one pipeline for each. Parts bind as before, and grasps are
        measured by the same plan.
        """
        shape = measure(self.object)
        tips = [with_all_tips(grip, self.hand) for grip in self.plan.grips]
        whole = [with_whole_hand(grip, self.hand, shape) for grip in self.plan.grips]
        ways = [tips] if tips == whole else [tips, whole]
        return tuple(self._with_loose(grips) for grips in ways)

    def _with_loose(self, grips: list[Grip]) -> GraspPipeline:
        """These stages for other grips, their approach and turn left open."""
        plan = self.plan.model_copy(update={"grip": grips[0], "alternatives": grips[1:]})
        loose = copy.copy(self)
        loose.plan = planning.resolve(plan, self.object, self.hand)
        loose._grips, loose._lock, loose._posed = {}, threading.Lock(), False
        return loose

    def grip(self, grip: int = 0) -> PreparedGrip:
        """Prepares a grip, or returns it where it is prepared.

        Args:
            grip: its number in `plan.grips`.

        Raises:
            InputError: the plan has no such grip.
        """
        count = len(self.plan.grips)
        if not 0 <= grip < count:
            raise InputError(f"no grip {grip}; the plan has {count}, counted from 0")
        if grip in self._grips:
            return self._grips[grip]  # without waiting for another that is being prepared
        with self._lock:
            if grip not in self._grips:
                self._grips[grip] = PreparedGrip.of(
                    self.plan,
                    grip,
                    self.object,
                    self.hand,
                    seeds=self.config.seeds,
                    squeeze=self.config.squeeze,
                    physics=self.physics,
                    around=self.surroundings,
                    posed=self._posed,
                )
            return self._grips[grip]

    def seeds(self, num: int, key: jax.Array, grip: int = 0) -> tuple[GraspVariables, Pattern]:
        """Draws starting grasps.

        Args:
            num: n, grasps wanted after refinement.
            key: random key.
            grip: number of the grip.

        Returns:
            The seeds and the links meant to touch in each, (n * s, ...), for the s starts of
            `config.refine`; rows i, n + i, 2 n + i, ... are starts of grasp i.

        Raises:
            InputError: `num` is not positive, or the plan has no such grip.
        """
        if num < 1:
            raise InputError(f"num is {num}; at least one grasp must be asked for")
        return draw_seeds(self.grip(grip).proposal, num, key, self.config.refine.starts)

    def refine(self, variables: GraspVariables, pattern: Pattern, grip: int = 0) -> Refined:
        """Refines seeds by gradient descent on their energies.

        Args:
            variables: seeds, (n * s, ...), as `seeds` draws them.
            pattern: the links meant to touch, likewise.
            grip: number of the grip.

        Returns:
            The n grasps.

        Raises:
            InputError: the seeds do not make groups of s starts, or the plan has no such grip.
        """
        return self.refiner.run(self.grip(grip).problem, variables, pattern)

    def fit(self, refined: Refined) -> Fitted:
        """Moves refined grasps onto the collision geometry.

        Links are drawn to the surface whose contact, after refinement, counts for
        `config.fit.least_activity` at least and lies within `config.fit.reach`.

        Args:
            refined: n grasps.

        Returns:
            The n grasps, with their exact contacts.
        """
        settings, contacts = self.config.fit, refined.contacts
        near = np.abs(contacts.distance) < settings.reach
        rows, slots = np.nonzero((np.asarray(contacts.active) > settings.least_activity) & near)
        touching = np.zeros((len(near), self.hand.num_links), bool)
        touching[rows, np.asarray(refined.pattern.link)[rows, slots]] = True
        return self.fitter.fit(
            np.asarray(refined.variables.position),
            np.asarray(_matrix_from_6d(refined.variables.rotation)),
            np.asarray(refined.variables.dofs),
            touching,
        )

    def settle(self, refined: Refined, fitted: Fitted, grip: int = 0) -> Fitted:
        """Lets fingers whose joints share a tendon come to rest around the object.

        Physics closes the hand; what it ends in is fitted anew, with the links that touch. Hands
        with an actuator or an equality for every joint are returned as they are.

        Args:
            refined: n grasps; says which links are meant to touch.
            fitted: the same grasps, fitted.
            grip: number of the grip.

        Returns:
            The n grasps; those that lost the object stay as they were and touch nothing.

        Raises:
            InputError: the plan has no such grip.
        """
        # A hook holds by the weight alone: fingers that close without it push the object away.
        if self.closing is None or not self.plan.grips[grip].style.thumb:
            return fitted
        # As if every joint were held: else what such fingers touch would not be pressed at all.
        contacts = fitted.contacts
        held = dataclasses.replace(contacts, passive_motions=0 * contacts.passive_motions)
        squeezed = self.squeeze(refined, dataclasses.replace(fitted, contacts=held), grip)
        poses = poses_of_grasps(self.hand.arrays, fitted.variables, squeezed)
        pose, touching = self.closing.close(jax.device_get(poses))
        settled = self.fitter.fit(
            pose[:, :3],
            Rotation.from_quat(pose[:, 3:7], scalar_first=True).as_matrix(),
            pose[:, 7:][:, list(self.hand.kinematics.coupling.leaders)],
            touching,
        )
        return where_rows(np.any(touching, axis=1), settled, fitted.without_contacts())

    def squeeze(self, refined: Refined, fitted: Fitted, grip: int = 0) -> SqueezeResult:
        """Solves for the pregrasp and for the squeeze that presses the contacts.

        Args:
            refined: n grasps; says which links are meant to touch.
            fitted: the same grasps, fitted.
            grip: number of the grip.

        Raises:
            InputError: the plan has no such grip.
        """
        prepared = self.grip(grip)
        return solve_squeeze(
            prepared.squeeze,
            prepared.problem,
            prepared.load,
            fitted.variables,
            refined.pattern,
            fitted.contacts,
        )

    def measure(
        self, refined: Refined, fitted: Fitted, squeezed: SqueezeResult, grip: int = 0
    ) -> GraspBatch:
        """Measures grasps: energy terms, quality, task alignment, and the score from them.

        Args:
            refined: n grasps.
            fitted: the same grasps, fitted.
            squeezed: their pregrasps and squeezes.
            grip: number of the grip.

        Raises:
            InputError: the plan has no such grip.
        """
        prepared = self.grip(grip)
        problem, variables = prepared.problem, fitted.variables
        terms, _ = self.refiner.assess(problem, variables, refined.pattern)
        metrics = quality.measure(
            problem, variables, refined.pattern, fitted.contacts, squeezed, prepared.squeeze
        )
        poses = poses_of_grasps(self.hand.arrays, variables, squeezed)
        forces = SqueezeForces(
            links=np.where(fitted.contacts.active > 0, fitted.contacts.link, -1),
            points=fitted.contacts.footprints,
            forces=squeezed.forces,
            torques=squeezed.torques,
        )
        poses, forces, terms, metrics = jax.device_get((poses, forces, terms, metrics))
        metrics |= self.alignment.measure(fitted)
        metrics["wrist_turn"] = self.wrist.turn(
            fitted,
            self.object.center_of_mass,
            self.physics.weight_of(self.object),
            None if self.surroundings is None else self.surroundings.up,
        )
        metrics |= {"penetration": fitted.depth, "self_penetration": fitted.self_depth}
        if self.approaches is not None:
            ways = self.approaches.plan(poses.pregrasp)
            poses = dataclasses.replace(poses, approach=ways.poses)
            metrics |= {
                "scene_penetration": np.maximum(fitted.scene_depth, ways.pregrasp_depth),
                "approach_penetration": ways.depth,
                "rise_penetration": ways.rise_depth,
                "approach_length": ways.length,
            }
        metrics["predicted_hold_probability"] = quality.predicted_hold_probability(
            metrics, terms, self.physics.mass_of(self.object)
        )
        alignment, bound = self.config.alignment, self.plan.grip.binding
        finite = np.asarray(refined.finite) & finite_rows(poses)
        score = quality.score(metrics, alignment, bound)
        success = quality.predicted_success(metrics, alignment, bound)
        return GraspBatch(
            poses=poses,
            forces=forces,
            terms=terms,
            metrics=metrics,
            score=np.where(finite, score, -np.inf),
            predicted_success=np.where(finite, success, 0.0),
            finite=finite,
        )

    def compile(self, num: int, grip: int = 0) -> None:
        """Compiles the programs of all stages side by side; else each is when it is first called.

        Args:
            num: n, grasps of a batch.
            grip: number of the grip.

        Raises:
            InputError: `num` is not positive, or the plan has no such grip.
        """
        kind, road, arguments = self.road(num, grip)
        compile_ahead(kind, road, *arguments)

    def road(self, num: int, grip: int = 0) -> Road:
        """Returns the stages that are compiled, see `compile_ahead`.

        Args:
            num: n, grasps of a batch.
            grip: number of the grip.

        Raises:
            InputError: the plan has no such grip.
        """
        kind = num, signature((self.grip(grip), self.config.refine))
        return kind, lambda key: self.without_fit(num, key, grip), (jax.random.key(0),)

    def without_fit(self, num: int, key: jax.Array, grip: int = 0) -> Any:
        """Takes the compiled stages alone, which JAX can trace: grasps are fitted to nowhere.

        Args:
            num: n, grasps wanted.
            key: random key.
            grip: number of the grip.

        Returns:
            Metrics and poses, of use for their shapes.

        Raises:
            InputError: `num` is not positive, or the plan has no such grip.
        """
        prepared, nowhere = self.grip(grip), self.fitter.nowhere(num)
        variables, contacts = nowhere.variables, nowhere.contacts
        refined = self.refine(*self.seeds(num, key, grip), grip)
        _matrix_from_6d(refined.variables.rotation)  # what the fit is given
        squeezed = self.squeeze(refined, nowhere, grip)
        metrics = quality.measure(
            prepared.problem, variables, refined.pattern, contacts, squeezed, prepared.squeeze
        )
        return metrics, poses_of_grasps(self.hand.arrays, variables, squeezed)

    def run(self, num: int, key: jax.Array, grip: int = 0) -> GraspBatch:
        """Takes all stages.

        Args:
            num: n, grasps wanted.
            key: random key; the same key gives the same grasps on the same machine.
            grip: number of the grip.

        Returns:
            The n grasps.

        Raises:
            InputError: `num` is not positive, or the plan has no such grip.
        """
        refined = self.refine(*self.seeds(num, key, grip), grip)
        fitted = self.fit(refined)
        fitted = self.settle(refined, fitted, grip)
        return self.measure(refined, fitted, self.squeeze(refined, fitted, grip), grip)

    def grasp_set(
        self,
        batch: GraspBatch,
        *,
        task: str | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> GraspSet:
        """Makes a set of measured grasps, which can be tested, saved and exported.

        Args:
            batch: the grasps.
            task: the task in words; that of the plan if not given.
            provenance: a record of the making, as JSON values.
        """
        return GraspSet(
            poses=batch.poses,
            score=batch.score,
            object=ObjectRecord.of(self.object),
            hand=HandRecord.of(self.hand),
            task=self.plan.prompt if task is None else task,
            plan=self.plan,
            alignment_weight=self.config.alignment,
            physics=self.physics,
            scene=None if self.surroundings is None else self.surroundings.scene,
            forces=batch.forces,
            terms=batch.terms,
            metrics=batch.metrics,
            status=(~batch.finite).astype(np.int8),
            status_names=("ok", "not finite"),
            provenance=provenance or {},
        )


def believed(physics: Physics, plan: GraspPlan, obj: Object) -> Physics:
    """Returns the physics with numbers for mass and friction.

    A mass of the physics counts first, then one that was given with the object, then the plan's.

    Args:
        physics: as the user states it.
        plan: may hold an estimate of the mass.
        obj: gives its friction, and its mass where it is known.
    """
    mass = physics.mass
    if mass is None and not obj.mass_given:
        mass = plan.object.mass
    return dataclasses.replace(
        physics,
        mass=physics.mass_of(obj) if mass is None else mass,
        friction=physics.friction_of(obj),
    )
