"""A session with a model: asks, repeats, validates, asks again, counts and remembers."""

from __future__ import annotations

import dataclasses
import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import pydantic

from zdg_jax.errors import PlannerError
from zdg_jax.planning.grasp_plan import Usage, explain
from zdg_jax.planning.model.answer_cache import AnswerCache
from zdg_jax.planning.model.backend import (
    MAX_ANSWER,
    Answer,
    Backend,
    RefusalError,
    Request,
    TransientError,
)
from zdg_jax.planning.model.budget import BudgetSpentError, CallBudget, UsageCounter
from zdg_jax.planning.model.reply_text import json_object
from zdg_jax.planning.model.templates import render

_log = logging.getLogger(__name__)
_Reply = TypeVar("_Reply", bound=pydantic.BaseModel)
_MAX_BACKOFF = 60.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exchange:
    """One question and its answer, as the transcript shows them."""

    request: Request
    answer: str
    fault: str
    """Why the answer was not taken; "" where it was."""
    cached: bool


class Session:
    """Everything that one plan asks of one model. Not shared between threads."""

    def __init__(self, backend: Backend, cache: AnswerCache, budget: CallBudget) -> None:
        """Starts the clock.

        Args:
            backend: the model.
            cache: answers that are known already.
            budget: calls, tokens and pace; may be shared with other sessions.
        """
        self.backend = backend
        self.exchanges: list[Exchange] = []
        self._cache = cache
        self._budget = budget
        self._counter = UsageCounter()
        self._deadline = time.monotonic() + budget.limits.total_time
        self._fault = ""

    @property
    def usage(self) -> Usage:
        """Cost of the session so far."""
        return self._counter.usage()

    @property
    def reasks(self) -> int:
        """Further questions that may follow an answer that does not fit."""
        return self._budget.limits.reasks

    def ask(
        self,
        reply: type[_Reply],
        *,
        stage: str,
        system: str,
        prompt: str,
        images: Sequence[tuple[str, bytes]],
        check: Callable[[_Reply], Sequence[str]],
    ) -> _Reply:
        """Asks until an answer fits its schema and `check` finds no fault, a few times at most.

        Args:
            reply: schema of the answer.
            stage: name of the stage, for the transcript and the cache.
            system: standing instructions.
            prompt: the question.
            images: captions and PNG files.
            check: names what is wrong with an answer that fits its schema; nothing if it is good.

        Returns:
            The first good answer.

        Raises:
            PlannerError: no good answer within the limits.
        """
        if len(images) > self.backend.max_images:
            raise PlannerError(
                f"stage {stage} shows {len(images)} images; {self.backend.name} takes "
                f"{self.backend.max_images}"
            )
        first = request = Request(
            stage=stage,
            system=system,
            prompt=prompt,
            images=tuple(image for _, image in images),
            captions=tuple(caption for caption, _ in images),
            schema=reply.model_json_schema(),
        )
        fault = ""
        for attempt in range(self._budget.limits.reasks + 1):
            answer, cached = self._answer(request)
            value, fault = _parse(reply, answer.text, check)
            self.exchanges.append(
                Exchange(request=request, answer=answer.text, fault=fault, cached=cached)
            )
            if value is not None:
                # Kept under the first question too, so that a second run asks nothing.
                for asked in {id(first): first, id(request): request}.values():
                    self._cache.put(asked, self.backend.name, answer)
                return value
            _log.info("stage %s, answer %d is not usable: %s", stage, attempt + 1, fault)
            self._fault = fault
            request = dataclasses.replace(
                first, prompt=first.prompt + "\n\n" + render("again", fault=fault)
            )
        raise PlannerError(
            f"{self.backend.name} gave no usable answer to stage {stage} in "
            f"{self._budget.limits.reasks + 1} tries; the last fault: {fault}"
        )

    def _answer(self, request: Request) -> tuple[Answer, bool]:
        known = self._cache.get(request, self.backend.name)
        if known is not None:
            self._counter.cached += 1
            return known, True
        limits = self._budget.limits
        for attempt in range(limits.retries + 1):
            self._admit()
            self._counter.calls += 1
            try:
                answer = self._within_time(request)
            except RefusalError:
                raise
            except TransientError as error:
                self._fault = str(error)
                if attempt == limits.retries:
                    raise PlannerError(
                        f"{error}, {attempt + 1} times in a row; try later"
                    ) from None
                wait = error.retry_after
                if wait is None:
                    wait = limits.backoff * 2**attempt * random.uniform(0.75, 1.25)
                wait = min(wait, _MAX_BACKOFF)
                if time.monotonic() + wait > self._deadline:
                    raise PlannerError(
                        f"{error}, and no time is left within {limits.total_time:.0f} s"
                    ) from None
                _log.info("stage %s: %s; again in %.1f s", request.stage, error, wait)
                time.sleep(wait)
            else:
                self._counter.input_tokens += answer.input_tokens
                self._counter.output_tokens += answer.output_tokens
                self._budget.spend(answer.input_tokens + answer.output_tokens)
                return answer, False
        raise AssertionError("unreachable")

    def _admit(self) -> None:
        """Waits for a request's turn; where none is left, says also what used them up."""
        try:
            self._budget.admit(self._deadline)
        except BudgetSpentError as error:
            why = f"; the last fault: {self._fault}" if self._fault else ""
            raise BudgetSpentError(f"{error}{why}") from None

    def _within_time(self, request: Request) -> Answer:
        """Asks in a thread of its own: a server that drips bytes defeats socket time limits."""
        left = min(self._budget.limits.call_timeout, self._deadline - time.monotonic())
        if left <= 0:
            raise PlannerError(
                f"no answer within {self._budget.limits.total_time:.0f} s; raise total_time"
            )
        result: queue.SimpleQueue[Answer | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                result.put(self.backend.ask(request, left))
            except BaseException as error:
                result.put(error)

        threading.Thread(target=work, daemon=True, name=f"ask {request.stage}").start()
        try:
            outcome = result.get(timeout=left + 0.5)
        except queue.Empty:
            raise TransientError(
                f"{self.backend.name} gave no answer within {left:.0f} s"
            ) from None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def _parse(
    reply: type[_Reply], text: str, check: Callable[[_Reply], Sequence[str]]
) -> tuple[_Reply | None, str]:
    """The answer, or what is wrong with it."""
    if len(text) > MAX_ANSWER:
        return None, f"the answer has {len(text)} characters; at most {MAX_ANSWER} are read"
    try:
        value = reply.model_validate_json(json_object(text))
    except pydantic.ValidationError as error:
        return None, explain(error)
    except (UnicodeEncodeError, RecursionError):
        return None, "the whole: characters that are no text, or lists too deep"
    faults = list(check(value))
    return (None, "; ".join(faults)) if faults else (value, "")
