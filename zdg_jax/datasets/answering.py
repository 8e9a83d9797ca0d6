"""Answers of a worker: one request in, one answer out, whatever happens in between."""

from __future__ import annotations

import dataclasses
import pathlib
import threading
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zdg_jax.errors import ZdgError
from zdg_jax.runtime.memory import release_memory

if TYPE_CHECKING:
    from zdg_jax.planning import Planner


class Answering:
    """The work of a worker process, wherever an engine runs it."""

    def __init__(self, root: str) -> None:
        """Prepares to run jobs of a dataset.

        Args:
            root: its folder.
        """
        from zdg_jax.datasets.running import JobRunner

        self._runner = JobRunner(pathlib.Path(root))
        self._model: Planner | None = None
        self._making = threading.Lock()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Runs one request.

        Args:
            request: `job`, a `Job` in JSON values; where `plan` is there, it is planned by a
                model and not run: the `planner`, the `limits` of its budget, and its `server`.

        Returns:
            `{"done": Counts}`, `{"failed": KIND, "reason": LINE}`, or `{"stop": LINE}` where no
            job can go on; and `memory`, what the process takes [bytes].
        """
        from zdg_jax.datasets.jobs import Job
        from zdg_jax.datasets.shards import DiskError
        from zdg_jax.planning.model.budget import BudgetSpentError

        job = Job.from_json(request["job"])
        try:
            if "plan" in request:
                self._runner.plan(job, self._planner(request["plan"]))
                answer: dict[str, Any] = {"done": {}}
            else:
                answer = {"done": dataclasses.asdict(self._runner.run(job))}
        except (DiskError, BudgetSpentError) as error:
            answer = {"stop": str(error)}
        except ZdgError as error:
            answer = {"failed": "refused", "reason": str(error)}
        except Exception as error:  # whatever it is, other jobs go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            name, file = type(error).__name__, pathlib.Path(where.filename).name
            reason = f"{name}: {error} ({file}:{where.lineno})"
            answer = {"failed": "error", "reason": reason}
        release_memory()
        return answer | {"memory": _memory()}

    def _planner(self, asking: Mapping[str, Any]) -> Planner:
        """One planner for the whole run: it counts against one budget."""
        from zdg_jax.planning import Limits, PlannerOptions, planner_from_name

        with self._making:
            if self._model is None:
                limits = Limits(**asking["limits"])
                options = PlannerOptions(limits=limits, base_url=asking["server"])
                self._model = planner_from_name(asking["planner"], options)
            return self._model


def _memory() -> int:
    """Resident memory of this process [bytes]; 0 where the system does not say."""
    try:
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * 4096
