"""Any server that speaks OpenAI's chat protocol: OpenAI itself, vLLM, Ollama, ..."""

from __future__ import annotations

import base64
import os
from typing import Any, Literal

from zdg_jax.errors import InputError, PlannerError
from zdg_jax.planning.model.backend import (
    Answer,
    RefusalError,
    Request,
    TransientError,
    quote,
    seconds,
    status_error,
)

KEY = "OPENAI_API_KEY"
DEFAULT_MODEL = "gpt-4.1"


class OpenAICompatible:
    """A model behind the chat protocol. The key lives in the environment and in the client."""

    answered_by_hand = False
    axes: Literal["xy"] = "xy"
    max_images = 10
    max_side = 2048

    def __init__(
        self, model: str | None = None, *, base_url: str | None = None, replay: bool = False
    ) -> None:
        """Prepares a client; nothing is sent.

        Args:
            model: name of the model; `OPENAI_MODEL` if not given.
            base_url: address of the server; `OPENAI_BASE_URL` or OpenAI's own if not given.
            replay: whether all answers are recorded, so that no key is needed.

        Raises:
            InputError: the `openai` package, the key or the model's name is missing.
        """
        try:
            import openai
        except ImportError:
            raise InputError(
                "the planner openai needs the package openai: pip install 'zdg-jax[openai]'"
            ) from None
        address = base_url or os.environ.get("OPENAI_BASE_URL")
        self._key = os.environ.get(KEY, "")
        if not self._key and not address and not replay:
            raise InputError(
                f"the planner openai needs a key in {KEY}, or OPENAI_BASE_URL of a local server"
            )
        name = model or os.environ.get("OPENAI_MODEL")
        if not name and address:
            raise InputError(f"which model of {address}? Name it: openai:MODEL, or OPENAI_MODEL")
        self.model = name or DEFAULT_MODEL
        # The session repeats and counts; local servers take any key, but want one.
        self._client = openai.OpenAI(api_key=self._key or "none", base_url=address, max_retries=0)

    @property
    def name(self) -> str:
        """Backend and model."""
        return f"openai:{self.model}"

    def ask(self, request: Request, timeout: float) -> Answer:
        """Asks once.

        Args:
            request: the question.
            timeout: longest wait [s].

        Raises:
            TransientError: the same question may succeed later.
            RefusalError: the model or a filter refused.
            PlannerError: the question cannot be answered.
        """
        import openai

        content: list[dict[str, Any]] = []
        for caption, image in zip(request.captions, request.images, strict=True):
            url = "data:image/png;base64," + base64.b64encode(image).decode()
            content.append({"type": "text", "text": caption})
            content.append({"type": "image_url", "image_url": {"url": url}})
        content.append({"type": "text", "text": request.prompt})
        schema = {"name": "answer", "strict": True, "schema": request.schema}
        messages: list[Any] = [
            {"role": "system", "content": request.system},
            {"role": "user", "content": content},
        ]
        response_format: Any = {"type": "json_schema", "json_schema": schema}
        try:
            response = self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                response_format=response_format,
                timeout=timeout,
            )
        except openai.APIStatusError as error:
            raise status_error(
                error.status_code,
                "the server",
                quote(error.message, self._key),
                seconds(error.response.headers.get("retry-after")),
            ) from None
        except PlannerError:
            raise
        except Exception as error:
            # Lost connections, time limits and cut JSON; their text may quote headers.
            raise TransientError(
                f"the server gave no whole answer ({type(error).__name__})"
            ) from None
        return _answer(response)


def _answer(response: Any) -> Answer:
    usage = getattr(response, "usage", None)
    choices = getattr(response, "choices", None) or []
    if not choices:
        raise TransientError("the server gave an answer without a choice")
    message = choices[0].message
    if getattr(message, "refusal", None) or choices[0].finish_reason == "content_filter":
        raise RefusalError("the model refused the question")
    text = message.content or ""
    if not text:
        raise TransientError("the server gave an empty answer")
    return Answer(
        text=text,
        input_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        output_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
    )
