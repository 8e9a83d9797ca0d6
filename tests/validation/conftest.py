"""Fixtures of the physics tests."""

from __future__ import annotations

import pytest

from .gripper import Ball, Gripper


@pytest.fixture(scope="session")
def gripper() -> Gripper:
    return Gripper()


@pytest.fixture(scope="session")
def ball() -> Ball:
    return Ball()
