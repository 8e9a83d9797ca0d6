"""Tables: what is written is read again, by this library, by pyarrow and pandas, and by PyTorch."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
import sys

import mujoco
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
import trimesh

from tests.datasets.small import make_up, write_spec
from zdg_jax import GraspSet, datasets
from zdg_jax.datasets.columns import CONVENTIONS_KEY, JOB_KEY, JobResult
from zdg_jax.datasets.failures import Failure, append_failures
from zdg_jax.datasets.hand_tables import align_columns
from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.reading import Dataset
from zdg_jax.datasets.statistics import spread
from zdg_jax.errors import InputError


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, list[JobResult]]:
    """A made-up dataset of three objects and two tasks, in shards alone; nobody changes it."""
    folder = tmp_path_factory.mktemp("made up")
    spec = write_spec(folder, tasks=["lift it", "press it"])
    return folder / "out", make_up(spec, folder / "out")


@pytest.fixture
def folder(results: tuple[pathlib.Path, list[JobResult]], tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy that may be changed."""
    return pathlib.Path(shutil.copytree(results[0], tmp_path / "copy"))


@pytest.fixture(params=["shards", "tables"])
def data(request: pytest.FixtureRequest, folder: pathlib.Path) -> Dataset:
    """The dataset in shards alone, and in merged tables alone, as it is handed on."""
    if request.param == "tables":
        datasets.merge(folder, rows=10)
        shutil.rmtree(folder / "shards")
        (folder / "plan.json").unlink()
    return datasets.open(folder)


def shards(folder: pathlib.Path) -> list[pathlib.Path]:
    layout = Layout(folder)
    return [layout.shard_path(name.decode()) for name in layout.shard_names()]


def same(one: GraspSet, other: GraspSet) -> None:
    for a, b in zip(one.poses.qpos, other.poses.qpos, strict=True):
        np.testing.assert_array_equal(a, b)
    for group in ("metrics", "terms"):
        first, second = getattr(one, group), getattr(other, group)
        assert first.keys() == second.keys()
        for name, values in first.items():
            np.testing.assert_allclose(values, second[name], rtol=1e-6)
    for name in ("score", "rank", "kept", "held", "status"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.validation is not None
    assert other.validation is not None
    for name in one.validation.array_names():
        expected = np.asarray(getattr(one.validation, name), np.float32)
        got = np.asarray(getattr(other.validation, name), np.float32)
        np.testing.assert_array_equal(expected, got, err_msg=name)
    assert one.validation.loads == other.validation.loads
    assert one.forces is not None
    assert other.forces is not None
    used = one.forces.links >= 0
    assert (used.sum(axis=1) == (other.forces.links >= 0).sum(axis=1)).all()
    np.testing.assert_array_equal(one.forces.torques, other.forces.torques)
    total = lambda s: np.sum(s.forces.forces * (s.forces.links >= 0)[..., None], axis=1)  # noqa: E731
    np.testing.assert_allclose(total(one), total(other), rtol=1e-5, atol=1e-6)


def test_sets_of_grasps_come_back(
    data: Dataset, results: tuple[pathlib.Path, list[JobResult]], tmp_path: pathlib.Path
) -> None:
    assert len(data) == sum(len(result.grasps) for result in results[1])
    assert sorted(data.jobs()) == sorted(result.job.id for result in results[1])
    for result in results[1]:
        grasps = data.grasp_set(result.job.id)
        same(result.grasps, grasps)
        assert grasps.task == result.job.task
        assert grasps.object.name == result.job.object.name
        assert grasps.hand.name == "claw"
        assert grasps.load_hand().joint_names == grasps.hand.joint_names
    path = grasps.save(tmp_path / "grasps.npz")
    same(grasps, GraspSet.load(path))
    with pytest.raises(InputError, match="no grasp of job"):
        data.grasp_set("0" * 24)


def test_nothing_tells_where_the_files_lay(
    folder: pathlib.Path, results: tuple[pathlib.Path, list[JobResult]]
) -> None:
    datasets.merge(folder)
    home = str(results[0].parent)
    texts = [path.read_text() for path in folder.rglob("*.json") if path.parent != folder]
    for path in (folder / "tables").rglob("*.parquet"):
        texts.append(str(pq.read_table(path).to_pylist()))
    for path in shards(folder):
        texts.append(str((pq.read_schema(path).metadata or {})[JOB_KEY]))
    assert len(texts) > 10
    assert not [text for text in texts if home in text]


def test_grasps_are_filtered(data: Dataset) -> None:
    box = data.filter(object="box")
    assert set(box.to_table(["object_name"])["object_name"].to_pylist()) == {"box"}
    held = box.filter(held=True)
    assert 0 < len(held) < len(box)
    assert len(held) + len(box.filter(held=False)) == len(box)
    assert len(data.filter(task=["lift it", "press it"], hand="claw")) == len(data)
    assert len(data.filter(pc.field("rank") == 0, kept=None)) == len(data.jobs())
    assert len(data.filter(object="spoon")) == 0
    for grasps in held.grasp_sets():
        assert grasps.held.all()
        assert sorted(grasps.rank) == list(range(len(grasps)))


def test_parts_keep_their_names(tmp_path: pathlib.Path) -> None:
    lid = {"name": "lid", "box": [[-1, -1, 0.02], [1, 1, 1]]}
    (tmp_path / "parts.json").write_text(json.dumps({"parts": [lid]}))
    box = {"path": "meshes/box.stl", "mass": 0.1, "parts": "parts.json"}
    make_up(write_spec(tmp_path, shapes=["box"], objects=[box]), tmp_path / "out")
    datasets.merge(tmp_path / "out")
    record = next(datasets.open(tmp_path / "out").grasp_sets()).object
    ((mark, name),) = record.part_names.items()
    assert name == "lid"
    assert record.vertices[record.faces[record.face_parts == mark]].mean(axis=1)[:, 2].min() > 0.015
    (row,) = pq.read_table(tmp_path / "out" / "tables" / "objects.parquet").to_pylist()
    assert {part["mark"]: part["name"] for part in row["parts"]}[mark] == "lid"


def test_an_unknown_column_is_told_with_those_that_are(data: Dataset) -> None:
    with pytest.raises(InputError, match="no column 'size'; there are: job, grasp"):
        data.to_table(["size"])


def test_tables_are_read_without_this_library(folder: pathlib.Path) -> None:
    datasets.merge(folder, rows=10)
    table = pyarrow.dataset.dataset(folder / "tables" / "grasps").to_table()
    frame = table.to_pandas()
    assert len(frame) == 36
    assert frame["grasp_quaternion"].map(np.linalg.norm).between(0.999, 1.001).all()
    assert frame["approach_direction"].map(np.linalg.norm).between(0.999, 1.001).all()
    schema = pq.read_schema(sorted((folder / "tables" / "grasps").iterdir())[0])
    stated = json.loads(schema.metadata[CONVENTIONS_KEY])
    assert stated["joint_names"] == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert stated["conventions"]["quaternion"].startswith("w, x, y, z")
    assert b"object frame [m]" in schema.field("grasp_position").metadata[b"description"]
    objects = pq.read_table(folder / "tables" / "objects.parquet").to_pylist()
    assert {row["name"]: row["mass"] for row in objects} == {"box": 0.1, "can": 0.1, "ball": 0.1}
    for row in objects:
        scene = trimesh.load_scene(folder / row["file"])
        assert len(scene.geometry) == 1 + row["pieces"]
        np.testing.assert_allclose(scene.geometry["mesh"].extents, row["size"], rtol=1e-5)
    (hand,) = pq.read_table(folder / "tables" / "hands.parquet").to_pylist()
    assert mujoco.MjModel.from_xml_path(str(folder / hand["file"])).njnt == 6
    assert set(objects[0]["parts"][0]) == {"mark", "name", "area", "extents"}


_PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "datasets.md"
_EXAMPLES = re.findall(r"```python\n(.*?)```", _PAGE.read_text(), re.S)


@pytest.mark.parametrize("code", _EXAMPLES, ids=lambda code: code.split()[1])
def test_examples_of_the_page_read_a_dataset(
    code: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in re.findall(r"^(?:import|from) (torch|duckdb|datasets)", code, re.M):
        pytest.importorskip(module)
    hands = [{"name": "allegro", "path": "./hand.xml"}]
    make_up(write_spec(tmp_path, shapes=["box"], hands=hands), tmp_path / "kitchen")
    datasets.merge(tmp_path / "kitchen")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "caches"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_reading_loads_no_jax(folder: pathlib.Path) -> None:
    code = (
        "import sys; from zdg_jax import datasets; data = datasets.open(sys.argv[1])\n"
        "grasps = data.filter(held=True).grasp_set(data.jobs()[0]); data.to_pandas()\n"
        "assert len(grasps) == 3 and 'jax' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_tables_are_few_and_of_one_hand_each(folder: pathlib.Path) -> None:
    merged = datasets.merge(folder, rows=13)
    files = sorted(path.name for path in (folder / "tables" / "grasps").iterdir())
    assert files == ["claw-00000.parquet", "claw-00001.parquet", "claw-00002.parquet"]
    assert str(merged) == "36 grasps of 6 jobs in 3 tables"
    assert len(datasets.open(folder)) == 36
    again = datasets.merge(folder)
    assert again.files == 1
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith(".zdg")) == []


def test_tables_that_are_read_together_have_the_same_columns(tmp_path: pathlib.Path) -> None:
    vectors = pa.list_(pa.float32(), 3)
    few = pa.table({"job": ["a"], "held": [True]}).replace_schema_metadata({"hand": "claw"})
    way = pa.array([[1.0, 2.0, 3.0]], vectors)
    many = pa.table({"job": ["b"], "way": way, "held": [None]}, pa.schema(
        [("job", pa.string()), ("way", vectors), ("held", pa.bool_())]
    ))  # fmt: skip
    pq.write_table(few, tmp_path / "claw-00000.parquet")
    pq.write_table(many, tmp_path / "paw-00000.parquet")
    align_columns(tmp_path)
    rows = pyarrow.dataset.dataset(tmp_path).to_table().to_pylist()
    assert rows == [
        {"job": "a", "held": True, "way": None},
        {"job": "b", "held": None, "way": [1.0, 2.0, 3.0]},
    ]
    assert pq.read_schema(tmp_path / "claw-00000.parquet").metadata[b"hand"] == b"claw"


def test_the_card_counts_what_is_there(folder: pathlib.Path) -> None:
    datasets.merge(folder)
    card = (folder / "README.md").read_text()
    head, body = card.removeprefix("---\n").split("---\n", 1)
    assert "license: cc0-1.0" in head
    assert "data_files: tables/grasps/*.parquet" in head
    assert "36 grasps of 6 jobs (6 planned), 18 of 36 tested grasps hold" in body
    assert "| claw | 6 | 36 | 18 | 50% |" in body
    assert "| press it | 3 | 18 | 9 | 50% |" in body


def test_shards_made_elsewhere_are_taken_in(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    other = pathlib.Path(shutil.copytree(folder, tmp_path / "other"))
    for i, path in enumerate(shards(folder)):
        (path if i % 2 else other / path.relative_to(folder)).unlink()
    assert datasets.status(folder).done == datasets.status(other).done == 3
    assert datasets.merge(folder, take=[other]).jobs == 6
    assert datasets.status(folder).done == 6


def test_a_damaged_shard_is_not_merged(folder: pathlib.Path) -> None:
    path = shards(folder)[0]
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="is damaged"):
        datasets.merge(folder)
    assert not (folder / "tables").exists()


@pytest.mark.parametrize("name", ["grasps/claw-00000.parquet", "jobs.parquet"])
def test_a_damaged_table_is_told_and_merged_anew(folder: pathlib.Path, name: str) -> None:
    datasets.merge(folder)
    (folder / "tables" / name).write_text("no table")
    with pytest.raises(InputError, match=r"a table of .* is damaged .*`zdg dataset merge`"):
        len(datasets.open(folder))
    datasets.merge(folder)
    assert len(datasets.open(folder)) == 36


def test_a_folder_that_is_no_dataset_is_told(tmp_path: pathlib.Path) -> None:
    for call in (datasets.open, datasets.status, datasets.merge):
        with pytest.raises(InputError, match="zdg dataset make"):
            call(tmp_path)


def test_statistics_count_and_draw(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    found = datasets.Statistics.of(datasets.open(folder))
    assert (found.total.made, found.total.held) == (36, 18)
    assert set(found.by["object"]) == {"box", "can", "ball"}
    assert found.by["task"]["lift it"].share == 0.5
    assert sum(found.reasons.values()) == 36
    assert "press it" in str(found)
    found.draw(tmp_path / "yield.png")
    assert (tmp_path / "yield.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("merged", [False, True])
def test_a_failure_that_was_mended_is_counted_no_more(
    folder: pathlib.Path, results: tuple[pathlib.Path, list[JobResult]], merged: bool
) -> None:
    gone, made = results[1][0].job, results[1][1].job
    for path in shards(folder):
        if path.name.startswith(gone.id):
            path.unlink()
    failures = [Failure.of(gone, "refused", "no mesh"), Failure.of(made, "time", "too long")]
    append_failures(folder / "failures.jsonl", failures)
    if merged:
        datasets.merge(folder)
        shutil.rmtree(folder / "shards")
    assert datasets.Statistics.of(datasets.open(folder)).failures == {"no mesh": 1}


def test_directions_all_round_are_more_diverse_than_one() -> None:
    assert spread(np.full(26, 7)) == pytest.approx(1.0)
    assert spread(np.eye(26, dtype=int)[3] * 9) == 0.0
    assert 0.2 < spread(np.repeat([5, 0], [2, 24])) < 0.3
    assert np.isnan(spread(np.zeros(26, int)))


@pytest.mark.parametrize("format", ["dexgraspbench", "csv"])
def test_grasps_are_exported(data: Dataset, tmp_path: pathlib.Path, format: str) -> None:
    count = datasets.export_dataset(data.filter(held=True), tmp_path / "x", format=format)
    assert count == 18
    assert {"box", "can", "ball"} <= {path.name for path in (tmp_path / "x").glob("**/")}
    pattern = "grasps/*/claw/*/*.npy" if format == "dexgraspbench" else "*/claw/*/grasps.csv"
    assert len(list((tmp_path / "x").glob(pattern))) == (18 if format == "dexgraspbench" else 6)
    with pytest.raises(InputError, match="no grasp to export"):
        datasets.export_dataset(data.filter(object="spoon"), tmp_path / "y", format=format)


def test_rows_are_batches_of_tensors(data: Dataset) -> None:
    torch = pytest.importorskip("torch")
    rows = data.filter(held=True).torch()
    assert isinstance(rows, torch.utils.data.Dataset)
    batch = next(iter(torch.utils.data.DataLoader(rows, batch_size=18)))
    assert batch["grasp_joints"].shape == (18, 6)
    assert batch["grasp_quaternion"].dtype == torch.float32
    assert bool(batch["held"].all())
    assert len(batch["object"]) == 18
    with pytest.raises(InputError, match="no tensor"):
        data.torch(["contact_links"])


def test_what_somebody_else_wrote_is_not_merged_over(folder: pathlib.Path) -> None:
    datasets.merge(folder)
    datasets.merge(folder)  # our own card is replaced
    card = folder / "README.md"
    card.write_text(card.read_text().replace("grasps", "good grasps", 1))
    with pytest.raises(InputError, match=r"README.md was written or changed by somebody else"):
        datasets.merge(folder)
    card.unlink()
    (folder / "tables" / "notes.txt").write_text("precious")
    with pytest.raises(InputError, match=r"notes.txt is no table of this dataset"):
        datasets.merge(folder)
    assert (folder / "tables" / "notes.txt").read_text() == "precious"
