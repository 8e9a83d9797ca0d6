"""The robot hand: everything later stages need, derived from its MJCF alone."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand import actuation, source, spheres
from zdg_jax.hand.actuation import Actuation
from zdg_jax.hand.contact_points import buried_samples, contact_candidates, surface_points
from zdg_jax.hand.coupling import couple
from zdg_jax.hand.finger_motion import FingerMotion, analyze_finger, find_thumb
from zdg_jax.hand.fingers import Finger, find_fingers, opposing_finger
from zdg_jax.hand.fingertips import Fingertips
from zdg_jax.hand.hand_arrays import ContactCandidates, HandArrays, Spheres, SurfacePoints
from zdg_jax.hand.hand_file import HandFile
from zdg_jax.hand.host_kinematics import HandKinematics
from zdg_jax.hand.index_side import lateral_pads
from zdg_jax.hand.link_geometry import (
    ConvexSolid,
    LinkMesh,
    Samples,
    link_meshes,
    link_solids,
    sample_links,
)
from zdg_jax.hand.palm import Palm, find_palm
from zdg_jax.hand.passive_motion import towards_yielding
from zdg_jax.hand.preshapes import Preshapes, find_preshapes
from zdg_jax.hand.reference_poses import ReferencePoses, find_reference_poses
from zdg_jax.hand.self_collision import colliding_spheres, overlap_depth, permanent_overlaps
from zdg_jax.hand.spheres import Coverage
from zdg_jax.hand.topology import build_tree
from zdg_jax.runtime.arrays import booleans, floats, integers
from zdg_jax.runtime.compile_cache import enable_compile_cache
from zdg_jax.runtime.html_tables import html_table


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
    """Distances between the surfaces and the proxy spheres that stand for them."""
    kinematics: HandKinematics
    """Joints and poses of links on the host."""
    arrays: HandArrays
    """Arrays for compiled programs."""
    model: mujoco.MjModel = dataclasses.field(repr=False)
    """The compiled hand, fixed to the world."""
    _file: HandFile = dataclasses.field(repr=False)

    @classmethod
    def load(
        cls,
        path: str | pathlib.Path | mujoco.MjSpec | mujoco.MjModel,
        *,
        root: str | None = None,
        scale: float | None = None,
        drive: float | None = None,
        mirror: bool = False,
        overrides: str | pathlib.Path | Mapping[str, Any] | None = None,
    ) -> Hand:
        """Read a hand and derive what its file does not say.

        Programs that are compiled for hands are kept on disk from then on, see
        `zdg_jax.runtime.compile_cache`.

        Args:
            path: name of a shipped hand, path of an MJCF or URDF file, an `MjSpec`, or a
                compiled `MjModel`. ":mirrored", ":root=BODY", ":scale=FACTOR" and ":drive=GAIN"
                after a name or path stand for the arguments of these names.
            root: body that carries the hand, where the file holds a robot or several hands.
            scale: from the file's unit of length to metres, where it is not in metres: 0.001 for
                millimetres.
            drive: replaces the actuators by position actuators of this gain, one per joint that
                follows no other [N m/rad]. A URDF, which has none, and actuators that drive no
                joint get 5 N m/rad unasked, with a note.
            mirror: takes the mirror image in the plane y = 0 of the root frame: the left hand of
                a right one.
            overrides: statements that replace what is derived: a JSON file, or a mapping with
                the same keys (`docs/hands.md`). The file `right_hand.zdg.json` beside
                `right_hand.xml` is read without being named.

        Raises:
            InputError: there is no such hand, or it cannot be used; the message says why.
        """
        enable_compile_cache()
        return _derive(
            HandFile.read(
                path, root=root, scale=scale, drive=drive, mirror=mirror, overrides=overrides
            )
        )

    def mirrored(self) -> Hand:
        """Return the mirror image in the plane y = 0 of the root frame: a left hand of a right one.

        Names and joint positions keep their meaning: at equal joints, and with its root at the
        mirrored pose, it is the mirror image.
        """
        return _derive(self._file.mirrored())

    def __repr__(self) -> str:
        """One line: the name, and counts of what the hand has."""
        return (
            f"<Hand '{self.name}': {len(self.fingers)} fingers, {self.num_joints} joints,"
            f" {self.num_actuators} actuators, {self.num_links} links>"
        )

    def _repr_html_(self) -> str:
        """The fingers with their links and joints, for notebooks."""
        links, joints = self.link_names, self.joint_names
        columns = {
            "finger": [finger.name for finger in self.fingers],
            "links": [", ".join(links[k] for k in finger.links) for finger in self.fingers],
            "joints": [", ".join(joints[k] for k in finger.joints) for finger in self.fingers],
        }
        return html_table(columns, caption=repr(self).strip("<>"))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was left out, coupled or held still when the hand was read."""
        return (*self._file.notes, *self.kinematics.coupling.notes)

    @functools.cached_property
    def palm_links(self) -> np.ndarray:
        """Links that are fixed to the palm's, itself included, (p,) int."""
        carriers = np.array(self.arrays.tree.topology.carriers)
        return np.flatnonzero(carriers == carriers[self.palm.link])

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

    @property
    def opposing_finger(self) -> int:
        """Index of the finger that opposes the others: the thumb, or the first without one."""
        return opposing_finger(self.fingers)

    @functools.cached_property
    def fingers_from_thumb(self) -> tuple[Finger, ...]:
        """The fingers but the thumb, that on the thumb's side first."""
        aside = self.tip_positions(self.open_dofs) @ self.palm.thumb_side
        fingers = zip(aside, self.fingers, strict=True)
        others = [(place, finger) for place, finger in fingers if not finger.is_thumb]
        return tuple(finger for _, finger in sorted(others, key=lambda pair: -pair[0]))

    @property
    def index_finger(self) -> Finger:
        """The finger beside the thumb."""
        return self.fingers_from_thumb[0]

    @property
    def finger_thickness(self) -> float:
        """Thickness of the index finger at its thickest: what it passes through is wider [m]."""
        spheres = self.arrays.spheres
        of_finger = np.isin(np.asarray(spheres.link), self.index_finger.links)
        return 2 * float(np.asarray(spheres.inner)[of_finger].max(initial=0.0))

    @functools.cached_property
    def fingertips(self) -> Fingertips:
        """The pads of the fingertips."""
        return Fingertips.of(self.fingers, self.arrays.contacts)

    @functools.cached_property
    def preshapes(self) -> Preshapes:
        """Postures in which the thumb opposes the other fingers, at every width."""
        return find_preshapes(self, self.fingertips, self.opposing_finger)

    @functools.cached_property
    def lateral_preshapes(self) -> Preshapes:
        """Postures in which the thumb opposes the side of the index finger, at every width."""
        return find_preshapes(self, lateral_pads(self), 0)

    @functools.cached_property
    def reach(self) -> float:
        """Distance from the palm to the farthest fingertip of the open hand [m]."""
        tips = self.tip_positions(self.open_dofs)
        return float(np.linalg.norm(tips - self.palm.position, axis=-1).max())

    def spec(self) -> mujoco.MjSpec:
        """Return a fresh, self-contained copy of the hand's description, without floors."""
        return self._file.spec.copy()

    def joints(self, dofs: np.ndarray) -> np.ndarray:
        """Return joints (*b, j) [rad or m], MJCF order, of dofs (*b, d), on the host."""
        return self.kinematics.joints(dofs)

    def tip_positions(self, dofs: np.ndarray) -> np.ndarray:
        """Return the middles of the tips' pads, (*b, f, 3), root frame [m], at dofs (*b, d)."""
        return self.fingertips.posed(self.kinematics, dofs)[0]


def _derive(file: HandFile) -> Hand:
    name, spec, model, overrides = file.name, file.spec, file.model, file.overrides
    notes = file.notes
    drives = actuation.read_position_actuators(model, name)
    kinematics = HandKinematics(tree=build_tree(model), coupling=couple(model, name))
    links = file.link_names
    overrides.check_links(links)
    solids = link_solids(model, frozenset(links.index(link) for link in overrides.exclude))
    if not solids:
        raise InputError(f"the hand '{name}' has no geometry; give its links collision geoms")
    samples = sample_links(solids, model.nbody)
    palm_link, fingers = find_fingers(model, set(samples), name, file.joined)
    _, rest = kinematics.link_poses(kinematics.rest)
    center = rest[[finger.links[0] for finger in fingers]].mean(0)
    halfway = (kinematics.coupling.lower + kinematics.coupling.upper) / 2
    tips = [
        kinematics.point(halfway, finger.tip_link, samples[finger.tip_link].points.mean(0))
        for finger in fingers
    ]
    between = np.mean(tips, axis=0)
    motions = [analyze_finger(kinematics, finger, samples, center, between) for finger in fingers]
    links_of_finger = {f.name: tuple(links[link] for link in f.links) for f in fingers}
    thumb = overrides.thumb_index(links_of_finger, derived=find_thumb(motions))
    fingers = [dataclasses.replace(f, is_thumb=i == thumb) for i, f in enumerate(fingers)]
    carriers = kinematics.tree.topology.carriers
    fixed = [k for k in range(model.nbody) if carriers[k] == carriers[palm_link]]
    fixed.sort(key=lambda k: k != palm_link)
    if overrides.palm_link is not None:
        fixed = [links.index(overrides.palm_link)]
    palm = find_palm(
        kinematics,
        motions,
        thumb,
        fixed,
        samples,
        override_normal=overrides.palm_normal,
        override_direction=overrides.palm_direction,
    )
    poses = find_reference_poses(
        kinematics, motions, thumb, palm, lambda dofs: overlap_depth(kinematics, model, dofs)
    )
    overlaps = permanent_overlaps(kinematics, model, np.stack([poses.opened, poses.half_closed]))
    if overlaps:
        for a, b in overlaps:
            spec.add_exclude(bodyname1=model.body(a).name, bodyname2=model.body(b).name)
        model = source.compile_spec(spec, name)
        file = dataclasses.replace(file, model=model)
        pairs = ", ".join(f"{links[a]} and {links[b]}" for a, b in overlaps)
        notes = (*notes, f"built into one another, left to pass: {pairs}")
    arrays, coverage = _arrays(
        model, kinematics, drives, solids, samples, tuple(fingers), motions, palm, poses
    )
    return Hand(
        name=name,
        source=file.origin,
        fingerprint=file.fingerprint,
        joint_names=file.joint_names,
        link_names=links,
        actuator_names=drives.names,
        dof_names=tuple(model.joint(j).name for j in kinematics.coupling.leaders),
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
        kinematics=kinematics,
        arrays=arrays,
        model=model,
        _file=dataclasses.replace(file, notes=notes),
    )


def _arrays(
    model: mujoco.MjModel,
    kinematics: HandKinematics,
    drives: Actuation,
    solids: list[ConvexSolid],
    samples: dict[int, Samples],
    fingers: tuple[Finger, ...],
    motions: list[FingerMotion],
    palm: Palm,
    poses: ReferencePoses,
) -> tuple[HandArrays, Coverage]:
    within_reach = {palm.link} | {link for finger in fingers for link in finger.links}
    cover = spheres.cover_links(solids, samples)
    buried = buried_samples(kinematics, solids, samples, poses.half_closed)
    picked = contact_candidates(kinematics, solids, samples, fingers, motions, palm, buried)
    around = surface_points(samples, buried, within_reach)
    likely = np.stack([kinematics.rest, poses.opened, poses.half_closed])
    finger_of = np.full(model.nbody, -1, np.int32)
    for i, finger in enumerate(fingers):
        finger_of[list(finger.links)] = i
    tips = [finger.tip_link for finger in fingers]
    thumb = next((i for i, finger in enumerate(fingers) if finger.is_thumb), 0)
    coupling = kinematics.coupling
    contacts = ContactCandidates(
        local=floats(picked.local),
        normals=floats(picked.normals),
        link=integers(picked.link),
        finger=integers(finger_of[picked.link]),
        tip=booleans(np.isin(picked.link, tips)),
        thumb=booleans(finger_of[picked.link] == thumb),
    )
    pads = Fingertips.of(fingers, contacts)
    middles, _ = pads.posed(kinematics, poses.half_closed)
    arrays = HandArrays(
        tree=kinematics.tree,
        lower=floats(coupling.lower),
        upper=floats(coupling.upper),
        coupling=floats(coupling.matrices),
        passive_motions=floats(towards_yielding(kinematics, pads, poses.half_closed)),
        ctrl_from_joints=floats(drives.ctrl_from_joints),
        kp=floats(drives.kp),
        force_limit=floats(np.abs(drives.force_range).min(axis=1)),
        palm_normal=floats(palm.normal),
        thumb_side=floats(palm.thumb_side),
        grasp_center=floats((palm.position + middles.mean(axis=0)) / 2),
        contacts=contacts,
        surface=SurfacePoints(
            local=floats(around.local),
            normals=floats(around.normals),
            link=integers(around.link),
        ),
        spheres=Spheres(
            local=floats(cover.centers),
            radii=floats(cover.radii),
            inner=floats(spheres.inscribed_radii(cover, solids)),
            link=integers(cover.link),
        ),
        self_pairs=integers(colliding_spheres(kinematics, model, cover, likely)),
    )
    return arrays, spheres.measure_coverage(cover, solids, samples)
