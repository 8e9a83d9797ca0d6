"""Results of physics tests: what held, how far the object moved, and why a grasp failed."""

from __future__ import annotations

import dataclasses
import enum
import functools
from collections.abc import Sequence

import numpy as np

from zdg_jax.runtime.html_tables import html_table


class Reason(enum.IntEnum):
    """Why a grasp failed, or that it held."""

    HELD = 0
    """It held."""
    NOT_TESTED = 1
    """The run ended before its turn."""
    PREGRASP_PENETRATES = 2
    """The pregrasp already lies too deep in the object or in the hand itself."""
    NEVER_TOUCHED = 3
    """The closed hand did not touch the object."""
    COULD_NOT_CLOSE = 4
    """Something in the way, or a joint's limit, kept the hand from reaching its grasp."""
    EJECTED = 5
    """The closing hand pushed the object beyond the limits."""
    SLIPPED = 6
    """The object left the limits under a load."""
    KNOCKED_AWAY = 7
    """The approaching open hand pushed the object away."""
    TABLE_IN_THE_WAY = 8
    """The hand would lie in the table."""
    DIVERGED = 9
    """The simulation blew up."""
    SLIPS = 10
    """The object moved too far in the hand during its use."""
    LETS_GO = 11
    """The hand lost it during its use."""
    TOUCHES_AVOIDED = 12
    """The hand touched a part that it was to keep off during its use."""
    SPILLS = 13
    """The object tilted too far where it was to stay level."""
    OFF_PATH = 14
    """The working end left its path."""
    KEEPS_HOLD = 15
    """The opened hand did not let go."""
    PRESSES_TOO_LITTLE = 16
    """The finger that was to press did not reach its point, or not with the force."""
    SAGS = 17
    """The lifted object ended away from where the lift was to bring it."""

    @property
    def text(self) -> str:
        """A few plain words, e.g. "pregrasp penetrates"."""
        return self.name.lower().replace("_", " ")

    @property
    def in_use(self) -> bool:
        """Whether it is a fault of an object in use, which a step of the deed tells more of."""
        return Reason.SLIPS <= self <= Reason.PRESSES_TOO_LITTLE


_PER_GRASP = {"rows": "grasps"}
"""Metadata of a field that holds one row per grasp."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Validation:
    """Results of n grasps under one protocol with m loads."""

    protocol: str
    """Name of the protocol."""
    backend: str
    """Engine that ran it."""
    loads: tuple[str, ...]
    """Names of the m loads."""
    held: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Marks the grasps that passed, (n,) bool."""
    survived_loads: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Marks the loads that each grasp survived, (n, m) bool; False where `tested` is."""
    tested: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Marks the loads that were tried at all, (n, m) bool: failing fast leaves some out."""
    drift: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Distance of the object from its first position when the pull ended, (n, m) [m], NaN where
    not tested."""
    turn: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Angle from its first orientation, likewise, (n, m) [rad]."""
    slip: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Distance that the object moved since the squeeze, likewise, (n, m) [m]."""
    closing_drift: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Distance that the object moved while the hand closed and squeezed, (n,) [m]."""
    closing_turn: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Angle that it turned meanwhile, (n,) [rad]."""
    pregrasp_penetration: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Deepest overlap of hand and object, or of the hand with itself, at the pregrasp, (n,) [m]."""
    grasp_penetration: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Deepest overlap of hand and object at the grasp, (n,) [m]."""
    contacts: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Links of the hand that touch the object after the squeeze, (n,) int."""
    force: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Sum of the normal forces of hand on object after the squeeze, (n,) [N]."""
    failed_at: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Simulated time at which the failure was seen, (n,) [s], NaN if it held."""
    reason: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Codes of `Reason`, (n,) int8."""
    steps: np.ndarray = dataclasses.field(metadata=_PER_GRASP)
    """Simulation steps spent, (n,) int."""
    changes: tuple[str, ...] = ()
    """Alterations of the scene that the backend needs."""

    def __len__(self) -> int:
        """Number of grasps."""
        return len(self.held)

    def __getitem__(self, index: slice | np.ndarray) -> Validation:
        """Returns the results of some grasps."""
        chosen = {name: getattr(self, name)[index] for name in self.array_names()}
        return dataclasses.replace(self, **chosen)

    @property
    def reasons(self) -> list[str]:
        """The reasons in plain words, one per grasp, e.g. "slips when tilted"."""
        lost = np.argmax(self.tested & ~self.survived_loads, axis=1)
        reasons = [Reason(code) for code in self.reason]
        return [
            f"{reason.text} when {self.loads[k]}" if reason.in_use else reason.text
            for reason, k in zip(reasons, lost, strict=True)
        ]

    def counts(self) -> dict[str, int]:
        """Counts the grasps of each reason, most frequent first."""
        words, numbers = np.unique(np.array(self.reasons, str), return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        return {str(words[i]): int(numbers[i]) for i in order}

    def __repr__(self) -> str:
        """One line: the protocol, the engine, and how many grasps held."""
        return f"<Validation by {self.backend}, {len(self.loads)} loads: {self}>"

    def __str__(self) -> str:
        """Counts in one line the grasps that held and the reasons of the others."""
        rest = ", ".join(f"{n} {text}" for text, n in self.counts().items() if text != "held")
        return f"{self.protocol}: {int(self.held.sum())} of {len(self)} held" + (
            f" ({rest})" if rest else ""
        )

    def _repr_html_(self) -> str:
        """How many grasps there are of each reason, for notebooks."""
        counts = self.counts()
        return html_table(
            {"reason": list(counts), "grasps": list(counts.values())}, caption=str(self)
        )

    @classmethod
    @functools.cache
    def array_names(cls) -> tuple[str, ...]:
        """Returns the names of the fields that hold one row per grasp."""
        return tuple(f.name for f in dataclasses.fields(cls) if f.metadata == _PER_GRASP)

    @classmethod
    def empty(
        cls,
        n: int,
        *,
        protocol: str,
        backend: str,
        loads: Sequence[str],
        changes: Sequence[str] = (),
    ) -> Validation:
        """Returns results of grasps that are not tested yet.

        Args:
            n: number of grasps.
            protocol: name of the protocol.
            backend: name of the engine.
            loads: names of the loads.
            changes: alterations of the scene that the engine needs.
        """
        m = len(loads)
        unknown = {name: np.full(n, np.nan) for name in cls.array_names()}
        unknown |= {name: np.full((n, m), np.nan) for name in ("drift", "turn", "slip")}
        unknown |= {name: np.zeros((n, m), bool) for name in ("survived_loads", "tested")}
        unknown |= {name: np.zeros(n, np.int64) for name in ("contacts", "steps")}
        unknown["held"] = np.zeros(n, bool)
        unknown["reason"] = np.full(n, Reason.NOT_TESTED, np.int8)
        return cls(
            protocol=protocol,
            backend=backend,
            loads=tuple(loads),
            changes=tuple(changes),
            **unknown,
        )

    def fail(self, i: int, reason: Reason, time: float) -> None:
        """Writes that a grasp failed, in place.

        Args:
            i: row of the grasp.
            reason: why it failed.
            time: simulated time at which the failure was seen [s].
        """
        self.held[i], self.reason[i], self.failed_at[i] = False, reason, time

    def record(self, i: int, phase: int, passed: bool, moved: np.ndarray) -> None:
        """Writes how a phase of a grasp went, in place.

        Args:
            i: row of the grasp.
            phase: number of the phase in `loads`.
            passed: whether it went well.
            moved: how far the object moved [m] and turned [rad], (2,).
        """
        self.tested[i, phase], self.survived_loads[i, phase] = True, passed
        self.drift[i, phase], self.turn[i, phase] = moved
        self.slip[i, phase] = moved[0]

    def conclude(self, i: int, reason: Reason, steps: int, time: float) -> None:
        """Writes the verdict on a grasp whose rollout is over, in place.

        Args:
            i: row of the grasp.
            reason: `Reason.HELD`, or why it failed.
            steps: simulation steps spent.
            time: simulated time at the end [s]: that of the failure, unless one was seen before.
        """
        self.steps[i], self.reason[i], self.held[i] = steps, reason, reason is Reason.HELD
        if reason is not Reason.HELD and np.isnan(self.failed_at[i]):
            self.failed_at[i] = time

    def put(self, index: slice | np.ndarray, part: Validation) -> None:
        """Writes results of some grasps into the arrays of this one, in place.

        Args:
            index: rows to write.
            part: their results, in that order.
        """
        for name in self.array_names():
            getattr(self, name)[index] = getattr(part, name)
