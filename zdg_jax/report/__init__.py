"""Report: all that is known of a set of grasps as one HTML page that needs nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.report.charts import Chart, overview
    from zdg_jax.report.page import write_report

__all__ = ["Chart", "overview", "write_report"]

__getattr__, __dir__ = lazy_names(
    __name__, {"Chart": "charts", "overview": "charts", "write_report": "page"}
)
