"""Exported files go to their places: all of them or none, and none over another file."""

from __future__ import annotations

import filecmp
import os
import pathlib
import re

from zdg_jax.errors import InputError

_NUMBERED = re.compile(r"[0-9]{5}")


def move_into(fresh: pathlib.Path, home: pathlib.Path, *, force: bool) -> None:
    """Moves all files below one folder to the same places below another.

    Args:
        fresh: folder of the new files, on the same disk as `home`.
        home: where they go.
        force: replace what differs there, and remove numbered files that belong to no new one.

    Raises:
        InputError: other files are in the way.
        OSError: a file cannot be moved.
    """
    files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
    old = [path for path in _earlier(files, home) if path not in files]
    if not force:
        blocked = [path for path in files if _differs(fresh / path, home / path)] or old
        if blocked:
            raise InputError(
                f"{home / blocked[0]} is there already, as another export or somebody's file; "
                "name another folder (--out), or replace it (--force)"
            )
    for path in files:
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh / path, home / path)
    for path in old:
        (home / path).unlink()


def _earlier(files: list[pathlib.Path], home: pathlib.Path) -> list[pathlib.Path]:
    """Numbered files beside the places of the new numbered ones."""
    kinds = {(path.parent, path.suffix) for path in files if _NUMBERED.fullmatch(path.stem)}
    return [
        path.relative_to(home)
        for folder, suffix in sorted(kinds)
        for path in sorted((home / folder).glob(f"*{suffix}"))
        if _NUMBERED.fullmatch(path.stem)
    ]


def _differs(new: pathlib.Path, present: pathlib.Path) -> bool:
    """Returns whether something else than the new file is at its place."""
    if not (present.is_symlink() or present.exists()):
        return False
    return not present.is_file() or not filecmp.cmp(new, present, shallow=False)
