"""Soft labels: the probability that a grasp holds when nothing is known exactly."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.protocols import Protocol, six_directions
from zdg_jax.validation.rollouts import EngineOptions, rollout
from zdg_jax.validation.scene import HandLike, ObjectLike

_FIRM = 0.9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noise:
    """Standard deviations of the disturbances in each trial."""

    position: float = 0.003
    """Offset of the hand along each axis [m]."""
    rotation: float = 0.03
    """Rotation vector of the hand's tilt about its root, each component [rad]."""
    joints: float = 0.02
    """Error of the joint targets, each its own [rad, or m for slide joints]."""
    friction: float = 0.15
    """Logarithm of the friction's factor; one draw per trial for all grasps."""
    mass: float = 0.15
    """Logarithm of the mass's factor; one draw per trial for all grasps."""

    def scaled(self, factor: float) -> Noise:
        """Returns the same noise, stronger or weaker.

        Args:
            factor: on every standard deviation.

        Raises:
            InputError: the factor is negative or not finite.
        """
        if not 0 <= factor < np.inf:
            raise InputError(f"the noise's factor is {factor}; it must be 0 or more")
        return Noise(**{f.name: factor * getattr(self, f.name) for f in dataclasses.fields(self)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class SoftLabels:
    """Outcomes of n grasps in r trials."""

    trials: np.ndarray
    """Marks the trials that held, (r, n) bool."""

    @property
    def probability(self) -> np.ndarray:
        """Share of the trials that held, (n,)."""
        return self.trials.mean(axis=0)

    @property
    def error(self) -> np.ndarray:
        """Standard error of `probability`, (n,).

        With two successes and two failures added (Agresti and Coull, The American Statistician
        52, 1998), so that it is not zero where all trials agree.
        """
        count = len(self.trials) + 4
        share = (self.trials.sum(axis=0) + 2) / count
        return np.sqrt(share * (1 - share) / count)

    def __str__(self) -> str:
        """Tells in one line how probably the grasps hold."""
        firm = int((self.probability >= _FIRM).sum())
        return (
            f"{len(self.trials)} repeats under noise: probability to hold"
            f" {self.probability.mean():.2f} on average, at least {_FIRM} for {firm} of"
            f" {len(self.probability)}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trials:
    """Repetitions of a test under noise."""

    count: int = 8
    """Number of trials, r."""
    noise: Noise = Noise()
    """Strength of the disturbances."""
    seed: int = 0
    """Seed of the disturbances. They depend on it and on the trial alone, so two sets of as many
    grasps meet the same ones."""

    def __post_init__(self) -> None:
        """Checks the number.

        Raises:
            InputError: fewer than one trial.
        """
        if self.count < 1:
            raise InputError(f"the number of trials is {self.count}; at least one is needed")


def soft_labels(
    hand: HandLike,
    obj: ObjectLike,
    poses: Poses,
    protocol: Protocol = six_directions,
    *,
    trials: Trials = Trials(),
    engine: EngineOptions = EngineOptions(),
    progress: Progress = silent,
    resume: str | os.PathLike[str] | None = None,
) -> SoftLabels:
    """Repeats a test under noise in pose, joints, friction and mass.

    Args:
        hand: the hand.
        obj: the object.
        poses: n grasps, object frame; all three poses of a grasp are disturbed alike.
        protocol: the test.
        trials: number and noise of the repetitions.
        engine: engine to run them.
        progress: told of the stage `repeats`, in grasps of all trials.
        resume: folder that keeps the results while the trials go, one file per trial. After an
            interruption the same call goes on from there.

    Raises:
        InputError: what `rollout` refuses.
        ValidationError: the backend cannot run the scene.
    """
    held = []
    for trial, sequence in enumerate(np.random.SeedSequence(trials.seed).spawn(trials.count)):
        generator = np.random.Generator(np.random.Philox(sequence))
        shaken = _shaken(protocol, obj, trials.noise, generator)
        disturbed = _disturbed(poses, trials.noise, generator)
        start = trial * len(poses)

        def report(_: str, done: int, n: int, start: int = start) -> None:
            progress("repeats", start + done, trials.count * n)

        result = rollout(
            hand,
            obj,
            disturbed,
            shaken,
            engine=engine,
            progress=report,
            resume=None if resume is None else pathlib.Path(resume) / f"trial{trial}.npz",
        )
        held.append(result.held)
    return SoftLabels(trials=np.array(held))


def _shaken(
    protocol: Protocol, obj: ObjectLike, noise: Noise, generator: np.random.Generator
) -> Protocol:
    """Returns the protocol with another friction and mass."""
    physics = protocol.physics
    factors = np.exp(generator.normal(size=2) * [noise.friction, noise.mass])
    changed = dataclasses.replace(
        physics,
        friction=physics.friction_of(obj) * float(factors[0]),
        mass=physics.mass_of(obj) * float(factors[1]),
    )
    return dataclasses.replace(protocol, physics=changed)


def _disturbed(poses: Poses, noise: Noise, generator: np.random.Generator) -> Poses:
    """Returns poses with the same error in each stage of a grasp."""
    n, num_joints = poses.grasp.joints.shape
    shift = noise.position * generator.normal(size=(n, 3))
    tilt = _quaternion(noise.rotation * generator.normal(size=(n, 3)))
    joints = noise.joints * generator.normal(size=(n, num_joints))

    def moved(qpos: np.ndarray) -> np.ndarray:
        turned = _product(qpos[:, 3:7], tilt)
        return np.hstack([qpos[:, :3] + shift, turned, qpos[:, 7:] + joints])

    way = None
    if poses.approach is not None:
        steps = np.moveaxis(np.asarray(poses.approach.qpos, np.float64), 1, 0)
        way = np.stack([moved(step) for step in steps], axis=1)
    pregrasp, grasp, squeeze = map(moved, poses.qpos)
    return Poses.from_qpos(pregrasp, grasp, squeeze, way)


def _quaternion(vector: np.ndarray) -> np.ndarray:
    """Returns unit quaternions of rotation vectors (n, 3)."""
    half = 0.5 * np.linalg.norm(vector, axis=1, keepdims=True)
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * vector], axis=1)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quaternion product a b, (n, 4)."""
    scalar = a[:, :1] * b[:, :1] - (a[:, 1:] * b[:, 1:]).sum(axis=1, keepdims=True)
    vector = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([scalar, vector], axis=1)
