"""A hand's file as it is read: a clean model of the hand, before anything is derived from it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import mujoco

from zdg_jax.hand import actuation, source
from zdg_jax.hand.naming import HandName, check_drive, check_scale, toggle_mirrored
from zdg_jax.hand.overrides import Overrides
from zdg_jax.hand.rebuild import rebuild
from zdg_jax.hand.scaling import scale_lengths
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.runtime.mujoco_warnings import quiet_compiler

_KINDS = (str, pathlib.Path, mujoco.MjSpec, mujoco.MjModel)


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class HandFile:
    """One hand, cleaned, with its actuators, and what its file states beside the model."""

    name: str
    """Shipped name, or the name of the file or its folder."""
    origin: str
    """Shipped name or absolute path; empty for a hand given as an object."""
    spec: mujoco.MjSpec
    """The hand's description, with absolute file names."""
    model: mujoco.MjModel
    """The compiled hand, fixed to the world."""
    overrides: Overrides
    """Statements that replace what is derived."""
    notes: tuple[str, ...]
    """Sentences on what was left out or added when the hand was read."""
    joined: tuple[tuple[int, int], ...] = ()
    """Pairs of links that a loop of the file holds together: their chains are one finger."""

    @classmethod
    @quiet_compiler()
    def read(
        cls,
        path: str | pathlib.Path | mujoco.MjSpec | mujoco.MjModel,
        *,
        root: str | None = None,
        scale: float | None = None,
        drive: float | None = None,
        mirror: bool = False,
        overrides: str | pathlib.Path | Mapping[str, Any] | None = None,
    ) -> HandFile:
        """Read a hand; arguments as of `Hand.load`.

        Raises:
            InputError: there is no such hand, or it cannot be used; the message says why.
        """
        check_kind("the hand", path, _KINDS, "a shipped name, a path, an MjSpec or an MjModel")
        mirrored = mirror
        scale = None if scale is None else check_scale(scale)
        drive = None if drive is None else check_drive(drive)
        if isinstance(path, str | pathlib.Path):
            called = HandName.parse(str(path))
            path, mirrored = called.path, called.mirrored != mirror
            root = called.root if root is None else root
            scale = called.scale if scale is None else scale
            drive = called.drive if drive is None else drive
        spec, name, origin, stated = source.read_spec(path, overrides)
        if origin:
            origin = str(HandName(path=origin, root=root, scale=scale, drive=drive))
        root = stated.root if root is None else root
        scale = stated.scale if scale is None else scale
        drive = stated.drive if drive is None else drive
        if root is not None:
            source.take_root(spec, root, name)
        notes = tuple(source.clean(spec))
        if scale is not None:
            scale_lengths(spec, scale, name)
        opened = source.open_loops(spec, name)
        notes = (*notes, *opened.notes)
        if drive is None and (why := opened.cut or actuation.undriven(spec, origin)):
            drive = actuation.DRIVE
            notes = (*notes, f"{why}: every joint is driven with {drive:g} N m/rad")
        if drive is not None:
            actuation.add_drive(spec, drive)
        elif calmed := actuation.calm(spec):
            notes = (*notes, calmed)
        model = source.compile_spec(spec, name)
        file = cls(
            name=name,
            origin=origin,
            spec=spec,
            model=model,
            overrides=stated,
            notes=notes,
            joined=opened.joined,
        )
        if not mirrored:
            return file
        # A hand that cannot be used is refused in the words of its file, not of its mirror image.
        actuation.read_position_actuators(model, name)
        return file.mirrored()

    def mirrored(self) -> HandFile:
        """Return the mirror image in the plane y = 0 of the root frame."""
        name, origin = toggle_mirrored(self.name, "_mirrored"), toggle_mirrored(self.origin)
        spec = rebuild(self.model, name, mirror=True)
        return HandFile(
            name=name,
            origin=origin,
            spec=spec,
            model=source.compile_spec(spec, name),
            overrides=self.overrides.mirrored(),
            notes=self.notes,
            joined=self.joined,
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what defines the hand, hexadecimal."""
        return source.fingerprint(self.model, self.overrides)

    @property
    def link_names(self) -> tuple[str, ...]:
        """Names of the links; the first is the root."""
        model = self.model
        return ("root", *(model.body(b).name or f"link{b}" for b in range(1, model.nbody)))

    @property
    def joint_names(self) -> tuple[str, ...]:
        """Names of the joints, MJCF order."""
        return tuple(self.model.joint(j).name for j in range(self.model.njnt))
