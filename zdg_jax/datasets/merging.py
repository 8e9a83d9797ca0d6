"""Merging: the shards of many jobs as a few large tables, with objects, hands and a data card."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zdg_jax.datasets.card import CardCounts, check_card, write_card
from zdg_jax.datasets.columns import read_record
from zdg_jax.datasets.hand_files import MODEL, read_hand
from zdg_jax.datasets.hand_tables import HandTables, align_columns
from zdg_jax.datasets.jobs import JobTable
from zdg_jax.datasets.layout import JOB_DIGITS, Layout, job_names
from zdg_jax.datasets.making import working_on
from zdg_jax.datasets.object_files import read_facts
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.errors import InputError
from zdg_jax.runtime.parallel import available_cpus

ROWS = 100_000
"""Grasps of one table at most: about 200 MB in memory while it is written."""
_AHEAD = 512
"""Shards that are read ahead at most."""
_JOBS = 2_000
"""Jobs whose rows are written at a time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Merged:
    """The result of a merge."""

    jobs: int
    """Jobs whose grasps are in the tables."""
    grasps: int
    """Grasps."""
    files: int
    """Tables of grasps."""

    def __str__(self) -> str:
        """One line."""
        return f"{self.grasps} grasps of {self.jobs} jobs in {self.files} tables"


def merge(
    folder: str | pathlib.Path, *, take: Iterable[str | pathlib.Path] = (), rows: int = ROWS
) -> Merged:
    """Writes the tables of a dataset anew from its shards; older tables stay until these are whole.

    Args:
        folder: the dataset.
        take: datasets of the same spec, made elsewhere, whose shards are taken in first.
        rows: most grasps of one table.

    Raises:
        InputError: it is no dataset, nothing is done, a shard is damaged, another dataset is of
            other jobs, a file of somebody else is in the way, or one cannot be written.
    """
    layout = Layout(pathlib.Path(folder).resolve())
    planned = PlannedDataset.load(layout)
    with working_on(layout):
        check_card(layout)
        _check_tables(layout)
        for other in take:
            _take(layout, planned, Layout(pathlib.Path(other)))
        fresh = layout.root / ".zdg-tables"
        try:
            shutil.rmtree(fresh, ignore_errors=True)
            (fresh / "grasps").mkdir(parents=True)
            merged, counts = _write(layout, planned, fresh, rows)
            old = layout.root / ".zdg-tables-before"
            shutil.rmtree(old, ignore_errors=True)
            if layout.tables.exists():
                layout.tables.rename(old)
            fresh.rename(layout.tables)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise InputError(
                f"cannot write to {layout.root}: {error.strerror or error}; the tables that were "
                "there are as they were"
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        write_card(layout, planned, counts)
    return merged


def _check_tables(layout: Layout) -> None:
    """Refuses to replace a folder of tables in which something else lies."""
    for path in layout.tables.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            raise InputError(f"{path} is no table of this dataset; move it away")


def _write(
    layout: Layout, planned: PlannedDataset, fresh: pathlib.Path, rows: int
) -> tuple[Merged, CardCounts]:
    table = planned.table
    done, names = _shards(layout, table)
    if not len(done):
        raise InputError(f"{layout.root} holds no grasps yet; `zdg dataset make` makes some")
    counts = CardCounts()
    files = grasps = 0
    objects: set[int] = set()
    with _Jobs(fresh / "jobs.parquet") as jobs:
        for k, hand in enumerate(row.name for row in table.hands):
            of_hand = table.hand_of[done] == k
            names_of_joints = read_hand(layout, hand)["joint_names"]
            tables = HandTables(fresh / "grasps", hand, names_of_joints, rows)
            for number, shard in _read_shards(layout, done[of_hand], names[of_hand]):
                record = read_record(shard.schema)
                jobs.add(record, shard)
                counts.add(record, shard)
                objects.add(int(table.object_of[number]))
                tables.add(record, shard)
            tables.flush()
            grasps, files = grasps + tables.grasps, files + tables.files
    align_columns(fresh / "grasps")
    _write_objects(layout, [table.objects[k].id for k in sorted(objects)], fresh)
    _write_hands(layout, [hand.name for hand in table.hands], fresh)
    return Merged(jobs=len(done), grasps=grasps, files=files), counts


def _shards(layout: Layout, table: JobTable) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the jobs that are done, rising, and the names of their shards, (n,) each."""
    names = layout.shard_names()
    jobs, order = job_names(names), np.argsort(table.ids)
    at = np.searchsorted(table.ids, jobs, sorter=order)
    numbers = order[np.minimum(at, len(order) - 1)]
    asked = table.ids[numbers] == jobs
    numbers, first = np.unique(numbers[asked], return_index=True)
    return numbers, names[asked][first]


def _read_shards(
    layout: Layout, numbers: np.ndarray, names: np.ndarray
) -> Iterator[tuple[int, pa.Table]]:
    """Shards with the numbers of their jobs, some read ahead."""

    def read(name: bytes) -> pa.Table:
        content = layout.read_shard(name.decode())
        if content is None:
            path = layout.shard_path(name.decode())
            raise InputError(f"{path} is damaged; `zdg dataset make` makes it again")
        return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)

    with ThreadPoolExecutor(available_cpus()) as pool:
        for start in range(0, len(numbers), _AHEAD):
            some = slice(start, start + _AHEAD)
            shards = pool.map(read, names[some].tolist())
            yield from zip(numbers[some].tolist(), shards, strict=True)


class _Jobs:
    """The table of jobs, written a few at a time."""

    _SCHEMA = pa.schema(
        [
            *(pa.field(n, pa.string()) for n in ("job", "object", "object_name", "hand", "task")),
            pa.field("seed", pa.int64()),
            *(pa.field(n, pa.int32()) for n in ("made", "tested", "held", "kept")),
            pa.field("record", pa.string(), metadata={"description": "plan, physics, versions"}),
        ]
    )

    def __init__(self, path: pathlib.Path) -> None:
        self._writer = pq.ParquetWriter(path, self._SCHEMA, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _Jobs:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, record: dict[str, Any], shard: pa.Table) -> None:
        job = record["job"]
        self._rows.append(
            {
                "job": job["id"],
                "object": job["object"]["id"],
                "object_name": job["object"]["name"],
                "hand": job["hand"]["name"],
                "task": job["task"],
                "seed": job["seed"],
                "made": len(shard),
                **{name: pc.sum(shard[name]).as_py() or 0 for name in ("tested", "held", "kept")},
                "record": json.dumps(record, sort_keys=True),
            }
        )
        if len(self._rows) >= _JOBS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._SCHEMA))
            self._rows = []


def _write_objects(layout: Layout, ids: list[str], fresh: pathlib.Path) -> None:
    vectors = pa.list_(pa.float64())
    part = pa.struct(
        [
            ("mark", pa.int32()),
            ("name", pa.string()),
            ("area", pa.float64()),
            ("extents", vectors),
        ]
    )
    schema = pa.schema(
        [
            *(pa.field(n, pa.string()) for n in ("object", "name", "file", "source")),
            *(pa.field(n, pa.string()) for n in ("source_sha256", "mesh_hash")),
            *(pa.field(n, pa.float64()) for n in ("scale", "mass", "friction", "volume")),
            pa.field("mass_given", pa.bool_()),
            *(pa.field(n, vectors) for n in ("center_of_mass", "inertia", "up", "size")),
            *(pa.field(n, pa.int32()) for n in ("faces", "pieces")),
            pa.field("parts", pa.list_(part)),
            pa.field("face_parts", pa.list_(pa.int32())),
        ]
    )
    with pq.ParquetWriter(fresh / "objects.parquet", schema, compression="zstd") as writer:
        for start in range(0, len(ids), _JOBS):
            facts = [
                read_facts(layout, name)
                | {"file": layout.object(name).relative_to(layout.root).as_posix()}
                for name in ids[start : start + _JOBS]
            ]
            writer.write_table(pa.Table.from_pylist(facts, schema=schema))


def _write_hands(layout: Layout, names: list[str], fresh: pathlib.Path) -> None:
    rows = [
        read_hand(layout, name)
        | {"file": (layout.hand(name) / MODEL).relative_to(layout.root).as_posix()}
        for name in names
    ]
    pq.write_table(pa.Table.from_pylist(rows), fresh / "hands.parquet", compression="zstd")


def _take(layout: Layout, planned: PlannedDataset, other: Layout) -> None:
    """Copies shards of another folder that this one lacks, with their objects."""
    asked = {name.decode() for name in planned.table.ids.tolist()}
    here = {name.decode() for name in job_names(layout.shard_names()).tolist()}
    theirs = PlannedDataset.load(other)
    if theirs.spec != planned.spec:
        raise InputError(f"{other.root} is of another spec than {layout.root}")
    try:
        for shard in (name.decode() for name in other.shard_names().tolist()):
            job, path = shard[:JOB_DIGITS], other.shard_path(shard)
            if job in asked and job not in here and other.read_shard(shard) is not None:
                name = read_record(pq.read_schema(path))["job"]["object"]["id"]
                for suffix in (".glb", ".json"):
                    source = other.object(name).with_suffix(suffix)
                    _copy(source, layout.object(name).with_suffix(suffix))
                _copy(path, layout.shard_path(shard))
    except OSError as error:
        raise InputError(f"cannot copy from {other.root}: {error.strerror or error}") from None


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".zdg-{target.name}.part")
        shutil.copyfile(source, partial)
        partial.rename(target)
