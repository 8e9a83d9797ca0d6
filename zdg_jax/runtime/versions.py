"""Versions of installed packages."""

from __future__ import annotations

import functools
from importlib import metadata


@functools.cache
def version_of(package: str) -> str:
    """Returns the version of an installed package; reading it takes milliseconds, once.

    Args:
        package: its name in the registry of packages.
    """
    return metadata.version(package)
