"""Simplified scenes for MJX: fewer pairs, fewer vertices, no shape that it cannot collide."""

from __future__ import annotations

import dataclasses

import jax
import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.physics import Physics
from zdg_jax.validation.batched.program import SINGLE
from zdg_jax.validation.mjx.patches import unpatched
from zdg_jax.validation.protocols import SolverOptions
from zdg_jax.validation.scene import CompiledScene, HandLike, ObjectLike, build_spec, compile_scene

PRECISIONS = ("auto", "double", "single")
_GEOM = mujoco.mjtGeom
_LEAST_VERTICES = 4
_BALL_SPACING = 0.75
"""Distance between the balls of a chain, over their radius: dents of 7 % of it."""
_CONTACT_SETTINGS = [
    "contype",
    "conaffinity",
    "condim",
    "priority",
    "friction",
    "solmix",
    "solref",
    "solimp",
    "margin",
    "gap",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MjxOptions:
    """Simplifications of a scene for MJX. Compile time and time per step grow with all of it."""

    hull_vertices: int = 32
    """Most vertices of a convex piece, and of a hand's mesh."""
    self_collision: bool = True
    """Let the links of the hand collide with each other. Fingers close round thin things until
    they touch: of 128 refined grasps of a marker the C engine gave 124 the same verdict with it
    and 113 without. With capped pairs it costs little."""
    max_geom_pairs: int = 24
    """Pairs of each kind of geoms that go on from the broad phase; -1 for all."""
    max_contact_points: int = 32
    """Contact points that go on to the solver; -1 for all."""
    iterations: int = 30
    """Newton iterations per step."""
    line_search_iterations: int = 50
    """Line-search iterations in each of them. With 12 the C engine already throws objects out of
    closing hands."""
    impratio: float = 300.0
    """Least ratio of frictional to normal impedance where the protocol asks for noslip iterations,
    which MJX does not have. Of 96 crude grasps of three hands the C engine gave 91 the same
    verdict this way and 84 with a ratio of 10; of 128 refined ones of a marker 124 and 113."""
    precision: str = "auto"
    """`double`, `single`, or `auto`: double but on TPUs, which have none of their own. In single
    precision a few steps in a hundred are not solved, and what is thin is thrown."""

    def __post_init__(self) -> None:
        """Checks the precision.

        Raises:
            InputError: there is no such precision.
        """
        if self.precision not in PRECISIONS:
            raise InputError(f"no precision '{self.precision}'; there are: {', '.join(PRECISIONS)}")

    @property
    def double(self) -> bool:
        """Says whether steps are computed in double precision on the device at hand."""
        if self.precision == "auto":
            return jax.default_backend() != "tpu"
        return self.precision == "double"


def build_mjx(
    hand: HandLike,
    obj: ObjectLike,
    physics: Physics,
    solver: SolverOptions,
    options: MjxOptions,
) -> CompiledScene:
    """Builds the scene for MJX; its `changes` name all that differs from the C engine's.

    Args:
        hand: the hand.
        obj: the object.
        physics: mass, friction and drives.
        solver: settings of the simulation.
        options: how much to simplify.

    Raises:
        InputError: the object has no convex pieces, or the mass is not positive.
        ValidationError: MuJoCo refuses the scene.
    """
    changes = []
    if solver.noslip_iterations:
        impratio = max(solver.impratio, options.impratio)
        changes.append(
            f"{solver.noslip_iterations} noslip iterations replaced by impratio {impratio:g}"
        )
        solver = dataclasses.replace(solver, noslip_iterations=0, impratio=impratio)
    spec = build_spec(hand, obj, physics, solver)
    changes += _replace_round_shapes(spec)
    changes += _chain_capsules(spec)
    changes += _limit_hulls(spec, options)
    changes += _mask(spec, options)
    spec.option.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
    spec.option.iterations = options.iterations
    spec.option.ls_iterations = options.line_search_iterations
    changes.append(
        f"solver stops after {options.iterations} iterations of "
        f"{options.line_search_iterations} line-search steps"
    )
    if not options.double:
        changes.append(SINGLE)
    for name in ("max_geom_pairs", "max_contact_points"):
        value = getattr(options, name)
        if value >= 0:
            spec.add_numeric(name=name, size=1, data=[value])
            changes.append(f"{name} capped at {value}")
    changes += unpatched()
    return compile_scene(spec, tuple(changes))


def _collides(geom: mujoco.MjsGeom) -> bool:
    return bool(geom.contype or geom.conaffinity)


def _replace_round_shapes(spec: mujoco.MjSpec) -> list[str]:
    """Cylinders and ellipsoids become capsules of the same length: MJX cannot collide them with
    meshes or boxes."""
    cylinders = ellipsoids = 0
    for geom in spec.geoms:
        if not _collides(geom):
            continue
        size = np.array(geom.size)
        if geom.type == _GEOM.mjGEOM_CYLINDER:
            # Cut short by a radius at each end, the caps reach as far as the flat ends did.
            radius, half = size[0], size[1]
            if not np.isnan(geom.fromto[0]):
                half = 0.5 * float(np.linalg.norm(geom.fromto[3:] - geom.fromto[:3]))
                _shorten(geom, radius, half)
            else:
                geom.size[1] = max(half - radius, 1e-4)
            geom.type = _GEOM.mjGEOM_CAPSULE
            cylinders += 1
        elif geom.type == _GEOM.mjGEOM_ELLIPSOID:
            axis = int(np.argmax(size))
            radius = float(np.delete(size, axis).mean())
            turn, product = np.zeros(4), np.zeros(4)
            mujoco.mju_quatZ2Vec(turn, np.eye(3)[axis])
            mujoco.mju_mulQuat(product, np.array(geom.quat), turn)
            geom.quat = product
            geom.size = [radius, max(float(size[axis]) - radius, 1e-4), 0.0]
            geom.type = _GEOM.mjGEOM_CAPSULE
            ellipsoids += 1
    changes = []
    if cylinders:
        changes.append(f"{cylinders} cylinders made capsules of the same length")
    if ellipsoids:
        changes.append(f"{ellipsoids} ellipsoids made capsules of the same length")
    return changes


def _shorten(geom: mujoco.MjsGeom, radius: float, half: float) -> None:
    """Moves the ends of a geom that is given by its ends towards its middle."""
    start, end = np.array(geom.fromto[:3]), np.array(geom.fromto[3:])
    middle, along = 0.5 * (start + end), (end - start) / (2 * half)
    left = max(half - radius, 1e-4)
    geom.fromto = np.concatenate([middle - left * along, middle + left * along])


def _chain_capsules(spec: mujoco.MjSpec) -> list[str]:
    """Capsules become chains of balls: MJX misses contacts of capsules with hulls of small faces,
    a quarter of those round a marker, because it clips a capsule to the one face that is best for
    all of it. With balls it is exact, see `mjx_contacts`."""
    model = spec.compile()  # resolves ends and orientations
    capsules = [
        (geom, geom.id)  # which changes as geoms are added
        for geom in spec.geoms
        if geom.type == _GEOM.mjGEOM_CAPSULE and _collides(geom)
    ]
    for geom, number in capsules:
        radius, half = model.geom_size[number, :2]
        matrix = np.zeros(9)
        mujoco.mju_quat2Mat(matrix, model.geom_quat[number])
        count = 1 + int(np.ceil(2 * half / (_BALL_SPACING * radius)))
        for offset in np.linspace(-half, half, count):
            ball = geom.parent.add_geom(
                spec.default,  # or the class of the body would shape it
                type=_GEOM.mjGEOM_SPHERE,
                size=[radius, 0, 0],
                pos=model.geom_pos[number] + offset * matrix[2::3],
                mass=0,
            )
            for name in _CONTACT_SETTINGS:
                setattr(ball, name, getattr(geom, name))
        geom.contype = geom.conaffinity = 0
    return [f"{len(capsules)} capsules made chains of balls"] if capsules else []


def _limit_hulls(spec: mujoco.MjSpec, options: MjxOptions) -> list[str]:
    used = {geom.meshname for geom in spec.geoms if _collides(geom) and geom.meshname}
    limited = 0
    for mesh in spec.meshes:
        if mesh.name in used:
            mesh.maxhullvert = max(_LEAST_VERTICES, options.hull_vertices)
            limited += 1
    return [f"hulls of {limited} meshes limited to {options.hull_vertices} vertices"]


def _mask(spec: mujoco.MjSpec, options: MjxOptions) -> list[str]:
    """Lets hand and object collide with each other alone."""
    for geom in spec.geoms:
        if not _collides(geom):
            continue
        item = geom.parent.name == "object"
        geom.contype = 0 if item else 1
        geom.conaffinity = 1 if item or options.self_collision else 0
    return [] if options.self_collision else ["the hand does not collide with itself"]
