"""Manual planning: questions go into a folder, answers come from whoever writes them there."""

from __future__ import annotations

import json
import logging
import pathlib
import time
from typing import Literal

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.model.backend import MAX_ANSWER, Answer, Request
from zdg_jax.runtime.files import atomic_write, open_regular

_log = logging.getLogger(__name__)
_POLL = 0.2


class Manual:
    """A model's part taken by a person, or by any model that is handed the folder."""

    answered_by_hand = True
    axes: Literal["xy"] = "xy"
    max_images = 16
    max_side = 1600
    name = "manual"

    def __init__(self, folder: pathlib.Path) -> None:
        """Prepares the folder.

        Args:
            folder: folder for questions and answers; made where it is missing.

        Raises:
            InputError: the folder cannot be written.
        """
        self.folder = pathlib.Path(folder)
        self._number = 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot write to {folder}: {error.strerror or error}") from None

    def ask(self, request: Request, timeout: float) -> Answer:
        """Writes the question and waits for a whole `answer.json`.

        Args:
            request: the question.
            timeout: longest wait [s].

        Raises:
            PlannerError: no answer within `timeout` seconds.
        """
        self._number += 1
        folder = self.folder / f"{self._number:02d}-{request.stage}"
        folder.mkdir(parents=True, exist_ok=True)
        answer = folder / "answer.json"
        if answer.exists():  # an answer to an earlier question, which a person wrote
            answer.replace(folder / "answer-earlier.json")
        for index, image in enumerate(request.images):
            with atomic_write(folder / f"image-{index + 1}.png") as file:
                file.write(image)
        captions = "\n".join(
            f"- image-{index + 1}.png: {caption}" for index, caption in enumerate(request.captions)
        )
        text = f"{request.system}\n\n{captions}\n\n{request.prompt}\n"
        with atomic_write(folder / "schema.json") as file:
            file.write(json.dumps(request.schema, indent=1).encode())
        # Written last: whoever watches for it finds everything else in place.
        with atomic_write(folder / "prompt.md") as file:
            file.write(text.encode(errors="replace"))
        _log.warning("waiting up to %.0f s for %s", timeout, answer)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            whole = _whole(answer)
            if whole is not None:
                return Answer(text=whole)
            time.sleep(_POLL)
        raise PlannerError(f"no answer in {answer} within {timeout:.0f} s; ask again to go on")


def _whole(path: pathlib.Path) -> str | None:
    """The file's text once it no longer grows; None until then."""
    try:
        size = path.stat().st_size
        if size == 0:
            return None
        time.sleep(_POLL)
        if path.stat().st_size != size:
            return None
        with open_regular(path) as file:
            return file.read(4 * MAX_ANSWER).decode(errors="replace")[: MAX_ANSWER + 1]
    except (OSError, InputError):
        return None
