"""Parts that the rules hold and spare, on things and sentences made up for the test."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from tests.hands import load_hand
from tests.planning import things
from zdg_jax.planning.geometry.approaches import propose
from zdg_jax.planning.geometry.grasp_type import choose_type
from zdg_jax.planning.geometry.parts import measure
from zdg_jax.planning.rules.affordances import score_affordances
from zdg_jax.planning.rules.language.task_parsing import parse_task
from zdg_jax.planning.rules.part_choice import PartChoice, choose_parts
from zdg_jax.planning.taxonomy import STYLES


def _hand_of(span: float) -> Callable[[float], float]:
    """Strain of a hand that spans up to `span` [m], four fifths of it with comfort."""
    return lambda width: max(5 * width / span - 4, 0.0) ** 2


def choose(task: str, thing: things.Thing) -> list[PartChoice]:
    shape = measure(thing)
    names = [part.name for part in thing.parts if part.name]
    return choose_parts(parse_task(task, thing.name, names), shape, score_affordances(shape))


@pytest.mark.parametrize(
    ("make", "task", "hold", "spare"),
    [
        (things.jug, "water the flowers", "handle", ()),
        (things.jug, "pass the jug with the ear towards her", "body", ("handle",)),
        (things.jug, "hold it by the belly", "body", ()),
        (things.kettle, "serve boiling soup", "handle", ("body", "spout")),
        (things.kettle, "take off the cover", "lid", ()),
        (things.kettle, "fill the tub without touching the spout", "handle", ("spout",)),
        (things.mallet, "knock in a tent peg", "handle", ("head",)),
        (things.mallet, "give it to the carpenter, handle first", "head", ("handle",)),
        (things.skillet, "fry an egg", "handle", ("pan",)),
        (things.skillet, "lift the hot skillet from the stove", "handle", ("pan",)),
        (things.cleaver, "chop some parsley", "handle", ("blade",)),
        (things.cleaver, "offer the cook its grip", "blade", ("handle",)),
        (things.cleaver, "wipe the blade", "handle", ("blade",)),
        (things.goblet, "carry it by the stem", "stem", ()),
        (things.goblet, "swirl it without heating the drink", "stem", ("bowl",)),
        (things.goblet, "set it on its base", "bowl", ("foot",)),
        (things.jar, "twist off the top", "lid", ()),
        (things.jar, "open the jar", "lid", ()),
        (things.jar, "move it to the shelf", "body", ()),
        (things.jar, "shake the jar", "body", ("lid",)),
        (things.jar, "open the jar with an opener", "body", ()),
        (things.torch, "shine into the attic", "tube", ("head",)),
        (things.torch, "hold it by the thick end", "head", ()),
        (things.fuse, "plug it into its holder", "body", ("cap",)),
        (things.ladle, "dish out the stew", "handle", ("scoop",)),
        (things.spoon, "stir the tea", "handle", ("bowl",)),
        (things.spoon, "give it to me, I want to take the handle", "bowl", ("handle",)),
        (things.spanner, "loosen the nut", "handle", ("head",)),
        (things.pan_lid, "put the lid on the pot", "bar", ("edge",)),
        (things.viewer, "clean the lens", "case", ("eye",)),
        (things.viewer, "film the lions", "case", ("eye",)),
        (things.kettle, "pass the kettle to her, handle towards her", "body", ("handle",)),
        (things.jar, "the top must be twisted off", "lid", ()),
        (things.mallet, "make sure not to touch the head, just lift it", "handle", ("head",)),
        (things.jug, "its ear must not be touched", "body", ("handle",)),
        (things.kettle, "carry the kettle by its knob", "lid", ()),
        (things.torch, "unscrew the head", "head", ()),
        (things.kettle, "stir the punch in the kettle with a ladle", "body", ()),
        (things.spanner, "hold it by the jaw", "head", ()),
        (things.spanner, "hand me the spanner jaw first", "handle", ("head",)),
        (things.jar, "flip the lid open", "lid", ()),
        (things.jar, "the lid won't come off", "lid", ()),
        (things.sprayer, "pop it in the shed, but keep off the trigger", "bottle", ("trigger",)),
        (
            things.beater,
            "knock it against the bowl without gripping the wires",
            "handle",
            ("wires",),
        ),
        (things.kettle, "lift the kettle off the stove", "handle", ("body",)),
        (things.jar, "hand me the jar", "body", ()),
        (things.cleaver, "rather by the blade than the handle", "blade", ("handle",)),
        (
            things.ladle,
            "hand it to me so that I can grab its handle",
            "scoop",
            ("handle",),
        ),
    ],
)
def test_parts_serve_the_task(
    make: Callable[[], things.Thing], task: str, hold: str, spare: tuple[str, ...]
) -> None:
    thing = make()
    choice = choose(task, thing)[0]
    assert {mark for mark, _ in choice.held} == {thing.mark(hold)}
    assert {thing.mark(name) for name in spare} <= {mark for mark, _ in choice.avoided}
    assert choice.confidence > 0.1  # more than a general grasp has


def test_words_without_meaning_give_a_general_grasp_of_low_confidence() -> None:
    choices = choose("glorp the fnord", things.jar())
    assert choices[0].confidence <= 0.1
    assert choices[0].held
    assert not choices[0].avoided


def test_words_without_meaning_leave_a_tool_in_the_hand_by_its_handle() -> None:
    thing = things.ladle()
    assert [mark for mark, _ in choose("glorp the fnord", thing)[0].held] == [thing.mark("handle")]


def test_a_poor_handle_is_left_to_whom_the_thing_is_handed() -> None:
    plate = things.at(things.box(0.05, 0.05, 0.012), 0.1, 0, 0)
    thing = things.thing("key", handle=things.box(0.16, 0.02, 0.0035), head=plate)
    score = score_affordances(measure(thing)).scores["handle"][thing.mark("handle")]
    assert 0.25 < score < 0.35
    choice = choose("hand me the key", thing)[0]
    assert {mark for mark, _ in choice.held} == {thing.mark("head")}
    assert {mark for mark, _ in choice.avoided} == {thing.mark("handle")}


def test_asking_for_a_part_that_is_not_there_is_noted() -> None:
    choice = choose("grab it by the handle", things.jar())[0]
    assert any("handle" in note for note in choice.notes)
    assert choice.confidence < choose("grab it by the handle", things.jug())[0].confidence


def test_trigger_is_worked_and_not_spared() -> None:
    thing = things.sprayer()
    choice = choose("spray the roses", thing)[0]
    trigger = thing.mark("trigger")
    assert choice.pressed == {trigger}
    assert trigger not in {mark for mark, _ in choice.avoided}
    forbidden = choose("spray the roses, thumb off the trigger", thing)[0]
    assert not forbidden.pressed
    assert trigger in {mark for mark, _ in forbidden.avoided}


def test_control_that_is_no_part_leaves_the_grip() -> None:
    thing = things.mallet()
    choice = choose("pull the trigger", thing)[0]
    assert [mark for mark, _ in choice.held] == [thing.mark("handle")]
    assert any("trigger" in note for note in choice.notes)


def test_hook_does_not_spare_what_is_held() -> None:
    head = things.at(things.rod(0.011, 0.08, "y"), 0.155, 0, 0)
    hammer = things.thing("tack_hammer", handle=things.rod(0.015, 0.3, "x"), head=head)
    choice = choose("hang it on the nail", hammer)[0]
    assert [mark for mark, _ in choice.held] == [hammer.mark("handle")]
    assert not choice.avoided


def test_getting_hold_of_a_thing_binds_less_than_using_it() -> None:
    lifted = choose("pick it up", things.jug())[0].confidence
    assert lifted < 0.5 * choose("pour the milk", things.jug())[0].confidence


def test_confidence_is_lower_where_the_shape_says_little() -> None:
    sure = choose("pour the milk", things.jug())[0].confidence
    unsure = choose("pour the milk", things.jar())[0].confidence
    assert unsure < sure


def test_one_part_is_held_whatever_the_words() -> None:
    ball = things.thing("ball", body=things.trimesh.creation.icosphere(radius=0.03))
    for task in ("throw it", "hand it over, handle first", "pour", "don't touch the rim"):
        assert [mark for mark, _ in choose(task, ball)[0].held] == [1]


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("make", [things.kettle, things.goblet, things.cleaver])
def test_measures_move_with_the_object(make: Callable[[], things.Thing], scale: float) -> None:
    thing = make()
    shape = measure(thing)
    moved = things.dataclasses.replace(thing, vertices=thing.vertices * scale + [0.3, -0.2, 0.1])
    other = measure(moved)
    for a, b in zip(shape.parts, other.parts, strict=True):
        np.testing.assert_allclose(a.extents * scale, b.extents, rtol=0.02)
        np.testing.assert_allclose(a.center * scale + [0.3, -0.2, 0.1], b.center, atol=1e-3)
        assert a.hollow == pytest.approx(b.hollow, abs=0.02)
        assert a.height == pytest.approx(b.height, abs=0.02)


def test_names_that_the_asset_gives_outweigh_shapes() -> None:
    rods = things.thing("gadget", left=things.rod(0.015, 0.1), right=things.rod(0.015, 0.1))
    moved = rods.vertices + np.repeat([[-0.06, 0, 0], [0.06, 0, 0]], len(rods.vertices) // 2, 0)
    for names, wanted in ((("grip", "nozzle"), 1), (("hot_nozzle", "rubber_grip"), 2)):
        parts = tuple(things.Marked(i + 1, name) for i, name in enumerate(names))
        named = things.dataclasses.replace(rods, vertices=moved, parts=parts)
        choice = choose("use it", named)[0]
        assert [mark for mark, _ in choice.held] == [wanted]


def test_parts_are_held_and_spared_by_names_of_their_own() -> None:
    rods = things.thing("gadget", left=things.rod(0.015, 0.1), right=things.rod(0.015, 0.1))
    moved = rods.vertices + np.repeat([[-0.06, 0, 0], [0.06, 0, 0]], len(rods.vertices) // 2, 0)
    parts = (things.Marked(1, "gizmo"), things.Marked(2, "fob"))
    named = things.dataclasses.replace(rods, vertices=moved, parts=parts)
    for task in ("hold it by the fob", "do not touch the gizmo", "lift it by its fobs"):
        assert [mark for mark, _ in choose(task, named)[0].held] == [2]


def test_a_named_part_outweighs_others_that_look_alike() -> None:
    rods = things.thing("frame", left=things.rod(0.015, 0.1), right=things.rod(0.015, 0.1))
    moved = rods.vertices + np.repeat([[-0.06, 0, 0], [0.06, 0, 0]], len(rods.vertices) // 2, 0)
    parts = (things.Marked(1, None), things.Marked(2, "leg"))
    named = things.dataclasses.replace(rods, vertices=moved, parts=parts)
    assert [mark for mark, _ in choose("hold it by a leg", named)[0].held] == [2]


def test_the_lid_below_a_handle_is_the_lid() -> None:
    kettle = things.thing(
        "kettle",
        body=things.at(things.rod(0.08, 0.12), 0, 0, 0.06),
        lid=things.at(things.rod(0.03, 0.02), 0, 0, 0.13),
        handle=things.at(things.loop(0.06, 0.008), 0, 0, 0.18),
    )
    assert [mark for mark, _ in choose("take off the lid", kettle)[0].held] == [kettle.mark("lid")]


def test_loop_is_seen_and_a_bar_is_not_one() -> None:
    jug = measure(things.jug())
    assert jug.part(2).hole > 1e-3
    mallet = measure(things.mallet())
    assert max(part.hole for part in mallet.parts) < 1e-4


def test_palm_comes_to_a_loop_from_outside() -> None:
    shape = measure(things.jug())
    best = propose(shape, [2], [1], strain=_hand_of(0.1))[0]
    assert best.direction @ [-1, 0, 0] > 0.6
    assert abs(best.thumb @ [0, 0, 1]) > 0.9
    assert not best.tips_only


def test_palm_stays_back_from_a_stem_between_wide_parts() -> None:
    shape = measure(things.goblet())
    best = propose(shape, [2], [1], strain=_hand_of(0.1))[0]
    assert best.tips_only


@pytest.mark.parametrize(("scale", "through"), [(1.0, True), (0.5, False)])
def test_a_loop_too_narrow_for_a_finger_is_pinched(scale: float, through: bool) -> None:
    jug = things.jug()
    shape = measure(things.dataclasses.replace(jug, vertices=jug.vertices * scale))
    assert shape.part(2).is_loop
    hand = load_hand("allegro")
    assert (shape.part(2).passage > hand.finger_thickness) == through
    best = propose(shape, [2], [1], strain=_hand_of(0.1))[0]
    assert STYLES[choose_type(shape, [2], best, hand)].palm == through


def test_a_palm_gives_way_along_a_grip_to_what_overhangs_it() -> None:
    grip = things.rod(0.018, 0.12)
    housing = things.at(things.box(0.2, 0.05, 0.05), -0.02, 0, 0.06)
    base = things.at(things.box(0.06, 0.05, 0.03), -0.03, 0, -0.075)
    gun = measure(things.thing("gun", grip=grip, housing=housing, base=base))
    approaches = propose(gun, [1], [2, 3], strain=_hand_of(0.1))
    behind = [a for a in approaches if a.direction[0] > 0.9 and abs(a.thumb[2]) > 0.9]
    assert behind
    assert behind[0].shifted
    assert not behind[0].tips_only


def test_lid_is_taken_from_above() -> None:
    shape = measure(things.jar())
    assert propose(shape, [2], [], strain=_hand_of(0.1))[0].direction @ [0, 0, -1] > 0.8


def test_two_like_levers_are_what_a_hand_closes() -> None:
    """Tongs: two bars beside each other that meet in jaws around a hole."""
    bars = {}
    for name, side in (("left", 1), ("right", -1)):
        bar = things.rod(0.01, 0.12, "x")
        bar.apply_transform(trimesh.transformations.rotation_matrix(side * 0.4, [0, 0, 1]))
        bars[name] = things.at(bar, -0.075, -side * 0.045, 0)
    tongs = things.thing("tongs", **bars, jaws=trimesh.creation.torus(0.03, 0.01))
    choice = choose("squeeze the tongs", tongs)[0]
    assert {mark for mark, _ in choice.held} == {1, 2}
