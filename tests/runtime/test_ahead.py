"""Programs that are compiled before they are called."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zdg_jax.runtime.ahead import EarlyCompilation, Road, compile_ahead, signature, trace_calls
from zdg_jax.runtime.devices import shard_rows, whole_batch


@shard_rows(replicated=(0,))
@jax.jit
def doubled(factor: jax.Array, rows: jax.Array) -> jax.Array:
    return factor * rows


@shard_rows()
@jax.jit
def summed(rows: jax.Array) -> jax.Array:
    return jnp.sum(rows, axis=1)


@whole_batch
@jax.jit
def turned(rows: jax.Array) -> jax.Array:
    return rows[::-1]


def road(rows: jax.Array) -> jax.Array:
    factor = jnp.float32(2.0)
    return turned(summed(doubled(factor, doubled(factor, rows))))


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
    assert [name for name, _ in calls] == ["doubled", "doubled", "summed", "turned"]
    factor, rows = calls[0][1]
    assert factor.shape == ()
    assert (rows.shape, rows.dtype) == ((2, 3), jnp.float32)
    (rows,) = calls[2][1]
    assert isinstance(rows, jax.ShapeDtypeStruct)


def test_what_was_compiled_ahead_is_not_compiled_again(compiled: list[str]) -> None:
    rows = jnp.ones((5, 7))
    compile_ahead("road", road, rows)
    assert {"jit(doubled)", "jit(summed)", "jit(turned)"} <= set(compiled)
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


def test_a_road_is_compiled_while_its_arguments_are_made(compiled: list[str]) -> None:
    rows, went_on = jnp.ones((3, 11)), threading.Event()

    def prepare() -> Road:
        assert went_on.wait(60)
        return "early", road, (rows,)

    with EarlyCompilation("early", prepare) as early:
        went_on.set()  # another thread prepares
        early.wait_for("early")
    assert {"jit(doubled)", "jit(summed)"} <= set(compiled)
    del compiled[:]
    np.testing.assert_allclose(road(rows), np.full(3, 44.0))
    compile_ahead("early", road, rows)
    assert not {"jit(doubled)", "jit(summed)"} & set(compiled)


def test_an_occasion_comes_once() -> None:
    prepared = []

    def prepare() -> Road:
        prepared.append(threading.current_thread())
        return "again", road, (jnp.ones((2, 3)),)

    for _ in range(3):
        with EarlyCompilation("again", prepare) as early:
            early.wait_for("again")
    assert len(prepared) == 1
    assert prepared[0] is not threading.current_thread()


def test_an_error_meanwhile_is_raised_at_once_and_ends_the_work(compiled: list[str]) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def prepare() -> Road:
        assert go_on.wait(60)
        return "cut off", cut_off, (jnp.ones((6, 13)),)

    def cut_off(rows: jax.Array) -> jax.Array:
        try:
            return road(rows)
        finally:
            ended.set()

    for _ in range(2):  # what was cut off is begun again
        go_on.clear()
        ended.clear()
        with pytest.raises(ValueError, match="no plan"), EarlyCompilation("cut off", prepare):
            raise ValueError("no plan")
        go_on.set()
        assert ended.wait(60)
    assert not {"jit(doubled)", "jit(summed)"} & set(compiled)


def test_other_programs_than_are_needed_are_not_waited_for() -> None:
    go_on = threading.Event()

    def others() -> Road:
        return "others", blocked, (jnp.ones((2, 3)),)

    def blocked(rows: jax.Array) -> jax.Array:
        assert go_on.wait(60)
        return road(rows)

    with EarlyCompilation("others", others) as early:
        early.wait_for("needed")
    go_on.set()


def test_what_cannot_be_prepared_early_is_left_alone() -> None:
    def prepare() -> Road:
        raise ValueError("no such thing")

    with EarlyCompilation("impossible", prepare) as early:
        early.wait_for("needed")
