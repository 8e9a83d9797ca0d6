"""The list of a set in a page's panel: filters, sorting, and rows to be clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.viewer import grasp_list
from zdg_jax.viewer.grasp_list import ANY, SHOWN, GraspFilter
from zdg_jax.viewer.grasp_nodes import verdict_colors
from zdg_jax.viewer.text import paragraphs

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand.fingers import Finger

ROWS = 10
"""Grasps on a page of the list."""


class ListControls:
    """Filters and rows. What they show changes only by `refresh`, `turn` and `fill`."""

    def __init__(
        self, server: viser.ViserServer, grasps: GraspSet, fingers: Sequence[Finger]
    ) -> None:
        """Prepares; nothing is in the page yet.

        Args:
            server: the page's server.
            grasps: the grasps.
            fingers: fingers of their hand.
        """
        self._gui, self._grasps = server.gui, grasps
        self._touch = grasp_list.touching(grasps, fingers)
        test = grasps.validation
        self._reasons = None if test is None else test.reasons  # made anew whenever it is asked
        self._parts: Sequence[frozenset[str]] | None = None
        self._page = 0
        self.listed = np.zeros(0, int)
        """Numbers of the grasps that the filters let through, in the list's order."""

    def build(
        self,
        changed: Callable[[], None],
        turned: Callable[[str], None],
        clicked: Callable[[int], None],
    ) -> None:
        """Adds the controls.

        Args:
            changed: called when a filter or the order changes.
            turned: called with `first`, `previous`, `next` or `last` for another page.
            clicked: called with the number of the grasp whose row is clicked.
        """
        gui = self._gui
        reasons = grasp_list.reasons(self._grasps)
        touches = grasp_list.choices(self._touch)
        kinds = grasp_list.choices(grasp_list.grips(self._grasps))
        names = grasp_list.orders(self._grasps)
        self._shown = gui.add_dropdown("show", SHOWN, initial_value=SHOWN[0])
        self._reason = gui.add_dropdown("test says", reasons, initial_value=ANY)
        self._touching = gui.add_dropdown("touching", touches, initial_value=ANY)
        self._part = gui.add_dropdown(
            "part",
            (ANY,),
            initial_value=ANY,
            hint="Of a set that does not state parts: once they are in colour.",
        )
        self._grip = gui.add_dropdown("type", kinds, initial_value=ANY)
        self._order = gui.add_dropdown("sort by", names, initial_value=names[0])
        for control in (
            self._shown,
            self._reason,
            self._touching,
            self._part,
            self._grip,
            self._order,
        ):
            control.on_update(lambda _: changed())
        self._count = gui.add_html("")
        self._rows = [gui.add_button("", visible=False) for _ in range(ROWS)]
        for k, row in enumerate(self._rows):
            row.on_click(lambda _, k=k: clicked(self._number_of_row(k)))  # type: ignore[misc]
        pages = gui.add_button_group("page", ("first", "previous", "next", "last"))
        pages.on_click(lambda _: turned(pages.value))

    def set_parts(self, names: Sequence[str], touched: Sequence[frozenset[str]] | None) -> None:
        """Lets the list be filtered by part.

        Args:
            names: names of the object's parts.
            touched: names of the parts that each grasp touches; None where nothing says.
        """
        self._parts = touched
        anywhere: frozenset[str] = frozenset().union(*(touched or []))
        self._part.options = (ANY, *dict.fromkeys(name for name in names if name in anywhere))

    def refresh(self) -> np.ndarray:
        """Filters and sorts anew, and goes to the first page; `fill` then shows it.

        Returns:
            `listed`.
        """
        chosen = GraspFilter(
            show=self._shown.value,
            reason=self._reason.value,
            touch=self._touching.value,
            part=self._part.value,
            grip=self._grip.value,
            order=self._order.value,
        )
        self.listed = grasp_list.listed(self._grasps, chosen, self._touch, self._parts)
        self._page = 0
        return self.listed

    def turn(self, where: str) -> None:
        """Goes to another page; `fill` then shows it.

        Args:
            where: `first`, `previous`, `next` or `last`.
        """
        last = max(0, (len(self.listed) - 1) // ROWS)
        self._page = {
            "first": 0,
            "previous": max(0, self._page - 1),
            "next": min(last, self._page + 1),
            "last": last,
        }[where]

    def turn_to(self, number: int) -> None:
        """Goes to the page on which a grasp is listed, if it is.

        Args:
            number: number of the grasp.
        """
        places = np.flatnonzero(self.listed == number)
        if len(places):
            self._page = int(places[0]) // ROWS

    def neighbour(self, number: int, steps: int) -> int | None:
        """Finds a grasp further down the list, or up; the list is a ring.

        Args:
            number: number of the grasp from which to count.
            steps: rows to go down.

        Returns:
            Its number; None in an empty list.
        """
        if not len(self.listed):
            return None
        places = np.flatnonzero(self.listed == number)
        place = int(places[0]) if len(places) else 0
        return int(self.listed[(place + steps) % len(self.listed)])

    def fill(self, selected: int) -> None:
        """Writes the rows of the page.

        Args:
            selected: number of the grasp to be marked.
        """
        first, total = self._page * ROWS, len(self.listed)
        shown = f"{first + 1} to {min(first + ROWS, total)} of {total}" if total else "no grasp"
        self._count.content = paragraphs([f"{shown}; {len(self._grasps)} in the set"])
        for k, row in enumerate(self._rows):
            row.visible = first + k < total
            if row.visible:
                number = int(self.listed[first + k])
                row.label = f"{'▶ ' if number == selected else ''}{self._text(number)}"
                row.color = self._color(number)

    def _number_of_row(self, k: int) -> int:
        return int(self.listed[self._page * ROWS + k])

    def _text(self, number: int) -> str:
        grasps = self._grasps
        text = f"{number} · {grasps.score[number]:.3f}"
        order = self._order.value
        if order in grasps.metrics:
            text += f" · {order} {grasps.metrics[order][number]:.3g}"
        if grasps.validation is not None and self._reasons is not None:
            survived = int(grasps.validation.survived_loads[number].sum())
            text += f" · {self._reasons[number]} {survived}/{len(grasps.validation.loads)}"
        return text + ("" if grasps.kept[number] else " · not kept")

    def _color(self, number: int) -> tuple[int, int, int]:
        one = slice(number, number + 1)
        red, green, blue = verdict_colors(self._grasps.held[one], self._grasps.tested[one])[0]
        return (int(red), int(green), int(blue))
