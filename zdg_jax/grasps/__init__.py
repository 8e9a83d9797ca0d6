"""The result: sets of grasps, their records, files and summaries."""

from zdg_jax.grasps.concatenation import concatenate
from zdg_jax.grasps.grasp_set import GraspSet
from zdg_jax.grasps.records import HandRecord, ObjectRecord

__all__ = ["GraspSet", "HandRecord", "ObjectRecord", "concatenate"]
