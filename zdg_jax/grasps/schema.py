"""Sense of a file of grasps: types, ranges and agreements that its shapes do not show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import POSES
from zdg_jax.physics import HEAVIEST
from zdg_jax.runtime.kinds import has_controls
from zdg_jax.validation.results import Reason, Validation

_FARTHEST = 100.0
"""Greatest coordinate of a pose or a vertex [m], and joint [rad or m]."""
_UNIT = 1e-3
"""Tolerance of the length of a quaternion."""
_STICKING_OUT = 0.05
"""Reach of convex pieces beyond the object, at most, over its size: hulls are coarser."""
_LONGEST_TEXT = 4096
"""Characters of a name, a path or a task."""
_LIMITS = {"mass": HEAVIEST, "friction": 100.0, "volume": 1e3, "scale": 1e6}
"""Greatest numbers of an object."""


def check_meta(meta: Mapping[str, Any]) -> None:
    """Checks the JSON part of a file.

    Args:
        meta: its content.

    Raises:
        InputError: a field of another type, or a number out of range.
        KeyError: a field is missing.
    """
    _texts("status_names", meta["status_names"])
    _text("task", meta["task"])
    _number("alignment_weight", meta["alignment_weight"], least=0.0)
    hand, thing = _mapping("hand", meta["hand"]), _mapping("object", meta["object"])
    for key in ("name", "source", "fingerprint"):
        _text(f"hand.{key}", hand[key])
    _texts("hand.joint_names", hand["joint_names"])
    for key in ("link_names", "actuator_names"):
        _texts(f"hand.{key}", hand.get(key, []))
    for key in ("name", "mesh_hash"):
        _text(f"object.{key}", thing[key])
    if thing["source"] is not None:
        _text("object.source", thing["source"])
    for key, most in _LIMITS.items():
        _number(f"object.{key}", thing[key], above=0.0, most=most)
    for mark, name in _mapping("object.part_names", thing.get("part_names", {})).items():
        if not str(mark).isdecimal():
            raise InputError(f"object.part_names names the mark {mark!r}; a number is needed")
        _text("object.part_names", name)
    pieces = thing["pieces"]
    if isinstance(pieces, bool) or not isinstance(pieces, int) or pieces < 0:
        raise InputError(f"object.pieces is {pieces!r}; a count is needed")
    _mapping("provenance", meta["provenance"])
    for name, value in _mapping("physics", meta.get("physics") or {}).items():
        if value is not None:
            _number(f"physics.{name}", value, least=0.0)
    test = meta["validation"]
    if test is not None:
        for key in ("protocol", "backend"):
            _text(f"validation.{key}", _mapping("validation", test)[key])
        _texts("validation.loads", test["loads"])


def check_arrays(arrays: Mapping[str, np.ndarray], joints: int, statuses: int) -> None:
    """Checks the arrays of a file.

    Args:
        arrays: arrays by their names.
        joints: joints of the hand.
        statuses: names of statuses.

    Raises:
        InputError: an array of another type, or with values that cannot be.
        KeyError: an array is missing.
    """
    for name, array in arrays.items():
        kinds = "biuf" if name.startswith(("metric/", "validation/")) else "iuf"
        if name in ("kept", "validation/held", "validation/tested", "validation/survived_loads"):
            kinds = "b"
        if array.dtype.kind not in kinds:
            raise InputError(f"{name} has the type {array.dtype}")
    n = len(arrays["score"])
    for stage in POSES:
        for leaf, width in (("position", 3), ("quaternion", 4), ("joints", joints)):
            name = f"pose/{stage}/{leaf}"
            value = arrays[name]
            if value.shape != (n, width):
                raise InputError(f"{name} has shape {value.shape}; {(n, width)} is needed")
            _bounded(name, value)
        length = np.linalg.norm(arrays[f"pose/{stage}/quaternion"], axis=1)
        if n and np.abs(length - 1).max() > _UNIT:
            worst = float(length[np.abs(length - 1).argmax()])
            raise InputError(f"pose/{stage}/quaternion has the length {worst:.3g}; it must be 1")
    if "approach" in arrays:
        way = arrays["approach"]
        if way.ndim != 3 or way.shape[::2] != (n, 7 + joints) or not way.shape[1]:
            raise InputError(f"approach has shape {way.shape}; {(n, 'T', 7 + joints)} is needed")
        _bounded("approach", way)
    for name in [name for name in arrays if name.startswith("squeeze/")]:
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"{name} holds a number that is not finite")
    score = arrays["score"]
    if np.isnan(score).any() or np.isposinf(score).any():
        raise InputError("score holds NaN or infinity; -inf alone stands for a grasp without one")
    _check_object(arrays)
    status = arrays["status"]
    if n and not (status.min() >= 0 and status.max() < statuses):
        raise InputError(f"status codes are {np.unique(status)}; there are {statuses} names")
    if "validation/held" in arrays:
        _check_results(arrays)


def _check_object(arrays: Mapping[str, np.ndarray]) -> None:
    vertices = arrays["object/vertices"]
    _bounded("object/vertices", vertices)
    low, high = vertices.min(axis=0, initial=np.inf), vertices.max(axis=0, initial=-np.inf)
    spare = _STICKING_OUT * float(np.linalg.norm(high - low))
    for name, piece in arrays.items():
        if name.startswith("object/piece") and name.endswith("/vertices"):
            _bounded(name, piece)
            if np.any(piece < low - spare) or np.any(piece > high + spare):
                raise InputError(f"{name} lies outside of the object")
    marks = arrays.get("object/face_parts", np.zeros(1))
    if marks.size and marks.min() < 0:
        raise InputError(f"object/face_parts has the mark {marks.min()}; marks count from 0")


def _check_results(arrays: Mapping[str, np.ndarray]) -> None:
    rows = {name: arrays[f"validation/{name}"] for name in Validation.array_names()}
    unknown = set(np.unique(rows["reason"])) - {int(reason) for reason in Reason}
    if unknown:
        raise InputError(f"validation/reason has the code {min(unknown)}, which means nothing")
    held, reasons = rows["held"], rows["reason"]
    if held.shape == reasons.shape and not np.array_equal(held, reasons == Reason.HELD):
        raise InputError("validation/held and validation/reason contradict each other")
    survived, tested = rows["survived_loads"], rows["tested"]
    if survived.shape == tested.shape and np.any(survived & ~tested):
        raise InputError("validation/survived_loads marks loads that were not tested")
    for name, values in rows.items():
        if np.any(values < 0):
            raise InputError(f"validation/{name} is negative")


def _bounded(name: str, value: np.ndarray) -> None:
    if not np.isfinite(value).all():
        raise InputError(f"{name} holds a number that is not finite")
    if value.size and np.abs(value).max() > _FARTHEST:
        raise InputError(f"{name} goes to {np.abs(value).max():.3g}; the limit is {_FARTHEST:g}")


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{name} is {_kind(value)}; an object with names is needed")
    return value


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InputError(f"{name} is {_kind(value)}; a text is needed")
    if len(value) > _LONGEST_TEXT:
        raise InputError(
            f"{name} has {len(value):,} characters; at most {_LONGEST_TEXT:,} are read"
        )
    if has_controls(value, lines=True):
        raise InputError(f"{name} holds characters that cannot be printed: {value[:60]!r}")


def _texts(name: str, value: Any) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(f"{name} is {_kind(value)}; a list of texts is needed")
    for item in value:
        _text(name, item)


def _number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and least <= value <= most and value > above):
        bound = f"above {above:g}" if above > least else f"from {least:g}"
        bound += f" to {most:g}" if math.isfinite(most) else ""
        raise InputError(f"{name} is {str(value)[:40]}; a number {bound} is needed")


def _kind(value: Any) -> str:
    return f"of the type {type(value).__name__}"
