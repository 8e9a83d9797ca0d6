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
    checked_address,
    checked_key,
    quote,
    seconds,
    status_error,
    unreached,
)
from zdg_jax.planning.model.reply_text import count, joined, without_key
from zdg_jax.planning.model.schemas import BOUNDS, lone_references, refused_keyword, without
from zdg_jax.planning.model.transport import http_library, limited_transport

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
        address = checked_address(base_url or os.environ.get("OPENAI_BASE_URL") or None)
        self._key = checked_key([KEY])
        if not self._key and not address and not replay:
            raise InputError(
                f"the planner openai needs a key in {KEY}, or OPENAI_BASE_URL of a local server"
            )
        name = model or os.environ.get("OPENAI_MODEL")
        if not name and address:
            raise InputError(f"which model of {address}? Name it: openai:MODEL, or OPENAI_MODEL")
        self.model = name or DEFAULT_MODEL
        # The session repeats and counts; local servers take any key, but want one.
        client = openai.DefaultHttpxClient(
            transport=limited_transport(http_library(openai.DefaultHttpxClient))
        )
        self._client = openai.OpenAI(
            api_key=self._key or "none", base_url=address, max_retries=0, http_client=client
        )

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
        messages: list[Any] = [
            {"role": "system", "content": request.system},
            {"role": "user", "content": content},
        ]

        def send(schema: dict[str, Any]) -> Answer:
            named = {"name": "answer", "strict": True, "schema": schema}
            response_format: Any = {"type": "json_schema", "json_schema": named}
            response = self._client.chat.completions.create(
                model=self.model,
                messages=messages,
                response_format=response_format,
                timeout=timeout,
            )
            return self._answer(response)

        schema = lone_references(request.schema)
        try:
            try:
                return send(schema)
            except openai.BadRequestError as error:
                if not refused_keyword(error.message):
                    raise
                return send(without(schema, BOUNDS))
        except openai.APIStatusError as error:
            raise status_error(
                error.status_code,
                "the server",
                quote(error.message, self._key),
                seconds(error.response.headers.get("retry-after")),
            ) from None
        except PlannerError:
            raise
        except openai.APIConnectionError as error:
            if error.__cause__ and type(error.__cause__).__name__ == "ConnectError":
                way_out = "start it, or name another address (--server)"
                raise unreached(self._client.base_url, error.__cause__, way_out) from None
            raise TransientError(f"the server gave no whole answer ({_reason(error)})") from None
        except Exception as error:
            # Lost connections, time limits and cut JSON; their text may quote headers.
            raise TransientError(
                f"the server gave no whole answer ({type(error).__name__})"
            ) from None

    def _answer(self, response: Any) -> Answer:
        """Reads an answer of any shape."""
        usage = getattr(response, "usage", None)
        choices = getattr(response, "choices", None)
        if not isinstance(choices, list) or not choices:
            raise TransientError("the server gave an answer without a choice")
        message = getattr(choices[0], "message", None)
        finish = getattr(choices[0], "finish_reason", None)
        if getattr(message, "refusal", None) or finish == "content_filter":
            raise RefusalError("the model refused the question")
        text = joined(getattr(message, "content", None))
        if text is None:
            raise TransientError("the server gave an answer whose content is no text")
        if finish == "length":
            raise PlannerError(
                f"the answer of {self.name} was cut at its limit of tokens (finish_reason length); "
                "raise the server's limit, or name a model that thinks less"
            )
        if not text:
            raise TransientError("the server gave an empty answer")
        return Answer(
            text=without_key(text, self._key),
            input_tokens=count(getattr(usage, "prompt_tokens", 0)),
            output_tokens=count(getattr(usage, "completion_tokens", 0)),
        )


def _reason(error: Exception) -> str:
    """Says in a word or two why there was no answer, without quoting what might hold a key."""
    cause = error.__cause__
    if type(cause).__name__ == "ReadError" and str(cause).startswith("the answer has more"):
        return str(cause)
    return type(cause or error).__name__
