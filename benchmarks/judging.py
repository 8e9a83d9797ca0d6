"""An independent judge, run on exported grasps.

The judge is a Python file that is called as `judge.py FOLDER --root FOLDER --hand HAND.xml --json
OUT --protocol NAME [--torque NM]` and writes one record per grasp: `object` (its exported folder),
`success`, `qpos`, distances in mm, `palm` and `inner_links`.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
from importlib import resources
from typing import Any

from zdg_jax.hand import shipped_hands


def run(
    judge: pathlib.Path,
    folder: pathlib.Path,
    hand: str,
    assets: pathlib.Path | None = None,
    *,
    protocol: str = "fc",
    torque: float | None = None,
) -> list[dict[str, Any]]:
    """Runs the judge and returns its records.

    Args:
        judge: the judge's file.
        folder: grasps as `zdg_jax.export_grasps` writes them.
        hand: a shipped hand, or an MJCF file.
        assets: where given, the judge also says what each grasp's task makes of its contacts.
        protocol: "fc", the six directions of 1 N; "carry" or "lift", with the object's own weight.
        torque: limit of every actuator in the latter two [N m]; the hand file's if not given.

    Raises:
        subprocess.CalledProcessError: the judge fails.
    """
    shipped = hand in shipped_hands()
    file = str(resources.files("zdg_jax.mjcf") / f"{hand}.xml") if shipped else hand
    with tempfile.TemporaryDirectory() as place:
        out = pathlib.Path(place) / "judged.json"
        command = [sys.executable, judge, folder, "--root", folder, "--hand", file, "--json", out]
        command += ["--protocol", protocol]
        if torque is not None:
            command += ["--torque", torque]
        if assets is not None:
            command += ["--assets", assets]
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text())
