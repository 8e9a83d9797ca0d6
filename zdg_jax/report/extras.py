"""Packages that a report needs beside the library itself."""

from __future__ import annotations

import importlib.util

from zdg_jax.errors import InputError


def check_extras(*names: str) -> None:
    """Says what is missing before work starts.

    Args:
        *names: packages that are needed; all of a report if none is named.

    Raises:
        InputError: one of them is not installed.
    """
    for name in names or ("viser", "matplotlib"):
        if importlib.util.find_spec(name) is None:
            raise InputError(f"reports and charts need {name}: pip install 'zdg-jax[report]'")
