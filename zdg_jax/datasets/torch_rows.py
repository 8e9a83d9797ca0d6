"""Rows of a dataset for training with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
import torch.utils.data

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.datasets.reading import Dataset

_DEFAULT = ("grasp_position", "grasp_quaternion", "grasp_joints", "held", "object")

Row = dict[str, torch.Tensor | str]


class TorchRows(torch.utils.data.Dataset[Row]):
    """Rows in memory: numbers as tensors, texts as they are.

    Lists of different lengths, such as the joints of several hands, are filled up with NaN.
    """

    def __init__(self, dataset: Dataset, columns: Sequence[str] | None = None) -> None:
        """Reads the rows.

        Args:
            dataset: the grasps.
            columns: columns of numbers, of lists of numbers, or of texts.

        Raises:
            InputError: there is no such column, or it cannot be made a tensor.
        """
        table = dataset.to_table(list(columns or _DEFAULT))
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, torch.Tensor] = {}
        for name, column in zip(table.column_names, table.columns, strict=True):
            if pa.types.is_string(column.type):
                self._texts[name] = column.to_pylist()
            else:
                self._numbers[name] = torch.from_numpy(_tensor(name, column))
        self._count = len(table)

    def __len__(self) -> int:
        """Number of grasps."""
        return self._count

    def __getitem__(self, index: int) -> Row:
        """One grasp, by the names of the columns."""
        row: Row = {name: values[index] for name, values in self._numbers.items()}
        return row | {name: values[index] for name, values in self._texts.items()}


def _tensor(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """Numbers of a column, (n,) or (n, m)."""
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)):
        if pa.types.is_boolean(kind):
            column = column.fill_null(False)
        return np.array(column.to_numpy())
    if pa.types.is_nested(kind.value_type) or pa.types.is_string(kind.value_type):
        raise InputError(f"column '{name}' holds lists of {kind.value_type}, which are no tensor")
    array = column.combine_chunks()
    flat = array.flatten().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(kind):
        return np.array(flat).reshape(-1, kind.list_size)
    lengths = np.diff(array.offsets.to_numpy())
    widest = int(lengths.max(initial=0))
    if (lengths == widest).all():
        return np.array(flat).reshape(len(lengths), widest)
    filled = np.full((len(lengths), widest), np.nan, np.float32)
    filled[np.arange(widest) < lengths[:, None]] = flat
    return filled
