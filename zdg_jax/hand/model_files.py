"""Files of hands, MJCF or URDF, as specifications that stand on their own."""

from __future__ import annotations

import pathlib

import mujoco

from zdg_jax.errors import InputError
from zdg_jax.hand.rebuild import rebuild
from zdg_jax.meshes.mjcf import read_mjcf
from zdg_jax.meshes.model_text import LARGEST
from zdg_jax.meshes.urdf import read_urdf, unreadable, urdf_joints
from zdg_jax.runtime.files import read_limited

_MANY_LINKS = 64
"""Links of a URDF above which those fixed to one another are merged."""


def read(path: pathlib.Path) -> mujoco.MjSpec:
    """The specification in a file, with absolute file names.

    Raises:
        InputError: MuJoCo cannot read it.
    """
    if path.suffix.lower() == ".mjb":
        raise InputError(
            f"'{path}' is a compiled model; in Python, give Hand.load an MjModel.from_binary_path"
        )
    return (_urdf if path.suffix.lower() == ".urdf" else _mjcf)(path)


def _mjcf(path: pathlib.Path) -> mujoco.MjSpec:
    try:
        spec = read_mjcf(path)
        if _attaches(path):
            # A child's own meshdir is lost in the specification, not in the compiled model.
            return rebuild(mujoco.MjModel.from_xml_path(str(path)), spec.modelname or path.stem)
    except InputError:
        raise
    except (ValueError, mujoco.FatalError) as error:
        raise unreadable(path, error) from error
    return spec


def _attaches(path: pathlib.Path) -> bool:
    return b"<attach" in read_limited(path, LARGEST)


def _urdf(path: pathlib.Path) -> mujoco.MjSpec:
    """Reads a URDF as a hand needs it: every link a body, visuals where nothing collides."""
    spec = read_urdf(path, visuals=False)
    _check_limits(path)
    return _merge_fixed(spec, path) if len(spec.bodies) > _MANY_LINKS else spec


def _check_limits(path: pathlib.Path) -> None:
    """Refuses limits that MuJoCo ignores with a warning: CAD exporters leave them at 0 to 0."""
    for name, joint in urdf_joints(read_limited(path, LARGEST)).items():
        limit = joint.find("limit")
        if limit is None or joint.get("type") not in ("revolute", "prismatic"):
            continue
        low, high = float(limit.get("lower", 0.0)), float(limit.get("upper", 0.0))
        if low >= high:
            raise InputError(
                f"joint '{name}' of '{path}' has the limits {low:g} to {high:g}; "
                'state the range that it has, or type="continuous"'
            )


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
