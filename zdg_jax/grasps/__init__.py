"""The result: sets of grasps, their poses, records, files and summaries."""

from zdg_jax.grasps.grasp_set import POSES, GraspSet, concatenate
from zdg_jax.grasps.poses import HandPose
from zdg_jax.grasps.records import HandRecord, ObjectRecord

__all__ = ["POSES", "GraspSet", "HandPose", "HandRecord", "ObjectRecord", "concatenate"]
