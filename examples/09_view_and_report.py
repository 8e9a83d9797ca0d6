"""Look at grasps in the browser, and write all that is known of them into one HTML file.

python examples/09_view_and_report.py [GRASPS.npz] [--wait]
"""

from __future__ import annotations

import pathlib
import sys
import tempfile

import jax
import trimesh

import zdg_jax as zdg


def make_grasps(num: int = 16) -> zdg.GraspSet:
    """Make and test grasps of a box."""
    box = trimesh.creation.box((0.05, 0.06, 0.09))
    obj = zdg.Object.from_mesh((box.vertices, box.faces), name="box", mass=0.1)
    hand = zdg.Hand.load("allegro")
    return zdg.synthesize("pick it up", obj, hand, num=num, keep=4, key=jax.random.key(0))


def main(grasps: zdg.GraspSet, folder: pathlib.Path, *, wait: bool = False) -> pathlib.Path:
    """Serve a page, draw the charts, and write a report; needs the extra `report`."""
    viewer = grasps.view(protocol=zdg.carry)  # the test that the page plays first
    print(f"grasps at {viewer.url}")
    grasps.plot().savefig(folder / "charts.png")
    report = zdg.write_report(grasps, folder / "report.html")
    print(f"report in {report}")
    try:
        if wait:
            viewer.wait()  # until Ctrl-C
    finally:
        viewer.stop()
    return report


if __name__ == "__main__":
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    main(
        zdg.GraspSet.load(files[0]) if files else make_grasps(),
        pathlib.Path(tempfile.mkdtemp()),
        wait="--wait" in sys.argv,
    )
