"""Results as readable text: a row a case, a column a quantity."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.metrics import Metric


def table(metrics: Mapping[str, Metric]) -> str:
    """Lines for metrics by name; names of the form "case/quantity" share a row a case.

    A case's columns are those of its neighbours: cases with the same quantities and units make
    one table. Spreads stand in the JSON file.
    """
    rows: dict[str, dict[str, Metric]] = {}
    for name, metric in metrics.items():
        case, _, quantity = name.rpartition("/")
        rows.setdefault(case, {})[quantity] = metric
    lines: list[str] = []
    heading: list[str] = []
    width = max((len(case) for case in rows), default=0)
    for case, row in rows.items():
        if not case:
            lines += [
                f"{quantity:<32} {metric.value:>10.4g} +-{metric.spread:<8.2g} {metric.unit}"
                for quantity, metric in row.items()
            ]
            continue
        wanted = [f"{quantity} [{metric.unit}]" for quantity, metric in row.items()]
        if not set(wanted) <= set(heading):
            heading = wanted
            lines.append(" " * width + "  " + "  ".join(f"{title:>10}" for title in heading))
        cells = dict(zip(wanted, row.values(), strict=True))
        shown = [
            f"{format(cells[title].value, '.4g') if title in cells else '':>{max(10, len(title))}}"
            for title in heading
        ]
        lines.append(f"{case:<{width}}  " + "  ".join(shown))
    return "\n".join(lines)
