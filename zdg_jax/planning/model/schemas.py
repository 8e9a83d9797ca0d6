"""JSON schemas as servers take them: some refuse what the standard allows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

BOUNDS = frozenset(
    {
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern", "format", "default", "title"),
    }
)
"""Keywords that narrow a schema: answers are checked against them again when they come."""


def refused_keyword(message: object) -> bool:
    """Tells whether a server's refusal of a question names a keyword of `BOUNDS`.

    Args:
        message: what the server wrote.
    """
    return any(word in str(message) for word in BOUNDS)


def lone_references(schema: Any) -> Any:
    """Drops what stands beside a `$ref`, which strict servers refuse.

    Args:
        schema: a JSON schema or a part of one.
    """
    if isinstance(schema, list):
        return [lone_references(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    return {key: lone_references(value) for key, value in schema.items()}


def without(schema: Any, keywords: Collection[str], *, names: bool = False) -> Any:
    """Drops keywords from a schema.

    Args:
        schema: a JSON schema or a part of one.
        keywords: the keywords.
        names: whether the keys of `schema` are names of properties, which stay.
    """
    if isinstance(schema, list):
        return [without(item, keywords) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without(value, keywords, names=key in ("properties", "$defs") and not names)
        for key, value in schema.items()
        if names or key not in keywords
    }
