"""Export: grasps in the layouts that other projects read, one module per format."""

from __future__ import annotations

import importlib
import os
import pathlib
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from zdg_jax.errors import InputError
from zdg_jax.export.placing import move_into
from zdg_jax.runtime.kinds import check_kind, check_path

if TYPE_CHECKING:
    import numpy as np

    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand

FORMATS = {
    "csv": "a table, one row per grasp",
    "dexgraspbench": "pickled dicts, as DexGraspBench and its judges read them",
    "dexgraspnet": "pickled list of dicts with joints by name, as DexGraspNet's tools read them",
    "glb": "3-D files of the posed hand on the object, one per grasp",
    "json": "named joints, 4 x 4 poses and conventions in one text file",
    "mujoco": "a scene with keyframes, and a script that replays them",
    "npz": "arrays and conventions in one NumPy file",
    "ros": "fields of trajectory_msgs as JSON, one file per grasp",
    "usd": "OpenUSD stages of the hand's way on the object, one per grasp (extra usd)",
}
"""Contents of each format, by name."""
_MODULES = {
    "csv": "csv_table",
    "json": "json_file",
    "mujoco": "mujoco_scene",
    "npz": "npz_file",
    "ros": "ros_trajectory",
}
"""Modules of the formats that are not called like their module."""


class Format(Protocol):
    """The module of a format."""

    NEEDS_HAND: bool
    """True where the format shows the hand itself, not only its joints."""

    def write(
        self, grasps: GraspSet, numbers: np.ndarray, out: pathlib.Path, hand: Hand | None
    ) -> list[pathlib.Path]:
        """Writes grasps in the order given.

        Args:
            grasps: one grasp at least.
            numbers: their numbers in the set that they come from, (n,), for formats that have a
                place for them.
            out: empty folder, absolute.
            hand: their hand, where the format needs it; else None.

        Returns:
            The files that hold the grasps.

        Raises:
            InputError: the grasps cannot be written in this format.
            OSError: a file cannot be written.
        """


def export_grasps(
    grasps: GraspSet,
    out: str | os.PathLike[str],
    *,
    format: str = "dexgraspbench",
    all: bool = False,
    only: Sequence[int] | None = None,
    hand: Hand | str | os.PathLike[str] | None = None,
    joint_order: str | os.PathLike[str] | None = None,
    force: bool = False,
) -> list[pathlib.Path]:
    """Writes grasps for another project.

    All files are written before the first is put in its place. Those of an earlier export, and of
    others, stay as they are: where one of them is in the way, nothing is written.

    Args:
        grasps: the grasps; the kept ones are written, best first.
        out: folder, made if need be.
        format: one of `FORMATS`.
        all: write every grasp, kept or not.
        only: numbers of the grasps to write, kept or not, in place of the kept ones.
        hand: the hand, name or path, where it is not to be loaded from where the grasps say;
            only formats that show the hand need it.
        joint_order: a URDF in the order of whose joints the grasps' joints are written; it must
            have all of them. The order of the hand's MJCF if not given.
        force: replace files in the way, and remove the numbered files of an earlier, longer export.

    Returns:
        The files of the grasps.

    Raises:
        InputError: an unknown format, no such grasp or none to write, a hand that cannot be
            loaded, a URDF of other joints, a folder that cannot be written, or files in the way.
    """
    from zdg_jax.grasps import GraspSet

    check_kind("grasps", grasps, GraspSet, "a GraspSet (GraspSet.load(PATH))")
    check_path("out", out)
    if joint_order is not None:
        check_path("joint_order", joint_order)
    if not isinstance(format, str) or format not in FORMATS:
        raise InputError(f"no format '{format}'; there are: {', '.join(FORMATS)}")
    from zdg_jax.export.wanted import wanted_numbers

    module = importlib.import_module(f"zdg_jax.export.{_MODULES.get(format, format)}")
    writer = cast(Format, module)
    numbers = wanted_numbers(grasps, everything=all, only=only)
    chosen = grasps[numbers]
    # A hand that is named and does not fit is told of, whether or not the format shows it.
    loaded = grasps.hand.load(hand) if writer.NEEDS_HAND or hand is not None else None
    if joint_order is not None:
        if writer.NEEDS_HAND:
            raise InputError(
                f"the format '{format}' holds the hand itself, whose joints keep their order; "
                "leave out joint_order (--joint-order)"
            )
        from zdg_jax.export.joint_order import reordered

        chosen = reordered(chosen, pathlib.Path(joint_order))
    out = pathlib.Path(out).resolve()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".zdg-", dir=out) as staging:
            fresh = pathlib.Path(staging)
            paths = writer.write(chosen, numbers, fresh, loaded if writer.NEEDS_HAND else None)
            move_into(fresh, out, force=force)
            return [out / path.relative_to(fresh) for path in paths]
    except OSError as error:
        raise InputError(f"cannot write to {out}: {error.strerror or error}") from error
