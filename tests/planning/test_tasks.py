"""The share of tasks in which the rules pick the right parts: test assets, scored by faces.

The assets say for each task which parts should be held and which spared, and where on the mesh
those parts lie. No rule knows these objects or sentences; the lexicon knows some of them as one of
two words for a thing.
"""

from __future__ import annotations

import csv
import functools
import json
import pathlib
import re

import numpy as np
import pytest

import zdg_jax.planning
from benchmarks import written
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.objects import Object
from zdg_jax.planning.rules.granularity import read_shape
from zdg_jax.planning.rules.language.task_parsing import parse_task
from zdg_jax.planning.rules.part_choice import choose_parts

_WANTED = 0.6
"""Share of the held faces, by number and by area, that must lie on a wanted part."""
_SPARED = 0.4
"""Share of them that may lie on a part to avoid."""


def shares(held: np.ndarray, on: np.ndarray, area: np.ndarray) -> tuple[float, float]:
    """Shares of held faces (f,) that lie on some faces (f,): by number, and by area (f,)."""
    return float(on[held].mean()), float(area[held & on].sum() / area[held].sum())


@pytest.mark.slow
def test_right_parts_in_all_twenty_tasks(shared_assets: pathlib.Path) -> None:
    folder = shared_assets / "objects"
    index = (folder / "index.csv").read_text().splitlines()
    rows = {row["name"]: row for row in csv.DictReader(index)}
    rules = json.loads((folder / "parts.json").read_text())

    @functools.cache
    def load(name: str) -> Object:
        row = rows[name]
        return Object.from_mesh(folder / row["file"], scale=float(row["scale_to_m"]))

    cases = json.loads((shared_assets / "tasks.json").read_text())
    failed = []
    for case in cases:
        obj = load(case["object"])
        parsed = parse_task(case["task"], obj.name or "")
        reading = read_shape(obj, parsed)
        choice = choose_parts(parsed, reading.shape, reading.affordances)[0]
        marks = [piece for mark, _ in choice.held for piece in reading.shape.part(mark).marks]
        names, labels = written.face_labels(obj, rules[case["object"]])
        _, area = facets(obj.vertices, obj.faces)
        held = np.isin(obj.face_parts, marks)
        wanted, spared = (
            np.isin(labels, [names.index(name) for name in case[key]]) for key in ("on", "avoid")
        )
        if min(shares(held, wanted, area)) < _WANTED or max(shares(held, spared, area)) > _SPARED:
            failed.append(f"{case['object']}: {case['task']}")
    assert len(cases) == 20
    assert not failed, failed


def test_no_rule_knows_the_tasks(shared_assets: pathlib.Path) -> None:
    cases = json.loads((shared_assets / "tasks.json").read_text())
    folder = pathlib.Path(zdg_jax.planning.__file__).parent
    files = [path for path in folder.rglob("*") if path.suffix in (".py", ".json", ".md")]
    text = "\n".join(path.read_text(encoding="utf-8").lower() for path in files)
    # Two words for one thing, as a dictionary has them, say nothing of how it is held.
    text = re.sub(r'"same_things": .*\n', "", text)
    for case in cases:
        assert case["task"].lower() not in text
        assert case["object"] not in text
