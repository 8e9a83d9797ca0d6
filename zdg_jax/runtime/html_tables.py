"""Tables of HTML: what notebooks and pages show of hands, objects, tests and grasps."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence


def html_table(columns: Mapping[str, Sequence[object]], *, caption: str = "") -> str:
    """Sets columns as a table.

    Args:
        columns: cells by title, all of one length.
        caption: a line above the table.
    """
    head = "".join(f"<th>{html.escape(title)}</th>" for title in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in zip(*columns.values(), strict=True)
    )
    above = f"<p>{html.escape(caption)}</p>" if caption else ""
    return f"{above}<table><tr>{head}</tr>{rows}</table>"
