"""`ray`: workers on a Ray cluster that is there, or on one of this machine alone.

A worker is an actor: it keeps its hands, programs and object from job to job. Where a node is
lost its actors are, and their jobs are done by others; where nodes join, more actors are started.
All nodes must see the dataset's folder under the same path.
"""

from __future__ import annotations

import contextlib
import logging
import pathlib
import socket
from collections.abc import Sequence
from typing import Any

from zdg_jax.datasets.engines import Report
from zdg_jax.datasets.engines.cores import claim_cores
from zdg_jax.errors import InputError

try:
    import ray
    import ray.exceptions
except ModuleNotFoundError as error:
    raise InputError("the engine ray needs it: pip install 'zdg-jax[ray]'") from error


_CONNECTING = 10.0
"""Longest wait for a cluster's address to answer [s]."""


class RayWorker:
    """An actor, and the answer that it owes."""

    def __init__(self, actor: Any) -> None:
        """Holds an actor that may still be starting.

        Args:
            actor: handle of the actor.
        """
        self.actor = actor
        self.owed: ray.ObjectRef | None = None
        self._ready = actor.__ray_ready__.remote()

    @property
    def started(self) -> bool:
        """True where it has found a place on a node."""
        return bool(ray.wait([self._ready], timeout=0)[0])

    def send(self, request: dict[str, Any]) -> None:
        """Gives it work."""
        self.owed = self.actor.answer.remote(request)

    def kill(self) -> None:
        """Ends it at once."""
        with contextlib.suppress(Exception):  # its node may be gone
            ray.kill(self.actor, no_restart=True)


class RayEngine:
    """Workers on a Ray cluster."""

    def __init__(
        self,
        root: pathlib.Path,
        *,
        address: str | None,
        workers: int | None,
        cpus: int,
        gpus: float,
    ) -> None:
        """Joins a cluster, or starts one on this machine.

        Args:
            root: folder of the dataset, the same on all nodes.
            address: address of the cluster; RAY_ADDRESS or a local one if not given.
            workers: most workers.
            cpus: cores of a worker.
            gpus: GPUs of a worker.

        Raises:
            InputError: there is no such cluster, or it has no room for one worker.
        """
        self._root, self._most, self._cpus, self._gpus = root, workers, cpus, gpus
        self._workers: list[RayWorker] = []
        self._ours = not ray.is_initialized()
        if self._ours:
            _check_reachable(address)
            try:
                ray.init(
                    address=address, log_to_driver=False, logging_level=logging.ERROR,
                    include_dashboard=None if address else False, namespace="zdg-dataset",
                )  # fmt: skip
            except Exception as error:  # Ray raises several kinds
                reason = " ".join(str(error).split())[:200]
                raise InputError(
                    f"no Ray cluster at {address or 'this machine'}: {reason}"
                ) from None
        if self._room() < 1:
            raise InputError(
                f"the cluster has no node with {cpus} CPUs and {gpus:g} GPUs for a worker"
            )

    @property
    def worker_bytes(self) -> float:
        """Not known here: Ray ends workers of a node whose memory is full; others do the job."""
        return float("inf")

    def capacity(self) -> int:
        """Workers that the nodes which are alive have room for."""
        room = self._room()
        return room if self._most is None else min(room, self._most)

    def start(self) -> RayWorker:
        """Starts a worker where there is room."""
        kind = ray.remote(num_cpus=self._cpus, num_gpus=self._gpus, max_restarts=0)(_Actor)
        worker = RayWorker(kind.remote(str(self._root), self._cpus))
        self._workers.append(worker)
        return worker

    def wait(self, workers: Sequence[RayWorker], timeout: float) -> list[Report[RayWorker]]:
        """Waits for reports."""
        owed = {worker.owed: worker for worker in workers}
        ready, _ = ray.wait(list(owed), num_returns=1, timeout=timeout)
        reports = []
        for reference in ready:
            worker = owed[reference]
            try:
                reports.append(Report(worker=worker, answer=ray.get(reference)))
            except ray.exceptions.RayError as error:
                reason = str(error).strip().splitlines()[-1][:300]
                reports.append(Report(worker=worker, answer=None, reason=reason))
        return reports

    def close(self) -> None:
        """Ends all workers, and leaves the cluster if it was joined here."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()
        if self._ours:
            ray.shutdown()

    def _room(self) -> int:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        rooms = []
        for resources in nodes:
            room = resources.get("CPU", 0) // self._cpus
            if self._gpus > 0:
                room = min(room, resources.get("GPU", 0) // self._gpus)
            rooms.append(int(room))
        return sum(rooms)


def _check_reachable(address: str | None) -> None:
    """Refuses an address HOST:PORT where nobody listens: Ray would try for more than a minute."""
    host, _, port = (address or "").rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECTING).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise InputError(f"no Ray cluster at {address}: {reason}") from None


class _Actor:
    """The code that runs in an actor's process."""

    def __init__(self, root: str, cpus: int) -> None:
        claim_cores(cpus)
        from zdg_jax.datasets.answering import Answering

        self._answering = Answering(root)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._answering.answer(request)
