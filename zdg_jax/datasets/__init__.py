"""Datasets: grasps of many objects by many hands for many tasks, made by jobs that resume.

    import zdg_jax.datasets as datasets

    datasets.make("spec.yaml", "out")             # or: zdg dataset make spec.yaml --out out
    data = datasets.open("out").filter(hand="allegro", held=True)
    loader = torch.utils.data.DataLoader(data.torch(), batch_size=256, shuffle=True)

Reading loads neither JAX nor the rest of the library. Everything here needs the extra `datasets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zdg_jax.runtime.lazy import lazy_names

if TYPE_CHECKING:
    from zdg_jax.datasets.estimating import Estimate, estimate
    from zdg_jax.datasets.exporting import export_dataset
    from zdg_jax.datasets.make_options import MakeOptions
    from zdg_jax.datasets.making import make
    from zdg_jax.datasets.merging import merge
    from zdg_jax.datasets.progress import Status, status
    from zdg_jax.datasets.reading import Dataset, open
    from zdg_jax.datasets.spec import DatasetSpec
    from zdg_jax.datasets.statistics import Statistics
    from zdg_jax.datasets.verifying import Verdict, verify

__all__ = [
    "Dataset",
    "DatasetSpec",
    "Estimate",
    "MakeOptions",
    "Statistics",
    "Status",
    "Verdict",
    "estimate",
    "export_dataset",
    "make",
    "merge",
    "open",
    "status",
    "verify",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "Dataset": "reading",
        "DatasetSpec": "spec",
        "Estimate": "estimating",
        "MakeOptions": "make_options",
        "Statistics": "statistics",
        "Status": "progress",
        "Verdict": "verifying",
        "estimate": "estimating",
        "export_dataset": "exporting",
        "make": "making",
        "merge": "merging",
        "open": "reading",
        "status": "progress",
        "verify": "verifying",
    },
)
