"""Household things of primitives, their parts labelled: shapes that no rule was written for."""

from __future__ import annotations

import dataclasses

import numpy as np
import trimesh


@dataclasses.dataclass(frozen=True)
class Marked:
    """A part that has a number only."""

    mark: int
    name: str | None = None

    @property
    def parent(self) -> int:
        return self.mark


@dataclasses.dataclass(frozen=True)
class Thing:
    """A labelled mesh, as far as measuring shapes goes."""

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    face_parts: np.ndarray
    parts: tuple[Marked, ...]
    names: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...] = ()

    def mark(self, name: str) -> int:
        return self.names.index(name) + 1


def thing(name: str, **meshes: trimesh.Trimesh) -> Thing:
    """A thing of named meshes, marked from 1 in order."""
    whole = trimesh.util.concatenate(list(meshes.values()))
    marks = np.concatenate([np.full(len(m.faces), i + 1) for i, m in enumerate(meshes.values())])
    return Thing(
        name=name,
        vertices=np.asarray(whole.vertices),
        faces=np.asarray(whole.faces),
        face_parts=marks,
        parts=tuple(Marked(i + 1) for i in range(len(meshes))),
        names=tuple(meshes),
    )


def at(mesh: trimesh.Trimesh, x: float, y: float, z: float) -> trimesh.Trimesh:
    return mesh.apply_translation([x, y, z])


def rod(radius: float, length: float, axis: str = "z") -> trimesh.Trimesh:
    mesh = trimesh.creation.cylinder(radius=radius, height=length, sections=32)
    turns = {"x": [0, 1, 0], "y": [1, 0, 0], "z": None}
    if turns[axis] is not None:
        mesh.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, turns[axis]))
    return mesh


def box(x: float, y: float, z: float) -> trimesh.Trimesh:
    return trimesh.creation.box((x, y, z))


def tub(radius: float, height: float, wall: float = 0.003) -> trimesh.Trimesh:
    """An open vessel that stands on z = 0."""
    profile = [
        (0, 0), (radius, 0), (radius, height), (radius - wall, height), (radius - wall, wall),
        (0, wall),
    ]  # fmt: skip
    return trimesh.creation.revolve(np.array(profile), sections=48)


def loop(size: float, thickness: float) -> trimesh.Trimesh:
    """A half ring in the xz plane, open towards -x."""
    ring = trimesh.creation.torus(size, thickness)
    ring.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [1, 0, 0]))
    keep = ring.triangles_center[:, 0] > -0.2 * size
    return ring.submesh([keep], append=True)


def jug() -> Thing:
    return thing("jug", body=tub(0.05, 0.18), handle=at(loop(0.04, 0.008), 0.058, 0, 0.09))


def kettle() -> Thing:
    return thing(
        "kettle",
        body=tub(0.09, 0.12),
        spout=at(rod(0.012, 0.09, "x"), -0.125, 0, 0.1),
        lid=at(rod(0.02, 0.025), 0, 0, 0.14),
        handle=at(loop(0.045, 0.008), 0.1, 0, 0.06),
    )


def mallet() -> Thing:
    return thing("mallet", handle=rod(0.014, 0.24, "x"), head=at(rod(0.03, 0.12, "y"), 0.14, 0, 0))


def skillet() -> Thing:
    return thing("skillet", pan=tub(0.13, 0.045), handle=at(rod(0.012, 0.19, "x"), 0.222, 0, 0.03))


def cleaver() -> Thing:
    return thing(
        "cleaver", handle=rod(0.013, 0.12, "x"), blade=at(box(0.17, 0.07, 0.003), 0.145, 0, 0)
    )


def goblet() -> Thing:
    return thing(
        "goblet",
        bowl=at(tub(0.04, 0.09), 0, 0, 0.065),
        stem=at(rod(0.005, 0.06), 0, 0, 0.035),
        foot=at(rod(0.035, 0.005), 0, 0, 0.0025),
    )


def jar() -> Thing:
    return thing(
        "jar", body=at(rod(0.04, 0.12), 0, 0, 0.06), lid=at(rod(0.036, 0.018), 0, 0, 0.129)
    )


def torch() -> Thing:
    return thing("torch", head=at(rod(0.03, 0.05, "x"), 0.115, 0, 0), tube=rod(0.014, 0.18, "x"))


def fuse() -> Thing:
    return thing("fuse", body=rod(0.025, 0.05, "x"), cap=at(rod(0.012, 0.03, "x"), 0.04, 0, 0))


def spoon() -> Thing:
    """A handle as thin as a teaspoon's, and a bowl that is thicker than it."""
    bowl = trimesh.creation.icosphere(subdivisions=3, radius=1.0).apply_scale((0.03, 0.02, 0.007))
    return thing("spoon", bowl=bowl, handle=at(box(0.12, 0.011, 0.004), 0.085, 0, 0))


def spanner() -> Thing:
    head = at(box(0.04, 0.05, 0.014), 0.1, 0, 0)
    return thing("spanner", handle=box(0.16, 0.02, 0.005), head=head)


def pan_lid() -> Thing:
    """A ring without its glass, and a knob on a bar across it."""
    ring = trimesh.creation.annulus(r_min=0.115, r_max=0.125, height=0.012)
    bar = at(box(0.24, 0.02, 0.006), 0, 0, 0.012)
    return thing("pan_lid", edge=ring, bar=bar, knob=at(rod(0.018, 0.03), 0, 0, 0.03))


def sprayer() -> Thing:
    """A bottle whose trigger stands out in front."""
    return thing(
        "sprayer",
        bottle=at(rod(0.04, 0.16), 0, 0, 0.08),
        head=at(box(0.09, 0.04, 0.04), -0.01, 0, 0.19),
        trigger=at(box(0.012, 0.012, 0.05), -0.05, 0, 0.155),
    )


def beater() -> Thing:
    """A handle and what a whisk's wires enclose, which is no plug's wire."""
    wires = trimesh.creation.icosphere(subdivisions=3, radius=1.0).apply_scale((0.075, 0.03, 0.03))
    return thing("beater", wires=at(wires, -0.13, 0, 0), handle=rod(0.013, 0.13, "x"))


def axe() -> Thing:
    head = at(box(0.05, 0.03, 0.11), 0.17, 0, -0.02)
    return thing("axe", handle=rod(0.014, 0.36, "x"), head=head)


def viewer() -> Thing:
    return thing("viewer", case=box(0.12, 0.04, 0.08), eye=at(rod(0.02, 0.02, "y"), 0.02, 0.03, 0))


def ladle() -> Thing:
    return thing("ladle", scoop=tub(0.04, 0.035), handle=at(rod(0.009, 0.26, "x"), 0.168, 0, 0.035))
