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


class LocalWorker:
    """A process of its own, on its share of the cores or devices."""

    def __init__(self, root: pathlib.Path, cores: frozenset[int], device: int | None) -> None:
        """Starts it.

        Args:
            root: folder of the dataset.
            cores: cores that it may use.
            device: number of its accelerator; None where it works on the cores.
        """
        self.cores, self.device = cores, device
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `kill`
        self._buffer = b""
        environment = dict(os.environ)
        if device is not None:
            environment["CUDA_VISIBLE_DEVICES"] = str(device)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zdg_jax.datasets.engines.process", str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=environment,
            start_new_session=True,  # an interruption of the run is the run's to handle
        )
        if hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(self.process.pid, cores)

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
            workers: processes; one per accelerator, else per core, if not given.

        Raises:
            InputError: fewer than one.
        """
        devices = _accelerators()
        self._root, self._workers = root, workers or len(devices) or available_cpus()
        if self._workers < 1:
            raise InputError(f"workers is {self._workers}; it must be at least 1")
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        share = max(1, len(cores) // self._workers)
        self._places: list[tuple[frozenset[int], int | None]] = []
        for i in range(self._workers):
            first = i * share % len(cores)
            device = devices[i % len(devices)] if devices else None
            self._places.append((frozenset(cores[first : first + share]), device))
        self._used: dict[int, LocalWorker] = {}

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
        self._used[place] = LocalWorker(self._root, *self._places[place])
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


def _accelerators() -> list[int]:
    """Numbers of the GPUs that this process may use, without loading JAX."""
    if os.environ.get("JAX_PLATFORMS", "").startswith("cpu"):
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [int(number) for number in visible.split(",") if number.strip().isdigit()]
    cards = pathlib.Path("/proc/driver/nvidia/gpus")
    return list(range(len(list(cards.iterdir())))) if cards.is_dir() else []
