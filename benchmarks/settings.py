"""Settings of a run of the suite: sizes, hands and objects."""

from __future__ import annotations

import csv
import dataclasses
import pathlib
from collections.abc import Iterator

import trimesh

from zdg_jax.objects import Object

ROOT = pathlib.Path(__file__).resolve().parents[1]
OBJECTS = ROOT.parent / "shared" / "assets" / "objects"
"""Where objects are looked for by default."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of a run; every workload reads what concerns it."""

    quick: bool = False
    """Fewer repeats and smaller cases."""
    hands: tuple[str, ...] = ("allegro",)
    """Hands by name or path."""
    objects: pathlib.Path | None = OBJECTS
    """Folder of meshes; made-up solids are used where there is none."""
    only: tuple[str, ...] = ()
    """Names of the objects to take; all of the folder's if empty."""
    batches: tuple[int, ...] = ()
    """Batch sizes; each workload has its own if empty."""
    num: int = 0
    """Grasps to make; each workload has its own number if zero."""
    key: int = 0
    """Seed of the random key."""

    @property
    def repeats(self) -> int:
        """Timed calls of something short."""
        return 3 if self.quick else 10

    def sizes(self) -> tuple[int, ...]:
        """The batch sizes."""
        return self.batches or ((16,) if self.quick else (64, 256, 1024))


def sources(settings: Settings) -> dict[str, tuple[pathlib.Path | trimesh.Trimesh, float]]:
    """The objects of a run by name: mesh, and factor to metres.

    A folder's `index.csv` gives name, file and scale_to_m where there is one; otherwise every
    STL, OBJ and PLY file counts as an object in metres. Names that end in `_broken` are left
    out unless they are asked for, and a quick run takes two.

    Raises:
        ValueError: an object that the folder does not have.
    """
    folder = settings.objects
    known: dict[str, tuple[pathlib.Path | trimesh.Trimesh, float]]
    if folder is None or not folder.is_dir():
        known = {name: (mesh, 1.0) for name, mesh in solids().items()}
    elif (folder / "index.csv").is_file():
        with (folder / "index.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        known = {
            row["name"]: (folder / row["file"], float(row.get("scale_to_m") or 1.0)) for row in rows
        }
    else:
        files = [p for p in sorted(folder.rglob("*")) if p.suffix in (".stl", ".obj", ".ply")]
        known = {path.stem: (path, 1.0) for path in files}
    unknown = sorted(set(settings.only) - set(known))
    if unknown:
        raise ValueError(f"no object '{unknown[0]}'; there are: {', '.join(known)}")
    names = [name for name in known if not name.endswith("_broken")]
    chosen = settings.only or (names[:2] if settings.quick else names)
    return {name: known[name] for name in chosen}


def load_objects(settings: Settings) -> Iterator[Object]:
    """Prepares the objects of a run, one by one.

    Masses come from the folder's `masses.csv` (name, mass_kg) where there is one.
    """
    masses = object_masses(settings.objects)
    for name, (mesh, scale) in sources(settings).items():
        yield Object.from_mesh(mesh, scale=scale, name=name, mass=masses.get(name))


def object_masses(folder: pathlib.Path | None) -> dict[str, float]:
    """Masses by name of object [kg]."""
    if folder is None or not (folder / "masses.csv").is_file():
        return {}
    with (folder / "masses.csv").open(newline="") as file:
        return {row["name"]: float(row["mass_kg"]) for row in csv.DictReader(file)}


def first_object(settings: Settings) -> Object:
    """The first object of a run."""
    return next(load_objects(settings))


def solids() -> dict[str, trimesh.Trimesh]:
    """Solids for a machine without meshes, of the size of things on a table [m]."""
    return {
        "box": trimesh.creation.box((0.05, 0.06, 0.12)),
        "ball": trimesh.creation.icosphere(subdivisions=3, radius=0.035),
        "can": trimesh.creation.cylinder(0.033, 0.1, sections=48),
        "ring": trimesh.creation.annulus(0.03, 0.042, 0.04),
        "capsule": trimesh.creation.capsule(0.12, 0.02),
    }
