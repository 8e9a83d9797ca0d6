"""Soft labels: the probability that a grasp holds when nothing is known exactly."""

from __future__ import annotations

import dataclasses
import os
import pathlib

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.protocols import Protocol, six_directions
from zdg_jax.validation.rollout import rollout
from zdg_jax.validation.scene import HandLike, ObjectLike

_FIRM = 0.9


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noise:
    """Standard deviations of what is disturbed in each trial."""

    position: float = 0.003
    """Offset of the hand along each axis [m]."""
    rotation: float = 0.03
    """Rotation vector of the hand's tilt about its root, each component [rad]."""
    joints: float = 0.02
    """Error of the joint targets, each its own [rad, or m for slide joints]."""
    friction: float = 0.15
    """Logarithm of the friction's factor; one draw a trial for all grasps."""
    mass: float = 0.15
    """Logarithm of the mass's factor; one draw a trial for all grasps."""

    def scaled(self, factor: float) -> Noise:
        """The same noise, stronger or weaker.

        Raises:
            InputError: the factor is negative or not finite.
        """
        if not 0 <= factor < np.inf:
            raise InputError(f"the noise's factor is {factor}; it must be 0 or more")
        return Noise(**{f.name: factor * getattr(self, f.name) for f in dataclasses.fields(self)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class SoftLabels:
    """How often each of n grasps held in r trials."""

    trials: np.ndarray
    """Whether it held, (r, n) bool."""

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
        """One line: how probably the grasps hold."""
        firm = int((self.probability >= _FIRM).sum())
        return (
            f"{len(self.trials)} repeats under noise: probability to hold"
            f" {self.probability.mean():.2f} on average, at least {_FIRM} for {firm} of"
            f" {len(self.probability)}"
        )


def soft_labels(
    hand: HandLike,
    obj: ObjectLike,
    pregrasp: np.ndarray,
    grasp: np.ndarray,
    squeeze: np.ndarray,
    protocol: Protocol = six_directions,
    *,
    noise: Noise | None = None,
    trials: int = 8,
    seed: int = 0,
    backend: str = "auto",
    threads: int | None = None,
    precision: str = "auto",
    progress: Progress = silent,
    resume: str | os.PathLike[str] | None = None,
) -> SoftLabels:
    """Repeats a test under noise in pose, joints, friction and mass.

    The disturbances depend on `seed` and the trial alone, so two sets of as many grasps meet the
    same ones.

    Args:
        hand: the hand.
        obj: the object.
        pregrasp: root position, quaternion and joints, (n, 7 + j), object frame.
        grasp: likewise; all three poses of a grasp are disturbed alike.
        squeeze: likewise.
        protocol: what to test.
        noise: how much to disturb.
        trials: r, how often.
        seed: of the disturbances.
        backend: as in `rollout`.
        threads: as in `rollout`.
        precision: as in `rollout`.
        progress: told of the stage `repeats`, in grasps of all trials.
        resume: folder that keeps the results while the trials go, a file each. After an
            interruption the same call goes on from there.

    Raises:
        InputError: fewer than one trial, or what `rollout` refuses.
        ValidationError: the backend cannot run the scene.
    """
    if trials < 1:
        raise InputError(f"trials is {trials}; at least one is needed")
    noise = noise or Noise()
    poses = [np.array(pose, float) for pose in (pregrasp, grasp, squeeze)]
    held = []
    for trial, generator in enumerate(
        np.random.Generator(np.random.Philox(s)) for s in np.random.SeedSequence(seed).spawn(trials)
    ):
        shaken = _shaken(protocol, obj, noise, generator)
        disturbed = _disturbed(poses, noise, generator)
        start = trial * len(poses[1])

        def report(_: str, done: int, total: int, start: int = start) -> None:
            progress("repeats", start + done, trials * total)

        result = rollout(
            hand,
            obj,
            disturbed[0],
            disturbed[1],
            disturbed[2],
            shaken,
            backend=backend,
            threads=threads,
            precision=precision,
            progress=report,
            resume=None if resume is None else pathlib.Path(resume) / f"trial{trial}.npz",
        )
        held.append(result.held)
    return SoftLabels(trials=np.array(held))


def _shaken(
    protocol: Protocol, obj: ObjectLike, noise: Noise, generator: np.random.Generator
) -> Protocol:
    """The protocol with another friction and mass."""
    physics = protocol.physics
    factors = np.exp(generator.normal(size=2) * [noise.friction, noise.mass])
    changed = dataclasses.replace(
        physics,
        friction=physics.friction_of(obj) * float(factors[0]),
        mass=physics.mass_of(obj) * float(factors[1]),
    )
    return dataclasses.replace(protocol, physics=changed)


def _disturbed(
    poses: list[np.ndarray], noise: Noise, generator: np.random.Generator
) -> list[np.ndarray]:
    """The poses with the same error in each stage of a grasp."""
    n, width = poses[1].shape
    shift = noise.position * generator.normal(size=(n, 3))
    tilt = _quaternion(noise.rotation * generator.normal(size=(n, 3)))
    joints = noise.joints * generator.normal(size=(n, width - 7))
    moved = []
    for pose in poses:
        other = pose.copy()
        other[:, :3] += shift
        other[:, 3:7] = _product(pose[:, 3:7], tilt)
        other[:, 7:] += joints
        moved.append(other)
    return moved


def _quaternion(vector: np.ndarray) -> np.ndarray:
    """Unit quaternions of rotation vectors (n, 3)."""
    half = 0.5 * np.linalg.norm(vector, axis=1, keepdims=True)
    return np.concatenate([np.cos(half), 0.5 * np.sinc(half / np.pi) * vector], axis=1)


def _product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quaternion product a b, (n, 4)."""
    scalar = a[:, :1] * b[:, :1] - (a[:, 1:] * b[:, 1:]).sum(axis=1, keepdims=True)
    vector = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([scalar, vector], axis=1)
