"""Scenes: one hand and one object in one MuJoCo model."""

from __future__ import annotations

import dataclasses
from typing import Protocol as Interface

import mujoco
import numpy as np

from zdg_jax.errors import InputError, ValidationError
from zdg_jax.validation.protocols import Physics

_TABLE_MEMORY = 2**26
"""Room for the contacts of a whole hand inside a table, counted before it is failed [B]."""
_HAND, _OBJECT, _TARGET = "hand/", "object", "target"


class HandLike(Interface):
    """What physics needs of a hand."""

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
    """What physics needs of an object."""

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
class Scene:
    """A compiled model: hand on a free root that is welded to a mocap body, and a free object.

    `qpos` is root position and quaternion, the hand's joints, object position and quaternion.
    """

    model: mujoco.MjModel
    """The compiled model."""
    object_body: int
    """Body of the object."""
    link_of_geom: np.ndarray
    """Body of each geom if it belongs to the hand, -1 if not, (ngeom,)."""
    object_geoms: np.ndarray
    """Whether a geom belongs to the object, (ngeom,) bool."""
    ctrl_from_joints: np.ndarray
    """Actuator targets that hold joints where they are, (nu, j): targets = matrix @ joints."""
    changes: tuple[str, ...]
    """What was changed in hand or object to build it."""

    @property
    def num_joints(self) -> int:
        """Joint coordinates of the hand."""
        return int(self.model.nq) - 14


def build_spec(
    hand: HandLike, obj: ObjectLike, physics: Physics, *, up: np.ndarray | None = None
) -> mujoco.MjSpec:
    """The scene before it is compiled, so that it can be adapted to a backend.

    Args:
        hand: the hand.
        obj: the object.
        physics: materials and solver.
        up: puts a table under the object, whose top faces this way, (3,), object frame. The
            hand is then carried against gravity, as an arm would.

    Raises:
        InputError: the object has no convex pieces, or the mass is not positive.
    """
    if not obj.pieces:
        raise InputError(f"object '{obj.name}' has no convex pieces to simulate")
    mass = obj.mass if physics.mass is None else physics.mass
    if not mass > 0:
        raise InputError(f"the object's mass is {mass} kg; it must be positive")
    spec, guest = mujoco.MjSpec(), hand.spec()
    for part in (spec, guest):  # both, or attaching warns of a conflict
        _set_options(part.option, physics, np.array([0.0, 0, 1]) if up is None else up)
    _adapt_hand(guest, physics)
    if up is not None:
        for link in guest.bodies:
            link.gravcomp = 1.0
    root = spec.worldbody.add_frame().attach_body(guest.worldbody, _HAND, "")
    root.add_freejoint(name="hand_root")
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
    for i, piece in enumerate(obj.pieces):
        name = f"piece{i}"
        spec.add_mesh(
            name=name,
            uservert=np.asarray(piece.vertices, float).ravel().tolist(),
            userface=np.asarray(piece.faces, int).ravel().tolist(),
        )
        body.add_geom(name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, density=density)
    if up is not None:
        _add_table(spec, obj, up)
        spec.memory = _TABLE_MEMORY
    sliding = obj.friction if physics.friction is None else physics.friction
    for geom in spec.geoms:
        geom.friction[:2] = [sliding, physics.torsional_friction]
        geom.condim = 4
    return spec


def compile_scene(spec: mujoco.MjSpec, changes: tuple[str, ...] = ()) -> Scene:
    """Compiles a scene made by `build_spec`.

    Raises:
        ValidationError: MuJoCo refuses the scene.
    """
    try:
        model = spec.compile()
    except ValueError as error:
        raise ValidationError(f"MuJoCo cannot compile the scene: {error}") from error
    body = model.body(_OBJECT).id
    names = [model.body(b).name for b in range(model.nbody)]
    link = np.array([b if names[b].startswith(_HAND) else -1 for b in model.geom_bodyid])
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    moment = np.zeros((model.nu, model.nv))
    mujoco.mju_sparse2dense(
        moment,
        data.actuator_moment,
        data.moment_rownnz,
        data.moment_rowadr,
        data.moment_colind,
    )
    return Scene(
        model=model,
        object_body=body,
        link_of_geom=link,
        object_geoms=model.geom_bodyid == body,
        ctrl_from_joints=moment[:, 6:-6],
        changes=changes,
    )


def build(
    hand: HandLike, obj: ObjectLike, physics: Physics, *, up: np.ndarray | None = None
) -> Scene:
    """The scene for MuJoCo's C engine; `up` asks for a table, see `build_spec`.

    Raises:
        InputError: the object has no convex pieces, or the mass is not positive.
        ValidationError: MuJoCo refuses the scene.
    """
    spec = build_spec(hand, obj, physics, up=up)
    # Same physics to the last few bits. The dense Jacobian, MuJoCo's choice below 60 degrees of
    # freedom, makes a step 1.4 to 1.7 times slower with the many contacts that multiccd makes.
    spec.option.jacobian = mujoco.mjtJacobian.mjJAC_SPARSE
    return compile_scene(spec)


def _set_options(option: mujoco.MjOption, physics: Physics, up: np.ndarray) -> None:
    cone, bits = mujoco.mjtCone, mujoco.mjtDisableBit
    option.timestep = physics.timestep
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = cone.mjCONE_ELLIPTIC if physics.elliptic else cone.mjCONE_PYRAMIDAL
    option.impratio = physics.impratio
    option.noslip_iterations = physics.noslip_iterations
    option.gravity = -physics.gravity * up
    option.disableflags = 0 if physics.gravity else int(bits.mjDSBL_GRAVITY)
    option.enableflags = 0
    if hasattr(bits, "mjDSBL_MULTICCD"):
        option.disableflags |= int(bits.mjDSBL_MULTICCD) if physics.multiccd is False else 0
    elif physics.multiccd:  # older versions have it as an option that is off by default
        option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_MULTICCD)


def _adapt_hand(hand: mujoco.MjSpec, physics: Physics) -> None:
    """Stiff contacts, and the protocol's gains on position actuators."""
    for geom in hand.geoms:
        geom.solimp[:3] = [0.5, 0.99, 0.0001]
        geom.solref[:2] = [0.005, 1]
    if physics.stiffness is None:
        return
    for actuator in hand.actuators:
        if actuator.biastype == mujoco.mjtBias.mjBIAS_AFFINE:
            actuator.gainprm[0] = physics.stiffness
            actuator.biasprm[1] = -physics.stiffness
            low, high = actuator.forcerange
            if low < high:
                limit = physics.torque_limit
                actuator.forcerange = [min(low, -limit), max(high, limit)]


def _add_table(spec: mujoco.MjSpec, obj: ObjectLike, up: np.ndarray) -> None:
    """A plane that touches the object from below."""
    height = min(float((np.asarray(piece.vertices) @ up).min()) for piece in obj.pieces)
    rotation = np.zeros(4)
    mujoco.mju_quatZ2Vec(rotation, up)
    spec.worldbody.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 0.05],
        pos=height * up,
        quat=rotation,
    )


def _volume(piece: PieceLike) -> float:
    """Volume enclosed by a piece's outward triangles [m^3]."""
    a, b, c = (np.asarray(piece.vertices, float)[np.asarray(piece.faces)[:, k]] for k in range(3))
    return abs(float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum())) / 6.0
