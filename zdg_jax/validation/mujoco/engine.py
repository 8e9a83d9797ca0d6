"""MuJoCo's C engine on threads: the backend for CPUs."""

from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent import futures

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.validation.mujoco.hold import HoldTest
from zdg_jax.validation.mujoco.lift import LiftTest, unit_up
from zdg_jax.validation.mujoco.simulation import Observer, Simulation, logged_warnings
from zdg_jax.validation.protocols import Hold, Protocol
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.validation.scene import HandLike, ObjectLike, Scene, build
from zdg_jax.validation.trajectories import checked_triples


class Engine:
    """A hand, an object and a protocol, compiled once and run for any number of grasps."""

    name = "mujoco"

    def __init__(
        self,
        hand: HandLike,
        obj: ObjectLike,
        protocol: Protocol,
        *,
        threads: int | None = None,
        scene: Scene | None = None,
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: what to test.
            threads: how many to use; by default one for each CPU that the process may use.
            scene: runs a `Hold` in this scene of the same hand and object, such as one made for
                another backend, instead of its own.

        Raises:
            InputError: the object has no convex pieces, or a number is out of range.
            ValidationError: MuJoCo refuses the scene.
        """
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; at least one is needed")
        self.protocol = protocol
        self.threads = threads or available_cpus()
        self.test: HoldTest | LiftTest
        if isinstance(protocol, Hold):
            self.scene = scene or build(hand, obj, protocol.physics, protocol.solver)
            self.test = HoldTest(self.scene, protocol)
        else:
            up = unit_up(protocol)
            self.scene = build(hand, obj, protocol.physics, protocol.solver, up=up)
            self.test = LiftTest(self.scene, protocol, up)
        self._local = threading.local()

    def stream(
        self, pregrasp: np.ndarray, grasp: np.ndarray, squeeze: np.ndarray, *, chunk: int = 16
    ) -> Generator[tuple[slice, Validation], None, None]:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            pregrasp: root position, quaternion and joints, (n, 7 + j), object frame.
            grasp: likewise.
            squeeze: likewise.
            chunk: grasps a yield.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = self._checked(pregrasp, grasp, squeeze)
        n = len(poses[0])
        pool = futures.ThreadPoolExecutor(self.threads)
        stop = threading.Event()
        with logged_warnings():
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

    def observe(
        self,
        pregrasp: np.ndarray,
        grasp: np.ndarray,
        squeeze: np.ndarray,
        *,
        observer: Observer,
        every: int,
    ) -> Validation:
        """Tests one grasp, poses (1, 7 + j), and shows the simulation every few steps.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        result = self.empty(1)
        simulation = Simulation(self.scene, observer=observer, every=every)
        with logged_warnings():
            self._run(
                simulation, result, 0, [p[0] for p in self._checked(pregrasp, grasp, squeeze)]
            )
        return result

    def _checked(self, *poses: np.ndarray) -> list[np.ndarray]:
        return checked_triples(*poses, num_joints=self.scene.num_joints)

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
            loads=self.test.load_names,
            changes=self.scene.changes,
        )

    def _one(self, stop: threading.Event, result: Validation, row: int, *poses: np.ndarray) -> None:
        if stop.is_set():
            return
        if not hasattr(self._local, "simulation"):
            self._local.simulation = Simulation(self.scene)
        self._run(self._local.simulation, result, row, list(poses))

    def _run(
        self, simulation: Simulation, result: Validation, row: int, poses: list[np.ndarray]
    ) -> None:
        if np.isfinite(poses).all():
            self.test.run(simulation, result, row, *poses)
        else:
            result.fail(row, Reason.DIVERGED, 0.0)
