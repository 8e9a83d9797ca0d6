"""Names of files and folders from any text."""

from __future__ import annotations

import re


def slug(text: str, limit: int = 60) -> str:
    """Makes a folder's name: letters, digits, dot, dash and underscore survive.

    Args:
        text: any text.
        limit: characters at most.
    """
    return re.sub(r"[^\w.-]+", "_", text.strip()).strip("._")[:limit] or "unnamed"
