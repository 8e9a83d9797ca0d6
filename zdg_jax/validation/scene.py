"""Scenes: one hand and one object in one MuJoCo model."""

from __future__ import annotations

import dataclasses
from typing import Protocol as Interface

import mujoco
import numpy as np

from zdg_jax.errors import InputError, ValidationError
from zdg_jax.hand.actuation import actuator_moment, read_actuators
from zdg_jax.physics import Physics
from zdg_jax.scenes.surroundings import Surroundings
from zdg_jax.validation.protocols import SolverOptions

_TABLE_MEMORY = 2**26
"""Room for the contacts of a whole hand inside a table, counted before it is failed [B]."""
_SLOWEST = 0.1
"""Damping over gain beyond which damping is lowered with the gain [s]: a hand closes in 0.4 s."""
_HAND, _OBJECT, _TARGET, _ROOT_JOINT = "hand/", "object", "target", "hand_root"


class HandLike(Interface):
    """A hand as physics needs it."""

    @property
    def name(self) -> str:
        """Its name."""

    def spec(self) -> mujoco.MjSpec:
        """A fresh specification of the hand alone, fixed to the world."""


class PieceLike(Interface):
    """A convex piece."""

    @property
    def vertices(self) -> np.ndarray:
        """Vertices, (v, 3), object frame [m]."""

    @property
    def faces(self) -> np.ndarray:
        """Triangles, (f, 3)."""


class ObjectLike(Interface):
    """An object as physics needs it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def mass(self) -> float:
        """Its mass [kg]."""

    @property
    def friction(self) -> float:
        """Its sliding friction."""

    @property
    def pieces(self) -> tuple[PieceLike, ...]:
        """Its convex pieces, object frame."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CompiledScene:
    """A compiled model: hand on a free root that is welded to a mocap body, and a free object.

    `qpos` is root position and quaternion, the hand's joints, object position and quaternion.
    """

    model: mujoco.MjModel
    """The compiled model."""
    hand_body: int
    """Body of the hand's root; its other links follow it."""
    object_body: int
    """Body of the object."""
    link_of_geom: np.ndarray
    """Body of each geom if it belongs to the hand, -1 if not, (ngeom,)."""
    object_geoms: np.ndarray
    """Marks the geoms of the object, (ngeom,) bool."""
    ctrl_from_joints: np.ndarray
    """Actuator targets that hold joints where they are, (nu, j): targets = matrix @ joints."""
    changes: tuple[str, ...]
    """Alterations of hand and object that the scene needed."""

    @property
    def num_joints(self) -> int:
        """Joint coordinates of the hand."""
        return int(self.model.nq) - 14

    @property
    def wrist_stiffness(self) -> float:
        """Torque per turn of the weld that holds the hand [N m/rad].

        A weld yields as far as its impedance is below one: by R f / k for the force f of a row,
        with R and k of "Computation" in MuJoCo's documentation. Rows of a turn measure the sine of
        half the angle, which makes it 4 R / k per torque.
        """
        timeconst, damping = self.model.eq_solref[0]
        impedance = self.model.eq_solimp[0, 1]
        regular = (1 - impedance) / impedance * self.model.body_invweight0[self.hand_body, 1]
        return float(1 / (4 * regular * impedance * (timeconst * damping) ** 2))


def link_body(scene: CompiledScene, link: str) -> int:
    """Returns the body of a link of the hand by its name, -1 where the hand has none such."""
    return int(mujoco.mj_name2id(scene.model, mujoco.mjtObj.mjOBJ_BODY, _HAND + link))


def palm_body(scene: CompiledScene) -> int:
    """Returns the body that the fingers branch from; the hand's root where it has no wrist."""
    model, root = scene.model, scene.hand_body

    def ancestors(body: int) -> list[int]:
        chain = [body]
        while chain[-1] not in (0, root):
            chain.append(int(model.body_parentid[chain[-1]]))
        return chain[::-1]

    fixed = model.body_weldid[root]
    chains = [ancestors(body) for body in range(model.nbody) if model.body_weldid[body] != fixed]
    chains = [chain for chain in chains if chain[0] == root]
    inner = {body for chain in chains for body in chain[:-1]}
    tips = [chain for chain in chains if chain[-1] not in inner]
    if len(tips) < 2:
        return root
    shared = [level[0] for level in zip(*tips, strict=False) if len(set(level)) == 1]
    return shared[-1]


def build_spec(
    hand: HandLike,
    obj: ObjectLike,
    physics: Physics,
    solver: SolverOptions,
    *,
    surroundings: Surroundings | None = None,
    at_rest: bool = False,
) -> mujoco.MjSpec:
    """Describes the scene before it is compiled, so that it can be adapted to a backend.

    Args:
        hand: the hand.
        obj: the object.
        physics: mass, friction and drives.
        solver: settings of the simulation.
        surroundings: table and obstacles, which also turn gravity on. The hand is then carried
            against gravity, as an arm would.
        at_rest: the object stays where it is: its contacts with the surroundings are left out.

    Raises:
        InputError: the object has no convex pieces, or the mass is not positive.
        ValidationError: MuJoCo refuses the hand.
    """
    if not obj.pieces:
        raise InputError(f"object '{obj.name}' has no convex pieces to simulate")
    mass = physics.mass_of(obj)
    spec, guest = mujoco.MjSpec(), hand.spec()
    gravity = np.zeros(3) if surroundings is None else -physics.gravity * surroundings.up
    for part in (spec, guest):  # both, or attaching warns of a conflict
        _set_options(part.option, solver, gravity)
    _adapt_hand(guest, physics)
    if surroundings is not None:
        for link in guest.bodies:
            link.gravcomp = 1.0
    root = spec.worldbody.add_frame().attach_body(guest.worldbody, _HAND, "")
    root.add_freejoint(name=_ROOT_JOINT)
    target = spec.worldbody.add_body(name=_TARGET, mocap=True)
    weld = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_WELD,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        name1=target.name,
        name2=root.name,
        solimp=[0.9, 0.95, 0.001, 0.5, 2],
    )
    weld.data[:11] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

    body = spec.worldbody.add_body(name=_OBJECT)
    body.add_freejoint(name="object_root")
    density = mass / sum(_volume(piece) for piece in obj.pieces)
    # Whatever of the hand collides must meet the object, whichever bits its file gives it.
    mask = 1
    for geom in spec.geoms:
        mask |= int(geom.contype) | int(geom.conaffinity)
    for i, piece in enumerate(obj.pieces):
        name = f"piece{i}"
        spec.add_mesh(
            name=name,
            uservert=np.asarray(piece.vertices, float).ravel().tolist(),
            userface=np.asarray(piece.faces, int).ravel().tolist(),
        )
        body.add_geom(
            name=name,
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=name,
            density=density,
            contype=mask,
            conaffinity=mask,
        )
    if surroundings is not None:
        surroundings.add_to(spec, mask)
        spec.memory = _TABLE_MEMORY
        if at_rest:
            spec.add_exclude(bodyname1=_OBJECT, bodyname2="world")
    friction = [physics.friction_of(obj), physics.torsional_friction]
    for geom in spec.geoms:
        geom.friction[:2] = friction
        geom.condim = 4
    return spec


def compile_scene(spec: mujoco.MjSpec, changes: tuple[str, ...] = ()) -> CompiledScene:
    """Compiles a scene made by `build_spec`.

    Raises:
        ValidationError: MuJoCo refuses the scene.
    """
    model = _compiled(spec)
    body = model.body(_OBJECT).id
    # Not by name: bodies that the hand's file does not name have none here either.
    root = int(model.joint(_ROOT_JOINT).bodyid[0])
    link = np.where(model.body_rootid[model.geom_bodyid] == root, model.geom_bodyid, -1)
    return CompiledScene(
        model=model,
        hand_body=root,
        object_body=body,
        link_of_geom=link,
        object_geoms=model.geom_bodyid == body,
        ctrl_from_joints=actuator_moment(model)[:, 6:-6],
        changes=changes,
    )


def build(
    hand: HandLike,
    obj: ObjectLike,
    physics: Physics,
    solver: SolverOptions,
    *,
    surroundings: Surroundings | None = None,
    at_rest: bool = False,
) -> CompiledScene:
    """Builds the scene for MuJoCo's C engine; arguments as of `build_spec`.

    Raises:
        InputError: the object has no convex pieces, or the mass is not positive.
        ValidationError: MuJoCo refuses the scene.
    """
    spec = build_spec(hand, obj, physics, solver, surroundings=surroundings, at_rest=at_rest)
    # Same physics to the last few bits. The dense Jacobian, MuJoCo's choice below 60 degrees of
    # freedom, makes a step 1.4 to 1.7 times slower with the many contacts that multiccd makes.
    spec.option.jacobian = mujoco.mjtJacobian.mjJAC_SPARSE
    return compile_scene(spec)


def away_from_object(scene: CompiledScene, data: mujoco.MjData, up: np.ndarray) -> np.ndarray:
    """Returns the unit vector from the object's mass to the hand's, never downwards, (3,).

    Args:
        scene: the scene.
        data: its state, with kinematics.
        up: unit vector, (3,).
    """
    links = np.unique(scene.link_of_geom[scene.link_of_geom >= 0])
    mass = scene.model.body_mass[links] + 1e-9
    center = (mass[:, None] * data.xipos[links]).sum(axis=0) / mass.sum()
    away: np.ndarray = center - data.xipos[scene.object_body]
    away -= min(0.0, float(away @ up)) * up
    length = float(np.linalg.norm(away))
    return away / length if length > 1e-6 else up


def _compiled(spec: mujoco.MjSpec) -> mujoco.MjModel:
    try:
        return spec.compile()
    except ValueError as error:
        raise ValidationError(f"MuJoCo cannot compile the scene: {error}") from error


def _set_options(option: mujoco.MjOption, solver: SolverOptions, gravity: np.ndarray) -> None:
    cone, bits = mujoco.mjtCone, mujoco.mjtDisableBit
    option.timestep = solver.timestep
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = cone.mjCONE_ELLIPTIC if solver.elliptic else cone.mjCONE_PYRAMIDAL
    option.impratio = solver.impratio
    option.noslip_iterations = solver.noslip_iterations
    option.gravity = gravity
    option.disableflags = 0 if gravity.any() else int(bits.mjDSBL_GRAVITY)
    option.enableflags = 0
    if hasattr(bits, "mjDSBL_MULTICCD"):
        option.disableflags |= int(bits.mjDSBL_MULTICCD) if solver.multiccd is False else 0
    elif solver.multiccd:  # older versions have it as an option that is off by default
        option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_MULTICCD)


def _adapt_hand(hand: mujoco.MjSpec, physics: Physics) -> None:
    """Gives a hand stiff contacts, and its position actuators the gains and limits of `physics`."""
    for geom in hand.geoms:
        geom.solimp[:3] = [0.5, 0.99, 0.0001]
        geom.solref[:2] = [0.005, 1]
    actuators = read_actuators(_compiled(hand.copy()))
    drives = physics.drives(actuators)
    for a, actuator in enumerate(hand.actuators):
        if actuator.biastype != mujoco.mjtBias.mjBIAS_AFFINE:
            continue
        if physics.drive is None or actuators.linear[a]:
            _aim_at_lengths(actuator)
        # A soft drive with the damping of a stiff one would hardly move.
        damping, gain, own = -actuator.biasprm[2], drives.gain[a], max(actuators.kp[a], 1e-9)
        actuator.biasprm[2] = -min(damping, max(damping * gain / own, _SLOWEST * gain))
        actuator.gainprm[0], actuator.biasprm[1] = drives.gain[a], -drives.gain[a]
        allowed = drives.force_range[a]
        if np.isfinite(allowed).all():
            actuator.forcerange = allowed
            actuator.forcelimited = int(mujoco.mjtLimited.mjLIMITED_TRUE)


def _aim_at_lengths(actuator: mujoco.MjsActuator) -> None:
    """Makes the targets of an actuator that keeps its gain lengths or angles.

    Some take other units, such as the 0 to 255 of a gripper's controller: their force is
    gain * target + offset - kp * length.
    """
    gain, offset, kp = actuator.gainprm[0], actuator.biasprm[0], -actuator.biasprm[1]
    if (gain, offset) == (kp, 0.0) or not kp > 0:
        return
    low, high = actuator.ctrlrange
    if low < high:
        actuator.ctrlrange = np.sort((gain * np.array([low, high]) + offset) / kp)
    actuator.biasprm[0] = 0.0


def _volume(piece: PieceLike) -> float:
    """Returns the volume enclosed by a piece's outward triangles [m^3]."""
    a, b, c = (np.asarray(piece.vertices, float)[np.asarray(piece.faces)[:, k]] for k in range(3))
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())) / 6.0
