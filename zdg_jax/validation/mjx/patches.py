"""Patches of MJX's private modules, which hold for the versions that they were tested with.

Two things are replaced while a program is traced: contacts of balls with hulls (`contacts`), and
the loop of the line search (`solver`). Both reach into `mujoco.mjx._src`, so any other version
runs with its own code instead, and says so.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator
from importlib import metadata

from zdg_jax.validation.mjx.contacts import exact_balls
from zdg_jax.validation.mjx.solver import short_searches

_log = logging.getLogger(__name__)
TESTED_VERSIONS = ("3.17.0",)
"""Versions of mujoco-mjx whose patched functions have been compared with the C engine."""


@functools.cache
def installed_version() -> str:
    """Returns the version of mujoco-mjx that is installed."""
    return metadata.version("mujoco-mjx")


def unpatched(version: str = "") -> tuple[str, ...]:
    """Returns a sentence for the results if MJX runs without the patches, else nothing.

    Args:
        version: of mujoco-mjx; by default the installed one.
    """
    version = version or installed_version()
    if version in TESTED_VERSIONS:
        return ()
    known = ", ".join(TESTED_VERSIONS)
    return (f"contacts of balls are mujoco-mjx {version}'s own; they are mended in {known}",)


@contextlib.contextmanager
def patched(version: str = "") -> Iterator[None]:
    """Applies the patches to what is traced within the block.

    Args:
        version: of mujoco-mjx; by default the installed one.
    """
    for sentence in unpatched(version):
        _log.warning("%s", sentence)
        yield
        return
    with exact_balls(), short_searches():
        yield
