"""Options of making a dataset, and the engine and limits that they stand for."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from zdg_jax.datasets.dispatching import Limits
from zdg_jax.datasets.engines import Engine
from zdg_jax.datasets.engines.local import LocalEngine
from zdg_jax.datasets.layout import Layout
from zdg_jax.errors import InputError
from zdg_jax.planning.model.backend import checked_address

ENGINES = ("local", "ray")
_MOST_WORKERS = 100_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """How a dataset is made; none of it changes a grasp."""

    engine: str = "local"
    """`local`, processes on this machine, or `ray`, workers on a Ray cluster."""
    workers: int | None = None
    """Most workers at once; the engine decides if not given."""
    address: str | None = None
    """Address of a Ray cluster; a local one is started if there is none."""
    worker_cpus: int = 1
    """Cores of each worker on a Ray cluster."""
    worker_gpus: float = 0.0
    """GPUs of each worker on a Ray cluster."""
    job_seconds: float = 3600.0
    """Longest time for one job, compilation included [s]."""
    worker_gigabytes: float = 6.0
    """Memory above which a worker is replaced between two jobs; on this machine also above its
    share of 0.8 of all memory."""
    retry_failed: bool = False
    """Do again what failed before."""
    accept_changes: bool = False
    """Go on where spec, files or version are no longer those that the dataset was begun with."""
    max_calls: int = 1000
    """Most requests to a model in this run, retries included."""
    max_tokens: int = 10_000_000
    """Most tokens in this run, sent and received together."""
    per_minute: float = 60.0
    """Most requests to a model in a minute."""
    server: str | None = None
    """Another address of the model's server."""

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            InputError: an unknown engine, or a number out of range.
        """
        if self.engine not in ENGINES:
            raise InputError(f"no engine '{self.engine}'; there are: {', '.join(ENGINES)}")
        positive = ("job_seconds", "worker_gigabytes", "worker_cpus")
        for name in (*positive, "max_calls", "max_tokens", "per_minute"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0")
        if self.workers is not None and not 1 <= self.workers <= _MOST_WORKERS:
            raise InputError(
                f"workers is {self.workers}; it must be from 1 to {_MOST_WORKERS}, or not be given"
            )
        if not 0 <= self.worker_gpus < math.inf:
            raise InputError(f"worker_gpus is {self.worker_gpus}; it must be a number from 0")
        if self.address is not None and self.engine != "ray":
            raise InputError("address is that of a Ray cluster; add engine='ray' (--engine ray)")
        checked_address(self.server)


def worker_limits(options: MakeOptions) -> Limits:
    """Returns the bounds of a run's workers.

    Args:
        options: how the dataset is made.
    """
    return Limits(job_seconds=options.job_seconds, worker_bytes=options.worker_gigabytes * 1e9)


def make_engine(layout: Layout, options: MakeOptions) -> Engine[Any]:
    """Makes the engine of a run; it is closed by `dispatch`.

    Args:
        layout: the dataset that its workers write to.
        options: how the dataset is made.

    Raises:
        InputError: it cannot be had.
    """
    if options.engine == "ray":
        from zdg_jax.datasets.engines.ray import RayEngine

        return RayEngine(
            layout.root,
            address=options.address,
            workers=options.workers,
            cpus=options.worker_cpus,
            gpus=options.worker_gpus,
        )
    return LocalEngine(layout.root, options.workers)
