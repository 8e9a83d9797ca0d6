"""Tables of the grasps of one hand: shards of many jobs, joined and written as a few files."""

from __future__ import annotations

import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zdg_jax.datasets.columns import CONVENTIONS_KEY, conventions

_AT_ONCE = 256
"""Shards that are joined at a time: each takes some 200 kB however few its rows are."""
_GROUP = 20_000
"""Rows of a group of a file, which readers skip as a whole."""


class HandTables:
    """The tables of one hand in the making."""

    def __init__(
        self, folder: pathlib.Path, hand: str, joint_names: list[str], most_rows: int
    ) -> None:
        """Writes nothing yet.

        Args:
            folder: where to.
            hand: the hand.
            joint_names: names of its joints.
            most_rows: most grasps of one table.
        """
        self.files = self.grasps = 0
        self._folder, self._hand, self._joint_names = folder, hand, joint_names
        self._most, self._rows = most_rows, 0
        self._small: list[pa.Table] = []
        self._joined: list[pa.Table] = []
        self._loads: dict[str, set[tuple[str, ...]]] = {}

    def add(self, record: dict[str, Any], shard: pa.Table) -> None:
        """Adds a job; a table that is full is written.

        Args:
            record: what its shard keeps of it.
            shard: its rows.

        Raises:
            OSError: the table cannot be written.
        """
        if self._rows and self._rows + len(shard) > self._most:
            self.flush()
        for name, test in record["tests"].items():
            self._loads.setdefault(name, set()).add(tuple(test["loads"]))
        self._rows += len(shard)
        self._small.append(shard.replace_schema_metadata())
        if len(self._small) == _AT_ONCE:
            self._join()

    def flush(self) -> None:
        """Writes what was added since the last table, if there is any.

        Raises:
            OSError: it cannot be written.
        """
        if not self._rows:
            return
        self._join()
        # The steps of a deed differ from job to job: they are in the jobs' records.
        common = {name: next(iter(some)) for name, some in self._loads.items() if len(some) == 1}
        text = conventions(self._hand, self._joint_names, common)
        table = _concatenated(self._joined).replace_schema_metadata({CONVENTIONS_KEY: text})
        path = self._folder / f"{self._hand}-{self.files:05d}.parquet"
        _write(table, path)
        self.files, self.grasps = self.files + 1, self.grasps + self._rows
        self._joined, self._rows = [], 0

    def _join(self) -> None:
        if self._small:
            self._joined.append(_concatenated(self._small).combine_chunks())
            self._small = []


def align_columns(folder: pathlib.Path) -> None:
    """Gives the tables in a folder the same columns, without values where one lacked them.

    Tests and ways that only some plans ask for are columns of some tables; readers of several files
    take the columns of the first, or refuse.

    Args:
        folder: the tables of all hands.

    Raises:
        OSError: a table cannot be written.
    """
    paths = sorted(folder.glob("*.parquet"))
    schemas = [pq.read_schema(path) for path in paths]
    common = pa.unify_schemas([schema.remove_metadata() for schema in schemas])
    for path, schema in zip(paths, schemas, strict=True):
        if schema.names != common.names:
            table = pq.ParquetFile(path).read()
            columns = [
                table[field.name]
                if field.name in schema.names
                else pa.nulls(len(table), field.type)
                for field in common
            ]
            whole = pa.Table.from_arrays(columns, schema=common.with_metadata(schema.metadata))
            _write(whole, path)


def _write(table: pa.Table, path: pathlib.Path) -> None:
    pq.write_table(table, path, compression="zstd", row_group_size=_GROUP)


def _concatenated(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default")
