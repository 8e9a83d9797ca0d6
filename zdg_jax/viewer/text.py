"""Small pieces of HTML for a page's panel."""

from __future__ import annotations

import html
from collections.abc import Sequence


def paragraphs(lines: Sequence[str]) -> str:
    """Sets lines below one another.

    Args:
        lines: text, not HTML.
    """
    return "".join(
        f"<p style='font-size:12px;margin:.3em .6em'>{html.escape(line)}</p>" for line in lines
    )


def table(rows: Sequence[tuple[str, str]]) -> str:
    """Sets names and values beside one another.

    Args:
        rows: names and values, text.
    """
    cells = "".join(
        f"<tr><td style='padding-right:1em;color:#777'>{html.escape(name)}</td>"
        f"<td>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table style='font-size:12px;line-height:1.35;margin:.3em .6em'>{cells}</table>"


def preformatted(text: str) -> str:
    """Sets text as it is, in letters of one width.

    Args:
        text: the text.
    """
    return (
        "<pre style='font-size:10px;line-height:1.3;overflow-x:auto;margin:.3em .6em'>"
        f"{html.escape(text)}</pre>"
    )
