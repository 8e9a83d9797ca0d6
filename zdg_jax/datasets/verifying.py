"""Verifying: a random sample of a dataset is tested in physics again, and results are compared."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pyarrow.compute as pc

from zdg_jax.datasets.grasping import test_named
from zdg_jax.datasets.progress import whole_shards
from zdg_jax.datasets.reading import Dataset, open
from zdg_jax.errors import InputError
from zdg_jax.runtime.progress import Progress, silent


@dataclasses.dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a second test of a sample said."""

    grasps: int
    """Grasps that were tested again."""
    same: int
    """Those with the same result: they hold again, or again do not."""
    lost: int
    """Those that held and do not hold now."""
    won: int
    """Those that did not hold and hold now."""
    damaged: tuple[pathlib.Path, ...]
    """Shards whose content is not what their names say."""

    @property
    def agreement(self) -> float:
        """Share of the grasps with the same result."""
        return self.same / max(self.grasps, 1)

    def __str__(self) -> str:
        """One line, and one for each damaged shard."""
        lines = [
            f"{self.same} of {self.grasps} grasps have the same result in a second test "
            f"({self.agreement:.1%}); {self.lost} that held do not, {self.won} the other way"
        ]
        return "\n".join([*lines, *(f"damaged: {path}" for path in self.damaged)])


def verify(
    folder: str | pathlib.Path,
    *,
    sample: int = 100,
    seed: int = 0,
    progress: Progress = silent,
) -> Verdict:
    """Tests a random sample of the tested grasps again, with the stored hands and objects.

    Objects are stored in single precision and hands as MJCF text, so that a grasp at the edge of
    its limits may come out differently.

    Args:
        folder: the dataset.
        sample: grasps to test.
        seed: chooses the sample.
        progress: told of the stage `validate`, in grasps.

    Raises:
        InputError: there is no dataset, or none of its grasps was tested.
    """
    data = open(folder)
    names = data.layout.shard_names()
    broken = names[~whole_shards(data.layout, names)].tolist()
    damaged = tuple(data.layout.shard_path(name.decode()) for name in broken)
    tested = data.filter(pc.field("tested"))
    index = tested.to_table(["job", "grasp"])
    if not len(index):
        raise InputError(f"no grasp of {data.layout.root} was tested")
    chosen = np.random.default_rng(seed).permutation(len(index))[:sample]
    jobs = np.asarray(index["job"].to_pylist())[chosen]
    rows = index["grasp"].to_numpy()[chosen]
    before, after = [], []
    for job in np.unique(jobs):
        held, again = _test_again(data, str(job), rows[jobs == job])
        before.append(held)
        after.append(again)
        progress("validate", sum(map(len, after)), len(chosen))
    first, second = np.concatenate(before), np.concatenate(after)
    return Verdict(
        grasps=len(first),
        same=int((first == second).sum()),
        lost=int((first & ~second).sum()),
        won=int((~first & second).sum()),
        damaged=damaged,
    )


def _test_again(data: Dataset, job: str, grasps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Results of some grasps of a job as stored and anew, (n,) bool each."""
    where = (pc.field("job") == job) & pc.field("grasp").isin(grasps.tolist())
    stored = data.filter(where).grasp_set(job)
    assert stored.validation is not None
    test = test_named(stored.validation.protocol, stored, stored.object)
    again = stored.validate(test, hand=data.hand_model(stored.hand.name))
    return stored.held, again.held
