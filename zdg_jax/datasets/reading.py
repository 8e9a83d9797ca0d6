"""Reading a dataset: an index, filters, tables, sets of grasps and rows for training."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from zdg_jax.datasets.columns import read_record
from zdg_jax.datasets.hand_files import MODEL, read_hand
from zdg_jax.datasets.layout import JOB_DIGITS, Layout
from zdg_jax.datasets.object_files import read_facts, read_object
from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import check_path

if TYPE_CHECKING:
    import pandas
    import torch

    from zdg_jax.grasps import GraspSet, ObjectRecord

Choice = str | Sequence[str] | None


class Dataset:
    """Grasps of a dataset, all or some; nothing is read before it is needed."""

    def __init__(self, layout: Layout, rows: pads.Dataset, shards: dict[str, pathlib.Path]) -> None:
        """Holds what `open` found.

        Args:
            layout: the dataset.
            rows: its rows.
            shards: shards of jobs that are in no merged table, by job.
        """
        self.layout, self._shards = layout, shards
        self._rows = rows
        self._where: pc.Expression | None = None

    def __repr__(self) -> str:
        """One line."""
        return f"<Dataset {self.layout.root}: {len(self)} grasps>"

    def __len__(self) -> int:
        """Number of grasps."""
        with _whole(self.layout):
            return int(self._rows.count_rows(filter=self._where))

    @property
    def schema(self) -> pa.Schema:
        """Columns with their types; metadata of each say what it means, in which unit and frame."""
        return self._rows.schema

    def filter(
        self,
        where: pc.Expression | None = None,
        *,
        object: Choice = None,
        hand: Choice = None,
        task: Choice = None,
        held: bool | None = None,
        kept: bool | None = None,
    ) -> Dataset:
        """Chooses grasps; what is chosen may be filtered again.

        Args:
            where: an expression of pyarrow, such as `pyarrow.compute.field("score") > 0.8`.
            object: names of objects, one or several.
            hand: names of hands.
            task: tasks.
            held: that hold in the first test, or do not.
            kept: that are kept, or are not.
        """
        conditions = [] if where is None else [where]
        for column, choice in (("object_name", object), ("hand", hand), ("task", task)):
            if choice is not None:
                names = [choice] if isinstance(choice, str) else list(choice)
                conditions.append(pc.field(column).isin(names))
        for column, flag in (("held", held), ("kept", kept)):
            if flag is not None:
                conditions.append(pc.field(column) == flag)
        chosen = Dataset(self.layout, self._rows, self._shards)
        chosen._where = self._where
        for condition in conditions:
            before = chosen._where
            chosen._where = condition if before is None else before & condition
        return chosen

    def to_table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Reads the grasps into a table of Arrow.

        Args:
            columns: names of columns; all of them if not given.

        Raises:
            InputError: there is no such column.
        """
        for name in columns or ():
            if name not in self.schema.names:
                raise InputError(f"no column '{name}'; there are: {', '.join(self.schema.names)}")
        with _whole(self.layout):
            return self._rows.to_table(
                columns=None if columns is None else list(columns), filter=self._where
            )

    def to_batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Reads the grasps a part at a time, where all do not fit into memory.

        Args:
            columns: names of columns.
        """
        with _whole(self.layout):
            yield from self._rows.to_batches(columns=list(columns), filter=self._where)

    def to_pandas(self, columns: Sequence[str] | None = None) -> pandas.DataFrame:
        """Reads the grasps into a table of pandas.

        Args:
            columns: names of columns; all of them if not given.

        Raises:
            InputError: there is no such column, or pandas is not installed.
        """
        try:
            return self.to_table(columns).to_pandas()
        except ImportError:
            raise InputError("tables of pandas need it: pip install 'zdg-jax[pandas]'") from None

    def torch(self, columns: Sequence[str] | None = None) -> torch.utils.data.Dataset[Any]:
        """Makes a PyTorch dataset of rows, in memory, see `zdg_jax.datasets.torch_rows.TorchRows`.

        Args:
            columns: columns of numbers or texts; grasp pose, `held` and object if not given.

        Raises:
            InputError: PyTorch is not installed, or there is no such column.
        """
        try:
            from zdg_jax.datasets.torch_rows import TorchRows
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            raise InputError("rows for training need PyTorch: pip install torch") from None
        return TorchRows(self, columns)

    def objects(self) -> dict[str, dict[str, Any]]:
        """Reads the facts of the objects of these grasps, by their ids."""
        ids = pc.unique(self.to_table(["object"])["object"]).to_pylist()
        return {name: read_facts(self.layout, name) for name in ids}

    def object(self, object_id: str) -> ObjectRecord:
        """Reads one object, with its mesh and pieces.

        Args:
            object_id: as in the column `object`.

        Raises:
            InputError: there is none.
        """
        return read_object(self.layout, object_id)

    def hand(self, name: str) -> dict[str, Any]:
        """Reads the facts of one hand: names and ranges of its joints, its links and actuators.

        Args:
            name: as in the column `hand`.

        Raises:
            InputError: there is none.
        """
        return read_hand(self.layout, name)

    def hand_model(self, name: str) -> pathlib.Path:
        """Returns the path of a hand's MJCF.

        Args:
            name: as in the column `hand`.
        """
        return self.layout.hand(name) / MODEL

    def jobs(self) -> list[str]:
        """Names of the jobs that these grasps come from."""
        names: list[str] = pc.unique(self.to_table(["job"])["job"]).to_pylist()
        return names

    def grasp_set(self, job: str) -> GraspSet:
        """Makes a set of these grasps of one job, which can be shown, tested and exported.

        Args:
            job: as in the column `job`.

        Raises:
            InputError: there is no such job, or no grasp of it among these.
        """
        from zdg_jax.datasets.restoring import to_grasp_set

        rows = self.filter(pc.field("job") == job).to_table()
        if not len(rows):
            raise InputError(f"no grasp of job '{job}' here")
        record = self._record(job)
        obj = self.object(record["job"]["object"]["id"])
        name = record["job"]["hand"]["name"]
        return to_grasp_set(rows, record, self.hand(name), self.hand_model(name), obj)

    def grasp_sets(self) -> Iterator[GraspSet]:
        """Makes a set of these grasps of each job, one after the other."""
        for job in self.jobs():
            yield self.grasp_set(job)

    def _record(self, job: str) -> dict[str, Any]:
        if job in self._shards:
            return read_record(pq.read_schema(self._shards[job]))
        path = self.layout.tables / "jobs.parquet"
        with _whole(self.layout):
            found = pq.read_table(path, columns=["record"], filters=[("job", "=", job)])
        record: dict[str, Any] = json.loads(found["record"][0].as_py())
        return record


def open(folder: str | pathlib.Path) -> Dataset:
    """Opens a dataset: what is merged, and what was made since.

    Args:
        folder: its folder.

    Raises:
        InputError: there is no dataset, or nothing is done yet.
    """
    check_path("folder", folder)
    layout = Layout(pathlib.Path(folder))
    if layout.root.exists() and not layout.root.is_dir():
        raise InputError(f"{folder} is no folder; give that of a dataset (zdg dataset make)")
    merged = sorted((layout.tables / "grasps").glob("*.parquet"))
    with _whole(layout):
        shards = _unmerged(layout)
        parts = [
            pads.dataset([str(path) for path in paths], format="parquet", schema=_schema(paths))
            for paths in (merged, list(shards.values()))
            if paths
        ]
    if not parts:
        raise InputError(f"{layout.root} holds no grasps; `zdg dataset make` makes some")
    rows = parts[0] if len(parts) == 1 else pads.dataset(parts)
    return Dataset(layout, rows, shards)


@contextlib.contextmanager
def _whole(layout: Layout) -> Iterator[None]:
    """Tells tables that cannot be read in one line."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"a table of {layout.root} is damaged ({reason}); `zdg dataset merge` writes all anew"
        ) from None


def _unmerged(layout: Layout) -> dict[str, pathlib.Path]:
    """Shards of jobs that the spec asks for and no merged table holds, by job."""
    found = {name[:JOB_DIGITS]: name for name in map(bytes.decode, layout.shard_names().tolist())}
    if not found:
        return {}
    from zdg_jax.datasets.planned import PlannedDataset

    asked = {name.decode() for name in PlannedDataset.load(layout).table.ids.tolist()}
    merged = merged_jobs(layout)
    return {
        job: layout.shard_path(name)
        for job, name in found.items()
        if job in asked and job not in merged
    }


def merged_jobs(layout: Layout) -> set[str]:
    """Returns the names of the jobs whose grasps are in the merged tables.

    Args:
        layout: the dataset.
    """
    path = layout.tables / "jobs.parquet"
    return set(pq.read_table(path, columns=["job"])["job"].to_pylist()) if path.exists() else set()


def _schema(paths: Sequence[pathlib.Path]) -> pa.Schema:
    """All columns of some files: of the first of each hand, without what is of one file alone."""
    schemas = [pq.read_schema(path).remove_metadata() for path in _samples(paths)]
    return pa.unify_schemas(schemas)


def _samples(paths: Sequence[pathlib.Path]) -> Sequence[pathlib.Path]:
    """A few of many files: columns differ by hand and test at most."""
    step = max(1, len(paths) // 64)
    return paths[::step]
