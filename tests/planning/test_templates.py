"""The prompts' templates, and the replies that they ask for."""

from __future__ import annotations

import importlib.resources
import json

import pytest

from zdg_jax.planning.model import replies
from zdg_jax.planning.model.templates import render, template

NAMES = (
    *("system", "object", "pointing", "confirm", "parts", "grasp"),
    *("approach", "again", "failed", "ranking"),
)


@pytest.mark.parametrize("name", NAMES)
def test_template_fills_in(name: str) -> None:
    places = template(name).get_identifiers()
    text = render(name, **{place: f"<{place}>" for place in places})
    assert all(f"<{place}>" in text for place in places)
    assert "$" not in text


def test_every_template_is_used() -> None:
    files = {file.name for file in importlib.resources.files("zdg_jax.prompts").iterdir()}
    assert {name for name in files if name.endswith(".md")} == {f"{name}.md" for name in NAMES}


def test_missing_and_unknown_places_are_refused() -> None:
    with pytest.raises(KeyError, match="fault"):
        render("again")
    with pytest.raises(KeyError, match="surprise"):
        render("again", fault="x", surprise="y")


def test_a_dollar_in_a_task_is_only_a_dollar() -> None:
    assert "$task" in render("again", fault="$task")


@pytest.mark.parametrize(
    "reply",
    [
        replies.ObjectReply,
        replies.ConfirmReply,
        replies.PartsReply,
        replies.GraspReply,
        replies.ApproachReply,
        replies.RankingReply,
    ],
)
def test_schemas_suit_strict_servers(reply: type) -> None:
    """Strict servers want every field required and no others, in every object."""
    schema = reply.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
    assert next(iter(schema["properties"])) in ("evidence", "grasps", "parts")
    assert "prefixItems" not in json.dumps(schema)
