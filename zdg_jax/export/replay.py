"""Replays a grasp of scene.xml, then pulls the object down by its weight, or lifts it where the
scene has gravity. Needs only MuJoCo."""

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
    names = [model.key(i).name for i in range(model.nkey)]
    ways = [name for name in names if name.startswith(f"grasp{options.grasp}_approach")]
    stages = [f"grasp{options.grasp}_{stage}" for stage in ("pregrasp", "grasp", "squeeze")]
    keys = [model.key(name) for name in (*ways, *stages)]
    mujoco.mj_resetDataKeyframe(model, data, keys[0].id)
    body, gravity = model.body("object").id, np.linalg.norm(model.opt.gravity)
    rise = -0.1 * model.opt.gravity / gravity if gravity else np.zeros(3)
    with _viewer(model, data) if options.view else contextlib.nullcontext() as viewer:
        for start, end in zip(keys, [*keys[1:], keys[-1]], strict=True):
            held = start.id == end.id
            pull = -9.81 * model.body_mass[body] if held and not gravity else 0.0
            data.xfrc_applied[body, 2] = pull
            for share in np.linspace(0, 1, round(1 / model.opt.timestep)):  # 1 s each
                data.ctrl = (1 - share) * start.ctrl + share * end.ctrl
                data.mocap_pos = (1 - share) * start.mpos + share * end.mpos
                data.mocap_pos += share * held * rise
                data.mocap_quat = (1 - share) * start.mquat + share * end.mquat
                mujoco.mj_step(model, data)
                if viewer:
                    viewer.sync()
    moved = np.linalg.norm(data.xpos[body] - rise)
    print(f"grasp {options.grasp}: the object moved {1e3 * moved:.1f} mm")


def _viewer(model: Any, data: Any) -> Any:
    from mujoco import viewer

    return viewer.launch_passive(model, data)


if __name__ == "__main__":
    main()
