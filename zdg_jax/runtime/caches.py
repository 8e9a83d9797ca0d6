"""Where the library keeps what it can make again: prepared objects, compiled programs, answers."""

from __future__ import annotations

import os
import pathlib

import platformdirs


def cache_root() -> pathlib.Path:
    """Folder of all caches: `ZDG_CACHE_DIR`, or where the system keeps caches."""
    chosen = os.environ.get("ZDG_CACHE_DIR")
    return pathlib.Path(chosen) if chosen else platformdirs.user_cache_path("zdg_jax")
