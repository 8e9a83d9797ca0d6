"""Base of the engines: a protocol, its scene, and results that come chunk by chunk."""

from __future__ import annotations

import abc
from collections.abc import Generator

from zdg_jax.hand.poses import Poses
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.validation.protocols import Protocol
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import CompiledScene

Chunks = Generator[tuple[slice, Validation], None, None]


class PhysicsEngine(abc.ABC):
    """A hand, an object and a protocol, compiled once and run for any number of grasps."""

    name: str
    """Name of the backend."""
    protocol: Protocol
    """The test."""
    scene: CompiledScene
    """The scene that is simulated."""

    @property
    @abc.abstractmethod
    def load_names(self) -> tuple[str, ...]:
        """Names of the loads, or of the phases, that a grasp must survive."""

    @abc.abstractmethod
    def stream(self, poses: Poses, *, chunk: int) -> Chunks:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            poses: n grasps, object frame.
            chunk: grasps per yield; 0 leaves it to the engine.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """

    def empty(self, n: int) -> Validation:
        """Returns results of `n` grasps that are not tested yet."""
        return Validation.empty(
            n,
            protocol=self.protocol.name,
            backend=self.name,
            loads=self.load_names,
            changes=self.scene.changes,
        )

    def run(self, poses: Poses, *, progress: Progress = silent) -> Validation:
        """Tests grasps.

        Args:
            poses: n grasps, object frame.
            progress: told of the stage `validate`, in grasps.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        result = self.empty(len(poses))
        for part, values in self.stream(poses, chunk=0):
            result.put(part, values)
            progress("validate", part.stop, len(result))
        return result
