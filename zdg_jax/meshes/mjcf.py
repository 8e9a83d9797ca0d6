"""MJCF files as MuJoCo specifications that stand on their own."""

from __future__ import annotations

import pathlib
import re

import mujoco

from zdg_jax.meshes.model_text import LARGEST, check_model_file
from zdg_jax.runtime.files import read_limited

_INCLUDED = re.compile(r"<include\b[^>]*?\bfile\s*=\s*[\"']([^\"']+)")
"""Names of included files."""


def read_mjcf(path: pathlib.Path) -> mujoco.MjSpec:
    """Reads an MJCF file whatever its suffix; names of its meshes are made absolute.

    Args:
        path: the file.

    Raises:
        InputError: it names a pipe, holds a number that is not finite, or is far too large.
        ValueError: MuJoCo cannot read it.
    """
    check_model_file(path)
    spec = _parsed(path)
    for mesh in spec.meshes:
        if mesh.file:
            file = re.split(r"[/\\\\]", mesh.file)[-1] if spec.strippath else mesh.file
            mesh.file = str(path.parent / (spec.meshdir or "") / file)
    spec.meshdir, spec.strippath = "", False
    return spec


def _parsed(path: pathlib.Path) -> mujoco.MjSpec:
    """Reads a file with MuJoCo, to which files without MJCF's suffix go as their text."""
    if path.suffix.lower() == ".xml":
        return mujoco.MjSpec.from_file(str(path))
    text, included = _text(path), {}
    waiting = _INCLUDED.findall(text)
    while waiting:
        name = waiting.pop()
        if name not in included and (path.parent / name).is_file():
            content = _text(path.parent / name)
            included[name] = content.encode()
            waiting += _INCLUDED.findall(content)
    return mujoco.MjSpec.from_string(text, include=included)


def _text(path: pathlib.Path) -> str:
    return read_limited(path, LARGEST).decode(errors="replace")
