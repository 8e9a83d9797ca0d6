"""Sets of grasps as a table: one row per grasp, one named column per number."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.hand.poses import POSES

if TYPE_CHECKING:
    import pandas

    from zdg_jax.grasps.grasp_set import GraspSet


def to_dataframe(grasps: GraspSet) -> pandas.DataFrame:
    """Makes a pandas table, in the order of the grasps, numbered from 0 as they are.

    Columns are `score`, `rank`, `kept`, `status`; `tested`, `holds`, `reason` and
    `survived/LOAD` where physics was asked; `metric/NAME` and `term/NAME`; and, for each pose,
    `POSE/x`, `y`, `z` [m], `POSE/qw`, `qx`, `qy`, `qz` and `POSE/JOINT` [rad, or m].

    Args:
        grasps: the grasps.

    Raises:
        InputError: pandas is not installed.
    """
    if importlib.util.find_spec("pandas") is None:
        raise InputError("tables of grasps need pandas: pip install 'zdg-jax[pandas]'")
    import pandas

    columns: dict[str, Any] = {
        "score": grasps.score,
        "rank": grasps.rank,
        "kept": grasps.kept,
        "status": np.array(grasps.status_names)[grasps.status],
    }
    if (test := grasps.validation) is not None:
        columns |= {"tested": grasps.tested, "holds": test.held, "reason": test.reasons}
        columns |= {
            f"survived/{load}": test.survived_loads[:, k] for k, load in enumerate(test.loads)
        }
    columns |= {f"metric/{name}": values for name, values in grasps.metrics.items()}
    columns |= {f"term/{name}": values for name, values in grasps.terms.items()}
    names = ("x", "y", "z", "qw", "qx", "qy", "qz", *grasps.hand.joint_names)
    for stage in POSES:
        qpos = np.asarray(getattr(grasps.poses, stage).qpos)
        columns |= {f"{stage}/{name}": qpos[:, k] for k, name in enumerate(names)}
    return pandas.DataFrame(columns)
