"""Answers of servers, as they come: thoughts, fences, remarks, parts and keys."""

from __future__ import annotations

from typing import Any

import pytest

from zdg_jax.planning.model.reply_text import count, joined, json_object, without_key
from zdg_jax.planning.model.schemas import BOUNDS, lone_references, without


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": 1}}',
        '<think>The candidates are {1, 2}. {"a": 0}</think>{"a": {"b": 1}}',
        'Here you are: ```json\n{"a": {"b": 1}}\n```',
        '{"a": {"b": 1}}\nNote: {sic}',
        '{"c": 2} or rather {"a": {"b": 1}}',
    ],
)
def test_the_object_in_an_answer_is_found(text: str) -> None:
    assert json_object(text) == '{"a": {"b": 1}}'


def test_an_answer_without_an_object_stays_as_it_is() -> None:
    for text in ("none", "{" * 5000, '{"a":' * 100_000):
        assert json_object(text) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([{"type": "text", "text": "a"}, {"text": "b"}, "c"], "abc"),
        (7, None),
        ([{"text": 7}], None),
        ({"text": "a"}, None),
    ],
)
def test_parts_of_an_answer_are_joined(content: Any, text: str | None) -> None:
    assert joined(content) == text


def test_odd_counts_are_none_and_keys_go() -> None:
    assert [count(n) for n in (7, "many", None, -1, float("nan"), True)] == [7, 0, 0, 0, 0, 0]
    assert without_key("Bearer sk-1", "sk-1") == "Bearer [key]"
    assert without_key("plain", "") == "plain"


def test_schemas_lose_what_servers_refuse_and_keep_properties_of_that_name() -> None:
    schema = {
        "$defs": {"format": {"type": "string", "minLength": 1}},
        "properties": {"title": {"$ref": "#/$defs/format", "description": "x"}},
        "title": "T",
    }
    assert lone_references(schema)["properties"] == {"title": {"$ref": "#/$defs/format"}}
    assert without(schema, BOUNDS) == {
        "$defs": {"format": {"type": "string"}},
        "properties": {"title": {"$ref": "#/$defs/format", "description": "x"}},
    }
