"""Limits on what asking a model may cost, and the budget that counts against them."""

from __future__ import annotations

import dataclasses
import threading
import time

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.grasp_plan import Usage

_BY_HAND = 86_400.0  # how long a person may take [s]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of what planning may cost."""

    call_timeout: float = 120.0
    """Longest wait for one answer [s]."""
    total_time: float = 900.0
    """Longest time for one plan [s]."""
    max_calls: int = 40
    """Most requests sent, retries included."""
    max_tokens: int = 400_000
    """Most tokens, sent and received together."""
    retries: int = 4
    """Repetitions of a request that failed in passing."""
    backoff: float = 1.0
    """Wait before the first repetition [s]; doubled for each further one."""
    reasks: int = 2
    """Further questions where an answer does not fit its schema or the object."""
    per_minute: float = 60.0
    """Most requests in a minute."""

    def __post_init__(self) -> None:
        """Refuses limits under which nothing could be asked."""
        for name in ("call_timeout", "total_time", "max_calls", "max_tokens", "per_minute"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0")
        for name in ("retries", "backoff", "reasks"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}; it must not be below 0")

    def patient(self) -> Limits:
        """Gives a person the time that a server is not given: a day, and no pace."""
        return dataclasses.replace(
            self, call_timeout=_BY_HAND, total_time=_BY_HAND, per_minute=6000.0
        )


class BudgetSpentError(PlannerError):
    """No more may be asked within the budget: the fault of no plan, and the next will fail too."""


class CallBudget:
    """Counts calls and tokens and paces requests; safe to share between threads."""

    def __init__(self, limits: Limits) -> None:
        """Starts at zero.

        Args:
            limits: bounds; the time limits are for each session.
        """
        self.limits = limits
        self._lock = threading.Lock()
        self._calls = 0
        self._tokens = 0
        self._next = 0.0

    def admit(self, deadline: float) -> None:
        """Waits for this request's turn and counts it.

        Args:
            deadline: time of `time.monotonic` by which it must be sent.

        Raises:
            BudgetSpentError: the budget is spent.
            PlannerError: the turn would come too late.
        """
        with self._lock:
            if self._calls >= self.limits.max_calls:
                raise BudgetSpentError(
                    f"the budget of {self.limits.max_calls} calls is spent; raise max_calls"
                )
            if self._tokens >= self.limits.max_tokens:
                raise BudgetSpentError(
                    f"the budget of {self.limits.max_tokens} tokens is spent; raise max_tokens"
                )
            now = time.monotonic()
            turn = max(now, self._next)
            if turn > deadline:
                raise PlannerError(
                    f"no time left to ask within {self.limits.total_time:.0f} s; raise total_time"
                )
            self._calls += 1
            self._next = turn + 60.0 / self.limits.per_minute
        time.sleep(max(0.0, turn - now))

    def spend(self, tokens: int) -> None:
        """Counts the tokens of an answer.

        Args:
            tokens: tokens sent and received.
        """
        with self._lock:
            self._tokens += max(0, tokens)


class UsageCounter:
    """Cost of one session so far."""

    def __init__(self) -> None:
        """Starts at zero."""
        self.calls = self.cached = self.input_tokens = self.output_tokens = 0

    def usage(self) -> Usage:
        """Gives the counts as a plan keeps them."""
        return Usage(
            calls=self.calls,
            cached=self.cached,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
        )
