"""A set of grasps in words: how many there are, how many hold, and the best of them."""

from __future__ import annotations

import collections
import html
from collections.abc import Sequence

import numpy as np

from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.runtime.html_tables import html_table
from zdg_jax.validation import Reason, deed_of

_ROWS = 8
_METRICS = {
    "predicted_hold_probability": ("chance", 1.0, ".2f"),
    "hold_probability": ("in noise", 1.0, ".2f"),
    "payload": ("payload kg", 1.0, ".2f"),
    "payload_task": ("for task", 1.0, ".2f"),
    "epsilon": ("epsilon", 1.0, ".3f"),
    "residual": ("residual", 1.0, ".3f"),
    "contact_distance": ("contact mm", 1e3, ".2f"),
    "penetration": ("depth mm", 1e3, ".2f"),
    "on_part": ("on part %", 100.0, ".0f"),
    "type_realised": ("type", 1.0, ".0f"),
    "palm_touching": ("palm", 1.0, ".0f"),
    "inner_links": ("inner", 1.0, ".0f"),
    "approach_error": ("off deg", 180 / np.pi, ".0f"),
    "roll_error": ("roll deg", 180 / np.pi, ".0f"),
    "fingers_in_role": ("in role %", 100.0, ".0f"),
}
"""Metrics that the table shows where they are known: title, factor, format."""
ENOUGH_ON_PART = 0.6
"""Share of the touched points on the planned parts from which a grasp serves the plan."""


def shown_order(grasps: GraspSet, rows: int = _ROWS) -> np.ndarray:
    """Numbers of the best grasps, those that are kept before the others, (at most rows,)."""
    order = grasps.ranking
    return np.concatenate([order[grasps.kept[order]], order[~grasps.kept[order]]])[:rows]


def summarize(grasps: GraspSet, rows: int = _ROWS, width: int | None = None) -> str:
    """A headline and a table of the best grasps, in the order of `shown_order`.

    Args:
        grasps: the grasps.
        rows: grasps in the table at most.
        width: characters in a line of the table; metrics that do not fit are left out. No limit
            if not given.
    """
    lines = [headline(grasps)]
    order = shown_order(grasps, rows)
    if not len(order):
        return lines[0]
    columns = summary_table(grasps, order, width)
    widths = [_column_width(column) for column in columns]
    line = lambda cells: "  ".join(c.rjust(w) for c, w in zip(cells, widths, strict=True))  # noqa: E731
    lines.append(line([title for title, _ in columns]))
    lines += [line([cells[k] for _, cells in columns]) for k in range(len(order))]
    left = len(grasps) - len(order)
    if left:
        lines.append(f"... and {left} more")
    return "\n".join(lines + use_in_words(grasps) + unmet_requests(grasps))


def summary_table(
    grasps: GraspSet, numbers: np.ndarray, width: int | None = None
) -> list[tuple[str, list[str]]]:
    """Gives what is looked at first of some grasps, as titles and cells of columns.

    Args:
        grasps: the set.
        numbers: numbers of the grasps.
        width: characters in a row; metrics that do not fit are left out. No limit if not given.
    """
    columns = [("grasp", [str(i) for i in numbers])]
    columns.append(("score", [format(float(grasps.score[i]), ".3f") for i in numbers]))
    last = []
    if grasps.validation is not None:
        test = grasps.validation
        holds = np.where(grasps.tested, np.where(test.held, "yes", "no"), "-")
        columns.append(("holds", holds[numbers].tolist()))
        survived = test.survived_loads.sum(axis=1)
        loads = [f"{survived[i]}/{len(test.loads)}" if grasps.tested[i] else "-" for i in numbers]
        columns.append(("loads", loads))
        last = [("physics", [test.reasons[i] for i in numbers])]
    metrics = []
    for name, (title, factor, form) in _METRICS.items():
        if name in grasps.metrics:
            values = grasps.metrics[name]
            metrics.append((title, [format(float(values[i]) * factor, form) for i in numbers]))
    while width is not None and metrics and _width([*columns, *metrics, *last]) > width:
        metrics.pop()
    return [*columns, *metrics, *last]


def summary_as_html(grasps: GraspSet, rows: int = _ROWS) -> str:
    """Tells what `summarize` tells, as HTML.

    Args:
        grasps: the grasps.
        rows: grasps in the table at most.
    """
    order = shown_order(grasps, rows)
    lines = [headline(grasps), *unmet_requests(grasps)]
    return "".join(f"<p>{html.escape(line)}</p>" for line in lines) + table_as_html(grasps, order)


def table_as_html(grasps: GraspSet, numbers: np.ndarray) -> str:
    """Sets `summary_table` as a table of HTML.

    Args:
        grasps: the set.
        numbers: numbers of the grasps.
    """
    return html_table(dict(summary_table(grasps, numbers)))


def _column_width(column: tuple[str, list[str]]) -> int:
    return max(map(len, (column[0], *column[1])))


def _width(columns: list[tuple[str, list[str]]]) -> int:
    return sum(map(_column_width, columns)) + 2 * (len(columns) - 1)


def use_in_words(grasps: GraspSet) -> list[str]:
    """Says which deed grasps were put to, how many do it, and why others do not, in a line."""
    use = grasps.metrics.get("use")
    if use is None or grasps.plan is None or not np.isfinite(use).any():
        return []
    deed = deed_of(grasps.plan, grasps.object)
    if deed is None:
        return []
    tried = np.isfinite(use)
    names = ("close", *(step.name for step in deed.steps))
    faults = collections.Counter(
        _fault(int(code), names, step)
        for code, step in zip(
            grasps.metrics["use_reason"][tried], grasps.metrics["use_step"][tried], strict=True
        )
        if code != Reason.HELD
    )
    why = ", ".join(f"{count} {words}" for words, count in faults.most_common())
    line = f"use ({deed.name}): {int((use == 1).sum())} of {int(tried.sum())} do it"
    return [f"{line} ({why})" if why else line]


def _fault(code: int, names: Sequence[str], step: float) -> str:
    reason = Reason(code)
    at = reason.in_use and np.isfinite(step) and int(step) < len(names)
    return f"{reason.text} when {names[int(step)]}" if at else reason.text


def unmet_requests(grasps: GraspSet) -> list[str]:
    """Names what was asked for and no kept grasp gives, with the way out, one line each."""
    lines = []
    shown = grasps.kept if grasps.kept.any() else np.ones(len(grasps), bool)
    held = [] if grasps.plan is None else grasps.plan.grip.held
    lines += _other_type(grasps, shown)
    if "on_part" in grasps.metrics and held and not _on_parts(grasps)[shown].any():
        parts = ", ".join(str(part.mark) for part in held)
        best = 100 * float(np.max(np.asarray(grasps.metrics["on_part"])[shown]))
        lines.append(
            f"no grasp has enough of its contacts on the planned parts ({parts}) and none on those"
            f" to avoid; the best has {best:.0f} %. The hand may be too large for them: grasps that"
            " hold elsewhere are kept instead; try more with --num, another hand, or other words"
        )
    lines += _too_heavy(grasps)
    if grasps.validation is not None and grasps.tested.any() and not grasps.held.any():
        counts = grasps.validation.counts()
        worst = ", ".join(f"{count} {reason}" for reason, count in counts.items())
        blocked = int((grasps.validation.reason == Reason.TABLE_IN_THE_WAY).sum())
        floating = grasps.approach is None  # they were made without a table
        way_out = (
            "make them for a table, with --table"
            if floating and 2 * blocked > grasps.tested.sum()
            else "try more with --num, or check --scale"
        )
        lines.append(f"no tested grasp holds ({worst}); {way_out}")
    return lines


def _on_parts(grasps: GraspSet) -> np.ndarray:
    """True for grasps with enough contacts on the planned parts and none on others, (n,) bool."""
    on_part, on_avoided = (np.asarray(grasps.metrics[name]) for name in ("on_part", "on_avoided"))
    return (on_part >= ENOUGH_ON_PART) & (on_avoided == 0)


def _other_type(grasps: GraspSet, shown: np.ndarray) -> list[str]:
    """A line where no grasp is of the type that a plan which binds asks for."""
    made = grasps.metrics.get("type_realised")
    if made is None or grasps.plan is None or not grasps.plan.grip.binding or not len(grasps):
        return []
    if np.asarray(made)[shown].any():
        return []
    kind = grasps.plan.grip.grasp_type.replace("_", " ")
    return [
        f"no grasp is of the planned type, {kind}: hand or part make it hard, and others are kept"
        " instead; try more with --num, or another grasp_type in the plan"
    ]


def _too_heavy(grasps: GraspSet) -> list[str]:
    """A line where no grasp carries the object with any side down, with the way out."""
    mass = None if grasps.physics is None else grasps.physics.mass
    if mass is None or "payload" not in grasps.metrics or not len(grasps):
        return []
    best = float(np.max(grasps.metrics["payload"]))
    if best >= mass:
        return []
    task = float(np.max(grasps.metrics["payload_task"]))
    as_turned = "suffices" if task >= mass else "does not suffice"
    return [
        f"no grasp is sure to carry it with any side down: needs {mass:.2g} kg, best payload"
        f" {best:.2g} kg; {task:.2g} kg as the task turns it, which {as_turned}. Another part to"
        " hold, a stronger hand (--torque-limit) or a second hand would help"
    ]


def headline(grasps: GraspSet) -> str:
    """One line: how many grasps of what by what, how many are kept, tested and hold."""
    text = f"{len(grasps)} grasps of '{grasps.object.name}' by '{grasps.hand.name}'"
    if grasps.task:
        text += f' for "{grasps.task}"'
    text += f": {int(grasps.kept.sum())} kept"
    text += _mass(grasps)
    if grasps.validation is None:
        return f"{text}, not tested in physics"
    tested, held = int(grasps.tested.sum()), int(grasps.held.sum())
    also = int((grasps.held & grasps.kept).sum())
    return (
        f"{text}; {held} of {tested} tested hold ({grasps.validation.protocol}), {also} of the kept"
    )


def _mass(grasps: GraspSet) -> str:
    """The mass and friction that the squeezes are sized for, and who says so."""
    if grasps.physics is None or grasps.physics.mass is None:
        return ""
    reading = None if grasps.plan is None else grasps.plan.object
    source = None if reading is None or reading.mass != grasps.physics.mass else reading.mass_source
    who = {"model": ", the model's estimate", "rules": ", a guess by kind and size"}
    friction = grasps.physics.friction
    slides = "" if friction is None else f", friction {friction:.2g}"
    return f", for {grasps.physics.mass:.2g} kg{who.get(source or '', '')}{slides}"
