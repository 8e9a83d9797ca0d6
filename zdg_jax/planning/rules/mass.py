"""Mass and material of an object as the rules guess them: its kind, by its name, and its size.

A kind says of which material a thing is, how thick its shell is and what fills it. With the
volume V that the mesh encloses and its area A, at most that of its convex hull, a shell of
thickness w has the volume w A; where the mesh models both faces of the wall, w A / 2; never more
than V.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
import json
from collections.abc import Sequence

import numpy as np
from scipy import spatial

from zdg_jax.planning.materials import Material
from zdg_jax.planning.rules.language.clauses import tokenize
from zdg_jax.planning.rules.language.lexicon import lexicon, noun_forms

_WALL_MODELLED = 5.0  # a mesh thinner than so many of its kind's walls may model their two faces
_HOLLOW = 0.6  # and does so where it encloses less than this share of its convex hull
_FILLED = 0.8  # share of a full vessel's inside that its contents take
_WATER = 1000.0  # density of what a full vessel holds [kg/m^3]
_RANGE = (0.002, 50.0)  # masses of what a hand is asked to hold [kg]
_SHORTEST_HEAD = 3  # letters of a noun that is looked for at the end of compounds
_AWAY = frozenset(
    [
        "into",
        "onto",
        "to",
        "in",
        "on",
        "at",
        "through",
        "over",
        "against",
        "between",
        "off",
        "from",
        "of",
    ]
)
_FULL, _EMPTY = frozenset(["full", "filled"]), frozenset(["empty", "emptied"])


@dataclasses.dataclass(frozen=True, kw_only=True)
class MassGuess:
    """Mass and material of an object."""

    mass: float
    """Mass [kg]."""
    material: Material
    """Material of the surface."""
    evidence: str
    """Grounds of the guess, in words."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kind:
    name: str
    material: Material
    wall: float | None  # [m]; None where it is solid
    density: float
    content: float
    holds_liquid: bool


def guess_mass(
    category: str, task: str, vertices: np.ndarray, faces: np.ndarray, volume: float
) -> MassGuess:
    """Guesses an object's mass and material from its name, its size and the task's words.

    Args:
        category: name of the object, such as "jug".
        task: the task in words; a name there counts only where `category` is of no known kind.
        vertices: corners of the mesh, (v, 3) [m].
        faces: triangles, (f, 3).
        volume: volume that the mesh encloses [m^3].
    """
    kind, noun = _kind(category, task)
    shell, inside, open_vessel = _volumes(kind, vertices, faces, volume)
    words = set(tokenize(task, lexicon()))
    content = 0.0 if open_vessel or words & _EMPTY else kind.content
    if kind.holds_liquid and words & _FULL:
        content = _FILLED * _WATER
    mass = float(np.clip(kind.density * shell + content * inside, *_RANGE))
    state = "solid"
    if kind.wall is not None:
        state = f"filled with {content:.0f} kg/m3" if content else "empty"
    named = f'"{noun}" ({kind.name})' if noun else kind.name
    return MassGuess(
        mass=float(f"{mass:.2g}"),
        material=kind.material,
        evidence=(
            f"{named}: {kind.material} of {kind.density:.0f} kg/m3, {state}, in the "
            f"{1e6 * volume:.0f} cm3 that the mesh encloses"
        ),
    )


def _volumes(
    kind: _Kind, vertices: np.ndarray, faces: np.ndarray, volume: float
) -> tuple[float, float, bool]:
    """Volumes of the shell and of its inside [m^3], and whether the mesh models an open vessel."""
    if kind.wall is None:
        return volume, 0.0, False
    corners = np.asarray(vertices, np.float64)[np.asarray(faces)]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * float(np.linalg.norm(cross, axis=1).sum())
    hull = spatial.ConvexHull(np.asarray(vertices, np.float64)[np.unique(faces)])
    thin = 2 * volume < _WALL_MODELLED * kind.wall * area
    if thin and volume < _HOLLOW * hull.volume:
        return min(volume, kind.wall * area / 2), float(hull.volume) - volume, True
    # Surfaces inside a closed mesh are no part of its shell.
    shell = min(volume, kind.wall * min(area, float(hull.area)))
    return shell, volume - shell, False


def _kind(category: str, task: str) -> tuple[_Kind, str]:
    """The kind of an object, and the noun that says so; "" where none does."""
    lex = lexicon()
    named = tokenize(category.replace("_", " "), lex)
    # English compounds end with what the thing is: a mustard bottle is a bottle.
    for end in range(len(named), 0, -1):
        if kind := _lookup(named[:end]):
            return kind, named[end - 1]
    words = tokenize(task, lex)
    for index, word in enumerate(words):
        before = words[index - 2] if index > 1 else ""
        definite = index > 0 and words[index - 1] in lex.words["definite"]
        part = (word,) in lex.nouns
        if definite and not part and before not in _AWAY and (kind := _lookup([word])):
            return kind, word
    return _kinds()[1], ""


def _lookup(words: Sequence[str]) -> _Kind | None:
    """The kind of the thing that a phrase ends with; None where the table lacks it."""
    table = _kinds()[0]
    for phrase in (" ".join(words[-2:]), words[-1]):
        if phrase in table:
            return table[phrase]
    word = words[-1]
    for start in range(1, len(word) - _SHORTEST_HEAD + 1):
        if word[start:] in table:
            return table[word[start:]]
    return None


@functools.cache
def _kinds() -> tuple[dict[str, _Kind], _Kind]:
    """Kinds by noun in singular and plural, and the kind of everything else."""
    file = importlib.resources.files("zdg_jax.planning.rules") / "kinds.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    table = {
        form: _read_kind(entry)
        for entry in data["kinds"]
        for noun in entry["nouns"]
        for form in noun_forms(noun, {"knives": "knife", "loaves": "loaf"})
    }
    return table, _read_kind(data["unknown"])


def _read_kind(entry: dict) -> _Kind:
    material = Material(entry["material"])
    return _Kind(
        name=entry["name"],
        material=material,
        wall=None if entry["wall"] is None else entry["wall"] / 1e3,
        density=float(entry.get("density", material.density)),
        content=float(entry.get("content", 0.0)),
        holds_liquid=bool(entry.get("holds_liquid", False)),
    )
