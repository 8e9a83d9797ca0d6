"""Folders of results: they must be writable before work starts."""

from __future__ import annotations

import pathlib
import tempfile

from zdg_jax.errors import InputError


def writable(folder: pathlib.Path) -> pathlib.Path:
    """Makes a folder and tries to write in it: better now than after the work.

    Raises:
        InputError: it cannot be made or written.
    """
    if (folder.exists() or folder.is_symlink()) and not folder.is_dir():
        kind = "a file" if folder.exists() else "a link to nothing"
        raise InputError(f"cannot write to {folder}: it is {kind}; name a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from None
    return folder
