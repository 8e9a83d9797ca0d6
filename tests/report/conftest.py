"""Grasps to report of, and a browser to read the report with: those of the viewer's tests."""

from __future__ import annotations

from tests.viewer.conftest import allegro, browser, grasps

__all__ = ["allegro", "browser", "grasps"]
