"""ParsedTask tasks: sentences and things that the lexicon was not written for."""

from __future__ import annotations

import collections
import functools
import importlib.resources
import json

import hypothesis
import hypothesis.strategies as st
import pytest

from zdg_jax.planning.rules.language.lexicon import lexicon, noun_forms, verb_forms
from zdg_jax.planning.rules.language.spelling import correct_spelling
from zdg_jax.planning.rules.language.task_parsing import ParsedTask, parse_task


def held(parsed: ParsedTask) -> set[str]:
    return {request.function or request.place for request in parsed.hold}


def spared(parsed: ParsedTask) -> set[str]:
    return {request.function or request.place for request in parsed.avoid}


@pytest.mark.parametrize(
    ("task", "action"),
    [
        ("pour the milk", "pour"),
        ("please decant the oil into the bottle", "pour"),
        ("take a sip of tea", "drink"),
        ("chop the onions", "cut"),
        ("I want to slice some cheese", "cut"),
        ("crack a walnut", "strike"),
        ("dig a hole for the tulips", "strike"),
        ("tighten the bolt", "turn"),
        ("stir the soup", "stir"),
        ("spray the plants", "spray"),
        ("write a letter", "write"),
        ("sign the contract", "write"),
        ("sweep the floor", "brush"),
        ("scrub the bathtub", "brush"),
        ("pick up the vase", "lift"),
        ("carry it to the kitchen", "lift"),
        ("put it down on its base", "place"),
        ("hang the jacket on the hook", "hang"),
        ("give me the stapler", "hand_over"),
        ("pass the salt to her", "hand_over"),
        ("could you hand me that ladle", "hand_over"),
        ("unscrew the lid", "open"),
        ("take off the cover", "open"),
        ("put the lid back on", "open"),
        ("lift the cap", "open"),
        ("press the button", "press"),
        ("switch it on", "press"),
        ("turn the knob", "press"),
        ("plug it into the socket", "insert"),
        ("screw the fuse into its holder", "insert"),
        ("screw a hook into the ceiling", "turn"),
        ("open a tin", "turn"),
        ("shake the bottle", "shake"),
        ("throw the ball", "throw"),
        ("pick it up and pour the juice", "pour"),
        ("hold it to write a note", "write"),
        ("use it to cut paper", "cut"),
        ("use it", "use"),
        ("the robot should sweep the yard", "brush"),
        ("do not spin it, just lift the vase", "lift"),
        ("bring me the newspaper", "hand_over"),
        ("have a cup of tea", "drink"),
        ("throw out the wrapper", "lift"),
        ("throw the stone out of the window", "throw"),
        ("saut\u00e9 the leeks", "handle_food"),
        ("make holes in the leather", "bore"),
        ("the drawer needs opening", "open"),
        ("the cork has to be removed", "open"),
        ("the curtain must be hung up", "hang"),
        ("put a fingertip on the switch", "press"),
        ("be sure to not drop it, carry it home", "lift"),
        ("keep your fingers off the lens and take a selfie", "aim"),
        ("let me read the label", "look"),
        ("pull the trigger", "press"),
        ("squeeze the trigger", "press"),
        ("its handle is broken, lift it", "lift"),
        ("dust off the lens cap", "clean"),
        ("grab it so that I can take the loops", "hand_over"),
        ("the crate won't open, give it a try", "open"),
        ("I can't get the cover off", "open"),
        ("the stopper will not budge", "open"),
        ("a nice cocoa", "drink"),
        ("touch up the doorframe", "write"),
        ("serve up the risotto", "handle_food"),
    ],
)
def test_deeds(task: str, action: str) -> None:
    parsed = parse_task(task)
    assert parsed.action is not None
    assert parsed.action.name == action


@pytest.mark.parametrize(
    ("task", "hold", "spare"),
    [
        ("grab the kettle by the handle", {"handle"}, set()),
        ("lift the torch by its thin end, not by the head", {"thin end"}, {"tool"}),
        ("don't touch the blade", set(), {"tool"}),
        ("move the vase without touching the rim", set(), {"rim"}),
        ("carry it and keep your fingers away from the nozzle", set(), {"outlet"}),
        ("hold it by the stem instead of by the bowl", {"stem"}, {"vessel"}),
        ("pass me the ladle, handle first", set(), {"handle"}),
        ("give it to the nurse with the grip towards her", set(), {"handle"}),
        ("hand it over so that he can take it by the strap", set(), {"handle"}),
        ("hold the brush while its bristles are rinsed", set(), {"tool"}),
        ("keep the lens clean while moving it", set(), {"face"}),
        ("lift it but leave the handle free", set(), {"handle"}),
        ("unscrew the cap", {"closure"}, set()),
        ("squeeze the trigger", {"control"}, set()),
        ("stand it on its foot", set(), {"base"}),
        ("wipe the blade", set(), {"tool"}),
        ("carry it by the sides, never by the hot handle", {"body"}, {"handle"}),
        ("make sure not to touch the nozzle", set(), {"outlet"}),
        ("its rim must not be touched", set(), {"rim"}),
        ("its handle should never be gripped", set(), {"handle"}),
        ("its handle must be gripped", {"handle"}, set()),
        ("the lid needs removing", {"closure"}, set()),
        ("the stopper has to be pulled off", {"closure"}, set()),
        ("it should be carried by the strap", {"handle"}, set()),
        ("the strap is to be grabbed by the nurse", set(), {"handle"}),
        ("rather by the belly than the ear", {"vessel"}, {"handle"}),
        ("both the handle and the spout are hot", set(), {"handle", "outlet"}),
        ("grab anything except handle and blade", set(), {"handle", "tool"}),
        ("lift it, no fingers on the mirror", set(), {"face"}),
        ("thumb off the trigger", set(), {"control"}),
        ("mind the handle, lift the lid", {"closure"}, {"handle"}),
        ("don't let go of the handle", {"handle"}, set()),
        ("leave the nozzle alone while you carry it", set(), {"outlet"}),
        ("pass me the trowel, I want to hold the grip", set(), {"handle"}),
        ("hold it out for her to take by the stem", set(), {"stem"}),
        ("pass it over so my hand fits around the ear", set(), {"handle"}),
        ("turn it so that the haft faces me", set(), {"handle"}),
        ("pass it over, I'll take the strap", set(), {"handle"}),
        ("grip it by its slender part", {"thin end"}, set()),
        ("put the tin on top of the other tins", set(), set()),
        ("stack the cups upside down", set(), set()),
        ("spray the windows", set(), set()),
        ("not by the blade, by the handle", {"handle"}, {"tool"}),
        ("I am holding the grip, take the shaft", {"stem"}, {"handle"}),
        ("if the strap is hot, use the belly", {"vessel"}, {"handle"}),
        ("one hand on the strap", {"handle"}, set()),
        ("tilt it so that the spout points down", set(), {"outlet"}),
        ("the handle is made of oak, carry it", {"handle"}, set()),
        ("take it by the hanlde", {"handle"}, set()),
        ("carry it by its handel, not the sput", {"handle"}, set()),
        ("carry it by its knob", {"knob"}, set()),
        ("change the fuse - unscrew the cover", {"closure"}, set()),
        ("the seal won't come off", {"closure"}, set()),
        ("she can't hold the strap", set(), {"handle"}),
        ("grab the belly, I need the strap", {"vessel"}, {"handle"}),
        ("take it to the attic and keep off the lens", set(), {"face"}),
        ("lift it without bumping anyone, strap away from him", set(), set()),
        ("rap it against the basin, not by the blade", set(), {"tool"}),
        ("hang it on the cupboard handle", set(), set()),
        ("the blade is covered in paint, take the other end", set(), {"tool"}),
        ("take it by its chuck", {"tip"}, set()),
        ("hand it over holding the jaws", {"tip"}, set()),
        ("stand it upside down, gripping its base", {"base"}, set()),
        ("hand me the shears closed, blades in your palm", {"tool"}, set()),
        ("grip it by the spine of the blade and pass it to him", {"tool"}, set()),
        ("give me the dagger without pointing the blade at me", set(), set()),
        ("give it to grandpa, he likes to take it by the strap", set(), {"handle"}),
        ("give the welder the torch, she needs the handle end", set(), {"handle"}),
        ("put the wig on my head", set(), set()),
        ("brush my teeth", set(), set()),
        ("unscrew the head to reach the cells", {"tool"}, set()),
        ("lift it by its rim, the handle is broken", {"rim"}, {"handle"}),
        ("without touching the rim and the spout", set(), {"rim", "outlet"}),
        ("fingers off the lens and take the grip", {"handle"}, {"face"}),
        ("squeeze the handles to bend the wire", {"handle"}, {"mount"}),
    ],
)
def test_parts(task: str, hold: set[str], spare: set[str]) -> None:
    parsed = parse_task(task)
    assert held(parsed) == hold
    assert spared(parsed) == spare


@pytest.mark.parametrize(
    ("task", "hot"),
    [
        ("carry the hot pot", True),
        ("serve boiling soup", True),
        ("lift it without burning yourself", True),
        ("hold it without warming the contents", True),
        ("carry the pot", False),
        ("carry the pot, it is not hot", False),
        ("beware of the hot spout", True),
        ("lift it without touching the hot pan", True),
    ],
)
def test_heat(task: str, hot: bool) -> None:
    assert parse_task(task).hot is hot


@pytest.mark.parametrize(
    "task",
    [
        *("glorp the fnord", "xyzzy", "42", "!!!", "der Fisch", "日本語"),
        "verser le th\u00e9 pour boire",
        "agarra la jarra por la base",
        "nimm den Krug in die Hand",
        "neem de hamer over, het handvat eerst",
    ],
)
def test_words_without_meaning_give_no_certainty(task: str) -> None:
    parsed = parse_task(task)
    assert parsed.certainty == 0.0
    assert parsed.action is None
    assert not parsed.hold


def test_unknown_words_are_named() -> None:
    assert parse_task("glorp the fnord").unknown == ("glorp", "fnord")


def test_unknown_words_of_any_script_are_named_and_the_objects_own_are_not() -> None:
    assert parse_task("\u0432\u043e\u0437\u044c\u043c\u0438").unknown == (
        "\u0432\u043e\u0437\u044c\u043c\u0438",
    )
    assert parse_task("polish the samovar twice", "old_samovar").unknown == ("twice",)


def test_part_that_is_not_known_is_named_and_makes_unsure() -> None:
    parsed = parse_task("lift it by the flibbet")
    assert parsed.missing == ("flibbet",)
    assert parsed.certainty < 0.6 * parse_task("lift it").certainty
    assert parse_task("lift it by the handle").missing == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("handel", "handle"),
        ("hanlde", "handle"),
        ("hamer", "hammer"),
        ("tighen", "tighten"),
        ("cary", "carry"),
        ("whisck", "whisk"),
        ("nead", "knead"),
        ("riggle", "riggle"),
        *[(word, word) for word in ("plate", "bread", "piece", "candle", "cup", "hopping")],
    ],
)
def test_slips_of_the_pen_are_mended_where_little_else_is_meant(word: str, meant: str) -> None:
    mended, notes = correct_spelling([word], lexicon())
    assert mended == [meant]
    assert bool(notes) == (word != meant)


def test_what_was_mended_is_said() -> None:
    assert any(
        '"handel" is read as "handle"' in line for line in parse_task("by the handel").evidence
    )


def test_name_of_the_object_is_no_slip() -> None:
    assert "handle" in " ".join(parse_task("polish the handel").evidence)
    assert "handle" not in " ".join(parse_task("polish the handel", "bust_of_handel").evidence)


def test_part_that_the_object_is_named_after_is_the_object() -> None:
    assert held(parse_task("lift the lid", "pan_lid")) == set()
    assert held(parse_task("lift the lid by its knob", "pan_lid")) == {"knob"}
    assert held(parse_task("lift the lid", "jar_with_lid")) == {"closure"}


def test_what_a_tool_is_for_is_not_the_tool() -> None:
    assert not parse_task("dry the hair", "hair_dryer").worked_on
    assert parse_task("dry the kettle", "old_kettle").worked_on


def test_sure_words_are_surer_than_vague_ones() -> None:
    assert parse_task("pour the water").certainty > parse_task("some pouring perhaps").certainty > 0


def test_object_named_in_the_task_may_be_what_is_worked_on() -> None:
    assert parse_task("slice the melon", "melon").worked_on
    assert not parse_task("slice the melon", "cleaver").worked_on


@pytest.mark.parametrize(
    ("task", "name", "action"),
    [
        ("pry open the crate", "chisel", "lever"),
        ("pry open the crate", "crate", "open"),
        ("unscrew the jar", "jar", "open"),
        ("unscrew the hinge", "screwdriver", "turn"),
    ],
)
def test_a_thing_is_opened_itself_or_opens_another(task: str, name: str, action: str) -> None:
    parsed = parse_task(task, name)
    assert parsed.action is not None
    assert parsed.action.name == action


def test_what_is_done_with_another_tool_is_done_to_the_object() -> None:
    assert parse_task("stir the cocoa in the mug with a spoon", "mug").worked_on
    assert not parse_task("stir the cocoa with the spoon", "spoon").worked_on


def test_evidence_quotes_the_words() -> None:
    parsed = parse_task("lift it by the strap")
    assert any('"strap"' in line for line in parsed.evidence)


@hypothesis.given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    parsed = parse_task(text, text)
    assert 0.0 <= parsed.certainty <= 1.0


def test_long_text_is_cut() -> None:
    assert parse_task("pour " * 100_000).verb == "pour"


def test_no_verb_belongs_to_two_deeds() -> None:
    file = importlib.resources.files("zdg_jax.planning.rules.language") / "lexicon.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    for group in ("actions", "parts"):
        lists = data[group].values()
        names = [n for entry in lists for n in (entry["verbs"] if group == "actions" else entry)]
        twice = [name for name, count in collections.Counter(names).items() if count > 1]
        assert twice == []
    functions = set(data["parts"])
    for action in lexicon().actions.values():
        assert {*action.hold, *action.avoid, *action.press} <= functions


def test_forms() -> None:
    assert verb_forms("stop", {}) == ["stop", "stops", "stopping", "stopped"]
    assert verb_forms("wipe", {}) == ["wipe", "wipes", "wiping", "wiped"]
    assert verb_forms("push", {}) == ["push", "pushes", "pushing", "pushed"]
    assert noun_forms("switch", {}) == ["switch", "switches"]
    assert noun_forms("tooth", {"teeth": "tooth"})[-1] == "teeth"


@pytest.mark.parametrize(
    ("task", "name", "action"),
    [
        ("pry the lid off a tin of paint", "screwdriver", "lever"),
        ("twist the cap off a jar", "strap_wrench", "turn"),
        ("twist the cap off the bottle", "bottle", "open"),
        ("twist the cap off a bottle", "bleach_bottle", "open"),
        ("swirl the wine", "wineglass", "swirl"),
        ("squeeze the tongs", "tongs", "squeeze"),
        ("eat soup from the bowl", "bowl", "drink"),
        ("eat soup with the spoon", "spoon", "handle_food"),
    ],
)
def test_a_part_of_another_thing_is_worked_with_this_one(task: str, name: str, action: str) -> None:
    parsed = parse_task(task, name)
    assert parsed.action is not None
    assert parsed.action.name == action
    if action in ("lever", "turn"):
        assert not parsed.hold


@pytest.mark.parametrize(
    ("task", "name", "action"),
    [
        ("give the pan a stir", "saucepan", "stir"),
        ("give it a good shake", "bottle", "shake"),
        ("give the plants some water", "watering_can", "pour"),
        ("give me some water", "jug", "hand_over"),
        ("pop the mug on the shelf", "mug", "place"),
        ("pop the cork", "flask", "open"),
        ("a screwdriver for her", "screwdriver", "hand_over"),
        ("knife to him, please", "knife", "hand_over"),
        ("rinse out the jug", "pitcher", "clean"),
        ("rinse out the sink", "pitcher", "brush"),
        ("polish the torch", "flashlight", "clean"),
        ("bend the wire with the pliers", "pliers", "turn"),
        ("open the packet with the scissors", "scissors", "turn"),
        ("prise the lid off the paint tin", "screwdriver", "lever"),
        ("prise the lid off the paint tin", "paint_tin", "open"),
        ("toss the omelette", "skillet", "handle_food"),
        ("toss the beanbag", "beanbag", "throw"),
        ("put three holes in the wall", "auger", "bore"),
        ("look into the well with the lantern", "lantern", "aim"),
        ("look into the jar", "jar", "look"),
        ("peel back the lid", "sardine_tin", "open"),
        ("peel the carrots", "peeler", "cut"),
        ("check if there is soup left, lift the lid", "kettle", "open"),
        ("frobnicate that nail for me", "mallet", "use"),
        ("frobnicate the old mallet", "mallet", ""),
        ("blick your hands round the vase", "vase", "hold"),
        ("press the dough flat", "rolling_pin", "use"),
        ("press the button", "remote", "press"),
        ("screw the hinges to the door", "nut_runner", "turn"),
        ("screw the globe into the lamp", "glass_globe", "insert"),
        ("clip the papers together", "paper_clamp", "squeeze"),
        ("loosen the wheel nuts", "nut_runner", "turn"),
        ("blick some paint onto the canvas", "ladle", "use"),
        ("take a sip of tea", "ladle", "drink"),
        ("she needs the pliers", "pliers", "hand_over"),
        ("hold the nut still with the pliers", "pliers", "use"),
    ],
)
def test_deeds_that_are_given_and_things_of_two_names(task: str, name: str, action: str) -> None:
    parsed = parse_task(task, name)
    assert (parsed.action.name if parsed.action else "") == action
    assert not parsed.avoid


@pytest.mark.parametrize("task", ["lid off, please", "cap off"])
def test_what_closes_comes_off_without_a_verb(task: str) -> None:
    parsed = parse_task(task, "jar")
    assert parsed.action is not None
    assert parsed.action.name == "open"
    assert held(parsed) == {"closure"}


def test_words_for_parts_that_hang_on_the_object() -> None:
    parsed = parse_task("hang them up by the headband", "headphones")
    assert held(parsed) == {"handle"}
    assert not parsed.unknown
    assert held(parse_task("hold the bowl by the edge", "bowl")) == {"rim"}
    assert spared(parse_task("mind the edge", "knife")) == {"tool"}


def test_words_of_text_messages() -> None:
    parsed = parse_task("stir the paint w/ the stick w/o ur hand touching its tip pls", "stick")
    assert not parsed.worked_on
    assert spared(parsed) == {"tip"}
    assert parsed.unknown == ()


def test_what_a_tool_is_used_by_does_the_work() -> None:
    assert spared(parse_task("pull out a tack using the claw", "mallet")) == {"tip"}
    assert held(parse_task("move it using only the grip", "mallet")) == {"handle"}
    assert held(parse_task("swap the blade: hold the collar tight", "router")) == {"neck"}


def test_heat_alone_is_a_task() -> None:
    parsed = parse_task("careful, it is hot", "cup")
    assert parsed.hot
    assert parsed.certainty > 0.5


def test_names_of_the_objects_own_parts() -> None:
    names = ["backrest", "back", "pen clip 2"]
    named = functools.partial(parse_task, name="chair", parts=names)
    assert held(named("carry it by the backrest")) == {"part named backrest"}
    assert spared(named("do not touch the clips")) == {"part named clip"}
    assert held(named("lift it by its back")) == {"part named back"}
    assert not named("put the chair back").hold
    assert not parse_task("carry it by the backrest", "chair").hold
