"""Settings of the stages between a plan and measured grasps."""

from __future__ import annotations

import dataclasses

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import check_kind
from zdg_jax.synthesis.fit import FitConfig
from zdg_jax.synthesis.refine import RefineConfig
from zdg_jax.synthesis.seed_proposal import SeedConfig
from zdg_jax.synthesis.squeeze import SqueezeConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class PipelineConfig:
    """Settings of the stages."""

    seeds: SeedConfig = dataclasses.field(default_factory=SeedConfig)
    """Settings of the seeds."""
    refine: RefineConfig = dataclasses.field(default_factory=RefineConfig)
    """Settings of the refinement."""
    fit: FitConfig = dataclasses.field(default_factory=FitConfig)
    """Settings of the fit to the collision geometry."""
    squeeze: SqueezeConfig = dataclasses.field(default_factory=SqueezeConfig)
    """Settings of pregrasp and squeeze."""
    alignment: float = 2.0
    """Weight of the task alignment, as far as the plan binds, against the chance to hold."""

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            InputError: the weight is negative or not finite.
        """
        check_kind("alignment", self.alignment, (int, float, np.number), "a number from 0")
        if not 0 <= self.alignment < np.inf:
            raise InputError(f"alignment is {self.alignment}; it must be a number from 0")
