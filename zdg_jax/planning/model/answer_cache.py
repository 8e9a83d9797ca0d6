"""Answers on disk, found by what was asked: model, prompts, images and schema."""

from __future__ import annotations

import json
import logging
import pathlib
from typing import Literal

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.model.backend import Answer, Request
from zdg_jax.runtime.caches import cache_root
from zdg_jax.runtime.files import atomic_write, read_limited

Mode = Literal["use", "off", "replay"]

_log = logging.getLogger(__name__)
_VERSION = 1
_LARGEST = 16_000_000
"""A larger file is no answer [bytes]."""


class AnswerCache:
    """A folder of answers, one JSON file each. Entries hold no key and no image."""

    def __init__(self, folder: pathlib.Path | None = None, mode: Mode = "use") -> None:
        """Opens a cache.

        Args:
            folder: where answers lie; `answers` in the cache folder if not given.
            mode: "use" reads and writes, "off" does neither, "replay" reads and refuses to ask.
        """
        self.folder = cache_root() / "answers" if folder is None else pathlib.Path(folder)
        self.mode = mode

    def get(self, request: Request, model: str) -> Answer | None:
        """Finds the answer to this very question; None where it is not known.

        Args:
            request: the question.
            model: name of backend and model.

        Raises:
            PlannerError: the cache only replays, and has no answer to this question.
        """
        if self.mode == "off":
            return None
        key = request.key(model)
        path = self._path(key)
        try:
            entry = json.loads(read_limited(path, _LARGEST))
            # Answers kept before entries said what they answer have no key.
            fits = entry["version"] == _VERSION and entry.get("key", key) == key
            if fits and isinstance(entry["answer"], str):
                return Answer(text=entry["answer"])
            _log.warning("ignoring what answers no such question in the cache: %s", path)
        except FileNotFoundError:
            pass
        except (InputError, OSError, ValueError, LookupError, TypeError, RecursionError):
            _log.warning("ignoring a damaged answer in the cache: %s", path)
        if self.mode == "replay":
            raise PlannerError(
                f"no recorded answer of {model} to stage {request.stage}: its prompt, images or "
                "schema changed since the recording; record again"
            )
        return None

    def put(self, request: Request, model: str, answer: Answer) -> None:
        """Keeps an answer. A cache that cannot be written costs a warning, not the plan.

        Args:
            request: the question.
            model: name of backend and model.
            answer: its answer.
        """
        if self.mode != "use":
            return
        key = request.key(model)
        path = self._path(key)
        entry = {
            "version": _VERSION,
            "key": key,
            "model": model,
            "stage": request.stage,
            "answer": answer.text,
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
        }
        try:
            with atomic_write(path) as file:
                file.write(json.dumps(entry, indent=1).encode())
        except InputError as error:
            _log.warning("cannot keep an answer: %s", error)

    def _path(self, key: str) -> pathlib.Path:
        return self.folder / key[:2] / f"{key}.json"
