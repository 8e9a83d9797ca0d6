"""The prompts' templates: text files with `$name` places."""

from __future__ import annotations

import functools
import importlib.resources
import string


@functools.cache
def template(name: str) -> string.Template:
    """Reads the template of a stage.

    Args:
        name: name of its file, without the ending.
    """
    file = importlib.resources.files("zdg_jax.prompts") / f"{name}.md"
    return string.Template(file.read_text(encoding="utf-8").strip())


def render(name: str, **values: object) -> str:
    """Fills a template in.

    Args:
        name: name of its file, without the ending.
        **values: text of each of its places.

    Raises:
        KeyError: a place is missing, or unknown to the template.
    """
    filled = template(name)
    unused = set(values) - set(filled.get_identifiers())
    if unused:
        raise KeyError(f"template {name} has no place for {sorted(unused)}")
    return filled.substitute({key: str(value) for key, value in values.items()})
