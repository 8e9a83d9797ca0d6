"""One grasp in words: where the wrist is, how each joint stands, and what is known of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.hand.poses import POSES

_WIDTH = 80


def describe_grasp(grasps: GraspSet, number: int) -> str:
    """Describes one grasp in full, in lines of at most 80 characters where its names allow.

    Args:
        grasps: the set.
        number: number of the grasp in it.

    Raises:
        IndexError: no such grasp.
    """
    grasp = grasps[number]
    state = "kept" if grasp.kept[0] else "not kept"
    title = f"grasp {number} of {len(grasps)}, '{grasp.object.name}' by '{grasp.hand.name}'"
    if grasp.task:
        title += f' for "{grasp.task}"'
    sections = [
        textwrap.fill(title, _WIDTH),
        f"rank {grasps.rank[number]}, score {grasp.score[0]:.4f}, {state},"
        f" refinement: {grasp.status_names[grasp.status[0]]}",
        _wrist(grasp),
        _joints(grasp),
        _forces(grasp),
        _numbers("metrics (SI units)", grasp.metrics),
        _numbers("energy terms, unweighted", grasp.terms),
        _physics(grasp),
    ]
    return "\n\n".join(section for section in sections if section)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligns the columns of a table: words to the left in the first, numbers to the right.

    Args:
        titles: titles of the columns.
        rows: cells of each row.
    """
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in (titles, *rows)
    ]


def _wrist(grasp: GraspSet) -> str:
    lines = ["wrist in the grasp, T_object_hand [m]"]
    for row in grasp.grasp.matrix()[0]:
        lines.append("  " + "  ".join(f"{value:10.6f}" for value in row))
    return "\n".join(lines)


def _joints(grasp: GraspSet) -> str:
    values = np.stack([np.asarray(getattr(grasp.poses, stage).joints)[0] for stage in POSES])
    rows = [
        (name, *(f"{value:.4f}" for value in values[:, k]))
        for k, name in enumerate(grasp.hand.joint_names)
    ]
    return "\n".join(table(("joint [rad, m for slides]", *POSES), rows))


def _forces(grasp: GraspSet) -> str:
    """Contacts of the squeeze and the actuators' forces, where the set has them."""
    if grasp.forces is None:
        return ""
    links, actuators = grasp.hand.link_names, grasp.hand.actuator_names
    rows = [
        (
            links[link] if link < len(links) else f"link {link}",
            *(f"{1e3 * x:.1f}" for x in point),
            *(f"{f:.2f}" for f in force),
        )
        for link, point, force in zip(
            grasp.forces.links[0], grasp.forces.points[0], grasp.forces.forces[0], strict=True
        )
        if link >= 0
    ]
    titles = ("contact", "x mm", "y mm", "z mm", "fx N", "fy N", "fz N")
    torques = [f"{torque:.3f}" for torque in grasp.forces.torques[0]]
    if len(actuators) == len(torques):
        torques = [f"{name} {torque}" for name, torque in zip(actuators, torques, strict=True)]
    return "\n".join(
        [
            "contacts of the squeeze and forces on the object, object frame",
            *table(titles, rows),
            *textwrap.wrap(f"actuators [N m, N for slides]: {', '.join(torques)}", _WIDTH),
        ]
    )


def _numbers(title: str, values: Mapping[str, np.ndarray]) -> str:
    if not values:
        return ""
    return "\n".join(table((title, ""), [(name, f"{v[0]:.5g}") for name, v in values.items()]))


def _physics(grasp: GraspSet) -> str:
    test = grasp.validation
    if test is None or not grasp.tested[0]:
        return "not tested in physics"
    lines = textwrap.wrap(f"{test.protocol} ({test.backend}): {test.reasons[0]}", _WIDTH)
    if not np.isnan(test.failed_at[0]):
        lines.append(f"failure seen after {test.failed_at[0]:.3f} s")
    lines.append(f"{test.contacts[0]} links touch with {test.force[0]:.3g} N after the squeeze")
    rows = []
    for k, load in enumerate(test.loads):
        word = "survived" if test.survived_loads[0, k] else "lost"
        drift, turn = 1e3 * test.drift[0, k], np.degrees(test.turn[0, k])
        rows.append((load, word if test.tested[0, k] else "not tried", _cell(drift), _cell(turn)))
    return "\n".join([*lines, *table(("load", "", "drift mm", "turn deg"), rows)])


def _cell(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"
