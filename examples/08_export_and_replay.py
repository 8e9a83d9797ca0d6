"""Export grasps to a MuJoCo scene and replay the best one there, without this library.

python examples/08_export_and_replay.py [GRASPS.npz] [--view]
"""

from __future__ import annotations

import pathlib
import subprocess
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


def main(grasps: zdg.GraspSet, *options: str) -> str:
    """Export, then run the script that lies beside the scene; it needs MuJoCo alone."""
    folder = pathlib.Path(tempfile.mkdtemp())
    zdg.export_grasps(grasps, folder / "table", format="csv")  # for a spreadsheet
    zdg.export_grasps(grasps, folder / "scene", format="mujoco")
    print(*sorted(str(path) for path in folder.rglob("*.*")), sep="\n")
    done = subprocess.run(
        [sys.executable, str(folder / "scene" / "replay.py"), *options],
        check=True,
        capture_output=True,
        text=True,
    )
    print(done.stdout)
    return done.stdout


if __name__ == "__main__":
    files = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    rest = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    main(zdg.GraspSet.load(files[0]) if files else make_grasps(), *rest)
