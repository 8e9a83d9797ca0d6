"""Settings of the planner's tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def environment(no_keys: None) -> None:
    """Keeps keys and answers of the user out of every test."""
