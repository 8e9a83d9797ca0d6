"""The data card: a dataset's README, with counts, shares that hold, versions and licence."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from zdg_jax.datasets.layout import Layout
from zdg_jax.datasets.planned import PlannedDataset
from zdg_jax.errors import InputError
from zdg_jax.export.conventions import CONVENTIONS
from zdg_jax.runtime.files import atomic_write

_MOST_ROWS = 200
"""Lines of a table of objects; the rest is counted."""

_SEAL = "\n<!-- written by zdg dataset merge, {} -->\n"
"""Last line of a card: the hash of what is above it tells whether somebody changed it."""


@dataclasses.dataclass(kw_only=True)
class _Sums:
    jobs: int = 0
    made: int = 0
    tested: int = 0
    held: int = 0
    kept: int = 0

    def cells(self) -> str:
        share = f"{self.held / self.tested:.0%}" if self.tested else "not tested"
        return f"{self.jobs} | {self.made} | {self.held} | {share} | {self.kept}"


class CardCounts:
    """Counts of grasps by hand, object and task, added up job by job."""

    def __init__(self) -> None:
        """Starts at zero."""
        self.by: dict[str, dict[str, _Sums]] = {
            name: collections.defaultdict(_Sums) for name in ("all", "hand", "object", "task")
        }
        self.versions: collections.Counter[str] = collections.Counter()
        self.devices: collections.Counter[str] = collections.Counter()
        self.reasons: collections.Counter[str] = collections.Counter()

    def add(self, record: dict[str, Any], shard: pa.Table) -> None:
        """Adds a job.

        Args:
            record: what its shard keeps of it.
            shard: its rows.
        """
        job, provenance = record["job"], record["provenance"]
        numbers = {
            name: int(pc.sum(shard[name]).as_py() or 0) for name in ("tested", "held", "kept")
        }
        keys = {
            "all": "all",
            "hand": job["hand"]["name"],
            "object": job["object"]["name"],
            "task": job["task"],
        }
        for group, key in keys.items():
            sums = self.by[group][key]
            sums.jobs += 1
            sums.made += len(shard)
            for name, value in numbers.items():
                setattr(sums, name, getattr(sums, name) + value)
        versions = provenance.get("versions", {})
        self.versions[", ".join(f"{name} {version}" for name, version in versions.items())] += 1
        self.devices[str(provenance.get("device"))] += 1
        for test in job["recipe"]["tests"][:1]:
            for item in pc.value_counts(shard[f"{test}_reason"]).to_pylist():
                self.reasons[item["values"]] += item["counts"]


def write_card(layout: Layout, planned: PlannedDataset, counts: CardCounts) -> None:
    """Writes the data card.

    Args:
        layout: the dataset.
        planned: its spec and jobs.
        counts: counts of what is merged.

    Raises:
        InputError: it cannot be written.
    """
    text = card_text(planned, counts)
    with atomic_write(layout.card) as file:
        file.write(f"{text}{_SEAL.format(_hash(text))}".encode())


def check_card(layout: Layout) -> None:
    """Refuses to replace a README that somebody else wrote or changed.

    Args:
        layout: the dataset.

    Raises:
        InputError: one is there.
    """
    if not layout.card.exists():
        return
    text = layout.card.read_text(errors="replace")
    body = text[: -len(_SEAL.format(_hash("")))]
    if text != f"{body}{_SEAL.format(_hash(body))}":
        raise InputError(
            f"{layout.card} was written or changed by somebody else; move it away, and put what is "
            "yours into the new one, or into the spec's description"
        )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def card_text(planned: PlannedDataset, counts: CardCounts) -> str:
    """Returns the data card as Markdown, with a head that hubs of data sets read.

    Args:
        planned: the dataset's spec and jobs.
        counts: counts of what is merged.
    """
    spec, total = planned.spec, counts.by["all"]["all"]
    recipe = spec.grasps
    tests = ", ".join(spec.tests) or "none"
    made = f"{recipe.make} grasps a job"
    if recipe.until is not None:
        made += f", until {recipe.until} that differ hold or {recipe.at_most} are made"
    held = (
        f"{total.held} of {total.tested} tested grasps hold" if total.tested else "none is tested"
    )
    lines = [
        "---",
        f"license: {spec.license.lower()}",
        f"pretty_name: {spec.name}",
        "configs:",
        "- config_name: grasps",
        "  data_files: tables/grasps/*.parquet",
        "- config_name: objects",
        "  data_files: tables/objects.parquet",
        "- config_name: hands",
        "  data_files: tables/hands.parquet",
        "---",
        "",
        f"# {spec.name}",
        "",
        *([spec.description, ""] if spec.description else []),
        f"Grasps of {len(counts.by['object'])} objects by {len(counts.by['hand'])} hands for "
        f"{len(counts.by['task'])} tasks: {total.made} grasps of {total.jobs} jobs "
        f"({len(planned.table)} planned), {held}, {total.kept} are kept.",
        "",
        f"- licence: {spec.license}",
        f"- made: {made}; tests: {tests}; planner: {spec.planner}; scene: {spec.scene}; "
        f"seed: {spec.seed}",
        *(f"- {n} jobs with {text}" for text, n in counts.versions.most_common()),
        *(f"- {n} jobs on {text}" for text, n in counts.devices.most_common()),
        "",
        "## Files",
        "",
        "| file | content |",
        "|---|---|",
        "| `tables/grasps/HAND-*.parquet` | one row per grasp; joint names, frames, units and the "
        "order of quaternions are in the schema |",
        "| `tables/objects.parquet`, `objects/` | facts of each object; mesh and convex pieces as "
        "GLB, object frame as it is |",
        "| `tables/hands.parquet`, `hands/` | facts of each hand; MJCF with its meshes |",
        "| `tables/jobs.parquet` | one row per object, hand and task: plan, physics, versions |",
        "",
        "## Conventions",
        "",
        *(
            f"- {key.replace('_', ' ')}: {text}"
            for key, text in CONVENTIONS.items()
            if key != "order"
        ),
    ]
    for group in ("hand", "task", "object"):
        lines += ["", f"## By {group}", ""]
        lines += [f"| {group} | jobs | grasps | hold | share of the tested | kept |"]
        lines += ["|---|---|---|---|---|---|"]
        rows = sorted(counts.by[group].items())
        lines += [f"| {_cell(key)} | {sums.cells()} |" for key, sums in rows[:_MOST_ROWS]]
        if len(rows) > _MOST_ROWS:
            lines += [f"| and {len(rows) - _MOST_ROWS} more | | | | | |"]
    if counts.reasons:
        lines += ["", f"## What the test `{spec.tests[0]}` said", "", "| result | grasps |"]
        lines += ["|---|---|"]
        lines += [f"| {reason} | {n} |" for reason, n in counts.reasons.most_common()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
