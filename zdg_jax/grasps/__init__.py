"""The result: sets of grasps, their records, files and summaries."""

from zdg_jax.grasps.grasp_set import GraspSet, concatenate
from zdg_jax.grasps.records import HandRecord, ObjectRecord

__all__ = ["GraspSet", "HandRecord", "ObjectRecord", "concatenate"]
