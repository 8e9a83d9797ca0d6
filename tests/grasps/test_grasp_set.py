"""GraspSet: choosing, joining, saving and what is refused."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import resource
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.made_up import make_grasps
from zdg_jax.energy import TERMS
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet, concatenate
from zdg_jax.hand.poses import POSES, HandPose
from zdg_jax.validation import Validation


def same(a: GraspSet, b: GraspSet) -> None:
    assert len(a) == len(b)
    for pose in POSES:
        for field in dataclasses.fields(HandPose):
            left, right = (getattr(getattr(s, pose), field.name) for s in (a, b))
            np.testing.assert_array_equal(left, right)
    for name in ("score", "rank", "status", "kept"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    for name in ("terms", "metrics"):
        assert getattr(a, name).keys() == getattr(b, name).keys()
        for key, value in getattr(a, name).items():
            np.testing.assert_array_equal(value, getattr(b, name)[key])
    assert (a.validation is None) == (b.validation is None)
    if a.validation is not None and b.validation is not None:
        for name in Validation.array_names():
            np.testing.assert_array_equal(getattr(a.validation, name), getattr(b.validation, name))
        assert a.validation.loads == b.validation.loads
    assert (a.forces is None) == (b.forces is None)
    jax.tree.map(np.testing.assert_array_equal, a.forces, b.forces)
    assert a.physics == b.physics
    assert a.hand == b.hand
    assert (a.task, a.plan, a.alignment_weight) == (b.task, b.plan, b.alignment_weight)
    assert a.provenance == b.provenance
    np.testing.assert_array_equal(a.object.vertices, b.object.vertices)
    assert len(a.object.pieces) == len(b.object.pieces)
    assert a.object.part_names == b.object.part_names


def test_best_and_holding_agree_with_scores_and_physics() -> None:
    grasps = make_grasps(9)
    best = grasps.best(4)
    assert list(best.score) == sorted(grasps.score, reverse=True)[:4]
    assert grasps.validation is not None
    holding = grasps.holding()
    assert 0 < len(holding) < len(grasps)
    assert holding.validation is not None
    assert holding.validation.held.all()
    assert len(grasps.best(99)) == 9
    assert len(grasps.best(0)) == 0


def test_scores_that_are_not_finite_rank_last() -> None:
    grasps = dataclasses.replace(make_grasps(4), score=np.array([np.nan, 1, np.inf, 2]), rank=None)
    assert list(grasps.ranking) == [3, 1, 0, 2]


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (2, [2]),
        (-1, [5]),
        (slice(1, 5, 2), [1, 3]),
        ([4, 0], [4, 0]),
        (np.array([True, False, False, True, False, False]), [0, 3]),
        (np.zeros(6, bool), []),
        ([], []),
    ],
)
def test_indices_choose_every_array_alike(index: Any, rows: list[int]) -> None:
    grasps = make_grasps(6)
    chosen = grasps[index]
    np.testing.assert_array_equal(chosen.score, grasps.score[rows])
    np.testing.assert_array_equal(chosen.squeeze.joints, grasps.squeeze.joints[rows])
    np.testing.assert_array_equal(chosen.terms["contact"], grasps.terms["contact"][rows])
    assert chosen.validation is not None
    assert grasps.validation is not None
    np.testing.assert_array_equal(chosen.validation.drift, grasps.validation.drift[rows])


@pytest.mark.parametrize("index", [6, -7, [0, 6], np.ones(5, bool)])
def test_indices_outside_are_refused(index: Any) -> None:
    with pytest.raises(IndexError):
        make_grasps(6)[index]


def test_iteration_ends() -> None:
    assert [len(grasp) for grasp in make_grasps(3)] == [1, 1, 1]


def test_jax_arrays_are_taken() -> None:
    grasps = make_grasps(3)
    pose = HandPose.from_qpos(np.asarray(grasps.grasp.qpos))
    poses = dataclasses.replace(grasps.poses, grasp=jax.tree.map(jnp.asarray, pose))
    again = dataclasses.replace(grasps, poses=poses, score=jnp.arange(3.0))
    assert isinstance(again.grasp.joints, np.ndarray)
    assert isinstance(again.score, np.ndarray)


def test_untested_grasps_say_how_to_test_them() -> None:
    with pytest.raises(InputError, match="validate"):
        make_grasps(3, tested=False).holding()


def test_with_kept_takes_numbers_and_masks() -> None:
    grasps = make_grasps(4)
    np.testing.assert_array_equal(grasps.with_kept([2, 0]).kept, [True, False, True, False])
    assert len(grasps.with_kept(np.zeros(4, bool)).selected()) == 0
    assert len(grasps.with_kept([])) == 4


def test_concatenation_undoes_slicing() -> None:
    grasps = make_grasps(7)
    same(concatenate([grasps[:3], grasps[3:]]), grasps)


def test_forces_of_another_number_of_grasps_are_refused() -> None:
    grasps = make_grasps(4)
    assert grasps.forces is not None
    with pytest.raises(InputError, match="squeeze"):
        dataclasses.replace(grasps, forces=grasps.forces[:3])


def test_concatenation_refuses_grasps_for_another_mass() -> None:
    grasps = make_grasps(4)
    assert grasps.physics is not None
    heavier = dataclasses.replace(grasps, physics=dataclasses.replace(grasps.physics, mass=1.0))
    with pytest.raises(InputError, match="physics"):
        concatenate([grasps, heavier])


def test_concatenation_refuses_another_hand() -> None:
    grasps = make_grasps(2)
    other = dataclasses.replace(grasps, hand=dataclasses.replace(grasps.hand, fingerprint="f" * 64))
    with pytest.raises(InputError, match="differ"):
        concatenate([grasps, other])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"score": np.zeros(4)}, "4 grasps"),
        ({"kept": np.zeros(3)}, "type"),
        ({"status": np.full(3, 9, np.int8)}, "codes"),
        ({"rank": np.array([0, 1, 1])}, "ranks"),
        ({"rank": np.array([0.0, 1.0, 2.0])}, "type"),
        ({"terms": {"contact": np.zeros(2)}}, "term 'contact'"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        dataclasses.replace(make_grasps(3), **change)


def test_summary_counts_and_names_the_best() -> None:
    grasps = make_grasps(12)
    text = str(grasps)
    assert f"{int(grasps.held.sum())} of 12 tested hold" in text
    assert "... and 4 more" in text
    first = next(int(i) for i in grasps.ranking if grasps.kept[i])
    assert text.splitlines()[2].split()[0] == str(first)
    assert "not tested" in str(make_grasps(2, tested=False))
    assert "0 grasps" in str(grasps[:0])
    assert "12 of 'ball'" in repr(grasps)


def test_the_summary_says_in_numbers_where_no_grasp_can_carry_the_object() -> None:
    grasps = make_grasps(3)
    weak, strong = (
        dataclasses.replace(
            grasps, metrics={"payload": best * np.ones(3), "payload_task": 2 * best * np.ones(3)}
        )
        for best in (0.11, 0.3)
    )
    assert "needs 0.2 kg, best payload 0.11 kg; 0.22 kg as the task turns it" in str(weak)
    assert "best payload" not in str(strong)
    assert "for 0.2 kg, friction 0.6" in str(strong)


@pytest.mark.parametrize("tested", [True, False])
@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_file_gives_back_the_set(tmp_path: pathlib.Path, n: int, tested: bool) -> None:
    grasps = make_grasps(n, tested=tested)
    same(GraspSet.load(grasps.save(tmp_path / "deep" / "grasps.npz")), grasps)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["grasps.npz"]


def rewrite(path: pathlib.Path, **changes: Any) -> None:
    """Writes the file again with some arrays changed, or left out where None."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})


def changed_meta(path: pathlib.Path, **changes: Any) -> np.ndarray:
    with np.load(path, allow_pickle=False) as file:
        return np.array(json.dumps(json.loads(str(file["meta"])) | changes))


def test_names_of_parts_are_checked(saved: pathlib.Path) -> None:
    with np.load(saved, allow_pickle=False) as file:
        thing = json.loads(str(file["meta"]))["object"]
    assert thing["part_names"] == {"1": "shell"}
    for names, says in (({"one": "shell"}, "a number is needed"), ({"1": 3}, "a text is needed")):
        rewrite(saved, meta=changed_meta(saved, object=thing | {"part_names": names}))
        with pytest.raises(InputError, match=says):
            GraspSet.load(saved)


@pytest.fixture
def saved(tmp_path: pathlib.Path) -> pathlib.Path:
    return make_grasps(5).save(tmp_path / "grasps.npz")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("score", None, "lacks 'score'"),
        ("score", np.zeros((5, 2)), "shape"),
        ("pose/grasp/joints", np.zeros((5, 3)), "shape"),
        ("pose/grasp/joints", np.full((5, 6), np.nan), "finite"),
        ("object/faces", np.full((4, 3), 10**6), "do not exist"),
        ("object/piece0/vertices", None, "lacks"),
        ("validation/held", np.zeros(4, bool), "shape"),
        ("validation/drift", None, "lacks"),
        ("meta", None, "no file of grasps"),
        ("meta", np.array("{}"), "no file of grasps"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    saved: pathlib.Path, name: str, value: Any, says: str
) -> None:
    rewrite(saved, **{name: value})
    with pytest.raises(InputError, match=says):
        GraspSet.load(saved)


def test_versions_are_told_apart(saved: pathlib.Path) -> None:
    rewrite(saved, meta=changed_meta(saved, version=99))
    with pytest.raises(InputError, match=r"version 99.*update"):
        GraspSet.load(saved)
    rewrite(saved, meta=changed_meta(saved, version=0))
    with pytest.raises(InputError, match="make the grasps again"):
        GraspSet.load(saved)


VERSION_1 = pathlib.Path(__file__).parent / "version_1.npz"
"""Eight grasps of a box by the Allegro hand, saved by the release before this schema."""


def test_a_file_of_version_1_is_read() -> None:
    grasps = GraspSet.load(VERSION_1)
    assert len(grasps) == 8
    assert grasps.task == "pick it up"
    assert grasps.alignment_weight == 1.5
    assert grasps.plan is not None
    assert [part.mark for part in grasps.plan.grip.held]
    assert not {"task", "plan"} & grasps.provenance.keys()
    assert grasps.ranking.tolist() == [0, 6, 7, 1, 3, 4, 5, 2]
    assert grasps.held.all()
    assert grasps.kept.sum() == 3
    assert (grasps.metrics["predicted_hold_probability"] > 0.9).all()
    new = {"scene_penetration", "on_top", "extended"}  # version 1 knew of none
    assert {term.name for term in TERMS} - new == grasps.terms.keys()
    assert "8 of 8 tested hold" in str(grasps)


def test_a_file_of_version_1_is_written_as_the_present_one(tmp_path: pathlib.Path) -> None:
    grasps = GraspSet.load(VERSION_1)
    path = grasps.save(tmp_path / "again.npz")
    assert json.loads(str(changed_meta(path)))["version"] == 2
    same(GraspSet.load(path), grasps)


def test_a_file_of_version_1_that_lacks_something_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "old.npz"
    path.write_bytes(VERSION_1.read_bytes())
    rewrite(path, score=None)
    with pytest.raises(InputError, match="lacks 'score'"):
        GraspSet.load(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(saved: pathlib.Path, share: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match=str(saved)):
        GraspSet.load(saved)


def test_flipped_bytes_never_escape_as_another_error(saved: pathlib.Path) -> None:
    whole, random = saved.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for at in random.integers(0, len(whole), 4):
            damaged[at] ^= int(random.integers(1, 256))
        saved.write_bytes(bytes(damaged))
        try:
            GraspSet.load(saved)
        except InputError:
            refused += 1
    assert refused > 30


def test_pickles_are_not_opened(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, meta=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError):
        GraspSet.load(path)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    with pytest.raises(InputError):
        GraspSet.load(path.with_suffix(".npy"))


def test_a_write_that_fails_leaves_the_old_file(saved: pathlib.Path) -> None:
    before = saved.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))  # as if the disk were full
    try:
        with pytest.raises(InputError, match="File too large; nothing there was changed"):
            make_grasps(30).save(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["grasps.npz"]


def test_a_full_device_is_named() -> None:
    if not pathlib.Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(InputError, match="cannot write"):
        make_grasps(2).save("/dev/full/grasps.npz")
