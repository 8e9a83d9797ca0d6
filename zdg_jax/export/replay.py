"""Replays a grasp of scene.xml, then pulls the object down by its weight. Needs only MuJoCo."""

import argparse
import contextlib
import pathlib
from typing import Any

import mujoco
import numpy as np


def main() -> None:
    """Reads the options, replays the grasp and tells how far the object moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grasp", type=int, default=0, help="number of the grasp; 0 is the best")
    parser.add_argument("--view", action="store_true", help="show it in MuJoCo's viewer")
    options = parser.parse_args()
    model = mujoco.MjModel.from_xml_path(str(pathlib.Path(__file__).with_name("scene.xml")))
    data = mujoco.MjData(model)
    stages = ("pregrasp", "grasp", "squeeze")
    pregrasp, grasp, squeeze = (model.key(f"grasp{options.grasp}_{stage}") for stage in stages)
    mujoco.mj_resetDataKeyframe(model, data, pregrasp.id)
    body = model.body("object").id
    with _viewer(model, data) if options.view else contextlib.nullcontext() as viewer:
        for start, end, load in ((pregrasp, grasp, 0), (grasp, squeeze, 0), (squeeze, squeeze, 1)):
            data.xfrc_applied[body, 2] = -9.81 * load * model.body_mass[body]
            for share in np.linspace(0, 1, round(1 / model.opt.timestep)):  # 1 s each
                data.ctrl = (1 - share) * start.ctrl + share * end.ctrl
                data.mocap_pos = (1 - share) * start.mpos + share * end.mpos
                data.mocap_quat = (1 - share) * start.mquat + share * end.mquat
                mujoco.mj_step(model, data)
                if viewer:
                    viewer.sync()
    moved = np.linalg.norm(data.xpos[body])
    print(f"grasp {options.grasp}: the object moved {1e3 * moved:.1f} mm")


def _viewer(model: Any, data: Any) -> Any:
    from mujoco import viewer

    return viewer.launch_passive(model, data)


if __name__ == "__main__":
    main()
