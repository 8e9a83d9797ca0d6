"""Folders of the command line: caches, and results that must be writable before work starts."""

from __future__ import annotations

import pathlib
import tempfile

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root


def enable_compile_cache() -> None:
    """Lets JAX keep compiled programs on disk, so that the next process finds them."""
    import jax

    jax.config.update("jax_compilation_cache_dir", str(cache_root() / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def writable(folder: pathlib.Path) -> pathlib.Path:
    """Makes a folder and tries to write in it: better now than after the work.

    Raises:
        InputError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from None
    return folder
