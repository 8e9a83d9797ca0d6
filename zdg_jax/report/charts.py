"""Charts of a set: why grasps fail, what tells those that hold, and how they differ."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zdg_jax.errors import InputError
from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.rendering.colors import FELL, HELD, UNKNOWN
from zdg_jax.validation.results import Reason

_BINS = 16
_METRICS = 6
_VERDICTS = ("holds", "does not hold", "not tested")
_PAINT = {
    verdict: tuple(value / 255 for value in color)
    for verdict, color in zip(_VERDICTS, (HELD, FELL, UNKNOWN), strict=True)
}


class Chart(Figure):
    """A figure that notebooks show, without a window or a global state."""

    def _repr_png_(self) -> bytes:
        """The figure as a PNG file, for notebooks."""
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=110)
        return file.getvalue()

    def svg(self) -> str:
        """The figure as an SVG element, to be put into a page."""
        file = io.StringIO()
        self.savefig(file, format="svg", metadata={"Date": None})
        text = file.getvalue()
        return text[text.index("<svg") :]


def overview(grasps: GraspSet) -> Chart:
    """Draws all charts of a set in one figure.

    Args:
        grasps: the grasps.

    Raises:
        InputError: there are none.
    """
    chart = Chart(figsize=(11, 7.5), layout="constrained")
    upper, lower = np.ravel(chart.subfigures(2, 1, squeeze=False))
    left, right = upper.subplots(1, 2)
    draw_outcomes(left, grasps)
    draw_diversity(right, grasps)
    draw_metrics(lower.subplots(2, _METRICS // 2).ravel(), grasps)
    return chart


def chart(
    draw: Callable[[Axes, GraspSet], None], grasps: GraspSet, width: float, height: float
) -> Chart:
    """Draws one chart in a figure of its own.

    Args:
        draw: what draws it.
        grasps: the grasps.
        width: [inch].
        height: [inch].
    """
    figure = Chart(figsize=(width, height), layout="constrained")
    draw(figure.subplots(), grasps)
    return figure


def draw_outcomes(axes: Axes, grasps: GraspSet) -> None:
    """Draws how many grasps hold, and why the others fail.

    Args:
        axes: where to draw.
        grasps: the grasps.

    Raises:
        InputError: there are none.
    """
    _check(grasps)
    test = grasps.validation
    counts = {Reason.NOT_TESTED.text: len(grasps)} if test is None else test.counts()
    names = list(counts)[::-1]
    kinds = {Reason.HELD.text: "holds", Reason.NOT_TESTED.text: "not tested"}
    bars = axes.barh(
        names,
        [counts[name] for name in names],
        color=[_PAINT[kinds.get(name, "does not hold")] for name in names],
    )
    axes.bar_label(bars, padding=3)
    axes.set_xlim(0, 1.15 * max(counts.values()))
    axes.set_title("not tested in physics" if test is None else f"what {test.protocol} says")
    axes.set_xlabel("grasps")
    axes.spines[["top", "right"]].set_visible(False)


def draw_diversity(axes: Axes, grasps: GraspSet) -> None:
    """Draws from which sides the hands come: the direction from the object's middle to the wrist.

    Args:
        axes: where to draw.
        grasps: the grasps.

    Raises:
        InputError: there are none.
    """
    _check(grasps)
    vertices = grasps.object.vertices
    offset = np.asarray(grasps.grasp.position, float) - (vertices.min(0) + vertices.max(0)) / 2
    azimuth = np.degrees(np.arctan2(offset[:, 1], offset[:, 0]))
    elevation = np.degrees(np.arcsin(offset[:, 2] / np.linalg.norm(offset, axis=1).clip(1e-9)))
    for verdict, mask in _split(grasps).items():
        for kept, size in ((False, 14), (True, 46)):
            rows = mask & (grasps.kept == kept)
            if rows.any():
                name = f"{verdict}, {'kept' if kept else 'not kept'}"
                axes.scatter(
                    azimuth[rows],
                    elevation[rows],
                    s=size,
                    color=_PAINT[verdict],
                    alpha=0.8 if kept else 0.4,
                    edgecolors="black" if kept else "none",
                    linewidths=0.6,
                    label=name,
                )
    axes.set(xlim=(-180, 180), ylim=(-90, 90), xticks=range(-180, 181, 90), yticks=(-90, 0, 90))
    axes.set(xlabel="azimuth [deg]", ylabel="elevation [deg]")
    axes.set_title("from which side the wrist stands, object frame")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)


def draw_metrics(axes: np.ndarray, grasps: GraspSet) -> None:
    """Draws the metrics that tell best which grasps hold, each as a histogram by verdict.

    Args:
        axes: where to draw, one per metric.
        grasps: the grasps.

    Raises:
        InputError: there are none.
    """
    _check(grasps)
    split = _split(grasps)
    names = telling_metrics(grasps, len(axes))
    for place, name in zip(axes, names, strict=False):
        values = np.asarray(grasps.metrics[name], float)
        finite = np.isfinite(values)
        edges = np.histogram_bin_edges(values[finite], bins=_BINS)
        for verdict, mask in split.items():
            if (mask & finite).any():
                place.hist(
                    values[mask & finite],
                    bins=edges,
                    color=_PAINT[verdict],
                    alpha=0.55,
                    label=verdict,
                )
        place.set_xlabel(name)
        place.spines[["top", "right"]].set_visible(False)
    for place in axes[len(names) :]:
        place.set_axis_off()
    if names:
        axes[0].legend(fontsize="small")


def telling_metrics(grasps: GraspSet, most: int) -> list[str]:
    """Names the metrics that differ most between grasps that hold and grasps that do not.

    They are sorted by the chance that of two grasps, one of each kind, the metric tells which is
    which (the area under the ROC curve, off 0.5). Without verdicts of both kinds: by name.

    Args:
        grasps: the grasps.
        most: metrics at most.
    """
    varied = {
        name: np.asarray(values, float)
        for name, values in sorted(grasps.metrics.items())
        if np.isfinite(values).any() and np.ptp(np.asarray(values, float)[np.isfinite(values)]) > 0
    }
    held, fell = grasps.held, grasps.tested & ~grasps.held
    if not (held.any() and fell.any()):
        return list(varied)[:most]
    told = {name: abs(_auc(values[held], values[fell]) - 0.5) for name, values in varied.items()}
    return sorted(told, key=lambda name: -told[name])[:most]


def _auc(first: np.ndarray, second: np.ndarray) -> float:
    """Chance that a number of the first exceeds one of the second; ties count half."""
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([np.nan_to_num(first), np.nan_to_num(second)]))
    count = len(first)
    return float((ranks[:count].sum() - count * (count + 1) / 2) / (count * len(second)))


def _split(grasps: GraspSet) -> Mapping[str, np.ndarray]:
    masks = (grasps.held, grasps.tested & ~grasps.held, ~grasps.tested)
    return dict(zip(_VERDICTS, masks, strict=True))


def _check(grasps: GraspSet) -> None:
    if not len(grasps):
        raise InputError("there are no grasps to draw charts of; make some first")
