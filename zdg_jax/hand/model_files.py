"""Files of hands, MJCF or URDF, as specifications that stand on their own."""

from __future__ import annotations

import pathlib
import re

import mujoco

from zdg_jax.errors import InputError
from zdg_jax.hand.rebuild import rebuild
from zdg_jax.meshes.urdf import read_urdf, unreadable
from zdg_jax.runtime.files import read_limited

_LARGEST = 50_000_000
"""Bytes of the largest model file that is read."""
_NOT_FINITE = re.compile(
    r"(\w+)\s*=\s*[\"']((?:[-+\d.e\s]*\s)?[-+]?(?:nan|inf)(?:\s[^\"']*)?)[\"']", re.I
)
"""Attributes that hold NaN or infinity."""
_MANY_LINKS = 64
"""Links of a URDF above which those fixed to one another are merged."""


def read(path: pathlib.Path) -> mujoco.MjSpec:
    """The specification in a file, with absolute file names.

    Raises:
        InputError: MuJoCo cannot read it.
    """
    return (_urdf if path.suffix.lower() == ".urdf" else _mjcf)(path)


def _mjcf(path: pathlib.Path) -> mujoco.MjSpec:
    check_regular(path)
    try:
        spec = mujoco.MjSpec.from_file(str(path))
        if _attaches(path):
            # A child's own meshdir is lost in the specification, not in the compiled model.
            return rebuild(mujoco.MjModel.from_xml_path(str(path)), spec.modelname or path.stem)
    except (ValueError, mujoco.FatalError) as error:
        raise unreadable(path, error) from error
    for mesh in spec.meshes:
        if mesh.file:
            file = re.split(r"[/\\\\]", mesh.file)[-1] if spec.strippath else mesh.file
            mesh.file = str(path.parent / (spec.meshdir or "") / file)
    spec.meshdir, spec.strippath = "", False
    return spec


def _attaches(path: pathlib.Path) -> bool:
    return b"<attach" in read_limited(path, _LARGEST)


def check_regular(path: pathlib.Path) -> None:
    """Refuses a model that names a pipe or a device, which MuJoCo would wait for.

    Args:
        path: an MJCF file; those that it includes are looked at as well.

    Raises:
        InputError: it names a pipe or device, cannot be read, or is far too large.
    """
    waiting, seen = [path], {path}
    while waiting:
        file = waiting.pop()
        try:
            text = read_limited(file, _LARGEST).decode(errors="replace")
        except OSError as error:
            raise InputError(f"cannot read '{file}': {error.strerror or error}") from None
        for attribute, number in _NOT_FINITE.findall(text):
            if attribute not in ("name", "class", "childclass"):
                raise InputError(f"'{file}' has {attribute}=\"{number}\"; give finite numbers")
        folders = {"", *re.findall(r"\w+dir\s*=\s*[\"']([^\"']*)", text)}
        for named in dict.fromkeys(re.findall(r"\bfile\s*=\s*[\"']([^\"']+)", text)):
            for folder in folders:
                for base in {file.parent, path.parent}:
                    candidate = base / folder / named
                    if candidate in seen or not candidate.exists():
                        continue
                    seen.add(candidate)
                    if not candidate.is_file():
                        raise InputError(
                            f"'{file}' names {candidate}, which is no file but a folder, a device "
                            "or a pipe"
                        )
                    if candidate.suffix.lower() in (".xml", ".mjcf"):
                        waiting.append(candidate)


def _urdf(path: pathlib.Path) -> mujoco.MjSpec:
    """Reads a URDF as a hand needs it: every link a body, visuals where nothing collides."""
    spec = read_urdf(path, visuals=False)
    return _merge_fixed(spec, path) if len(spec.bodies) > _MANY_LINKS else spec


def _merge_fixed(spec: mujoco.MjSpec, path: pathlib.Path) -> mujoco.MjSpec:
    """The hand with links that are fixed to one another made one: a URDF of every screw.

    A free joint keeps the palm from being merged with the world.
    """
    mount = "zdg_mount"
    for body in spec.worldbody.bodies:
        body.add_freejoint(name=mount)
    spec.compiler.fusestatic = True
    try:
        merged = rebuild(spec.compile(), spec.modelname or path.stem)
    except ValueError as error:
        raise unreadable(path, error) from error
    merged.delete(merged.joint(mount))
    return merged
