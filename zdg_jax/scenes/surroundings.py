"""Surroundings: a scene as the object sees it, in the object frame."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

import mujoco
import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.geometry.quaternions import rotation_matrix
from zdg_jax.objects.convex import ConvexPiece, union
from zdg_jax.scenes.obstacles import Box, Solid, Triple
from zdg_jax.scenes.scene import Piece, Scene

if TYPE_CHECKING:
    import jax

    from zdg_jax.kernels.distance import DistanceGrid
    from zdg_jax.scenes.arrays import SceneArrays

TOLERANCE = 0.002
"""Gap under an object, or depth in what is around it, that is put up with [m]."""
_FLAT = (0.35, 0.75)
"""Heights of objects, over a hand's reach, between which it comes to close about them: fingers that
curl under something while the palm lies on it need the room of two links below."""
_CELLS = 2**18
"""Rows of the distance grid of solids."""
_MARGIN = 0.01
"""Gap up to which the object's distance from obstacles is measured [m]."""
_RISE = 0.005
"""Distance between two heights at which a rising object is looked at [m]."""


class HasPieces(Protocol):
    """An object as scenes need it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Its convex pieces, object frame."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class PlacedBox:
    """A box in the object frame."""

    center: np.ndarray
    """(3,) [m]."""
    axes: np.ndarray
    """Unit axes as columns, (3, 3)."""
    half: np.ndarray
    """Half of its lengths, (3,) [m]."""
    name: str
    """Name in messages."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Surroundings:
    """A scene in the frame of the object that stands in it."""

    scene: Scene
    """The scene, with the object's place."""
    up: np.ndarray
    """Unit direction that points up, (3,)."""
    table: float | None
    """Height of the table's top along `up` [m]; None without a table."""
    boxes: tuple[PlacedBox, ...]
    """Obstacles that are boxes."""
    solids: tuple[Solid, ...]
    """All others."""

    @classmethod
    def of(cls, scene: Scene, obj: HasPieces, upright: Triple = (0.0, 0.0, 1.0)) -> Surroundings:
        """Places an object in a scene, at rest.

        Args:
            scene: the scene.
            obj: the object.
            upright: direction that points up where the scene does not say, object frame.

        Raises:
            InputError: the object hangs in the air, is sunk in the table, or something runs
                through it, by more than `TOLERANCE`.
        """
        surroundings = cls.seen_from(scene.rest(obj.pieces, upright))
        surroundings._check_support(obj)
        return surroundings

    @classmethod
    def seen_from(cls, placed: Scene) -> Surroundings:
        """Describes a scene with a place for the object in that object's frame, unchecked.

        Args:
            placed: the scene.

        Raises:
            InputError: it has no place for the object, see `Scene.place`.
        """
        if placed.position is None or placed.quaternion is None:
            raise InputError("the scene leaves open where the object is; place it first")
        rotation, position = rotation_matrix(np.array(placed.quaternion)), np.array(placed.position)
        boxes, solids = [], []
        for obstacle in placed.obstacles:
            if isinstance(obstacle, Box):
                boxes.append(
                    PlacedBox(
                        center=rotation.T @ (np.array(obstacle.position) - position),
                        axes=rotation.T @ rotation_matrix(np.array(obstacle.quaternion)),
                        half=0.5 * np.array(obstacle.size),
                        name=obstacle.name,
                    )
                )
            else:
                pieces = tuple(
                    ConvexPiece(vertices=(piece.vertices - position) @ rotation, faces=piece.faces)
                    for piece in obstacle.pieces
                )
                solids.append(Solid(pieces=pieces, name=obstacle.name))
        return cls(
            scene=placed,
            up=rotation[2],
            table=None if placed.table is None else placed.table - float(position[2]),
            boxes=tuple(boxes),
            solids=tuple(solids),
        )

    @property
    def has_obstacles(self) -> bool:
        """Whether there is anything besides the table."""
        return bool(self.boxes or self.solids)

    def arrays(self) -> SceneArrays:
        """Returns the arrays that compiled programs read."""
        from zdg_jax.runtime.arrays import floats
        from zdg_jax.scenes.arrays import SceneArrays

        def stacked(values: list[np.ndarray], shape: tuple[int, ...]) -> jax.Array:
            return floats(np.reshape(values, (-1, *shape)))

        planes = [] if self.table is None else [[*self.up, self.table]]
        pieces = tuple(piece for solid in self.solids for piece in solid.pieces)
        return SceneArrays(
            up=floats(self.up),
            planes=stacked([np.array(plane) for plane in planes], (4,)),
            centers=stacked([box.center for box in self.boxes], (3,)),
            axes=stacked([box.axes for box in self.boxes], (3, 3)),
            halves=stacked([box.half for box in self.boxes], (3,)),
            grids=(_grid(pieces),) if pieces else (),
        )

    def room(self, points: np.ndarray) -> np.ndarray:
        """Measures the clearance of points on the host, near what is convex a lower bound.

        Args:
            points: (n, 3), object frame [m].

        Returns:
            (n,) [m], negative inside.
        """
        gap = np.full(len(points), np.inf)
        if self.table is not None:
            gap = np.minimum(gap, points @ self.up - self.table)
        for box in self.boxes:
            beyond = np.abs((points - box.center) @ box.axes) - box.half
            gap = np.minimum(gap, beyond.max(axis=1))
        for piece in (piece for solid in self.solids for piece in solid.pieces):
            planes = piece.planes
            gap = np.minimum(gap, (points @ planes[:, :3].T - planes[:, 3]).max(axis=1))
        return gap

    def height(self, obj: HasPieces) -> float:
        """Measures the height of an object as it stands [m]."""
        heights = [np.asarray(piece.vertices) @ self.up for piece in obj.pieces]
        return max(float(h.max()) for h in heights) - min(float(h.min()) for h in heights)

    def grip_room(self, obj: HasPieces, reach: float) -> float:
        """Tells how far a hand can close about an object that lies, 0.1 to 1: not if it is flat.

        Args:
            obj: the object.
            reach: distance from the palm to the pads of half-closed fingers [m].
        """
        low, high = _FLAT
        return float(np.clip((self.height(obj) / reach - low) / (high - low), 0.1, 1.0))

    def headroom(self, obj: HasPieces, height: float) -> float:
        """Measures how far an object rises before something above is in its way.

        Args:
            obj: the object.
            height: the greatest rise that is looked at [m].

        Returns:
            At most `height`, to 5 mm [m].
        """
        if not self.has_obstacles:
            return height
        model, data = self._obstacles_and_object(obj)
        start = data.qpos[:3].copy()
        count = max(1, round(height / _RISE))
        for k in range(1, count + 1):
            data.qpos[:3] = start + height * k / count * self.up
            mujoco.mj_fwdPosition(model, data)
            outside = (model.geom_bodyid[data.contact.geom] == 0).any(axis=1)
            if (outside & (data.contact.dist < -TOLERANCE)).any():
                return height * (k - 1) / count
        return height

    def add_to(self, spec: mujoco.MjSpec, mask: int) -> None:
        """Adds table and obstacles to a MuJoCo scene whose world is the object frame.

        Args:
            spec: the scene.
            mask: bits of contact that everything in it has one of.
        """
        world, kinds = spec.worldbody, mujoco.mjtGeom
        bits = {"contype": mask, "conaffinity": mask}
        quaternion = np.zeros(4)
        if self.table is not None:
            mujoco.mju_quatZ2Vec(quaternion, self.up)
            world.add_geom(
                name="table",
                type=kinds.mjGEOM_PLANE,
                size=[0, 0, 0.05],
                pos=self.table * self.up,
                quat=quaternion,
                **bits,
            )
        for i, box in enumerate(self.boxes):
            mujoco.mju_mat2Quat(quaternion, box.axes.ravel())
            world.add_geom(
                name=f"obstacle{i}:{box.name}",
                type=kinds.mjGEOM_BOX,
                size=box.half,
                pos=box.center,
                quat=quaternion,
                **bits,
            )
        for i, solid in enumerate(self.solids, start=len(self.boxes)):
            for k, piece in enumerate(solid.pieces):
                name = f"obstacle{i}:{solid.name}:{k}"
                spec.add_mesh(
                    name=name,
                    uservert=np.asarray(piece.vertices, float).ravel().tolist(),
                    userface=np.asarray(piece.faces, int).ravel().tolist(),
                )
                world.add_geom(name=name, type=kinds.mjGEOM_MESH, meshname=name, **bits)

    def _check_support(self, obj: HasPieces) -> None:
        """Refuses a scene that does not carry the object, or is in it."""
        what = f"object '{obj.name}'"
        gaps: list[float] = []
        if self.table is not None:
            lowest = min(
                float((np.asarray(piece.vertices) @ self.up).min()) for piece in obj.pieces
            )
            gaps.append(lowest - self.table)
            if gaps[0] < -TOLERANCE:
                raise InputError(
                    f"the {what} is sunk in the table by {-1e3 * gaps[0]:.1f} mm; raise it, or "
                    "leave its position out: it is then put on the table"
                )
        for name, gap, carries in self._obstacle_gaps(obj):
            if gap < -TOLERANCE:
                raise InputError(
                    f"the obstacle '{name}' runs through the {what} by {-1e3 * gap:.1f} mm; move "
                    "one of them"
                )
            gaps += [gap] if carries else []
        if min(gaps, default=np.inf) > TOLERANCE:
            high = f"{1e3 * min(gaps):.1f} mm above" if gaps else "with nothing under it, above"
            raise InputError(
                f"the {what} hangs in the air, {high} what should carry it; lower it, or leave "
                "its position out: it is then put on the table"
            )

    def _obstacle_gaps(self, obj: HasPieces) -> list[tuple[str, float, bool]]:
        """Obstacles near the object: name, gap [m], and whether they lie under it."""
        if not self.has_obstacles:
            return []
        model, data = self._obstacles_and_object(obj)
        found = []
        for contact in data.contact:
            sides = [model.geom(g) for g in contact.geom]
            if all(model.geom_bodyid[contact.geom]):
                continue
            first = model.geom_bodyid[contact.geom1] == 0
            normal = contact.frame[:3] * (1.0 if first else -1.0)  # towards the object
            name = sides[0 if first else 1].name.split(":")[1]
            found.append((name, float(contact.dist), bool(normal @ self.up > 0.5)))
        return found

    def _obstacles_and_object(self, obj: HasPieces) -> tuple[mujoco.MjModel, mujoco.MjData]:
        """The obstacles and the object, free to move, as MuJoCo's collision detection sees them."""
        spec = mujoco.MjSpec()
        dataclasses.replace(self, table=None).add_to(spec, 1)
        body = spec.worldbody.add_body(name="object")
        body.add_freejoint()
        for i, piece in enumerate(obj.pieces):
            spec.add_mesh(
                name=f"piece{i}",
                uservert=np.asarray(piece.vertices, float).ravel().tolist(),
                userface=np.asarray(piece.faces, int).ravel().tolist(),
            )
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_MESH, meshname=f"piece{i}", margin=_MARGIN, gap=_MARGIN
            )
        model = spec.compile()
        data = mujoco.MjData(model)
        # The compiler may put the body's frame elsewhere than its geoms: they are what counts.
        mujoco.mj_fwdPosition(model, data)
        return model, data


def _grid(pieces: tuple[ConvexPiece, ...]) -> DistanceGrid:
    """Distances to the union of convex pieces."""
    from zdg_jax.objects import distance_fields

    vertices = np.concatenate([piece.vertices for piece in pieces])
    voxels = distance_fields.VoxelGrid.around(vertices.min(axis=0), vertices.max(axis=0), _CELLS)
    field = distance_fields.signed(*union(pieces), distance_fields.halfspace_test(pieces), voxels)
    return distance_fields.pack(*field, voxels, _CELLS)
