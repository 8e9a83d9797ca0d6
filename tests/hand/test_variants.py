"""Hands as mirror images, from compiled models, and with what the user says of them."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import ArrayLike

from tests.hand.models import gripper, lopsided
from tests.hands import hand_from_text, load_hand
from zdg_jax.errors import InputError
from zdg_jax.hand import Hand
from zdg_jax.meshes.geoms import geom_mesh

MIRROR = np.array([1.0, -1.0, 1.0])


def from_text(text: str, **options: Any) -> Hand:
    if not options:
        return hand_from_text(text)
    return Hand.load(mujoco.MjSpec.from_string(text), **options)


def random_joints(model: mujoco.MjModel, num: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    low, high = model.jnt_range.T
    return low + rng.random((num, model.njnt)) * (high - low)


def poses(model: mujoco.MjModel, qpos: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return data.xmat.reshape(-1, 3, 3).copy(), data.xpos.copy()


def corners(model: mujoco.MjModel, qpos: ArrayLike) -> np.ndarray:
    """Extent of every geom in the root frame, (g, 2, 3)."""
    rotation, translation = poses(model, qpos)
    found = []
    for geom in range(model.ngeom):
        link = model.geom_bodyid[geom]
        points = geom_mesh(model, geom, 48).vertices @ rotation[link].T + translation[link]
        found.append([points.min(0), points.max(0)])
    return np.array(found)


def test_mirrored_hand_is_the_one_written_by_hand() -> None:
    ours = from_text(lopsided(1)).mirrored().model
    written = mujoco.MjSpec.from_string(lopsided(-1)).compile()
    for joints in random_joints(written, 20):
        for mine, theirs in zip(poses(ours, joints), poses(written, joints), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-9)
        np.testing.assert_allclose(corners(ours, joints), corners(written, joints), atol=1e-7)
    np.testing.assert_allclose(ours.body_mass, written.body_mass, rtol=1e-6)
    ours_inertia, theirs_inertia = np.zeros((6, 6)), np.zeros((6, 6))
    for model, matrix in ((ours, ours_inertia), (written, theirs_inertia)):
        data = mujoco.MjData(model)
        data.qpos[:] = random_joints(written, 1)[0]
        mujoco.mj_forward(model, data)
        mujoco.mj_fullM(model, data, matrix)
    np.testing.assert_allclose(ours_inertia, theirs_inertia, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", ["allegro", "shadow"])
def test_left_hand_is_the_image_of_the_right_one(name: str) -> None:
    right, left = load_hand(name), load_hand(f"{name}:mirrored")
    assert left.joint_names == right.joint_names
    assert (left.name, left.source) == (f"{name}_mirrored", f"{name}:mirrored")
    assert left.fingerprint != right.fingerprint
    for joints in random_joints(right.model, 10):
        rotation, translation = poses(right.model, joints)
        mine = poses(left.model, joints)
        np.testing.assert_allclose(mine[0], rotation * np.outer(MIRROR, MIRROR), atol=1e-9)
        np.testing.assert_allclose(mine[1], translation * MIRROR, atol=1e-9)
    np.testing.assert_allclose(left.palm.normal, right.palm.normal * MIRROR, atol=0.02)
    np.testing.assert_array_equal(left.closing, right.closing)
    assert [f.is_thumb for f in left.fingers] == [f.is_thumb for f in right.fingers]
    assert left.mirrored().fingerprint == right.fingerprint
    assert left.mirrored().source == name


def test_compiled_model_gives_the_same_hand(shared_assets: pathlib.Path) -> None:
    path = shared_assets / "hands" / "shadow_hand" / "right_hand.xml"
    model = mujoco.MjModel.from_xml_path(str(path))
    hand = Hand.load(model)
    assert (hand.num_joints, hand.num_dofs, hand.num_actuators) == (24, 24, 20)
    np.testing.assert_array_equal(hand.kp, -model.actuator_biasprm[:, 1])
    np.testing.assert_array_equal(hand.model.dof_damping, model.dof_damping)
    np.testing.assert_allclose(hand.model.body_inertia, model.body_inertia)
    for joints in random_joints(model, 5):
        for mine, theirs in zip(poses(hand.model, joints), poses(model, joints), strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-9)
        np.testing.assert_allclose(corners(hand.model, joints), corners(model, joints), atol=1e-6)


def test_compiled_model_keeps_couplings() -> None:
    text = gripper('<joint joint1="lb" joint2="la" polycoef="0.1 0.5 0 0 0"/>')
    hand = Hand.load(mujoco.MjSpec.from_string(text).compile())
    assert hand.dof_names == from_text(text).dof_names
    assert any("lb follows la" in note for note in hand.notes)


SAID = {
    "palm": {"link": "base", "normal": [0, 0, 2], "direction": [1, 0, 0.5]},
    "thumb": "g2",
    "exclude": ["f1"],
}


def test_what_the_user_says_is_taken() -> None:
    hand = from_text(lopsided(), overrides=SAID)
    assert [finger.is_thumb for finger in hand.fingers] == [False, True, False]
    np.testing.assert_allclose(hand.palm.normal, [0, 0, 1])
    np.testing.assert_allclose(hand.palm.direction, [1, 0, 0])
    excluded = hand.link_names.index("f1")
    for group in (hand.arrays.contacts, hand.arrays.surface, hand.arrays.spheres):
        assert excluded not in np.asarray(group.link)
    derived = from_text(lopsided())
    assert derived.link_names.index("f1") in np.asarray(derived.arrays.spheres.link)
    assert hand.fingerprint != derived.fingerprint
    assert not any(f.is_thumb for f in from_text(lopsided(), overrides={"thumb": None}).fingers)


def test_file_beside_the_hand_is_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "odd.xml").write_text(lopsided())
    (tmp_path / "odd.zdg.json").write_text(json.dumps(SAID | {"palm": {"normal": [0, 1, 1]}}))
    hand = Hand.load(tmp_path / "odd.xml")
    np.testing.assert_allclose(hand.palm.normal, np.array([0, 1, 1]) / 2**0.5)
    left = Hand.load(f"{tmp_path / 'odd.xml'}:mirrored")
    np.testing.assert_allclose(left.palm.normal, np.array([0, -1, 1]) / 2**0.5)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"palms": {}}, "unknown key 'palms'; known: palm, thumb, exclude"),
        ({"palm": {"up": [0, 0, 1]}}, "palm: unknown key 'up'; known: link, normal, direction"),
        ({"palm": []}, "palm: must be an object with the keys link, normal, direction"),
        ({"palm": {"normal": [0, 0, 0]}}, "palm: normal must be three numbers that are not all 0"),
        ({"palm": {"direction": "x"}}, "palm: direction must be three numbers"),
        ({"palm": {"link": "bass"}}, "no link 'bass'; links: root, base, f1"),
        ({"thumb": "toe"}, "the thumb 'toe' is no finger; fingers: "),
        ({"thumb": 3}, "thumb must be a name, not 3"),
        ({"exclude": "f1"}, "exclude must be a list of names of links, not 'f1'"),
        ({"exclude": ["f9"]}, "no link 'f9'"),
    ],
)
def test_malformed_overrides_are_refused_by_name(said: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        from_text(lopsided(), overrides=said)


def test_unreadable_overrides_name_the_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "hand.xml").write_text(lopsided())
    beside = tmp_path / "hand.zdg.json"
    beside.write_text('{"thumb": ')
    with pytest.raises(InputError, match=r"hand\.zdg\.json' are not valid JSON"):
        Hand.load(tmp_path / "hand.xml")
    with pytest.raises(InputError, match="cannot read the overrides"):
        Hand.load(tmp_path / "hand.xml", overrides=tmp_path / "absent.json")
