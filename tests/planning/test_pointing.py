"""Parts by pointing: lifted from views to the mesh, shown back once, and carried by the plan."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import trimesh

from benchmarks import pointing as pointer
from zdg_jax.errors import InputError, PlannerError
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.objects.face_graph import FaceGraph
from zdg_jax.planning import GraspPlan, PlannerOptions, object_of, plan, resolve
from zdg_jax.planning.model.pictures import Picturing
from zdg_jax.planning.model.pointing import lift
from zdg_jax.rendering.marked_object import MarkedObject

from . import model_script, things
from .examples import allegro, jug
from .server import ModelServer

ONE = pytest.mark.parametrize("backend_name", ["gemini", "openai"])
CONFIRM = "What you pointed at has been marked"


def upper_handle() -> np.ndarray:
    """Faces of the upper half of the jug's handle: a part that no border of the mesh shows."""
    obj = jug()
    middle = obj.vertices[obj.faces].mean(axis=1)
    handle = obj.face_parts == 2
    return handle & (middle[:, 2] > np.median(middle[handle, 2]))


def views() -> list[np.ndarray]:
    pictures = Picturing(jug(), allegro(), 1600)
    pictures.parts()
    return [view.faces for view in pictures.seen]


def aimed(truth: np.ndarray, order: str, seen: list[np.ndarray]) -> list[dict[str, Any]]:
    """What a model that knows the part would answer, in its order of axes."""
    rng = np.random.default_rng(1)
    answer = []
    for view in pointer.point(truth, seen, rng):
        number = next(i for i, faces in enumerate(seen, 1) if faces is view.faces)
        turn = -1 if order == "yx" else 1
        box = [*view.box[:2][::turn], *view.box[2:][::turn]]
        spots = {
            key: [[round(1000 * c) for c in spot[::turn]] for spot in getattr(view, key)]
            for key in ("inside", "outside")
        }
        answer.append({"view": number, "box": [round(1000 * c) for c in box], **spots})
    return answer


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    _, area = facets(jug().vertices, jug().faces)
    return float(area[one & other].sum() / area[one | other].sum())


def script(first: dict[str, Any], judged: dict[str, Any]) -> Any:
    def answer(prompt: str) -> str:
        if CONFIRM in prompt:
            return json.dumps({"parts": [judged]})
        if model_script.stage(prompt) == 1:
            return model_script.answer(prompt, pointed=[first])
        return model_script.answer(prompt)

    return answer


def test_what_is_pointed_at_is_found_on_the_mesh() -> None:
    truth, seen = upper_handle(), views()
    visible = np.isin(np.arange(len(truth)), np.concatenate([faces.ravel() for faces in seen]))
    aim = pointer.point(truth, seen, np.random.default_rng(0))
    obj = jug()
    found = lift(obj.vertices, obj.faces, obj.face_parts, (), aim, visible)
    assert found is not None
    assert overlap(found, truth) > 0.75
    whole = pointer.point(obj.face_parts == 2, seen, np.random.default_rng(0))
    known = lift(obj.vertices, obj.faces, obj.face_parts, (), whole, visible)
    assert known is not None
    assert np.array_equal(known, obj.face_parts == 2)


def test_a_flush_part_that_no_seam_shows_is_found() -> None:
    """A screen in the face of a slab: the boxes alone tell where it ends."""
    block = trimesh.creation.box((0.07, 0.01, 0.15))
    corners, triangles = trimesh.remesh.subdivide_to_size(block.vertices, block.faces, 0.006)
    phone = things.thing("phone", body=trimesh.Trimesh(corners, triangles))
    middle = phone.vertices[phone.faces].mean(axis=1)
    normal, area = facets(phone.vertices, phone.faces)
    screen = (normal[:, 1] > 0.9) & (abs(middle[:, 0]) < 0.031) & (abs(middle[:, 2]) < 0.065)
    seen = [view.faces for view in MarkedObject(phone).views((480, 390))]
    visible = np.isin(np.arange(len(screen)), np.concatenate([faces.ravel() for faces in seen]))
    aim = pointer.point(screen, seen, np.random.default_rng(0))
    found = lift(phone.vertices, phone.faces, phone.face_parts, (), aim, visible)
    assert found is not None
    assert area[found & screen].sum() > 0.85 * area[found | screen].sum()


@ONE
def test_a_part_that_is_confirmed_has_a_mark_in_the_plan(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    order = "yx" if backend_name == "gemini" else "xy"
    part = {"name": "grip", "evidence": "above", "views": aimed(upper_handle(), order, views())}
    server.script = script(part, {"mark": 3, "evidence": "yes", "right": True, "views": []})
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert [(new.mark, new.name) for new in made.new_parts] == [(3, "grip")]
    assert {reading.mark: reading.name for reading in made.parts}[3] == "grip"
    assert made.usage.calls == 5
    again = GraspPlan.from_json(made.model_dump_json())
    marked = object_of(again, jug())
    assert overlap(marked.face_parts == 3, upper_handle()) > 0.75
    assert object_of(again, marked) is marked
    assert resolve(again, jug(), allegro()).grip == made.grip
    lost = again.model_copy(
        update={"new_parts": [again.new_parts[0].model_copy(update={"mark": 9})]}
    )
    with pytest.raises(InputError, match="plan again"):
        object_of(lost, jug())


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_a_wrong_mark_is_corrected_or_dropped(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    seen, middle = views(), jug().vertices[jug().faces].mean(axis=1)
    low = middle[:, 2] < np.percentile(middle[:, 2], 20)
    part = {"name": "grip", "evidence": "above", "views": aimed(low, "yx", seen)}
    better = aimed(upper_handle(), "yx", seen)
    server.script = script(part, {"mark": 3, "evidence": "no", "right": False, "views": better})
    made = plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert overlap(object_of(made, jug()).face_parts == 3, upper_handle()) > 0.75

    part |= {"name": "clip"}
    server.script = script(part, {"mark": 3, "evidence": "no", "right": False, "views": []})
    made = plan("pour it out", jug(), allegro(), planner=backend_name, options=options)
    assert not made.new_parts
    assert any("dropped" in note for note in made.notes)


@pytest.mark.parametrize("backend_name", ["gemini"])
def test_a_view_that_is_not_there_is_asked_again(
    server: ModelServer, options: PlannerOptions, backend_name: str
) -> None:
    spot = {"view": 40, "box": [500, 0, 100, 10], "inside": [[1, 1]], "outside": []}
    part = {"name": "grip", "evidence": "above", "views": [spot]}
    server.script = script(part, {})
    with pytest.raises(PlannerError):
        plan("pour", jug(), allegro(), planner=backend_name, options=options)
    assert "there are no images [40]" in server.prompt(1)
    assert "has no area" in server.prompt(1)


def test_a_border_is_cut_along_the_seam() -> None:
    """Two boxes, one on the other: the cut is where they meet, not half way between the seeds."""
    import manifold3d

    cube = manifold3d.Manifold.cube
    solid = cube((0.1, 0.1, 0.04), True) + cube((0.04, 0.04, 0.08), True).translate((0, 0, 0.06))
    mesh = solid.refine_to_length(0.006).to_mesh()
    vertices = np.asarray(mesh.vert_properties, np.float64)[:, :3]
    faces = np.asarray(mesh.tri_verts, np.int64)
    graph = FaceGraph.of(vertices, faces)
    height = vertices[faces].mean(axis=1)[:, 2]
    inner, outer = height > 0.098, height < -0.018
    ways = [graph.ways_from(seeds, 1.0) for seeds in (inner, outer)]
    wanted = (ways[1] - ways[0]) / (ways[0] + ways[1])
    wanted[inner], wanted[outer] = 4, -4
    chosen = graph.cut(wanted * graph.area, 0.01)
    on_top = height > 0.021
    assert graph.area[chosen & on_top].sum() / graph.area[chosen | on_top].sum() > 0.95
