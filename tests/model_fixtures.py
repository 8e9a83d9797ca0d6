"""Fixtures of tests that need a model: a local server, and planners that ask it."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator

import pytest

from tests.planning import model_script
from tests.planning.server import KEY, ModelServer
from zdg_jax.planning import PictureSize, PlannerOptions
from zdg_jax.planning.model import (
    AnswerCache,
    CallBudget,
    Gemini,
    Limits,
    OpenAICompatible,
    Session,
)


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """No key from outside reaches a test, and no answer from the user's cache."""
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GOOGLE_GEMINI_BASE_URL", "OPENAI_MODEL", "ZDG_GEMINI_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path / "caches"))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A local model server."""
    running = ModelServer()
    yield running
    running.close()


@pytest.fixture(params=["gemini", "openai"])
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each kind of model, by the name of its planner."""
    return str(request.param)


@pytest.fixture
def backend(
    backend_name: str, server: ModelServer, no_keys: None, monkeypatch: pytest.MonkeyPatch
) -> Gemini | OpenAICompatible:
    """Each backend, pointed at the local server."""
    if backend_name == "gemini":
        monkeypatch.setenv("GEMINI_API_KEY", KEY)
        return Gemini("test", base_url=server.url)
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return OpenAICompatible("test", base_url=server.url + "/v1")


@pytest.fixture
def start(backend: Gemini | OpenAICompatible, tmp_path: pathlib.Path) -> Callable[..., Session]:
    """Starts a session with quick limits; limits and the cache's mode can be given."""

    def session(mode: str = "use", **limits: float) -> Session:
        quick = {"backoff": 0.01, "per_minute": 60_000.0, "call_timeout": 5.0, **limits}
        cache = AnswerCache(tmp_path / "answers", mode)  # type: ignore[arg-type]
        return Session(backend, cache, CallBudget(Limits(**quick)))  # type: ignore[arg-type]

    return session


@pytest.fixture
def options(
    server: ModelServer,
    tmp_path: pathlib.Path,
    backend_name: str,
    no_keys: None,
    monkeypatch: pytest.MonkeyPatch,
) -> PlannerOptions:
    """A model at the local server, through the environment as users set it; small pictures."""
    monkeypatch.setenv("GEMINI_API_KEY" if backend_name == "gemini" else "OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_MODEL", "test")
    server.script = model_script.answer
    return PlannerOptions(
        base_url=server.url + ("" if backend_name == "gemini" else "/v1"),
        cache_folder=tmp_path / "answers",
        limits=Limits(backoff=0.01, per_minute=60_000.0, call_timeout=20.0),
        pictures=PictureSize(width=96, height=80, tile_width=96, tile_height=80),
    )
