"""Files that a command is about to write: what others put there is never replaced unasked.

An earlier run of the same task, object and hand may go on, or be done again. All else is refused,
unless `--force` says that it may go.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from zdg_jax.errors import InputError

if TYPE_CHECKING:
    from zdg_jax.grasps import GraspSet
    from zdg_jax.hand import Hand
    from zdg_jax.objects import Object
    from zdg_jax.planning import GraspPlan

PLAN, GRASPS, PICTURE, REVIEW = "plan.json", "grasps.npz", "grasps.png", "review.html"
"""Names of the results of `zdg grasp` in their folder."""
_PAGE = b'<!doctype html><html lang="en"><head><meta charset="utf-8">'
"""Beginning of every page that the library writes."""

force_option = click.option(
    "--force", is_flag=True, help="Replace results of other runs, and files of others, in the way."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A task, an object and a hand: what a plan is for."""

    task: str
    """The task in words."""
    obj: Object
    """The object."""
    hand: Hand
    """The hand."""

    def planned(self, plan: GraspPlan) -> bool:
        """Returns whether a plan was made for this job.

        Args:
            plan: the plan.
        """
        made_for = (plan.prompt.strip(), plan.mesh_hash, plan.hand)
        return made_for == (self.task.strip(), self.obj.mesh_hash, self.hand.name)

    def grasped(self, grasps: GraspSet) -> bool:
        """Returns whether grasps were made for this job.

        Args:
            grasps: the grasps.
        """
        made_for = (grasps.task.strip(), grasps.object.mesh_hash, grasps.hand.fingerprint)
        return made_for == (self.task.strip(), self.obj.mesh_hash, self.hand.fingerprint)


def refuse(path: pathlib.Path, what: str) -> InputError:
    """Makes the error for a file in the way.

    Args:
        path: the file.
        what: what it holds, for the message.
    """
    return InputError(f"{path} holds {what}; name another place (--out), or replace it (--force)")


def check_new(path: pathlib.Path, force: bool) -> None:
    """Refuses to replace any file.

    Args:
        path: the file to write.
        force: whether it may be replaced.

    Raises:
        InputError: it is there already.
    """
    if not force and _occupied(path):
        raise refuse(path, "a file that is there already")


def check_page(path: pathlib.Path, force: bool) -> None:
    """Refuses to replace a page that is none of the library's.

    Args:
        path: the page to write.
        force: whether it may be replaced.

    Raises:
        InputError: something else is there.
    """
    if not force and _occupied(path) and (path.is_symlink() or not is_page(path)):
        raise refuse(path, "something that is no page of this library")


def is_page(path: pathlib.Path) -> bool:
    """Returns whether a file is a page that the library wrote.

    Args:
        path: the file; it need not exist.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_PAGE)) == _PAGE


def check_picture(path: pathlib.Path, force: bool) -> None:
    """Refuses to replace a picture that is none of the library's.

    Args:
        path: the picture to write.
        force: whether it may be replaced.

    Raises:
        InputError: something else is there.
    """
    if force or not _occupied(path):
        return
    from zdg_jax.rendering.picture import is_marked

    if not path.is_file() or not is_marked(path):
        raise refuse(path, "a picture of others")


def check_plan(path: pathlib.Path, job: Job, force: bool) -> None:
    """Refuses to replace a plan for anything else, before work starts.

    Args:
        path: the plan to write.
        job: what it is for.
        force: whether it may be replaced.

    Raises:
        InputError: something else is there.
    """
    earlier = None if force else _plan(path)
    if earlier is not None and not job.planned(earlier):
        raise refuse(path, "a plan for another task, object or hand")


def check_same_plan(path: pathlib.Path, plan: GraspPlan, force: bool) -> None:
    """Refuses to replace a plan that differs in more than what it cost.

    Args:
        path: the plan to write.
        plan: what is to be written.
        force: whether it may be replaced.

    Raises:
        InputError: another plan is there.
    """
    earlier = None if force else _plan(path)
    if earlier is not None and _content(earlier) != _content(plan):
        raise refuse(path, "another plan, made by another planner or edited by hand")


def check_run(folder: pathlib.Path, job: Job, num: int, seed: int, force: bool) -> None:
    """Refuses to replace the results of another run, before work starts.

    Args:
        folder: where the results of `zdg grasp` go.
        job: what the run is for.
        num: grasps to make.
        seed: seed of its random key.
        force: whether results may be replaced.

    Raises:
        InputError: results of another run, or files of others, are there.
    """
    if force:
        return
    path = folder / GRASPS
    check_page(folder / REVIEW, force)
    if not _occupied(path):
        for name in (PICTURE, REVIEW):
            check_new(folder / name, force)
        return
    from zdg_jax.grasps import GraspSet

    try:
        earlier = GraspSet.load(path)
    except InputError as error:
        raise refuse(path, f"something that is no file of grasps ({error})") from None
    if not job.grasped(earlier):
        raise refuse(path, "grasps of another task, object or hand")
    if earlier.provenance.get("key") != _key_data(seed) or len(earlier) > num:
        raise refuse(path, "grasps of another --seed, or more of them")


def check_grasps(path: pathlib.Path, grasps: GraspSet, force: bool) -> None:
    """Refuses to replace a file of grasps that are not all among the new ones.

    Args:
        path: the file to write.
        grasps: what is to be written.
        force: whether it may be replaced.

    Raises:
        InputError: grasps would be lost, or the file is none of grasps.
    """
    if force or not _occupied(path):
        return
    from zdg_jax.grasps import GraspSet

    try:
        earlier = GraspSet.load(path)
    except InputError as error:
        raise refuse(path, f"something that is no file of grasps ({error})") from None
    poses = {row.tobytes() for row in grasps.grasp.qpos}
    lost = sum(row.tobytes() not in poses for row in earlier.grasp.qpos)
    if lost:
        raise refuse(path, f"{lost} grasps that the {len(grasps)} to be written leave out")


def check_beside(folder: pathlib.Path, plan: GraspPlan, force: bool) -> None:
    """Refuses to put a plan beside grasps of another one.

    Args:
        folder: where the plan goes.
        plan: the plan.
        force: whether it may go there all the same.

    Raises:
        InputError: grasps of another plan are there.
    """
    path = folder / GRASPS
    if force or not _occupied(path):
        return
    from zdg_jax.grasps import GraspSet

    earlier = GraspSet.load(path).plan
    if earlier is None or _content(earlier) != _content(plan):
        raise refuse(path, "grasps of another plan")


def remove_run(folder: pathlib.Path, names: Sequence[str] = (GRASPS, PICTURE, REVIEW)) -> None:
    """Removes results of an earlier run, which do not belong to a new plan.

    Args:
        folder: folder of the results.
        names: their names.

    Raises:
        InputError: one of them cannot be removed.
    """
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"cannot remove {folder / name}: {error.strerror or error}") from None


def _key_data(seed: int) -> list[int]:
    """The key that a run of a seed records."""
    import jax

    data: list[int] = jax.random.key_data(jax.random.key(seed)).tolist()
    return data


def _occupied(path: pathlib.Path) -> bool:
    return path.is_symlink() or path.exists()


def _plan(path: pathlib.Path) -> GraspPlan | None:
    """The plan in a file, None where there is no file.

    Raises:
        InputError: something else is there.
    """
    if not _occupied(path):
        return None
    from zdg_jax.planning import GraspPlan

    try:
        return GraspPlan.load(path)
    except InputError as error:
        raise refuse(path, f"something that is no plan ({error})") from None


def _content(plan: GraspPlan) -> dict[str, object]:
    return plan.model_dump(mode="json", exclude={"usage"})
