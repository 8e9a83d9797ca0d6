"""Programs that are compiled before they are called."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zdg_jax.runtime.ahead import compile_ahead, signature, trace_calls
from zdg_jax.runtime.devices import shard_rows


@shard_rows(replicated=(0,))
@jax.jit
def doubled(factor: jax.Array, rows: jax.Array) -> jax.Array:
    return factor * rows


@shard_rows()
@jax.jit
def summed(rows: jax.Array) -> jax.Array:
    return jnp.sum(rows, axis=1)


def road(rows: jax.Array) -> jax.Array:
    factor = jnp.float32(2.0)
    return summed(doubled(factor, doubled(factor, rows)))


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of what is compiled meanwhile."""
    names: list[str] = []

    def told(event: str, duration: float, **about: object) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(str(about.get("fun_name")))

    jax.monitoring.register_event_duration_secs_listener(told)
    yield names
    jax.monitoring.unregister_event_duration_listener(told)


def test_calls_are_told_with_the_shapes_of_what_is_not_known_yet() -> None:
    calls = []
    trace_calls(
        lambda program, given: calls.append((program.__name__, given)), road, jnp.ones((2, 3))
    )
    assert [name for name, _ in calls] == ["doubled", "doubled", "summed"]
    factor, rows = calls[0][1]
    assert factor.shape == ()
    assert (rows.shape, rows.dtype) == ((2, 3), jnp.float32)
    (rows,) = calls[-1][1]
    assert isinstance(rows, jax.ShapeDtypeStruct)


def test_what_was_compiled_ahead_is_not_compiled_again(compiled: list[str]) -> None:
    rows = jnp.ones((5, 7))
    compile_ahead("road", road, rows)
    assert sorted(name for name in compiled if "d" in name)[-2:] == ["jit(doubled)", "jit(summed)"]
    del compiled[:]
    np.testing.assert_allclose(road(rows), np.full(5, 28.0))
    assert not {"jit(doubled)", "jit(summed)"} & set(compiled)


def test_a_kind_of_road_is_traced_once() -> None:
    traced = []

    def noted(rows: jax.Array) -> jax.Array:
        traced.append(rows.shape)
        return road(rows)

    for shape in ((2, 3), (2, 3), (4, 3)):
        rows = jnp.ones(shape)
        compile_ahead(("noted", signature(rows)), noted, rows)
    assert traced == [(2, 3), (4, 3)]


def test_errors_of_the_road_come_through() -> None:
    def broken(rows: jax.Array) -> jax.Array:
        return summed(rows[None] @ rows)

    with pytest.raises(TypeError):
        compile_ahead("broken", broken, jnp.ones((2, 3)))
