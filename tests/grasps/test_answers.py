"""Sets that answer in Python: tables, joints by name, pictures, tests, and short reprs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import trimesh

from tests.cli.saved import many
from tests.hands import load_hand
from tests.made_up import make_grasps
from tests.planning.plans import content
from zdg_jax import GraspPlan, GraspSet, InputError, Object, carry
from zdg_jax.grasps.grasp_text import describe_grasp
from zdg_jax.grasps.summary import summary_table
from zdg_jax.hand.poses import HandPose
from zdg_jax.validation import Reason


def test_reprs_take_one_to_five_lines() -> None:
    box = trimesh.creation.box((0.04, 0.06, 0.09))
    grasps = make_grasps(300)
    for value, words in (
        (load_hand("allegro"), ("allegro", "4 fingers", "16 joints")),
        (Object.from_mesh((box.vertices, box.faces), name="tin"), ("tin", "40 x 60 x 90 mm")),
        (GraspPlan.model_validate(content()), ("holds", "avoids")),
        (grasps.validation, ("six_directions", "150 of 300 held")),
        (grasps.object, ("ball", "0.2 kg")),
        (grasps, ("300", "ball", "gripper")),
        (grasps.grasp, ("300", "joints")),
        (grasps.grasp[0], ("one", "joints")),
    ):
        text = repr(value)
        assert len(text.splitlines()) <= 5
        assert len(text) < 600
        assert all(word in text for word in words), text


def test_notebooks_show_tables() -> None:
    box = trimesh.creation.box((0.04, 0.06, 0.09))
    grasps = make_grasps(300)
    for value, words in (
        (load_hand("allegro"), ("<th>finger</th>", "<td>th</td>", "thj1")),
        (Object.from_mesh((box.vertices, box.faces), name="<b>"), ("&lt;b&gt;", "90 x 60 x 40")),
        (grasps.validation, ("150 of 300 held", "<td>held</td><td>150</td>")),
        (grasps, ("300 grasps", "<th>score</th>")),
        (GraspPlan.model_validate(content()), ("<",)),
    ):
        page = value._repr_html_()
        assert all(word in page for word in words), page


def test_a_joint_is_asked_for_by_name() -> None:
    grasps = make_grasps(5)
    np.testing.assert_array_equal(grasps.grasp.joint("joint2"), grasps.grasp.joints[:, 2])
    best = grasps.squeeze[int(grasps.ranking[0])]
    assert best.joint("joint0") == grasps.squeeze.joints[grasps.ranking[0], 0]
    with pytest.raises(InputError, match="no joint 'thumb'; there are: joint0, joint1"):
        grasps.grasp.joint("thumb")
    with pytest.raises(InputError, match="those of a GraspSet have them"):
        HandPose.from_qpos(grasps.grasp.qpos).joint("joint0")


def test_the_summary_tells_untested_grasps_from_those_that_fail() -> None:
    grasps = make_grasps(4)
    assert grasps.validation is not None
    grasps.validation.reason[1] = Reason.NOT_TESTED
    grasps.validation.tested[1] = False
    table = dict(summary_table(grasps, np.arange(4)))
    assert table["holds"] == ["yes", "-", "yes", "no"]
    assert table["loads"] == ["6/6", "-", "6/6", "0/6"]


def test_grasps_that_a_table_blocks_are_to_be_made_for_one() -> None:
    grasps = make_grasps(4)
    assert grasps.validation is not None
    grasps.validation.held[:] = False
    grasps.validation.reason[:] = Reason.SLIPPED
    assert "try more with --num" in str(grasps)
    grasps.validation.reason[:] = Reason.TABLE_IN_THE_WAY
    assert "with --table" in str(grasps)


def test_a_table_has_a_row_per_grasp_and_names_for_its_columns() -> None:
    pytest.importorskip("pandas")
    grasps = make_grasps(6)
    table = grasps.to_dataframe()
    assert list(table.index) == list(range(6))
    np.testing.assert_array_equal(table["grasp/joint3"], grasps.grasp.joints[:, 3])
    np.testing.assert_array_equal(table["pregrasp/qw"], grasps.pregrasp.quaternion[:, 0])
    np.testing.assert_array_equal(table["metric/epsilon"], grasps.metrics["epsilon"])
    assert list(table[table["holds"]].index) == [0, 2, 4]
    assert table["reason"][1] == "slipped"
    assert "holds" not in make_grasps(2, tested=False).to_dataframe()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> GraspSet:
    """Two grasps of a ball by a gripper, untested, that hold."""
    return GraspSet.load(many(tmp_path_factory.mktemp("set"), 2))


def test_links_and_actuators_go_by_their_names_where_the_set_has_them(tmp_path: Path) -> None:
    grasps = make_grasps(4)
    link = max(grasps.forces.links[0])
    assert f"\nlink {link} " in describe_grasp(grasps, 0)
    motors = tuple(f"motor{i}" for i in range(grasps.forces.torques.shape[1]))
    names = {"link_names": tuple("abcde"), "actuator_names": motors}
    named = dataclasses.replace(grasps, hand=dataclasses.replace(grasps.hand, **names))
    named.save(tmp_path / "named.npz")
    loaded = GraspSet.load(tmp_path / "named.npz")
    assert loaded.hand == named.hand
    text = describe_grasp(loaded, 0)
    assert f"\n{'abcde'[link]} " in text
    assert f"motor0 {loaded.forces.torques[0, 0]:.3f}" in text


def test_a_set_is_tested_by_any_protocol(small: GraspSet) -> None:
    assert small.validation is None
    tested = small.validate()
    assert tested.validation is not None
    assert tested.validation.protocol == "six_directions"
    assert tested.held.all()
    heavy = dataclasses.replace(carry, physics=dataclasses.replace(carry.physics, mass=50.0))
    assert not small.validate(heavy).held.any()


def test_a_grasp_is_drawn(small: GraspSet) -> None:
    image = small.picture(1, width=160, height=120)
    assert image.size == (160, 120)
    assert len(np.unique(np.asarray(image).reshape(-1, 3), axis=0)) > 50
    with pytest.raises(IndexError, match="no grasp 2"):
        small.picture(2)
