"""Parts that come with a mesh or with a call: labels of faces, names, or a file of them."""

from __future__ import annotations

import pathlib

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.objects import loading

PART_FILES = (".json", ".ply")
"""Suffixes of files that name parts, see `zdg_jax.objects.part_files`."""


def part_file(parts: str | pathlib.Path | np.ndarray) -> pathlib.Path | None:
    """Gives the path of the file that names parts, where one is given; None else.

    Args:
        parts: as `Object.from_mesh` takes it.
    """
    if not isinstance(parts, str | pathlib.Path):
        return None
    path = pathlib.Path(parts)
    return path if path.suffix.lower() in PART_FILES else None


def given_labels(raw: loading.RawMesh, parts: str | pathlib.Path | np.ndarray) -> np.ndarray | None:
    """Gives a label for each face of the mesh as it came.

    Args:
        raw: the mesh.
        parts: as `Object.from_mesh` takes it.

    Returns:
        Labels, (f,) int64; None where parts are to be found.

    Raises:
        InputError: labels that do not fit the mesh.
    """
    if isinstance(parts, str) and parts in ("auto", "geometry"):
        return raw.labels if parts == "auto" else None
    if isinstance(parts, str | pathlib.Path):
        parts = loading.read_labels(parts)
    labels = np.asarray(parts)
    if labels.shape != (len(raw.faces),) or labels.dtype.kind not in "iu":
        raise InputError(
            f"face labels are {labels.dtype} of shape {labels.shape}; whole numbers "
            f"({len(raw.faces)},) are needed, one for each face of the mesh"
        )
    if labels.size and labels.min() < 0:
        raise InputError(f"face labels hold {labels.min()}; marks of parts count from 0")
    return labels.astype(np.int64)


def group_names(raw: loading.RawMesh, labels: np.ndarray | None) -> dict[int, str]:
    """Gives the names of the file's groups by mark; none where the parts are others.

    Args:
        raw: the mesh.
        labels: label of each face that is kept, (f,); None where parts are found.
    """
    if labels is None or raw.labels is None:
        return {}
    return {
        mark: raw.names[int(label)]
        for mark, label in enumerate(np.unique(labels), start=1)
        if int(label) in raw.names
    }
