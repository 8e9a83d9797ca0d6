"""`local`: processes on this machine, one per accelerator or per group of cores."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Any

from zdg_jax.datasets.engines import Report
from zdg_jax.errors import InputError
from zdg_jax.runtime.parallel import available_cpus

_WORKER = 3e9
"""Memory that a worker takes with the programs of a few hands, and while it compiles [bytes]."""
_NEW = 2e9
"""Memory that a worker takes soon after its start: replaced below that it would gain nothing."""


class LocalWorker:
    """A process of its own, on its share of the cores or devices."""

    def __init__(self, root: pathlib.Path, cores: int, device: int | None) -> None:
        """Starts it.

        Args:
            root: folder of the dataset.
            cores: cores that it claims.
            device: number of its accelerator; None where it works on the cores.
        """
        self.device = device
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `kill`
        self._buffer = b""
        environment = dict(os.environ)
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = str(device)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zdg_jax.datasets.engines.process", str(root), str(cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment,
            start_new_session=True,  # an interruption of the run is the run's to handle
        )

    @property
    def started(self) -> bool:
        """True: a process of this machine waits for no place."""
        return True

    def send(self, request: dict[str, Any]) -> None:
        """Gives it work."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone: `read` tells
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def read(self) -> list[dict[str, Any]] | None:
        """Reads the answers that it wrote; None where it ended."""
        assert self.process.stdout is not None
        chunk = os.read(self.process.stdout.fileno(), 1 << 16)
        if not chunk:
            return None
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def kill(self) -> None:
        """Ends it at once."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._said):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def last_words(self) -> str:
        """Says why it ended, as far as that is known."""
        status = self.process.wait()
        if status < 0:
            name = signal.Signals(-status).name
            said = f"the process was ended by {name}"
            return said + (" (out of memory?)" if name == "SIGKILL" else "")
        self._said.seek(0)
        lines = self._said.read()[-10_000:].decode(errors="replace").strip().splitlines()
        return f"the process ended with status {status}: {lines[-1] if lines else 'no word'}"


class LocalEngine:
    """Workers on this machine."""

    def __init__(self, root: pathlib.Path, workers: int | None = None) -> None:
        """Starts nothing yet.

        Args:
            root: folder of the dataset.
            workers: processes; if not given, one per accelerator, else per core, as far as each
                has its memory.

        Raises:
            InputError: fewer than one.
        """
        devices = _accelerators()
        if workers is None:
            workers = len(devices) or min(available_cpus(), max(1, int(memory() / _WORKER)))
        if workers < 1:
            raise InputError(f"workers is {workers}; it must be at least 1")
        self._root, self._workers = root, workers
        self._cores = max(1, available_cpus() // workers)
        self._devices = [devices[i % len(devices)] if devices else None for i in range(workers)]
        self._used: dict[int, LocalWorker] = {}

    @property
    def worker_bytes(self) -> float:
        """Each worker's share of the machine's memory, with some to spare; enough for a new one."""
        return max(0.8 * memory() / self._workers, _NEW)

    def capacity(self) -> int:
        """Processes of this run."""
        return self._workers

    def start(self) -> LocalWorker:
        """Starts a worker in a place that is free."""
        place = next(
            i
            for i in range(self._workers)
            if i not in self._used or self._used[i].process.poll() is not None
        )
        self._used[place] = LocalWorker(self._root, self._cores, self._devices[place])
        return self._used[place]

    def wait(self, workers: Sequence[LocalWorker], timeout: float) -> list[Report[LocalWorker]]:
        """Waits for reports."""
        reports = []
        with selectors.DefaultSelector() as selector:
            for worker in workers:
                assert worker.process.stdout is not None
                selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
            for key, _ in selector.select(timeout):
                worker, answers = key.data, key.data.read()
                if answers is None:
                    reason = worker.last_words()
                    reports.append(Report(worker=worker, answer=None, reason=reason))
                else:
                    reports += [Report(worker=worker, answer=answer) for answer in answers]
        return reports

    def close(self) -> None:
        """Ends all workers."""
        for worker in self._used.values():
            worker.kill()
        self._used.clear()


def memory() -> float:
    """Returns the memory of this machine [bytes]; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return float("inf")


def _accelerators() -> list[int]:
    """Numbers of the GPUs that this process may use, without loading JAX."""
    if os.environ.get("JAX_PLATFORMS", "").startswith("cpu"):
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [int(number) for number in visible.split(",") if number.strip().isdigit()]
    cards = pathlib.Path("/proc/driver/nvidia/gpus")
    return list(range(len(list(cards.iterdir())))) if cards.is_dir() else []
