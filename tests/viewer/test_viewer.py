"""The viewer without a browser: lists, ways, addresses, and what it does without."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys
import urllib.request
from typing import Any

import numpy as np
import pytest

from tests.made_up import make_grasps
from tests.planning.plans import content
from zdg_jax.errors import InputError
from zdg_jax.grasps import GraspSet
from zdg_jax.hand import Hand, HandAppearance
from zdg_jax.hand.poses import Poses
from zdg_jax.planning import GraspPlan
from zdg_jax.rendering.hand_shapes import posed_links
from zdg_jax.rendering.scene_shapes import surrounding_shapes
from zdg_jax.scenes import Box, Scene
from zdg_jax.viewer import Viewer, view_grasps, view_hand, view_object, view_plan
from zdg_jax.viewer.grasp_list import ANY, GraspFilter, choices, grips, listed, orders, touching
from zdg_jax.viewer.grasp_path import GraspWays, approach_start, pose_at
from zdg_jax.viewer.object_parts import ObjectParts, fits_parts
from zdg_jax.viewer.show import up_of


def test_a_hand_looks_the_same_read_or_loaded(allegro: Hand) -> None:
    read, loaded = HandAppearance.read("allegro"), HandAppearance.of(allegro)
    qpos = np.concatenate([[0.1, 0.2, 0.3, 0.6, 0.0, 0.8, 0.0], allegro.joints(allegro.open_dofs)])
    rotation, translation = posed_links(allegro, qpos)
    for look in (read, loaded):
        assert look.joint_names == allegro.joint_names
        assert [mesh.link for mesh in look.meshes] == [m.link for m in loaded.meshes]
        positions, quaternions = look.link_poses(qpos[None])
        assert np.allclose(positions[0], translation, atol=1e-6)
        w, x, y, z = quaternions[0].T
        assert np.allclose(2 * (x * z + w * y), rotation[:, 0, 2], atol=1e-6)
        assert np.allclose(2 * (x * y - w * z), rotation[:, 0, 1], atol=1e-6)


def test_a_record_of_another_hand_is_refused(grasps: GraspSet) -> None:
    changed = dataclasses.replace(grasps.hand, fingerprint="0" * 64)
    with pytest.raises(InputError, match="has changed"):
        HandAppearance.of_record(changed)
    with pytest.raises(InputError, match="made in memory"):
        HandAppearance.of_record(dataclasses.replace(grasps.hand, source=""))
    # Its user says that it serves.
    assert HandAppearance.of_record(changed, "allegro").name == "allegro"


def test_lists_are_filtered_and_sorted(grasps: GraspSet, allegro: Hand) -> None:
    touch = touching(grasps, allegro.fingers)
    assert set(touch) == {f"{allegro.fingers[0].name} {allegro.fingers[1].name}"}
    assert choices(["b", "a", "b"]) == (ANY, "b", "a")
    everything = listed(grasps, GraspFilter(), touch)
    assert everything.tolist() == grasps.ranking.tolist()
    holds = listed(grasps, GraspFilter(show="holds"), touch)
    assert sorted(holds) == np.flatnonzero(grasps.held).tolist()
    slipped = listed(grasps, GraspFilter(reason="slipped", order="number"), touch)
    assert slipped.tolist() == np.flatnonzero(~grasps.held).tolist()
    by_depth = listed(grasps, GraspFilter(order="penetration"), touch)
    assert (np.diff(grasps.metrics["penetration"][by_depth]) >= 0).all()
    by_epsilon = listed(grasps, GraspFilter(order="epsilon"), touch)
    assert (np.diff(grasps.metrics["epsilon"][by_epsilon]) <= 0).all()
    parts = [frozenset({"rim"} if i == 3 else {"body"}) for i in range(len(grasps))]
    assert listed(grasps, GraspFilter(part="rim"), touch, parts).tolist() == [3]
    assert not len(listed(grasps, GraspFilter(touch="nothing"), touch))
    classes = np.arange(len(grasps)) % 4
    typed = dataclasses.replace(
        grasps, metrics=grasps.metrics | {"grip_class": classes.astype(float)}
    )
    power = listed(typed, GraspFilter(grip="power"), touch)
    assert sorted(power) == np.flatnonzero(classes == 3).tolist()
    assert set(choices(grips(typed))) == {
        ANY,
        "nothing opposes",
        "precision",
        "intermediate",
        "power",
    }
    assert {"rank", "score", "number", "epsilon"} <= set(orders(grasps))


def test_contacts_are_told_by_part(grasps: GraspSet) -> None:
    record = grasps.object
    right = record.vertices[record.faces].mean(axis=1)[:, 0] > 0
    parts = ObjectParts(
        vertices=record.vertices,
        faces=record.faces,
        marks=np.where(right, 1, 2),
        names=("right", "left"),
    )
    touched = parts.touched_by(grasps)
    assert touched is not None
    assert set(touched) == {frozenset({"right", "left"})}
    some = dataclasses.replace(record, face_parts=np.where(right, 2, 1))
    stated = ObjectParts.stated(dataclasses.replace(some, part_names={}), None)
    assert stated is not None
    assert stated.names == ("part 1", "part 2")
    named = ObjectParts.stated(dataclasses.replace(some, part_names={2: "lid"}), None)
    assert named is not None
    assert named.names == ("part 1", "lid")
    assert (
        ObjectParts.stated(dataclasses.replace(some, face_parts=0 * some.face_parts), None) is None
    )


def test_a_plan_for_other_parts_names_none() -> None:
    named = {"parts": [{"mark": 1, "name": "bowl"}, {"mark": 2, "name": "stem"}]}
    plan = GraspPlan.model_validate(content() | named)
    assert fits_parts(plan, 2)
    assert not fits_parts(plan, 3)
    assert fits_parts(GraspPlan.model_validate(content()), 3)
    record = make_grasps(1).object
    two, three = (
        dataclasses.replace(record, face_parts=1 + np.arange(len(record.faces)) % count)
        for count in (2, 3)
    )
    for record, names in ((two, ("bowl", "stem")), (three, ("shell", "part 2", "part 3"))):
        parts = ObjectParts.stated(record, plan)
        assert parts is not None
        assert parts.names == names


def test_the_way_goes_through_its_stops() -> None:
    random = np.random.default_rng(0)
    stops = random.normal(size=(4, 10))
    stops[:, 3:7] /= np.linalg.norm(stops[:, 3:7], axis=1, keepdims=True)
    for k in range(4):
        assert np.allclose(pose_at(stops, k), stops[k])
    between = pose_at(stops, 1.5)
    assert np.allclose(between[:3], stops[1:3, :3].mean(axis=0))
    cosine = [abs(between[3:7] @ stops[k, 3:7]) for k in (1, 2)]
    assert np.isclose(cosine[0], cosine[1])
    assert np.isclose(np.linalg.norm(between[3:7]), 1)


def test_hands_come_from_afar(grasps: GraspSet, allegro: Hand) -> None:
    pregrasp = np.asarray(grasps.pregrasp.qpos, float)
    palm = HandAppearance.of(allegro).palm_positions(pregrasp)
    start = approach_start(pregrasp, palm, np.zeros(3))
    step = start[:, :3] - pregrasp[:, :3]
    assert np.allclose(np.linalg.norm(step, axis=1), 0.1)
    assert (np.sum(step * palm, axis=1) > 0).all()
    assert np.array_equal(start[:, 3:], pregrasp[:, 3:])


def test_ways_follow_an_approach_that_is_stated(grasps: GraspSet, allegro: Hand) -> None:
    look, some = HandAppearance.of(allegro), grasps[:2]
    drawn_back = GraspWays(some, look)
    pregrasp, _, squeeze = some.poses.qpos
    for number in range(2):
        assert np.allclose(drawn_back.pose(number, 1.0), pregrasp[number], atol=1e-6)
        assert np.allclose(drawn_back.pose(number, 3.0), squeeze[number], atol=1e-6)
    way = np.repeat(pregrasp[:, None], 3, axis=1)
    way[:, 0, 2] += 0.3
    way[:, 1, 2] += 0.1
    stated = GraspWays(
        dataclasses.replace(some, poses=Poses.from_qpos(*some.poses.qpos, approach=way)), look
    )
    heights = [stated.pose(1, stage)[2] - pregrasp[1, 2] for stage in (0.0, 0.5, 0.75, 1.0)]
    assert np.allclose(heights, [0.3, 0.1, 0.05, 0.0], atol=1e-6)


def test_a_scene_is_shown_with_the_object_in_it(grasps: GraspSet) -> None:
    assert surrounding_shapes(grasps, grasps.scene) == []
    box = Box(size=(0.1, 0.1, 0.1), position=(0.3, 0.0, 0.05))
    scene = Scene(obstacles=(box,)).place(grasps.object.pieces)
    on_table = dataclasses.replace(grasps, scene=scene)
    table, obstacle = surrounding_shapes(on_table, scene)
    assert np.isclose(table.vertices[:, 2].max(), grasps.object.vertices[:, 2].min(), atol=1e-3)
    assert np.isclose(obstacle.vertices[:, 0].mean(), 0.3)
    assert np.allclose(up_of(on_table), [0, 0, 1])
    view_grasps(on_table, port=8198).stop()


def test_pages_are_served_on_this_machine_alone_and_take_a_free_port(grasps: GraspSet) -> None:
    first, second = (view_grasps(grasps[:2], port=8195) for _ in range(2))
    try:
        assert first.url == "http://127.0.0.1:8195"
        assert second.url != first.url
        assert first.url in first._repr_html_()
        with urllib.request.urlopen(second.url) as page:
            assert page.status == 200
    finally:
        first.stop()
        second.stop()


def test_addresses_that_cannot_be_served_are_refused() -> None:
    with pytest.raises(InputError, match="ports are 1 to 65535"):
        Viewer("zdg", port=0)
    with pytest.raises(InputError, match=r"nothing can be served at 192\.0\.2\.1"):
        Viewer("zdg", host="192.0.2.1")
    with pytest.raises(InputError, match="nothing can be served at nowhere"):
        Viewer("zdg", host="nowhere.invalid")


def test_what_is_no_such_thing_is_refused_by_name(grasps: GraspSet) -> None:
    wrong: Any = "grasps.npz"
    for view, call in (
        (view_grasps, "GraspSet.load"),
        (view_object, "Object.from_mesh"),
        (view_hand, "Hand.load"),
        (view_plan, "GraspPlan.load"),
    ):
        with pytest.raises(InputError, match=f"is of the type str; give {call}"):
            view([wrong] if view is view_grasps else wrong)


def test_sets_without_grasps_are_shown_too(grasps: GraspSet, allegro: Hand) -> None:
    view_grasps(GraspSet.empty(grasps.object, allegro), port=8196).stop()


def test_a_set_is_shown_without_jax(grasps: GraspSet, tmp_path: pathlib.Path) -> None:
    path = grasps.save(tmp_path / "grasps.npz")
    program = (
        "import sys; from zdg_jax.grasps import GraspSet; from zdg_jax.viewer import view_grasps;"
        f"view_grasps(GraspSet.load({str(path)!r}), port=8197).stop();"
        "sys.exit('jax' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == ""
