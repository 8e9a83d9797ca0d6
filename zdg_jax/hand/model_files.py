"""Files of hands, MJCF or URDF, as specifications that stand on their own."""

from __future__ import annotations

import pathlib

import mujoco

from zdg_jax.hand.rebuild import rebuild
from zdg_jax.meshes.urdf import read_urdf, unreadable

_MANY_LINKS = 64
"""Links of a URDF above which those fixed to one another are merged."""


def read(path: pathlib.Path) -> mujoco.MjSpec:
    """The specification in a file, with absolute file names.

    Raises:
        InputError: MuJoCo cannot read it.
    """
    return (_urdf if path.suffix.lower() == ".urdf" else _mjcf)(path)


def _mjcf(path: pathlib.Path) -> mujoco.MjSpec:
    try:
        spec = mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise unreadable(path, error) from error
    for mesh in spec.meshes:
        if mesh.file:
            mesh.file = str(path.parent / (spec.meshdir or "") / mesh.file)
    spec.meshdir = ""
    return spec


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
