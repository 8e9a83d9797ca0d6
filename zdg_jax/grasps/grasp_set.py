"""`GraspSet`: grasps of one object by one hand, ranked, labelled, with their provenance."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.grasps.forces import SqueezeForces
from zdg_jax.grasps.records import HandRecord, ObjectRecord
from zdg_jax.grasps.rows import Index, by_score, check_rows, numpy_poses, places, rows_of
from zdg_jax.hand.poses import HandPose, Poses
from zdg_jax.physics import Physics
from zdg_jax.runtime.kinds import check_whole
from zdg_jax.runtime.progress import Progress, silent
from zdg_jax.scenes.scene import Scene
from zdg_jax.validation.results import Reason, Validation
from zdg_jax.viewer.address import HOST, PORT

if TYPE_CHECKING:
    import pandas
    from PIL import Image

    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan
    from zdg_jax.report import Chart
    from zdg_jax.validation import EngineOptions, Protocol
    from zdg_jax.viewer import Viewer


@dataclasses.dataclass(frozen=True, kw_only=True)
class GraspSet:
    """n grasps. Poses are `T_object_hand` and joints, in the object's mesh frame [m, rad].

    Arrays are kept as numpy arrays; what is given as JAX arrays, objects or hands is converted.
    """

    poses: Poses
    """Pregrasp, grasp and squeeze, leaves (n, ...)."""
    score: np.ndarray
    """Predicted chance to hold, less what disagrees with the plan; higher is better, (n,)."""
    object: ObjectRecord
    """The object; an `Object` may be given."""
    hand: HandRecord
    """The hand; a `Hand` may be given."""
    rank: np.ndarray = None  # type: ignore[assignment]
    """Place of each grasp in the order of preference, (n,) int, 0 for the best; by falling score
    where it is not given. Some of a set's grasps are numbered anew."""
    task: str = ""
    """The task in words; empty if unknown."""
    plan: GraspPlan | None = None
    """The plan that the grasps follow, if there was one."""
    alignment_weight: float = 2.0
    """Weight of the task alignment in `score`; 0 where holding alone counts."""
    physics: Physics | None = None
    """Mass, friction and drives that the squeezes are sized for; `None` where nobody said."""
    scene: Scene | None = None
    """What the object stands on and what is around it, with the object's place in it; `None` where
    it floats freely."""
    forces: SqueezeForces | None = None
    """Contact forces and actuator torques that the squeezes aim at, leaves (n, ...)."""
    terms: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """Unweighted energy terms by name, each (n,)."""
    metrics: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """Quality metrics by name, each (n,); lengths in metres."""
    status: np.ndarray = None  # type: ignore[assignment]
    """Index into `status_names` of what the refinement says of each grasp, (n,) int8."""
    status_names: tuple[str, ...] = ("ok",)
    """Meaning of the status codes."""
    kept: np.ndarray = None  # type: ignore[assignment]
    """True for the grasps to use, the best that differ, (n,) bool; all by default."""
    validation: Validation | None = None
    """Results of physics, one row per grasp, where it was asked."""
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Record of the making, as JSON values: configuration, key, versions. Nothing reads it."""

    def __post_init__(self) -> None:
        """Converts and checks.

        Raises:
            InputError: an array's shape does not fit the number of grasps or joints.
        """
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        put("object", ObjectRecord.of(self.object))
        put("hand", HandRecord.of(self.hand))
        put("alignment_weight", float(self.alignment_weight))
        put("score", np.asarray(self.score, np.float32))
        if self.score.ndim != 1:
            raise InputError(f"scores have shape {self.score.shape}; (n,) is needed, one per grasp")
        n = len(self)
        put("poses", numpy_poses(self.poses, n, self.hand.joint_names))
        for name in ("terms", "metrics"):
            values = {key: np.asarray(value) for key, value in getattr(self, name).items()}
            put(name, values)
            for key, value in values.items():
                check_rows(f"{name[:-1]} '{key}'", value, n)
        if self.forces is not None:
            put("forces", self.forces.on_host(n))
        put("status", np.zeros(n, np.int8) if self.status is None else np.asarray(self.status))
        put("kept", np.ones(n, bool) if self.kept is None else np.asarray(self.kept))
        put("rank", by_score(self.score) if self.rank is None else np.asarray(self.rank))
        for name, kinds in (("status", "iu"), ("kept", "b"), ("rank", "iu")):
            check_rows(name, getattr(self, name), n)
            if getattr(self, name).dtype.kind not in kinds:
                raise InputError(f"{name} has the type {getattr(self, name).dtype}")
        if not np.array_equal(np.sort(self.rank), np.arange(n)):
            raise InputError(f"ranks are no numbering of {n} grasps from 0; each is needed once")
        if n and not set(np.unique(self.status)) <= set(range(len(self.status_names))):
            raise InputError(
                f"status codes are {np.unique(self.status)}; there are {len(self.status_names)}"
                " names for them"
            )
        if self.validation is not None and len(self.validation) != n:
            raise InputError(f"{len(self.validation)} validation results for {n} grasps")

    @classmethod
    def empty(
        cls,
        obj: Object | ObjectRecord,
        hand: Hand | HandRecord,
        *,
        task: str = "",
        plan: GraspPlan | None = None,
    ) -> GraspSet:
        """Makes a set without grasps.

        Args:
            obj: the object.
            hand: the hand.
            task: the task in words.
            plan: the plan that grasps will follow.
        """
        nowhere = np.zeros((0, 7 + len(hand.joint_names)), np.float32)
        return cls(
            poses=Poses.from_qpos(nowhere, nowhere, nowhere),
            score=np.zeros(0, np.float32),
            object=ObjectRecord.of(obj),
            hand=HandRecord.of(hand),
            task=task,
            plan=plan,
        )

    def __len__(self) -> int:
        """Number of grasps."""
        return len(self.score)

    def __getitem__(self, index: Index) -> GraspSet:
        """Some of the grasps, by number, slice, numbers or mask; one number gives a set of one.

        Raises:
            IndexError: no such grasp.
        """
        rows = rows_of(index, len(self))
        pick = lambda values: {name: value[rows] for name, value in values.items()}  # noqa: E731
        return dataclasses.replace(
            self,
            **{name: getattr(self, name)[rows] for name in ("poses", "score", "status", "kept")},
            rank=places(np.argsort(self.rank[rows], kind="stable")),
            terms=pick(self.terms),
            metrics=pick(self.metrics),
            forces=None if self.forces is None else self.forces[rows],
            validation=None if self.validation is None else self.validation[rows],
        )

    @property
    def pregrasp(self) -> HandPose:
        """The open hand before it closes, leaves (n, ...)."""
        return self.poses.pregrasp

    @property
    def grasp(self) -> HandPose:
        """The hand in contact, leaves (n, ...)."""
        return self.poses.grasp

    @property
    def squeeze(self) -> HandPose:
        """The pose that the hand is driven to so that it pushes, leaves (n, ...)."""
        return self.poses.squeeze

    @property
    def approach(self) -> HandPose | None:
        """The way to the pregrasp, which is its last pose, leaves (n, T, ...); `None` where nobody
        looked for one."""
        return self.poses.approach

    @property
    def held(self) -> np.ndarray:
        """True for grasps that hold in physics, (n,) bool; for none where it was not asked."""
        return np.zeros(len(self), bool) if self.validation is None else self.validation.held

    @property
    def tested(self) -> np.ndarray:
        """True for grasps that were tested in physics, (n,) bool."""
        if self.validation is None:
            return np.zeros(len(self), bool)
        return np.asarray(self.validation.reason != Reason.NOT_TESTED)

    def holding(self) -> GraspSet:
        """The grasps that hold in physics.

        Raises:
            InputError: they were not tested.
        """
        if self.validation is None:
            raise InputError("these grasps were not tested in physics; validate them first")
        return self[self.validation.held]

    def selected(self) -> GraspSet:
        """The grasps that are marked as kept."""
        return self[self.kept]

    def best(self, n: int) -> GraspSet:
        """The `n` grasps of the highest rank, best first; all of them if there are fewer.

        Raises:
            InputError: `n` is negative, or no whole number.
        """
        check_whole("n", n, 0, sys.maxsize)
        return self[self.ranking[:n]]

    @property
    def ranking(self) -> np.ndarray:
        """Numbers of the grasps, the best first, (n,)."""
        return np.argsort(self.rank, kind="stable")

    def with_kept(self, kept: np.ndarray | Sequence[int]) -> GraspSet:
        """The same grasps with another mark of what is kept: a mask (n,) or the grasps' numbers."""
        mask = np.zeros(len(self), bool)
        mask[rows_of(np.asarray(kept), len(self))] = True
        return dataclasses.replace(self, kept=mask)

    def with_validation(self, validation: Validation) -> GraspSet:
        """The same grasps with results of physics."""
        return dataclasses.replace(self, validation=validation)

    def validate(
        self,
        protocol: Protocol | None = None,
        *,
        hand: Hand | str | os.PathLike[str] | None = None,
        engine: EngineOptions | None = None,
        progress: Progress = silent,
        resume: str | os.PathLike[str] | None = None,
    ) -> GraspSet:
        """Tests the grasps in physics, see `zdg_jax.rollout`; returns them with the results.

        Grasps without a scene that were lifted off a table are then of that table.

        Args:
            protocol: the test; `six_directions` if not given.
            hand: the hand, name or path, where it is not to be loaded from where the grasps say.
            engine: engine to run it; `EngineOptions()` if not given.
            progress: told of the stage `validate`, in grasps.
            resume: see `zdg_jax.rollout`.

        Raises:
            InputError: the hand cannot be loaded, or the engine cannot be chosen.
            ValidationError: the engine cannot run the scene.
        """
        from zdg_jax.validation import EngineOptions, LiftProtocol, rollout, six_directions

        hand, protocol = self.load_hand(hand), protocol or six_directions
        results = rollout(
            hand,
            self.object,
            self.poses,
            protocol,
            engine=engine or EngineOptions(),
            progress=progress,
            resume=resume,
        )
        scene = self.scene
        if scene is None and isinstance(protocol, LiftProtocol):
            scene = protocol.scene.place(self.object.pieces)
        return dataclasses.replace(self, validation=results, scene=scene)

    def picture(
        self,
        grasp: int = 0,
        *,
        hand: Hand | str | os.PathLike[str] | None = None,
        width: int = 880,
        height: int = 800,
    ) -> Image.Image:
        """Draws one grasp from the side that shows it best.

        Args:
            grasp: its number.
            hand: the hand, name or path, where it is not to be loaded from where the grasps say.
            width: [px].
            height: [px].

        Raises:
            IndexError: no such grasp.
            InputError: the hand cannot be loaded.
        """
        from zdg_jax.rendering import grasp_picture
        from zdg_jax.scenes.surroundings import Surroundings

        qpos = np.asarray(self[grasp].grasp.qpos)[0]
        around = None if self.scene is None else Surroundings.seen_from(self.scene)
        return grasp_picture(qpos, self.load_hand(hand), self.object, width, height, around)

    def plot(self) -> Chart:
        """Draws why grasps fail, what tells those that hold, and how they differ; a figure.

        Raises:
            InputError: there are no grasps, or matplotlib is not installed.
        """
        from zdg_jax.report.extras import check_extras

        check_extras("matplotlib")
        from zdg_jax.report.charts import overview

        return overview(self)

    def view(
        self,
        *,
        hand: Hand | str | os.PathLike[str] | None = None,
        protocol: Protocol | None = None,
        host: str = HOST,
        port: int = PORT,
    ) -> Viewer:
        """Shows the grasps in the browser, or in the notebook; see `zdg_jax.viewer.view_grasps`.

        Raises:
            InputError: viser is not installed, the address cannot be served, or the hand cannot be
                loaded.
        """
        from zdg_jax.viewer import view_grasps

        return view_grasps(self, hand=hand, protocol=protocol, host=host, port=port)

    def to_dataframe(self) -> pandas.DataFrame:
        """Makes a pandas table, one row per grasp; see `zdg_jax.grasps.table`.

        Raises:
            InputError: pandas is not installed.
        """
        from zdg_jax.grasps.table import to_dataframe

        return to_dataframe(self)

    def load_hand(self, hand: Hand | str | os.PathLike[str] | None = None) -> Hand:
        """Loads the hand of these grasps; see `HandRecord.load`.

        Raises:
            InputError: it cannot be found, or has changed.
        """
        return self.hand.load(hand)

    def load_object(self, **options: Any) -> Object:
        """Prepares the object of these grasps again; see `ObjectRecord.prepare`."""
        return self.object.prepare(**options)

    def save(self, path: str | os.PathLike[str]) -> pathlib.Path:
        """Writes the set to a file (.npz, no pickle); an old file stays if that fails.

        Raises:
            InputError: the file cannot be written.
        """
        from zdg_jax.grasps.storage import save

        return save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> GraspSet:
        """Reads a set from a file that `save` wrote.

        Raises:
            InputError: there is no such file, or it holds no set of this version.
        """
        from zdg_jax.grasps.storage import load

        return load(path)

    def __repr__(self) -> str:
        """One line."""
        tested = f", {int(self.held.sum())} hold" if self.validation is not None else ""
        return f"<GraspSet: {len(self)} of '{self.object.name}' by '{self.hand.name}'{tested}>"

    def _repr_html_(self) -> str:
        """A summary and a table of the best, for notebooks."""
        from zdg_jax.grasps.summary import summary_as_html

        return summary_as_html(self)

    def __str__(self) -> str:
        """A summary and a table of the best."""
        from zdg_jax.grasps.summary import summarize

        return summarize(self)
