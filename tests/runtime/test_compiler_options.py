"""What XLA is asked for: what it knows, on the platform that it is for, and not within programs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from zdg_jax.runtime import compiler_options as module
from zdg_jax.runtime.compiler_options import compiler_options


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    compiler_options.cache_clear()
    module._known.cache_clear()


def test_options_are_those_that_this_xla_takes() -> None:
    options = compiler_options("cpu")
    doubled = jax.jit(lambda x: 2 * x, compiler_options=options)
    assert doubled(jnp.float32(3)) == 6
    assert compiler_options("cuda") == {}


def test_plain_programs_are_compiled_with_fewer_passes() -> None:
    plain, full = compiler_options("cpu", plain=True), compiler_options("cpu")
    assert plain == {**full, "xla_backend_optimization_level": 1}
    assert jax.jit(lambda x: 2 * x, compiler_options=plain)(jnp.float32(3)) == 6
    assert compiler_options("cuda", plain=True) == {}


def test_options_that_xla_does_not_know_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CPU", {"xla_cpu_no_such_option": True})
    assert compiler_options("cpu") == {}
    compiler_options.cache_clear()
    module._known.cache_clear()
