"""What a task asks to hold and to keep off: parts that its words name, and those that its action
implies."""

from __future__ import annotations

from zdg_jax.planning.grasp_plan import Intent
from zdg_jax.planning.rules.language.actions import PREPARING
from zdg_jax.planning.rules.language.task_parsing import ParsedTask, PartRequest

_TURNING = ("turn", "twist", "rotat", "wind", "pull the l")  # a lever or dial is held itself
_HEAT_SAFE = ("handle", "stem")


def requests_to_hold(parsed: ParsedTask) -> list[PartRequest]:
    """Lists what may be held for a task, the best first.

    Args:
        parsed: the task.
    """
    action = parsed.action
    if parsed.hold:
        requests = list(parsed.hold)
        if action and requests[0].function == "control":
            # A finger works it while the others hold what is beside it; and controls are often
            # too small to be parts.
            beside = [
                PartRequest(
                    function=name, name=name, weight=0.7, named=False, reason=action.because
                )
                for name in ("handle", "body")
            ]
            worked = action.name == "press" and not parsed.verb.startswith(_TURNING)
            requests = beside + requests if worked else requests + beside
        return requests
    functions = list(action.hold) if action else ["handle", "body"]
    because = action.because if action else "a handle, or what is near the middle, serves most ends"
    if is_steadied(parsed):
        functions = ["body", "handle"]
        because = "the action is done to the object: it is steadied around its middle"
    if parsed.hot:
        safe = [name for name in ("stem", "handle") if name in functions]
        safe += [name for name in ("handle", "stem") if name not in safe]
        functions = safe + [name for name in functions if name not in safe and name != "vessel"]
    spared = {request.function for request in parsed.avoid if request.weight >= 0.9}
    if "tip" in spared:
        spared.add("tool")  # a tip is the end of what works
    functions = [name for name in functions if name not in spared] or ["other"]
    return [
        PartRequest(function=name, name=name, weight=1.0, named=False, reason=because)
        for name in functions
    ]


def is_steadied(parsed: ParsedTask) -> bool:
    """Tells whether a tool's action is done to the object: "slice the loaf", loaf in hand.

    Args:
        parsed: the task.
    """
    action = parsed.action
    if action is not None and action.name == "open":
        return parsed.with_another  # "open the can with an opener"
    return parsed.worked_on and action is not None and action.hold == ("handle",)


def requests_to_avoid(parsed: ParsedTask, held: str) -> list[PartRequest]:
    """Lists what a task asks to keep off.

    Args:
        parsed: the task.
        held: function for which a part is held.
    """
    requests = list(parsed.avoid)
    named = {request.function for request in parsed.hold}
    action = parsed.action
    spared = {request.function for request in requests}
    if action and not is_steadied(parsed):
        requests += [
            PartRequest(function=name, name=name, weight=0.7, named=False, reason=action.because)
            for name in action.avoid
            if name not in named | spared and name != held
        ]
    if parsed.hot and held in (*_HEAT_SAFE, "other"):
        requests += [
            PartRequest(
                function=name,
                name=name,
                weight=0.8,
                named=False,
                reason="it may be hot or must not be warmed",
            )
            for name in ("vessel", "outlet", "tool")
            if name not in named and name != held
        ]
    return requests


def hands_over(parsed: ParsedTask) -> bool:
    """Tells whether someone else is to take the object.

    Args:
        parsed: the task.
    """
    return parsed.action is not None and parsed.action.intent is Intent.HAND_OVER


def any_part_will_do(parsed: ParsedTask) -> bool:
    """Tells whether the action is only to get hold of the object, with no danger in it.

    Args:
        parsed: the task.
    """
    return parsed.action is not None and parsed.action.name in PREPARING and not parsed.hot
