"""Pointing at parts: how much of a named part is found from boxes and spots on the views.

    python -m benchmarks.pointing --out pointing.json [--objects FOLDER] [--only NAME]

A scripted pointer knows only the true part's outline in the views that a model is shown, and errs
by 1 % of the picture: a box around what is seen of the part, spots where it is widest, spots on
what else of the object lies in the box. It points on the three views that show most of the part.
A row a part: overlap (intersection over union of surface) without and with pointing.
"""

from __future__ import annotations

import json
import pathlib

import click
import numpy as np
from scipy import ndimage

from benchmarks import reports, written
from benchmarks.objects import overlaps
from benchmarks.settings import OBJECTS, Settings, sources
from zdg_jax.geometry.surface_sampling import facets
from zdg_jax.objects import Object
from zdg_jax.planning.model.options import PictureSize
from zdg_jax.planning.model.pointing import PointedView, lift
from zdg_jax.rendering.marked_object import MarkedObject

_VIEWS, _SPOTS = 3, 3
_ERROR = 0.01


def point(
    truth: np.ndarray, views: list[np.ndarray], rng: np.random.Generator
) -> list[PointedView]:
    """Points at faces (f,) bool on the views (h, w) of faces that show most of them."""
    masks = [(view >= 0) & truth[np.maximum(view, 0)] for view in views]
    best = sorted(range(len(views)), key=lambda index: -masks[index].sum())[:_VIEWS]
    return [_point(masks[index], views[index], rng) for index in best if masks[index].sum() > 30]


def _point(mask: np.ndarray, faces: np.ndarray, rng: np.random.Generator) -> PointedView:
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    scale = np.array([width, height, width, height])
    wrong = rng.normal(scale=_ERROR / 2, size=4).clip(-_ERROR, _ERROR)
    left, top, right, bottom = np.clip(box / scale + wrong, 0, 1)
    others = (faces >= 0) & ~mask
    others[: box[1]] = others[box[3] :] = False
    others[:, : box[0]] = others[:, box[2] :] = False
    return PointedView(
        faces=faces,
        box=(float(left), float(top), float(right), float(bottom)),
        inside=_spots(mask),
        outside=_spots(others),
    )


def _spots(mask: np.ndarray) -> list[tuple[float, float]]:
    """Places where a mask is widest, apart from each other."""
    height, width = mask.shape
    free, spots = mask.copy(), []
    for _ in range(_SPOTS):
        depth = ndimage.distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1]
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        if depth[y, x] < 3:
            break
        spots.append((float((x + 0.5) / width), float((y + 0.5) / height)))
        around = np.ogrid[:height, :width]
        free &= np.hypot(around[0] - y, around[1] - x) > 2 * depth[y, x]
    return spots


@click.command()
@click.option("--objects", type=click.Path(path_type=pathlib.Path), default=OBJECTS)
@click.option("--only", multiple=True, help="An object's name; all with named parts by default.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def main(objects: pathlib.Path, only: tuple[str, ...], out: pathlib.Path) -> None:
    """Measures pointing and writes OUT."""
    environment, rows = reports.environment(), []
    parts = json.loads((objects / "parts.json").read_text())
    rng = np.random.default_rng(0)
    size = PictureSize()
    for name, (mesh, scale) in sources(
        Settings(objects=objects, only=only or tuple(parts))
    ).items():
        thing = Object.from_mesh(mesh, scale=scale, name=name)
        views = [view.faces for view in MarkedObject(thing).views((size.width, size.height))]
        visible = np.isin(np.arange(len(thing.faces)), np.concatenate([v.ravel() for v in views]))
        names, labels = written.face_labels(thing, parts[name])
        _, area = facets(thing.vertices, thing.faces)
        without = overlaps(thing, parts[name])
        for number, part in enumerate(names):
            truth = labels == number
            pointed = point(truth, views, rng)
            found = lift(
                thing.vertices, thing.faces, thing.face_parts, thing.groups, pointed, visible
            )
            share = 0.0 if found is None else area[truth & found].sum() / area[truth | found].sum()
            row = {"object": name, "part": part, "found": without[part], "pointed": float(share)}
            click.echo(json.dumps(row))
            rows.append(row)
    means = {key: float(np.mean([row[key] for row in rows])) for key in ("found", "pointed")}
    click.echo(json.dumps(means))
    reports.write(out, environment, summary=means, parts=rows)


if __name__ == "__main__":
    main()
