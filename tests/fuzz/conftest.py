"""Fuzzers: few inputs by default; `make fuzz` tries 2,000 of each parser."""

from __future__ import annotations

import hypothesis

_CHECKS = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture]

hypothesis.settings.register_profile(
    "few", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_CHECKS
)
hypothesis.settings.register_profile(
    "fuzz", max_examples=2000, deadline=20_000, suppress_health_check=_CHECKS
)
