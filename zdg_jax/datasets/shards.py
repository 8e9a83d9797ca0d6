"""Shards: the grasps of one job in one Parquet file, written whole and named by its content."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import pyarrow.parquet as pq

from zdg_jax.datasets.columns import JobResult, to_table
from zdg_jax.datasets.layout import Layout
from zdg_jax.errors import InputError
from zdg_jax.runtime.files import atomic_write


class DiskError(InputError):
    """A file of the dataset cannot be written: the fault of the disk, not of the job."""


def write_shard(layout: Layout, result: JobResult) -> int:
    """Writes the grasps of a job; equal grasps make equal files.

    Args:
        layout: the dataset.
        result: the job and its grasps.

    Returns:
        Bytes of the file.

    Raises:
        DiskError: it cannot be written.
    """
    sink = io.BytesIO()
    pq.write_table(to_table(result), sink, compression="zstd")
    content = sink.getvalue()
    with on_disk(), atomic_write(layout.shard(result.job.id, content)) as file:
        file.write(content)
    return len(content)


@contextlib.contextmanager
def on_disk() -> Iterator[None]:
    """Turns what `atomic_write` says into a `DiskError`."""
    try:
        yield
    except InputError as error:
        raise DiskError(str(error)) from error
