"""Parts by pointing: from a model's boxes and spots to marks, shown back once and corrected."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.objects.named_parts import carve
from zdg_jax.planning.model import pointing
from zdg_jax.planning.model.backend import Backend, spot_xy
from zdg_jax.planning.model.replies import ConfirmReply, ObjectReply, PointedView, SeenPart
from zdg_jax.planning.model.session import Session
from zdg_jax.planning.model.templates import render

if TYPE_CHECKING:
    from zdg_jax.objects import Object

Images = Sequence[tuple[str, bytes]]

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pointed:
    """An object with the parts that a model pointed at."""

    obj: Object
    """The object; each of them has a mark and its name."""
    names: tuple[str, ...]
    """Names of the new parts."""
    notes: tuple[str, ...]
    """Parts that were pointed at and could not be marked, or were dropped."""


def how_to_point(backend: Backend) -> str:
    """Says how a model of this backend points, for a prompt."""
    yx = backend.axes == "yx"
    box = "[top, left, bottom, right]" if yx else "[left, top, right, bottom]"
    return render("pointing", box=box, spot="[y, x]" if yx else "[x, y]")


def add_pointed(
    obj: Object,
    reply: ObjectReply,
    session: Session,
    views: Sequence[np.ndarray],
    draw: Callable[[Object], Images],
    colors: np.ndarray | None = None,
) -> Pointed:
    """Marks the parts that a model pointed at, shows them back once, and corrects or drops them.

    Args:
        obj: the object.
        reply: the answer to stage 1.
        session: where the model is asked.
        views: face of the object at each pixel of the views that it saw, (h, w) each.
        draw: draws an object's views with its marks.
        colors: own colours of the object's faces, (f, 3), where it has some.

    Raises:
        PlannerError: no usable answer within the session's limits.
    """
    lifted: dict[str, np.ndarray] = {}
    notes = []
    for part in reply.pointed:
        name = _unused(part.name, [*lifted, *(p.name for p in obj.parts if p.name)])
        faces = _lift(obj, part.views, session.backend, views, colors)
        if faces is None:
            notes.append(f"nothing of the object lies where the model pointed at the {name}")
        else:
            lifted[name] = faces
    pointed = _carved(obj, lifted, notes)
    if not pointed.names:
        return pointed
    marks = {part.mark: part.name or "" for part in pointed.obj.parts if part.name in pointed.names}

    def check(answer: ConfirmReply) -> list[str]:
        named = sorted(part.mark for part in answer.parts)
        faults = [] if named == sorted(marks) else [f"judge the parts {sorted(marks)}, each once"]
        return faults + view_faults([v for part in answer.parts for v in part.views], len(views))

    answer = session.ask(
        ConfirmReply,
        stage="1-pointed",
        system=render("system"),
        prompt=render(
            "confirm",
            parts="\n".join(f"{mark}: {json.dumps(name)}" for mark, name in marks.items()),
            pointing=how_to_point(session.backend),
        ),
        images=draw(pointed.obj),
        check=check,
    )
    for judged in answer.parts:
        name = marks[judged.mark]
        if judged.right:
            continue
        better = _lift(obj, judged.views, session.backend, views, colors) if judged.views else None
        if better is None:
            del lifted[name]
            notes.append(f"the {name} that the model pointed at could not be marked: dropped")
        else:
            lifted[name] = better
    return _carved(obj, lifted, notes)


def view_faults(pointed: Sequence[PointedView], count: int) -> list[str]:
    """Lists faults of views that are pointed at.

    Args:
        pointed: the views.
        count: images that there are.
    """
    unknown = sorted({view.view for view in pointed if view.view > count})
    faults = [f"there are no images {unknown}; there are 1 to {count}"] if unknown else []
    empty = [view.box for view in pointed if not _has_area(view.box)]
    return faults + [f"the box {box} has no area" for box in empty]


def _has_area(box: Sequence[int]) -> bool:
    return box[0] < box[2] and box[1] < box[3]


def _lift(
    obj: Object,
    pointed: Sequence[PointedView],
    backend: Backend,
    views: Sequence[np.ndarray],
    colors: np.ndarray | None,
) -> np.ndarray | None:
    """The faces that a model pointed at, (f,) bool; None where there are none."""
    aimed = []
    for view in pointed:
        left, top = spot_xy(backend, view.box[:2])
        right, bottom = spot_xy(backend, view.box[2:])
        aimed.append(
            pointing.PointedView(
                faces=views[view.view - 1],
                box=(left, top, right, bottom),
                inside=[spot_xy(backend, spot) for spot in view.inside],
                outside=[spot_xy(backend, spot) for spot in view.outside],
            )
        )
    visible = np.zeros(len(obj.faces), bool)
    for seen in views:
        visible[np.unique(seen[seen >= 0])] = True
    found = pointing.lift(
        obj.vertices, obj.faces, obj.face_parts, obj.groups, aimed, visible, colors
    )
    return found if found is not None and found.any() else None


def _carved(obj: Object, lifted: dict[str, np.ndarray], notes: list[str]) -> Pointed:
    """The object with parts of these names and faces, as far as they can be marked."""
    names, told = [], list(notes)
    for name, faces in lifted.items():
        try:
            obj = carve(obj, name, faces)
            names.append(name)
        except InputError as error:
            _log.warning("a part that was pointed at: %s", error)
            told.append(f"a part that the model pointed at was left out: {error}")
    present = {part.name for part in obj.parts}
    return Pointed(obj=obj, names=tuple(n for n in names if n in present), notes=tuple(told))


def _unused(name: str, used: Sequence[str]) -> str:
    """A name that no other part has."""
    name = name.strip() or "part"
    numbered = (name if i == 1 else f"{name} {i}" for i in range(1, len(used) + 2))
    return next(candidate for candidate in numbered if candidate not in used)


def renamed(reply: ObjectReply, before: Object, pointed: Pointed) -> ObjectReply:
    """The answer to stage 1 with the marks of the object that has the new parts.

    Args:
        reply: the answer.
        before: the object that it speaks of.
        pointed: the object with the new parts.
    """
    said = {part.mark: part for part in reply.parts}
    why = {part.name.strip(): part.evidence for part in reply.pointed}
    parts = []
    for part in pointed.obj.parts:
        old = said[int(np.bincount(before.face_parts[part.faces]).argmax())]
        if part.name in pointed.names:
            evidence = why.get(part.name or "", "pointed at")
            parts.append(
                SeenPart(mark=part.mark, evidence=evidence, name=part.name or "", function="")
            )
        else:
            parts.append(old.model_copy(update={"mark": part.mark}))
    return reply.model_copy(update={"parts": parts, "pointed": []})
