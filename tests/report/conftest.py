"""Grasps to report of: those of the viewer's tests."""

from __future__ import annotations

from tests.viewer.conftest import allegro, grasps

__all__ = ["allegro", "grasps"]
