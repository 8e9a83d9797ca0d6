"""The list of rows, and commands that several of them give."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.harness import Maker, Outcome, Row

ROWS: list[Row] = []

HAND = ("hand", "hand.xml", "--no-picture")
PLAN = ("plan", "box.stl", "--task", "lift", "--planner", "rules", "--out", "o")
GRASP = ("grasp", "box.stl", "--task", "pick it up", "--planner", "rules", "--out", "o")
SMALL = ("--num", "16", "--keep", "4", "--hand", "hand.xml")
EXPORT = ("export", "grasps.npz", "--format", "json", "--out", "bench")


def add(
    name: str,
    maker: Maker,
    run: tuple[str, ...] | str,
    expect: Outcome,
    *,
    quick: bool = False,
    keeps: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    output: str = "",
) -> None:
    """Adds a row; arguments as of `Row`."""
    ROWS.append(
        Row(
            name=name,
            make=maker,
            run=run,
            expect=expect,
            quick=quick,
            keeps=keeps or {},
            environment=environment or {},
            output=output,
        )
    )
