"""Playback: a grasp in physics, run when it is asked for and shown frame by frame."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import ZdgError
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.viewer.nodes import HandNode, ObjectNode
from zdg_jax.viewer.text import paragraphs

if TYPE_CHECKING:
    import viser

    from zdg_jax.grasps.grasp_set import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.hand.appearance import HandAppearance
    from zdg_jax.validation import Protocol, Recording
    from zdg_jax.viewer.grasp_nodes import SurroundingsNode

_RATE = 25.0
"""Frames per simulated second."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Film:
    """A recording with the links' poses of each frame."""

    recording: Recording
    positions: np.ndarray
    quaternions: np.ndarray


class Playback:
    """Controls that run a grasp in a test and show what happens."""

    def __init__(
        self,
        server: viser.ViserServer,
        grasps: GraspSet,
        look: HandAppearance,
        hand_node: HandNode,
        object_node: ObjectNode,
        around: SurroundingsNode,
        *,
        hand: Hand | str | os.PathLike[str] | None,
        protocol: Protocol | None,
    ) -> None:
        """Prepares; nothing is simulated yet.

        Args:
            server: the page's server.
            grasps: the grasps.
            look: their hand.
            hand_node: the hand in the page.
            object_node: the object in the page.
            around: what surrounds it there.
            hand: see `view_grasps`.
            protocol: a test beside those of the library, the first in the list.
        """
        self._server, self._grasps, self._look = server, grasps, look
        self._hand_node, self._object_node, self._around = hand_node, object_node, around
        self._hand_source = hand
        self._protocols = _protocols(grasps, protocol)
        self._film: _Film | None = None
        self._lock = threading.Lock()

    def build(self, selected: Callable[[], int]) -> None:
        """Adds the controls.

        Args:
            selected: tells the number of the grasp to run.
        """
        gui = self._server.gui
        names = tuple(self._protocols)
        with gui.add_folder("physics", expand_by_default=False):
            self._test = gui.add_dropdown("test", names, initial_value=names[0])
            run = gui.add_button("run the selected grasp")
            self._said = gui.add_html("")
            self._frame = gui.add_slider("frame", 0, 1, 1, 0, visible=False)
            self._play = gui.add_button("play", visible=False)
        run.on_click(lambda _: self._run(selected()))
        self._frame.on_update(lambda _: self._show(int(self._frame.value)))
        self._play.on_click(lambda _: self._play_all())

    def leave(self) -> None:
        """Forgets the film: another grasp or stage is shown."""
        self._around.reset()
        if self._film is not None:
            self._film = None
            self._frame.visible = self._play.visible = False
            self._said.content = ""

    def _run(self, number: int) -> None:
        from zdg_jax.validation import LiftProtocol

        if not self._lock.acquire(blocking=False):
            return  # a second click while the first one runs
        try:
            self.leave()
            self._said.content = paragraphs([f"grasp {number} runs ..."])
            recording = self._record(number)
            if isinstance(recording.protocol, LiftProtocol):
                self._around.show(recording.protocol.scene.place(self._grasps.object.pieces))
            if not len(recording):  # it failed before anything moved
                self._said.content = paragraphs([_verdict(recording)])
                return
            positions, quaternions = self._look.link_poses(recording.hand)
            self._film = _Film(recording=recording, positions=positions, quaternions=quaternions)
            self._frame.max = max(1, len(recording) - 1)
            self._frame.visible = self._play.visible = True
            self._play_frames()
        except ZdgError as error:
            self._said.content = paragraphs([str(error)])
        finally:
            self._lock.release()

    def _record(self, number: int) -> Recording:
        from zdg_jax.validation import record

        grasp = self._grasps[number]
        protocol = self._protocols[self._test.value]
        hand = self._grasps.load_hand(self._hand_source)
        return record(hand, grasp.object, grasp.poses, protocol, fps=_RATE)

    def _play_all(self) -> None:
        if self._lock.acquire(blocking=False):
            try:
                self._play_frames()
            finally:
                self._lock.release()

    def _play_frames(self) -> None:
        """Shows each frame at its time, until another grasp is selected."""
        film = self._film
        if film is None:
            return
        start = time.monotonic()
        for k in range(len(film.recording)):
            if self._film is not film:
                return
            time.sleep(max(0.0, start + k / film.recording.fps - time.monotonic()))
            self._frame.value = k  # type: ignore[misc]
            self._show(k)

    def _show(self, k: int) -> None:
        film = self._film
        if film is None:
            return
        k = min(k, len(film.recording) - 1)
        recording = film.recording
        with self._server.atomic():
            self._hand_node.place(film.positions[k], film.quaternions[k])
            self._object_node.move(recording.object_pose[k])
        moment = f"{recording.phase[k]}, {recording.time[k]:.2f} s"
        self._said.content = paragraphs([_verdict(recording), moment])


def _verdict(recording: Recording) -> str:
    return f"{recording.protocol.name}: {recording.result.reasons[0]}"


def _protocols(grasps: GraspSet, given: Protocol | None) -> dict[str, Protocol]:
    """The tests by name, one that was given before the others."""
    from zdg_jax.scenes import Scene
    from zdg_jax.validation import LiftProtocol, UseProtocol, deed_of
    from zdg_jax.validation.protocols import STANDARD
    from zdg_jax.validation.protocols import Protocol as AnyProtocol

    known: list[Protocol] = [*STANDARD.values(), LiftProtocol(scene=grasps.scene or Scene())]
    if grasps.plan is not None and grasps.object.face_parts.any():
        deed = deed_of(grasps.plan, grasps.object)
        known += [] if deed is None else [UseProtocol(deed=deed)]
    if given is not None:
        check_kind("protocol", given, AnyProtocol, "a protocol such as zdg_jax.carry")
        known.insert(0, given)
    return {protocol.name: protocol for protocol in known}
