"""A set of grasps in a page: list, filters, the way of the hand, and what is known of a grasp."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import ZdgError
from zdg_jax.grasps.grasp_text import describe_grasp
from zdg_jax.grasps.summary import headline, unmet_requests
from zdg_jax.rendering.colors import OBJECT
from zdg_jax.validation.results import Reason
from zdg_jax.viewer.grasp_nodes import ContactsNode, MarksNode, SurroundingsNode, verdict_colors
from zdg_jax.viewer.grasp_path import STAGES, GraspWays
from zdg_jax.viewer.list_controls import ListControls
from zdg_jax.viewer.nodes import HandNode, ObjectNode
from zdg_jax.viewer.object_parts import ObjectParts, prepare_again
from zdg_jax.viewer.playback import Playback
from zdg_jax.viewer.text import paragraphs, preformatted, table

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.hand.appearance import HandAppearance
    from zdg_jax.validation import Protocol

_GRASP = float(STAGES.index("grasp"))
_STEP = 0.04
"""Time between two poses of a hand that walks its way [s]."""


class GraspPanel:
    """One set of grasps: its nodes in the scene and its controls.

    Handlers run in threads of the server; what they change is changed under one lock.
    """

    def __init__(
        self,
        server: viser.ViserServer,
        grasps: GraspSet,
        look: HandAppearance,
        *,
        root: str,
        place: np.ndarray,
        hand: Hand | str | os.PathLike[str] | None,
        protocol: Protocol | None,
    ) -> None:
        """Adds the nodes.

        Args:
            server: the page's server.
            grasps: the grasps.
            look: their hand.
            root: name of the node above all others of this set.
            place: position of the object's frame in the page, (3,) [m].
            hand: see `view_grasps`.
            protocol: see `view_grasps`.
        """
        self.grasps, self._server, self._look = grasps, server, look
        self._hand_source, self._protocol = hand, protocol
        self._lock = threading.RLock()
        self._parts = ObjectParts.stated(grasps.object, grasps.plan)
        self._list = ListControls(server, grasps, look.fingers)
        self.selected = -1
        """Number of the grasp that is shown; -1 for none."""

        server.scene.add_frame(root, show_axes=False, position=place)
        record = grasps.object
        self._object = ObjectNode(server, f"{root}/object", record.vertices, record.faces, OBJECT)
        self._contacts = ContactsNode(server, f"{root}/object/contacts")
        self._hand = HandNode(server, f"{root}/hand", look)
        self._hand.frame.visible = len(grasps) > 0
        self._ways = GraspWays(grasps, look)
        self._around = SurroundingsNode(server, f"{root}/scene", grasps)
        self._marks = MarksNode(
            server,
            f"{root}/marks",
            look.palm_positions(np.asarray(grasps.grasp.qpos)),
            verdict_colors(grasps.held, grasps.tested),
            place=place,
            clicked=self.select,
        )

    def build(self, title: str) -> None:
        """Adds the controls to the page, where its next ones go, and selects the first grasp.

        Args:
            title: name of the set.
        """
        gui = self._server.gui
        gui.add_html(paragraphs([title, headline(self.grasps), *unmet_requests(self.grasps)]))
        if not len(self.grasps):
            self._add_plan()
            return
        self.slider = gui.add_slider(
            "stage",
            min=0.0,
            max=float(len(STAGES) - 1),
            step=0.01,
            initial_value=_GRASP,
            marks=tuple(enumerate(STAGES)),
        )
        self.slider.on_update(lambda _: self._guarded(self._move))
        play = gui.add_button("play", hint="Walk from approach to squeeze.")
        play.on_click(lambda _: self._walk())
        with gui.add_folder("show", expand_by_default=False):
            self._add_looks()
        with gui.add_folder("grasps"):
            self._list.build(
                lambda: self._guarded(self._refresh),
                lambda where: self._guarded(lambda: self._turn(where)),
                self.select,
            )
        with gui.add_folder("selected grasp"):
            self._summary = gui.add_html("")
            with gui.add_folder("in full", expand_by_default=False):
                self._full = gui.add_html("")
        self._playback = Playback(
            self._server,
            self.grasps,
            self._look,
            self._hand,
            self._object,
            self._around,
            hand=self._hand_source,
            protocol=self._protocol,
        )
        self._playback.build(lambda: self.selected)
        self._add_plan()
        if self._parts is not None:
            self._list.set_parts(self._parts.names, self._parts.touched_by(self.grasps))
        self._refresh()

    def _add_looks(self) -> None:
        gui = self._server.gui
        self._with_contacts = gui.add_checkbox("contacts and forces", True)
        self._with_contacts.on_update(lambda _: self._guarded(self._show_contacts))
        with_marks = gui.add_checkbox("a mark per grasp", True)
        self._with_parts = gui.add_checkbox("parts in colour", False)
        self._with_parts.on_update(lambda _: self._color_parts())
        self._status = gui.add_html("")

        @with_marks.on_update
        def _(_: Any) -> None:
            self._marks.handle.visible = with_marks.value

    def _add_plan(self) -> None:
        from zdg_jax.viewer.plan_page import add_plan_folder

        if self.grasps.plan is not None:
            add_plan_folder(self._server, self.grasps, hand=self._hand_source)

    def _guarded(self, act: Callable[[], None]) -> None:
        with self._lock:
            act()

    def _refresh(self) -> None:
        """Filters and sorts anew, and selects the first grasp where the selected one is gone."""
        listed = self._list.refresh()
        self._marks.show(listed)
        if len(listed) and self.selected not in listed:
            self.select(int(listed[0]))
        else:
            self._list.fill(self.selected)

    def _turn(self, where: str) -> None:
        self._list.turn(where)
        self._list.fill(self.selected)

    def select(self, number: int) -> None:
        """Shows a grasp.

        Args:
            number: its number in the set.
        """
        with self._lock, self._server.atomic():
            self.selected = number
            self._list.turn_to(number)
            self._list.fill(number)
            self._move()
            self._show_contacts()
            self._summary.content = _summary(self.grasps, number)
            self._full.content = preformatted(describe_grasp(self.grasps, number))

    def browse(self, steps: int) -> None:
        """Selects a grasp further down the list, or up.

        Args:
            steps: rows to go down; the list is a ring.
        """
        with self._lock:
            number = self._list.neighbour(self.selected, steps)
            if number is not None:
                self.select(number)

    def _move(self) -> None:
        """Puts the hand where the slider says, and the object where it was."""
        self._playback.leave()
        self._object.reset()
        self._hand.pose(self._ways.pose(self.selected, float(self.slider.value)))

    def _walk(self) -> None:
        """Moves the slider, and the hand with it, from its start to its end."""
        for stage in np.arange(0.0, len(STAGES) - 1 + 1e-9, 0.05):
            with self._lock:
                self.slider.value = round(float(stage), 2)  # type: ignore[misc]
                self._move()
            time.sleep(_STEP)

    def _show_contacts(self) -> None:
        forces = self.grasps.forces
        if forces is None or self.selected < 0 or not self._with_contacts.value:
            self._contacts.clear()
            return
        used = forces.links[self.selected] >= 0
        self._contacts.show(forces.points[self.selected][used], forces.forces[self.selected][used])

    def _color_parts(self) -> None:
        """Colours the parts; they are found first where the set does not state them."""
        if self._with_parts.value and self._parts is None:
            self._status.content = paragraphs(["preparing the object ..."])
            try:
                # Not under the lock: the page is used meanwhile.
                parts = ObjectParts.of(prepare_again(self.grasps.object), self.grasps.plan)
                touched = parts.touched_by(self.grasps)
            except ZdgError as error:
                self._status.content = paragraphs([str(error)])
                return
            self._status.content = ""
            with self._lock:
                self._parts = parts
                self._list.set_parts(parts.names, touched)
        with self._lock:
            if self._with_parts.value and self._parts is not None:
                self._object.color_parts(self._parts)
            else:
                self._object.plain()


def _summary(grasps: GraspSet, number: int) -> str:
    """The numbers of a grasp that are looked at first, as HTML."""
    rows = [
        ("grasp", f"{number} of {len(grasps)}"),
        ("rank", f"{grasps.rank[number]}"),
        ("score", f"{grasps.score[number]:.4f}"),
        ("kept", "yes" if grasps.kept[number] else "no"),
        ("refinement", grasps.status_names[grasps.status[number]]),
    ]
    test = grasps.validation
    if test is None:
        rows.append(("physics", "not tested"))
    else:
        rows.append((test.protocol, Reason(test.reason[number]).text))
        for k, load in enumerate(test.loads):
            if test.tested[number, k]:
                word = "survived" if test.survived_loads[number, k] else "lost"
                rows.append((load, f"{word}, moved {1e3 * test.drift[number, k]:.1f} mm"))
    mass = grasps.object.mass if grasps.physics is None else grasps.physics.mass
    if grasps.forces is not None:
        greatest = np.linalg.norm(grasps.forces.forces[number], axis=1).max(initial=0.0)
        rows.append(("greatest force", f"{greatest:.3g} N, the longest arrow"))
    if "payload" in grasps.metrics:
        needs = "" if mass is None else f" of {mass:.3g} kg needed"
        rows.append(("payload", f"{grasps.metrics['payload'][number]:.3g} kg{needs}"))
    rows += [
        (name, f"{values[number]:.4g}")
        for name, values in grasps.metrics.items()
        if name != "payload"
    ]
    return table(rows)
