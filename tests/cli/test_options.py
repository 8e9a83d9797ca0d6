"""Options that commands share."""

from __future__ import annotations

from zdg_jax.cli.grasp import grasp
from zdg_jax.cli.plan import plan


def test_grasps_are_planned_with_every_option_that_plans_are() -> None:
    planning = {name for option in plan.params for name in option.opts}
    assert {"--planner", "--server", "--answers", "--max-calls"} <= planning
    assert planning <= {name for option in grasp.params for name in option.opts}
