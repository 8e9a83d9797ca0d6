"""Gemini through google-genai."""

from __future__ import annotations

import os
from typing import Any, Literal

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.model.backend import (
    Answer,
    RefusalError,
    Request,
    TransientError,
    checked_address,
    checked_key,
    quote,
    seconds,
    status_error,
    unreached,
)
from zdg_jax.planning.model.reply_text import count, without_key
from zdg_jax.planning.model.schemas import BOUNDS, lone_references, refused_keyword, without
from zdg_jax.planning.model.transport import http_library, limited_transport

DEFAULT_MODEL = "gemini-flash-latest"
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")


class Gemini:
    """A Gemini model. The key lives in the environment and in the client, nowhere else."""

    answered_by_hand = False
    axes: Literal["yx"] = "yx"
    max_images = 16
    max_side = 3072

    def __init__(
        self, model: str | None = None, *, base_url: str | None = None, replay: bool = False
    ) -> None:
        """Prepares a client; nothing is sent.

        Args:
            model: name of the model; `ZDG_GEMINI_MODEL` or a current one if not given.
            base_url: another address of the service; `GOOGLE_GEMINI_BASE_URL` if not given.
            replay: whether all answers are recorded, so that no key is needed.

        Raises:
            InputError: no key is set.
        """
        key = checked_key(KEYS)
        if not key and not replay:
            raise InputError(f"the planner gemini needs a key in {' or '.join(KEYS)}")
        from google import genai
        from google.genai import types

        self._key = key
        self.model = model or os.environ.get("ZDG_GEMINI_MODEL") or DEFAULT_MODEL
        # No HttpRetryOptions: every request counts against a budget, so the session repeats.
        address = checked_address(base_url or os.environ.get("GOOGLE_GEMINI_BASE_URL") or None)
        self._address = address
        options = types.HttpOptions(
            base_url=address, client_args={"transport": limited_transport(http_library())}
        )
        self._client = genai.Client(api_key=key or "none", vertexai=False, http_options=options)

    @property
    def name(self) -> str:
        """Backend and model."""
        return f"gemini:{self.model}"

    def ask(self, request: Request, timeout: float) -> Answer:
        """Asks once.

        Args:
            request: the question.
            timeout: longest wait [s].

        Raises:
            TransientError: the same question may succeed later.
            RefusalError: a filter stopped the question or the answer.
            PlannerError: the question cannot be answered.
        """
        from google.genai import errors, types

        contents: list[Any] = []
        for caption, image in zip(request.captions, request.images, strict=True):
            contents += [caption, types.Part.from_bytes(data=image, mime_type="image/png")]
        contents.append(request.prompt)

        def send(schema: dict[str, Any]) -> Any:
            config = types.GenerateContentConfig(
                system_instruction=request.system,
                response_mime_type="application/json",
                response_json_schema=schema,
                temperature=0.0,
                seed=0,
                http_options=types.HttpOptions(timeout=max(1, int(timeout * 1000))),
            )
            return self._client.models.generate_content(
                model=self.model, contents=contents, config=config
            )

        schema = lone_references(request.schema)
        try:
            try:
                response = send(schema)
            except errors.ClientError as error:
                if error.code != 400 or not refused_keyword(error.message):
                    raise
                response = send(without(schema, BOUNDS))
        except errors.APIError as error:
            headers = getattr(error.response, "headers", None) or {}
            raise status_error(
                int(error.code or 500),
                "Gemini",
                quote(error.message or "", self._key),
                seconds(headers.get("retry-after")),
            ) from None
        except PlannerError:
            raise
        except Exception as error:
            if type(error).__name__ == "ConnectError":
                address = self._address or "the address of Gemini"
                way_out = "check the network, or name another address (--server)"
                raise unreached(address, error, way_out) from None
            # The client lets errors of its transport and of a cut answer's JSON through as they
            # are; their kind differs between its versions, and their text may quote headers.
            raise TransientError(
                f"Gemini gave no whole answer ({quote(type(error).__name__, self._key)})"
            ) from None
        return _answer(response, self._key)


def _answer(response: Any, key: str) -> Answer:
    usage = response.usage_metadata
    counted = {
        "input_tokens": count(getattr(usage, "prompt_token_count", 0)),
        "output_tokens": count(getattr(usage, "candidates_token_count", 0))
        + count(getattr(usage, "thoughts_token_count", 0)),
    }
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason:
        raise RefusalError(f"Gemini blocked the question ({_word(feedback.block_reason)})")
    candidates = response.candidates or []
    if not candidates:
        raise TransientError("Gemini gave an answer without a candidate")
    reason = _word(candidates[0].finish_reason)
    content = candidates[0].content
    parts = (content.parts if content else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    if reason in ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION"):
        raise RefusalError(f"Gemini would not answer ({reason})")
    if reason == "MAX_TOKENS":
        raise PlannerError(
            "the answer of Gemini was cut at its limit of tokens (MAX_TOKENS); name another model"
        )
    if not text:
        raise TransientError(f"Gemini gave an empty answer ({reason or 'no reason given'})")
    return Answer(text=without_key(text, key), **counted)


def _word(reason: Any) -> str:
    return str(getattr(reason, "value", reason) or "")[:40]
