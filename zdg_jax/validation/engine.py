"""MuJoCo's C engine on threads: the backend for CPUs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent import futures

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.validation.closing import checked_poses
from zdg_jax.validation.hold import HoldTest
from zdg_jax.validation.protocols import Hold, Protocol
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import HandLike, ObjectLike, build


class Engine:
    """A hand, an object and a protocol, compiled once and run for any number of grasps."""

    name = "mujoco"

    def __init__(
        self, hand: HandLike, obj: ObjectLike, protocol: Protocol, *, threads: int | None = None
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: what to test.
            threads: how many to use; by default one for each CPU that the process may use.

        Raises:
            InputError: the object has no convex pieces, or a number is out of range.
            ValidationError: MuJoCo refuses the scene.
        """
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; at least one is needed")
        self.protocol = protocol
        self.scene = build(hand, obj, protocol.physics)
        self.threads = threads or available_cpus()
        if not isinstance(protocol, Hold):
            raise InputError(f"protocol '{protocol.name}' is not known to the C engine")
        self._test = HoldTest(self.scene, protocol)
        self._local = threading.local()

    def stream(
        self, pregrasp: np.ndarray, grasp: np.ndarray, squeeze: np.ndarray, *, chunk: int = 16
    ) -> Iterator[tuple[slice, Validation]]:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            pregrasp: root position, quaternion and joints, (n, 7 + j), object frame.
            grasp: likewise.
            squeeze: likewise.
            chunk: grasps a yield.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = [
            checked_poses(name, value, self.scene.num_joints)
            for name, value in (("pregrasp", pregrasp), ("grasp", grasp), ("squeeze", squeeze))
        ]
        n = len(poses[0])
        if any(len(pose) != n for pose in poses):
            raise InputError(f"{[len(p) for p in poses]} pregrasps, grasps and squeezes differ")
        pool = futures.ThreadPoolExecutor(self.threads)
        stop = threading.Event()
        try:
            chunks = [slice(i, min(i + chunk, n)) for i in range(0, n, chunk)]
            # Every grasp is queued at once, so that no thread idles at a chunk's end.
            queued = [self._submit(pool, stop, poses, part) for part in chunks]
            for part, (result, jobs) in zip(chunks, queued, strict=True):
                for job in jobs:
                    job.result()
                yield part, result
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _submit(
        self,
        pool: futures.ThreadPoolExecutor,
        stop: threading.Event,
        poses: list[np.ndarray],
        part: slice,
    ) -> tuple[Validation, list[futures.Future[None]]]:
        result = self.empty(part.stop - part.start)
        jobs = [
            pool.submit(self._one, stop, result, row, *(pose[i] for pose in poses))
            for row, i in enumerate(range(part.start, part.stop))
        ]
        return result, jobs

    def empty(self, n: int) -> Validation:
        """Results of `n` grasps that are not tested yet."""
        return Validation.empty(
            n,
            protocol=self.protocol.name,
            backend=self.name,
            loads=self._test.load_names,
            changes=self.scene.changes,
        )

    def _one(self, stop: threading.Event, result: Validation, row: int, *poses: np.ndarray) -> None:
        if stop.is_set():
            return
        if not hasattr(self._local, "data"):
            self._local.data = mujoco.MjData(self.scene.model)
        self._test.run(self._local.data, result, row, *poses)


def available_cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
