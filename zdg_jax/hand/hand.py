"""The robot hand: everything later stages need, derived from its MJCF alone."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand import actuation, motion, posture, source, spheres, touching
from zdg_jax.hand.actuation import Actuation
from zdg_jax.hand.anatomy import Finger, Palm, chains
from zdg_jax.hand.arrays import ContactCandidates, HandArrays, Spheres, SurfacePoints
from zdg_jax.hand.coupling import couple
from zdg_jax.hand.overrides import Overrides
from zdg_jax.hand.rebuild import rebuild
from zdg_jax.hand.solids import LinkMesh, Samples, Solid, link_meshes, link_solids, sample_links
from zdg_jax.hand.spheres import Coverage
from zdg_jax.hand.topology import build_tree


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Hand:
    """A robot hand. Positions are in the hand's root frame, that of the MJCF's world body."""

    name: str
    """Shipped name, or the name of the file or its folder."""
    source: str
    """Shipped name or absolute path; empty for a hand given as an object."""
    fingerprint: str
    """SHA-256 of what defines the hand, hexadecimal."""
    joint_names: tuple[str, ...]
    """Names of the j joints, MJCF order."""
    link_names: tuple[str, ...]
    """Names of the L links; the first is the root."""
    actuator_names: tuple[str, ...]
    """Names of the nu actuators."""
    dof_names: tuple[str, ...]
    """The joint that names each of the d independent coordinates."""
    ctrl_from_joints: np.ndarray
    """Actuator targets from joints, (nu, j)."""
    kp: np.ndarray
    """Actuator gains, (nu,) [N m/rad or N/m]."""
    force_range: np.ndarray
    """Least and greatest actuator force, (nu, 2) [N m or N]; infinite where none is stated."""
    linear: np.ndarray
    """Marks the actuators that move slide joints, (nu,) bool; their targets are in m."""
    fingers: tuple[Finger, ...]
    """The fingers, thumb included."""
    palm: Palm
    """The palm."""
    open_dofs: np.ndarray
    """Open pose, (d,)."""
    half_closed_dofs: np.ndarray
    """Half-closed pose, (d,)."""
    closing: np.ndarray
    """Sign with which each dof closes the hand, (d,); 0 = abduction or none."""
    link_meshes: tuple[LinkMesh, ...]
    """Surfaces for pictures."""
    coverage: Coverage
    """How well the proxy spheres stand for the surfaces."""
    notes: tuple[str, ...]
    """What was coupled, held still or left out when the hand was read."""
    arrays: HandArrays
    """What compiled programs read."""
    model: mujoco.MjModel = dataclasses.field(repr=False)
    """The compiled hand, fixed to the world."""
    _spec: mujoco.MjSpec = dataclasses.field(repr=False)
    _overrides: Overrides = dataclasses.field(repr=False)

    @classmethod
    def load(
        cls,
        source_: str | pathlib.Path | mujoco.MjSpec | mujoco.MjModel,
        *,
        drive: float | None = None,
        mirror: bool = False,
        overrides: str | pathlib.Path | Mapping[str, Any] | None = None,
    ) -> Hand:
        """Reads a hand and derives what its file does not say.

        Args:
            source_: name of a shipped hand, path of an MJCF or URDF file, an `MjSpec`, or a
                compiled `MjModel`. ":mirrored" after a name or path stands for `mirror`.
            drive: replaces the actuators by position actuators of this gain, one a joint that
                follows no other [N m/rad].
            mirror: takes the mirror image in the plane y = 0 of the root frame: the left hand of
                a right one.
            overrides: what to take as said instead of derived: a JSON file, or a mapping with
                the same keys (`docs/hands.md`). The file `right_hand.zdg.json` beside
                `right_hand.xml` is read without being named.

        Raises:
            InputError: there is no such hand, or it cannot be used; the message says why.
        """
        mirrored, source_ = source.split_mirrored(source_)
        mirrored = mirrored != mirror
        spec, name, origin, said = source.read(source_, overrides)
        notes = tuple(source.clean(spec))
        if drive is not None:
            if not drive > 0:
                raise InputError(f"drive={drive} is no gain; give a positive number [N m/rad]")
            actuation.add_drive(spec, drive)
        model = source.compile_spec(spec, name)
        if not mirrored:
            return _derive(name, origin, spec, model, said, notes)
        actuation.actuate(model, name)  # what is refused is refused of the hand as it was given
        return _mirror(name, origin, model, said, notes)

    def mirrored(self) -> Hand:
        """The mirror image in the plane y = 0 of the root frame: a left hand of a right one.

        Names and joint positions keep their meaning: at equal joints, and with its root at the
        mirrored pose, it is the mirror image.
        """
        notes = self.notes[: len(self.notes) - len(couple(self.model, self.name).notes)]
        return _mirror(self.name, self.source, self.model, self._overrides, notes)

    @property
    def num_joints(self) -> int:
        """Number of joints, j."""
        return len(self.joint_names)

    @property
    def num_links(self) -> int:
        """Number of links, L, the root included."""
        return len(self.link_names)

    @property
    def num_dofs(self) -> int:
        """Number of independent coordinates, d."""
        return len(self.open_dofs)

    @property
    def num_actuators(self) -> int:
        """Number of actuators, nu."""
        return len(self.kp)

    def spec(self) -> mujoco.MjSpec:
        """A fresh, self-contained copy of the hand's description, without floors or keyframes."""
        return self._spec.copy()

    def joints(self, dofs: np.ndarray) -> np.ndarray:
        """Joints (*b, j) of dofs (*b, d), on the host."""
        return self._frame.joints(np.asarray(dofs, float))

    def tip_position(self, finger: Finger, dofs: np.ndarray | None = None) -> np.ndarray:
        """Middle of a fingertip's candidates, (3,) root frame [m]; half-closed by default."""
        pose = self.half_closed_dofs if dofs is None else np.asarray(dofs)
        local = np.asarray(self.arrays.contacts.local, float)
        mine = np.asarray(self.arrays.contacts.link) == finger.tip_link
        middle = local[mine].mean(0) if mine.any() else np.zeros(3)
        return self._frame.point(pose, finger.tip_link, middle)

    @functools.cached_property
    def _frame(self) -> motion.Frame:
        return motion.Frame(tree=self.arrays.tree, coupling=couple(self.model, self.name))


def _mirror(
    name: str, origin: str, model: mujoco.MjModel, said: Overrides, notes: tuple[str, ...]
) -> Hand:
    name, origin = source.toggle_mirrored(name, "_mirrored"), source.toggle_mirrored(origin)
    spec = rebuild(model, name, mirror=True)
    return _derive(name, origin, spec, source.compile_spec(spec, name), said.mirrored(), notes)


def _derive(
    name: str,
    origin: str,
    spec: mujoco.MjSpec,
    model: mujoco.MjModel,
    said: Overrides,
    notes: tuple[str, ...],
) -> Hand:
    drives = actuation.actuate(model, name)
    coupling = couple(model, name)
    links = ("root", *(model.body(b).name or f"link{b}" for b in range(1, model.nbody)))
    said.check_links(links)
    solids = link_solids(model, frozenset(links.index(link) for link in said.exclude))
    if not solids:
        raise InputError(f"the hand '{name}' has no geometry; give its links collision geoms")
    samples = sample_links(solids, model.nbody)
    palm_link, fingers = chains(model, set(samples), name)
    frame = motion.Frame(tree=build_tree(model), coupling=coupling)
    _, rest = frame.poses(frame.rest)
    center = rest[[finger.links[0] for finger in fingers]].mean(0)
    motions = [motion.study(frame, finger, samples, center) for finger in fingers]
    chains_by_name = {f.name: tuple(links[link] for link in f.links) for f in fingers}
    thumb = said.thumb_index(chains_by_name, motion.find_thumb(motions))
    fingers = [dataclasses.replace(f, is_thumb=i == thumb) for i, f in enumerate(fingers)]
    carriers = frame.tree.topology.carriers
    fixed = [k for k in range(model.nbody) if carriers[k] == carriers[palm_link]]
    fixed.sort(key=lambda k: k != palm_link)
    if said.palm_link is not None:
        fixed = [links.index(said.palm_link)]
    palm = motion.find_palm(
        motions, thumb, fixed, samples, frame, said.palm_normal, said.palm_direction
    )
    poses = posture.derive(
        frame, motions, thumb, palm, lambda dofs: touching.overlap(frame, model, dofs)
    )
    built_in = touching.built_in(frame, model, [poses.opened, poses.half_closed])
    if built_in:
        for a, b in built_in:
            spec.add_exclude(bodyname1=model.body(a).name, bodyname2=model.body(b).name)
        model = source.compile_spec(spec, name)
        named = ", ".join(f"{links[a]} and {links[b]}" for a, b in built_in)
        notes = (*notes, f"built into one another, left to pass: {named}")
    arrays, coverage = _arrays(
        model, frame, drives, solids, samples, tuple(fingers), motions, palm, poses
    )
    return Hand(
        name=name,
        source=origin,
        fingerprint=source.fingerprint(model, said),
        joint_names=tuple(model.joint(j).name for j in range(model.njnt)),
        link_names=links,
        actuator_names=drives.names,
        dof_names=tuple(model.joint(j).name for j in coupling.leaders),
        ctrl_from_joints=drives.ctrl_from_joints,
        kp=drives.kp,
        force_range=drives.force_range,
        linear=drives.linear,
        fingers=tuple(fingers),
        palm=palm,
        open_dofs=poses.opened,
        half_closed_dofs=poses.half_closed,
        closing=poses.closing,
        link_meshes=link_meshes(model),
        coverage=coverage,
        notes=(*notes, *coupling.notes),
        arrays=arrays,
        model=model,
        _spec=spec,
        _overrides=said,
    )


def _arrays(
    model: mujoco.MjModel,
    frame: motion.Frame,
    drives: Actuation,
    solids: list[Solid],
    samples: dict[int, Samples],
    fingers: tuple[Finger, ...],
    motions: list[motion.Motion],
    palm: Palm,
    poses: posture.Posture,
) -> tuple[HandArrays, Coverage]:
    near = {palm.link} | {link for finger in fingers for link in finger.links}
    centers, radii, ball_link = spheres.cover(solids, samples)
    inner = spheres.inscribed(centers, radii, ball_link, solids)
    contacts = touching.candidates(
        frame, solids, samples, fingers, motions, palm, poses.half_closed
    )
    around = touching.surface(frame, solids, samples, poses.half_closed, near)
    pairs = touching.self_pairs(
        frame, model, centers, radii, ball_link, [frame.rest, poses.opened, poses.half_closed]
    )
    finger_of = np.full(model.nbody, -1, np.int32)
    for i, finger in enumerate(fingers):
        finger_of[list(finger.links)] = i
    tips = [finger.tip_link for finger in fingers]
    limit = np.abs(drives.force_range).min(axis=1)
    coupling = frame.coupling
    arrays = HandArrays(
        tree=frame.tree,
        lower=_float(coupling.lower),
        upper=_float(coupling.upper),
        coupling=_float(coupling.matrices),
        passive_motions=_float(coupling.passive_motions),
        reading=_float(coupling.reading),
        ctrl_from_joints=_float(drives.ctrl_from_joints),
        kp=_float(drives.kp),
        force_limit=_float(limit),
        palm_normal=_float(palm.normal),
        thumb_side=_float(palm.thumb_side),
        contacts=ContactCandidates(
            local=_float(contacts.local),
            normals=_float(contacts.normals),
            link=jnp.asarray(contacts.link, jnp.int32),
            finger=jnp.asarray(finger_of[contacts.link]),
            tip=jnp.asarray(np.isin(contacts.link, tips)),
        ),
        surface=SurfacePoints(
            local=_float(around.local),
            normals=_float(around.normals),
            link=jnp.asarray(around.link, jnp.int32),
        ),
        spheres=Spheres(
            local=_float(centers),
            radii=_float(radii),
            inner=_float(inner),
            link=jnp.asarray(ball_link, jnp.int32),
        ),
        self_pairs=jnp.asarray(pairs, jnp.int32),
    )
    return arrays, spheres.measure(centers, radii, ball_link, solids, samples)


def _float(array: np.ndarray) -> jnp.ndarray:
    return jnp.asarray(array, jnp.float32)
