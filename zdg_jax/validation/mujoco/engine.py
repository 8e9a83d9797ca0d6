"""MuJoCo's C engine on threads: the backend for CPUs."""

from __future__ import annotations

import threading
from concurrent import futures

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import Poses
from zdg_jax.runtime.mujoco_warnings import logged_warnings
from zdg_jax.runtime.parallel import available_cpus
from zdg_jax.validation.engine import Chunks, PhysicsEngine
from zdg_jax.validation.lifting import surroundings_of
from zdg_jax.validation.mujoco.hold import HoldTest
from zdg_jax.validation.mujoco.lift import LiftTest
from zdg_jax.validation.mujoco.simulation import Observer, Simulation
from zdg_jax.validation.mujoco.use import UseTest
from zdg_jax.validation.protocols import LiftProtocol, Protocol, UseProtocol
from zdg_jax.validation.results import Validation
from zdg_jax.validation.scene import CompiledScene, HandLike, ObjectLike, build
from zdg_jax.validation.trajectories import checked

_CHUNK = 16


class Engine(PhysicsEngine):
    """MuJoCo's C engine, one grasp per thread."""

    name = "mujoco"

    def __init__(
        self,
        hand: HandLike,
        obj: ObjectLike,
        protocol: Protocol,
        *,
        threads: int | None = None,
        scene: CompiledScene | None = None,
    ) -> None:
        """Compiles the scene.

        Args:
            hand: the hand.
            obj: the object.
            protocol: the test.
            threads: number of threads; by default one for each CPU that the process may use.
            scene: runs a `HoldProtocol` in this scene of the same hand and object, such as one made
                for another backend, instead of one of its own.

        Raises:
            InputError: the object has no convex pieces, or a number is out of range.
            ValidationError: MuJoCo refuses the scene.
        """
        if threads is not None and threads < 1:
            raise InputError(f"threads is {threads}; at least one is needed")
        self.protocol = protocol
        self.threads = threads or available_cpus()
        self.test = grasp_test(hand, obj, protocol, scene)
        self.scene = self.test.scene
        self._local = threading.local()

    @property
    def load_names(self) -> tuple[str, ...]:
        """Names of the loads or phases."""
        return self.test.load_names

    def stream(self, poses: Poses, *, chunk: int = _CHUNK) -> Chunks:
        """Tests grasps and yields their results chunk by chunk, in order.

        Args:
            poses: n grasps, object frame.
            chunk: grasps per yield.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = checked(poses, num_joints=self.scene.num_joints)
        n, chunk = len(poses), chunk or _CHUNK
        pool = futures.ThreadPoolExecutor(self.threads)
        stop = threading.Event()
        with logged_warnings():
            try:
                chunks = [slice(i, min(i + chunk, n)) for i in range(0, n, chunk)]
                # Every grasp is queued at once, so that no thread idles at a chunk's end.
                queued = [self._submit(pool, stop, poses[part]) for part in chunks]
                for part, (result, jobs) in zip(chunks, queued, strict=True):
                    for job in jobs:
                        job.result()
                    yield part, result
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)

    def observe(self, poses: Poses, *, observer: Observer, every: int) -> Validation:
        """Tests one grasp and shows the simulation every few steps.

        Args:
            poses: one grasp, leaves (1, ...).
            observer: called with the simulation.
            every: steps between two calls.

        Raises:
            InputError: shapes that do not fit the hand or each other.
        """
        poses = checked(poses, num_joints=self.scene.num_joints)
        result = self.empty(1)
        with logged_warnings():
            simulation = Simulation(self.scene, observer=observer, every=every)
            self.test.run(simulation, result, 0, poses[0])
        return result

    def _submit(
        self, pool: futures.ThreadPoolExecutor, stop: threading.Event, poses: Poses
    ) -> tuple[Validation, list[futures.Future[None]]]:
        result = self.empty(len(poses))
        jobs = [pool.submit(self._one, stop, result, i, poses[i]) for i in range(len(poses))]
        return result, jobs

    def _one(self, stop: threading.Event, result: Validation, i: int, poses: Poses) -> None:
        if stop.is_set():
            return
        if not hasattr(self._local, "simulation"):
            self._local.simulation = Simulation(self.scene)
        self.test.run(self._local.simulation, result, i, poses)


def grasp_test(
    hand: HandLike, obj: ObjectLike, protocol: Protocol, scene: CompiledScene | None = None
) -> HoldTest | LiftTest | UseTest:
    """Builds the test of one grasp at a time, and its scene.

    Args:
        hand: the hand.
        obj: the object.
        protocol: the test.
        scene: the scene of a `HoldProtocol` if it is not to be one of its own.

    Raises:
        InputError: the object has no convex pieces, or does not fit what surrounds it.
        ValidationError: MuJoCo refuses the scene.
    """
    physics, solver = protocol.physics, protocol.solver
    if isinstance(protocol, LiftProtocol):
        around = surroundings_of(protocol, obj)
        scene = build(hand, obj, physics, solver, surroundings=around)
        headroom = around.headroom(obj, protocol.height + protocol.shake_amplitude)
        return LiftTest(scene, protocol, around, headroom)
    weight = physics.weight_of(obj)
    if isinstance(protocol, UseProtocol):
        return UseTest(build(hand, obj, physics, solver), protocol, weight)
    scene = scene or build(hand, obj, physics, solver)
    return HoldTest(scene, protocol, protocol.wrenches(weight))
