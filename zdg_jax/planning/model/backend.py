"""Interface to a multimodal model: one question in, one answer out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import urllib.parse
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from zdg_jax.errors import InputError, PlannerError

RETRIED_STATUS = frozenset([408, 429, 500, 502, 503, 504])
MAX_ANSWER = 200_000
"""Most characters of an answer that are read; a plan needs a few thousand."""

_MAX_QUOTED = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a model."""

    stage: str
    """Name of the stage that asks."""
    system: str
    """Standing instructions."""
    prompt: str
    """The question."""
    images: tuple[bytes, ...]
    """PNG files, in the order in which the prompt speaks of them."""
    captions: tuple[str, ...]
    """One line for each image."""
    schema: dict[str, Any]
    """JSON schema of the answer."""

    def key(self, model: str) -> str:
        """Computes the SHA-256 of everything that an answer depends on, hexadecimal.

        Args:
            model: name of backend and model.
        """
        content = {
            "model": model,
            "system": self.system,
            "prompt": self.prompt,
            "images": [hashlib.sha256(image).hexdigest() for image in self.images],
            "captions": self.captions,
            "schema": self.schema,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """Answer of a server."""

    text: str
    """The answer, expected to be JSON."""
    input_tokens: int = 0
    """Tokens sent, as the server counted them."""
    output_tokens: int = 0
    """Tokens received, thinking included, as the server counted them."""


class Backend(Protocol):
    """A way to ask a model."""

    @property
    def name(self) -> str:
        """Backend and model, such as "gemini:gemini-flash-latest"; part of the cache's key."""

    @property
    def answered_by_hand(self) -> bool:
        """True where a person answers, who takes longer than a server."""

    @property
    def axes(self) -> Literal["yx", "xy"]:
        """Order in which the model writes the coordinates of a spot on an image."""

    @property
    def max_images(self) -> int:
        """Most images of one question."""

    @property
    def max_side(self) -> int:
        """Largest width or height of an image [px]."""

    def ask(self, request: Request, timeout: float) -> Answer:
        """Asks once, without retries.

        Args:
            request: the question.
            timeout: longest wait [s].

        Raises:
            TransientError: the same question may succeed later.
            PlannerError: it will not.
        """


class TransientError(PlannerError):
    """A failure that may pass: an overloaded server, a cut answer, a lost connection."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Takes the failure.

        Args:
            message: one sentence, without secrets.
            retry_after: wait that the server asks for [s].
        """
        super().__init__(message)
        self.retry_after = retry_after


class RefusalError(PlannerError):
    """The model or its server's filters would not answer this question."""


def spot_xy(backend: Backend, spot: Sequence[int]) -> tuple[float, float]:
    """Converts a spot as a model writes it to (x, y) in [0, 1] from the top left.

    Args:
        backend: the model's backend, which knows the order of its axes.
        spot: two numbers, each from 0 to 1000.
    """
    first, second = spot
    x, y = (second, first) if backend.axes == "yx" else (first, second)
    return x / 1000, y / 1000


def quote(message: object, secret: str) -> str:
    """Quotes a server's message, cut short, on one line, without the key.

    Args:
        message: the message.
        secret: the key; "" where none is used.
    """
    text = " ".join(str(message).split())
    if secret:
        text = text.replace(secret, "[key]")
    return text[:_MAX_QUOTED]


def unreached(address: object, error: BaseException, way_out: str) -> PlannerError:
    """The error that tells of a server that no connection comes to.

    Args:
        address: of the server.
        error: of the transport, such as "[Errno 111] Connection refused".
        way_out: what the user can do.
    """
    why = str(error).rpartition("] ")[2].lower()
    return PlannerError(f"no server answers at {address} ({why}); {way_out}")


def status_error(status: int, who: str, message: str, retry_after: float | None) -> PlannerError:
    """Makes the error for an HTTP status other than success.

    Args:
        status: the status.
        who: name of the server, for the message.
        message: the server's own message, quoted.
        retry_after: wait that the server asks for [s].
    """
    details = f": {message}" if message else ""
    if status in RETRIED_STATUS:
        return TransientError(f"{who} answered {status}{details}", retry_after)
    if status in (401, 403):
        return PlannerError(f"{who} refused the key (status {status}); check it{details}")
    if status == 404:
        return PlannerError(f"{who} knows no such model or address (404); check both{details}")
    return PlannerError(f"{who} refused the question (status {status}){details}")


def checked_address(address: str | None) -> str | None:
    """Checks the address of a server; None stands for the usual one.

    Args:
        address: the address.

    Raises:
        InputError: no server can have it.
    """
    if address is None:
        return None
    try:
        parts = urllib.parse.urlsplit(address.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        usable = False
    if not usable or " " in address.strip():
        raise InputError(
            f"{address!r} is no address of a server; it looks like http://localhost:8000/v1"
        )
    return address.strip()


def checked_key(names: Sequence[str]) -> str:
    """Reads a key from the environment; "" where none is set.

    Args:
        names: variables that may hold it, the first that is set counts.

    Raises:
        InputError: no server takes such a key; the message does not quote it.
    """
    for name in names:
        key = os.environ.get(name, "").strip()
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise InputError(
                f"{name} holds spaces, line ends or other characters that no key has; set it anew"
            )
        if key:
            return key
    return ""


def seconds(header: str | None) -> float | None:
    """Reads a Retry-After header [s]; None where it is absent or a date.

    Args:
        header: value of the header.
    """
    try:
        value = float(header or "")
    except ValueError:
        return None
    return value if 0 <= value < 86_400 else None
