"""Specs: what is read, what is refused, and the jobs that come of them."""

from __future__ import annotations

import json
import pathlib
import shutil

import numpy as np
import pytest
import trimesh

from tests.datasets.small import write_spec
from zdg_jax import datasets
from zdg_jax.datasets.jobs import HandRow, Job, JobTable
from zdg_jax.datasets.shapes import write_shapes
from zdg_jax.datasets.sources import find_objects, find_tasks
from zdg_jax.datasets.spec import DatasetSpec, spec_schema
from zdg_jax.errors import InputError

CLAW = HandRow(name="claw", source="/claw.xml", fingerprint="f" * 64)


def table(path: pathlib.Path, hands: tuple[HandRow, ...] = (CLAW,)) -> JobTable:
    spec = DatasetSpec.load(path)
    objects, _ = find_objects(spec, path.parent)
    return JobTable(spec, objects, hands, *find_tasks(spec, path.parent, objects))


def test_the_published_schema_is_that_of_the_code() -> None:
    path = pathlib.Path(datasets.__file__).with_name("spec.schema.json")
    assert json.loads(path.read_text()) == spec_schema()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"handz": []}, "handz: Extra inputs"),
        ({"tests": ["lift"]}, "needs something to lift from"),
        ({"tests": ["use"]}, "name another test before use"),
        ({"planner": "oracle"}, "no such planner"),
        ({"tests": ["carry", "carry"]}, "named twice"),
        ({"tests": [], "grasps": {"until": 4}}, "name a test"),
        ({"name": "../x"}, "name: String should match"),
    ],
)
def test_a_wrong_spec_is_refused_in_one_line(
    tmp_path: pathlib.Path, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        DatasetSpec.load(write_spec(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_a_spec_that_is_no_yaml_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "spec.yaml").write_text("objects: [")
    with pytest.raises(InputError, match="is no YAML"):
        DatasetSpec.load(tmp_path / "spec.yaml")


def test_on_a_table_the_test_is_a_lift_unless_another_is_named(tmp_path: pathlib.Path) -> None:
    assert DatasetSpec.load(write_spec(tmp_path)).tests == ["carry"]
    assert DatasetSpec.load(write_spec(tmp_path, scene="table")).tests == ["lift"]
    both = DatasetSpec.load(write_spec(tmp_path, scene="table", tests=["carry", "lift"]))
    assert both.tests == ["carry", "lift"]


def test_objects_come_from_folders_globs_files_and_tables(tmp_path: pathlib.Path) -> None:
    (tmp_path / "objects.csv").write_text(
        "path,name,mass,up\nmeshes/can.stl,tin,0.35,0 0 2\nmeshes/box.stl,,,\n"
    )
    sources = {"folder": "meshes", "glob": "meshes/*.stl", "file": "meshes/box.stl"}
    found = {}
    for kind, source in {**sources, "table": "objects.csv"}.items():
        spec = DatasetSpec.load(write_spec(tmp_path, objects=[{"path": source, "mass": 0.1}]))
        found[kind] = {row.name: row for row in find_objects(spec, tmp_path)[0]}
    assert set(found["folder"]) == set(found["glob"]) == {"box", "can", "ball"}
    assert set(found["file"]) == {"box"}
    assert found["table"]["tin"].mass == 0.35
    assert found["table"]["tin"].up == (0.0, 0.0, 1.0)
    assert found["table"]["box"] == found["folder"]["box"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("name\nbox", "lacks the column 'path'"),
        ("path,colour\nmeshes/box.stl,red", "has a column 'colour'"),
        ("path,mass\nmeshes/box.stl,heavy", "line 2: mass is 'heavy'"),
        ("path,mass\nmeshes/box.stl,-1", "line 2: mass is not above 0"),
        ("path,up\nmeshes/box.stl,0 0 0", "line 2: up has no length"),
        ("path,name\n,box", "line 2: the path is missing"),
    ],
)
def test_a_wrong_table_of_objects_is_told_by_its_line(
    tmp_path: pathlib.Path, content: str, says: str
) -> None:
    path = write_spec(tmp_path, objects=[{"path": "objects.csv"}])
    (tmp_path / "objects.csv").write_text(content)
    with pytest.raises(InputError, match=says):
        find_objects(DatasetSpec.load(path), tmp_path)


def test_a_dataset_among_the_meshes_is_no_source_of_objects(tmp_path: pathlib.Path) -> None:
    path = write_spec(tmp_path, objects=[{"path": "."}])
    out = tmp_path / "out" / "objects" / "ab"
    out.mkdir(parents=True)
    shutil.copy(tmp_path / "meshes" / "box.stl", out / "ab12.stl")
    for name in ("plan.json", ".lock"):
        (tmp_path / "out" / name).write_text("")
    objects, _ = find_objects(DatasetSpec.load(path), tmp_path)
    assert sorted(row.name for row in objects) == ["ball", "box", "can"]
    named = write_spec(tmp_path, objects=[{"path": "out/objects/ab/ab12.stl"}])
    assert len(find_objects(DatasetSpec.load(named), tmp_path)[0]) == 1


def test_a_source_that_names_nothing_is_refused(tmp_path: pathlib.Path) -> None:
    path = write_spec(tmp_path, objects=[{"path": "meshes/*.obj"}])
    with pytest.raises(InputError, match=r"no mesh at 'meshes/\*.obj'"):
        find_objects(DatasetSpec.load(path), tmp_path)


def test_an_object_named_twice_counts_once_and_a_file_is_read_once(tmp_path: pathlib.Path) -> None:
    sources = [{"path": "meshes", "mass": 0.1}, {"path": "meshes/box.stl", "mass": 0.1}]
    spec = DatasetSpec.load(write_spec(tmp_path, objects=sources))
    rows, digests = find_objects(spec, tmp_path)
    assert len(rows) == 3
    marked = {name: [*stamp[:2], "of before"] for name, stamp in digests.items()}
    assert {row.digest for row in find_objects(spec, tmp_path, marked)[0]} == {"of before"}
    shutil.copy(tmp_path / "meshes" / "can.stl", tmp_path / "meshes" / "box.stl")
    again = {row.name: row.digest for row in find_objects(spec, tmp_path, marked)[0]}
    assert again["ball"] == "of before"
    assert again["box"] == {row.name: row.digest for row in rows}["can"]


def test_tasks_of_a_file_go_with_their_objects(tmp_path: pathlib.Path) -> None:
    path = write_spec(tmp_path, tasks={"file": "tasks.csv"})
    (tmp_path / "tasks.csv").write_text("object,task\nbox,open it\nbox,lift it\ncan,lift it\n")
    jobs = table(path)
    pairs = {(job.object.name, job.task) for job in (jobs[i] for i in range(len(jobs)))}
    assert pairs == {("box", "open it"), ("box", "lift it"), ("can", "lift it")}
    (tmp_path / "tasks.csv").write_text("object,task\nspoon,stir\n")
    with pytest.raises(InputError, match="names 'spoon'"):
        table(path)


def test_a_job_depends_on_its_own_row_alone(tmp_path: pathlib.Path) -> None:
    alone = table(write_spec(tmp_path / "a", shapes=["box"]))
    other = HandRow(name="other", source="/other.xml", fingerprint="e" * 64)
    among = table(write_spec(tmp_path / "b", tasks=["lift it", "press it"]), (other, CLAW))
    assert len(among) == 3 * 2 * 2
    assert len(np.unique(among.ids)) == len(among)
    assert np.isin(alone.ids, among.ids).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"tasks": ["lift it slowly"]},
        {"grasps": {"make": 9, "keep": 4}},
        {"tests": ["six_directions"]},
        {"planner": "gemini"},
        {"objects": [{"path": "meshes", "mass": 0.2}]},
        {"objects": [{"path": "meshes", "mass": 0.1, "scale": 2.0}]},
    ],
)
def test_whatever_decides_about_grasps_makes_another_job(
    tmp_path: pathlib.Path, changes: dict[str, object]
) -> None:
    before = table(write_spec(tmp_path, shapes=["box"]))
    after = table(write_spec(tmp_path, shapes=["box"], **changes))
    assert len(before) == len(after) == 1
    assert before.ids[0] != after.ids[0]


def test_a_job_travels_as_json(tmp_path: pathlib.Path) -> None:
    objects = [{"path": "meshes", "mass": 0.1, "up": [0, 1, 0]}]
    jobs = table(write_spec(tmp_path, objects=objects))
    for number in range(len(jobs)):
        assert Job.from_json(json.loads(json.dumps(jobs[number].to_json()))) == jobs[number]


def test_the_shapes_to_begin_with_are_solid_and_their_spec_names_them(
    tmp_path: pathlib.Path,
) -> None:
    path = write_shapes(tmp_path)
    objects, _ = find_objects(DatasetSpec.load(path), tmp_path)
    assert len(objects) == 15
    for row in objects:
        mesh = trimesh.load_mesh(row.path)
        assert mesh.is_watertight, row.name
        assert row.mass is not None
        assert 300 < row.mass / mesh.volume < 3000, row.name
    assert write_shapes(tmp_path) == path
    path.write_text("name: mine")
    with pytest.raises(InputError, match="of somebody else"):
        write_shapes(tmp_path)
