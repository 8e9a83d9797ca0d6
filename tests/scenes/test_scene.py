"""Scenes: where an object stands, what is refused, and what the object sees of its surroundings."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests import scene as world
from zdg_jax.errors import InputError
from zdg_jax.scenes import Box, Scene, SceneArrays, Solid, Surroundings

BRICK = (0.04, 0.06, 0.09)
"""Sizes of the brick, whose frame is in its middle [m]."""
WALL = Box(size=(0.02, 0.4, 0.3), position=(0.08, 0.0, 0.15), name="wall")


def heights(scene: Scene, places: list[list[float]]) -> np.ndarray:
    """Clearance of places of the object frame."""
    arrays = Surroundings.of(scene, world.brick().object).arrays()
    return np.asarray(arrays.clearance(jnp.asarray(places).T))


def test_a_table_lies_under_the_object_whichever_way_it_stands() -> None:
    low = np.concatenate([p.vertices for p in world.brick().object.pieces]).min(axis=0)
    for up, axis in (((0, 0, 1), 2), ((0, 2, 0), 1), ((1, 0, 0), 0)):
        place = low.copy()
        place[axis] += 0.01  # above the lowest corner
        assert heights(Scene(up=up), [place.tolist()]) == pytest.approx(0.01, abs=1e-5)


def test_the_plans_upright_counts_where_the_scene_says_nothing() -> None:
    brick = world.brick().object
    planned = Surroundings.of(Scene(), brick, (0.0, -1.0, 0.0))
    np.testing.assert_allclose(planned.up, [0, -1, 0], atol=1e-12)
    given = Surroundings.of(Scene(up=(1.0, 0.0, 0.0)), brick, (0.0, -1.0, 0.0))
    np.testing.assert_allclose(given.up, [1, 0, 0], atol=1e-12)


def test_obstacles_turn_with_the_object() -> None:
    # The object lies on its side: its +y points up, so its +x stays the scene's.
    scene = Scene(up=(0.0, 1.0, 0.0), obstacles=(WALL,))
    assert heights(scene, [[0.06, 0.03, 0.0]]) == pytest.approx(0.01, abs=1e-5)
    solid = Solid(pieces=(world.brick().object.pieces[0],), name="twin")
    shifted = Solid(
        pieces=tuple(
            type(p)(vertices=p.vertices + np.array([0.1, 0, 0.045]), faces=p.faces)
            for p in solid.pieces
        )
    )
    gap = heights(Scene(obstacles=(shifted,)), [[0.06, 0.0, 0.0]])
    assert gap == pytest.approx(0.02, abs=1e-3)


def test_an_empty_scene_is_free_everywhere() -> None:
    arrays = SceneArrays.empty()
    assert arrays.is_empty
    gap = jnp.array([0.3, -0.2])
    assert arrays.nearest(gap, jnp.zeros((3, 2))) is gap


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"up": (0, 0, 0)}, "must be a direction"),
        ({"up": (0, 0, float("nan"))}, "3 finite numbers"),
        ({"up": "z"}, "3 finite numbers"),
        ({"up": (0, 0, 1), "quaternion": (1, 0, 0, 0)}, "give one"),
        ({"quaternion": (0, 0, 0, 0)}, "no rotation"),
        ({"table": None}, "where the object is"),
        ({"position": (0, 0, 4000)}, "lengths are in metres"),
    ],
)
def test_numbers_that_make_no_scene_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Scene(**settings)


def test_objects_that_nothing_carries_are_refused() -> None:
    def place(height: float, **scene: Any) -> Surroundings:
        placed = Scene(position=(0.0, 0.0, height), quaternion=(1, 0, 0, 0), **scene)
        return Surroundings.of(placed, world.brick().object)

    half = BRICK[2] / 2
    place(half + 0.001)
    with pytest.raises(InputError, match=r"hangs in the air, 5\.0 mm above"):
        place(half + 0.005)
    with pytest.raises(InputError, match=r"sunk in the table by 4\.0 mm"):
        place(half - 0.004)
    board = Box(size=(0.3, 0.3, 0.02), position=(0.0, 0.0, 0.39), name="board")
    place(0.4 + half, table=None, obstacles=(board,))
    with pytest.raises(InputError, match="hangs in the air"):
        place(0.4 + half + 0.003, table=None, obstacles=(board,))
    with pytest.raises(InputError, match=r"obstacle 'board' runs through .* by \d+\.\d mm"):
        place(0.4, table=None, obstacles=(board,))


MJCF = """
<mujoco>
  <worldbody>
    <geom name="top" type="plane" size="1 1 .1" pos="0 0 .7"/>
    <geom name="paint" type="box" size=".1 .1 .1" contype="0" conaffinity="0"/>
    <body pos="0 .2 .8" euler="0 0 90">
      <geom name="side" type="box" size=".01 .2 .1"/>
      <geom name="post" type="cylinder" size=".02 .1" pos="0 .3 0"/>
    </body>
    <body name="object" pos=".1 0 .745" euler="0 0 90"/>
  </worldbody>
</mujoco>
"""


def written(path: pathlib.Path, text: str) -> pathlib.Path:
    file = path / "scene.xml"
    file.write_text(text)
    return file


def test_a_scene_is_read_from_mjcf(tmp_path: pathlib.Path) -> None:
    scene = Scene.from_mjcf(written(tmp_path, MJCF))
    assert scene.table == 0.7
    assert [obstacle.name for obstacle in scene.obstacles] == ["side", "post"]
    side, post = scene.obstacles
    assert isinstance(side, Box)
    assert isinstance(post, Solid)
    np.testing.assert_allclose(np.ptp(side.corners, axis=0), [0.4, 0.02, 0.2], atol=1e-9)
    np.testing.assert_allclose(post.pieces[0].vertices.mean(axis=0), [-0.3, 0.2, 0.8], atol=1e-3)
    seen = Surroundings.of(scene, world.brick().object)
    assert seen.table == pytest.approx(-0.045)
    # The scene's +y, where the side is, is the object's +x.
    np.testing.assert_allclose(seen.boxes[0].center, [0.2, 0.1, 0.055], atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('<body pos="0 .2 .8" euler="0 0 90">', '<body><freejoint name="loose"/>', "'loose'"),
        ('name="object" pos', 'name="thing" pos', "$^"),
        ("<worldbody>", "<worldbody><geom type='plane' size='1 1 1'/>", "two level planes"),
        ("</mujoco>", "", "MuJoCo cannot read"),
    ],
)
def test_files_that_are_no_surroundings_are_refused(
    tmp_path: pathlib.Path, old: str, new: str, words: str
) -> None:
    file = written(tmp_path, MJCF.replace(old, new))
    if words == "$^":  # without the mark the object is put on the table
        assert Scene.from_mjcf(file).position is None
        return
    with pytest.raises(InputError, match=words):
        Scene.from_mjcf(file)
    with pytest.raises(InputError, match="no file"):
        Scene.from_mjcf(tmp_path / "other.xml")


def test_a_file_and_arguments_do_not_both_place_the_object(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match="leave one of them out"):
        Scene.from_mjcf(written(tmp_path, MJCF), up=(0.0, 0.0, 1.0))


def test_json_gives_the_same_scene_back() -> None:
    solid = Solid.of(world.brick().object, position=(0.0, 0.2, 0.045))
    scene = Scene(up=(0.0, 1.0, 0.0), table=0.2, obstacles=(WALL, solid))
    text = json.dumps(scene.to_json())
    assert Scene.from_json(json.loads(text)).to_json() == scene.to_json()
    with pytest.raises(InputError, match="box and solid"):
        Scene.from_json({**scene.to_json(), "obstacles": [{"shape": "ball"}]})


def test_what_is_above_limits_how_far_an_object_rises() -> None:
    brick = world.brick().object

    def rises(*obstacles: Box) -> float:
        return Surroundings.of(Scene(obstacles=obstacles), brick).headroom(brick, 0.2)

    def shelf(gap: float, x: float = 0.0) -> Box:
        return Box(size=(0.1, 0.1, 0.02), position=(x, 0.0, BRICK[2] + gap + 0.01), name="shelf")

    assert rises() == rises(WALL) == rises(shelf(0.3)) == rises(shelf(0.08, x=0.1)) == 0.2
    assert rises(shelf(0.08)) == pytest.approx(0.08, abs=0.005)
    # One corner of the shelf over one corner of the brick is enough.
    assert rises(shelf(0.08, x=0.065)) == pytest.approx(0.08, abs=0.005)
