"""Bring a hand of your own: a URDF, here a claw of three fingers that is written on the spot.

python examples/02_own_hand.py [HAND.urdf or HAND.xml]
"""

from __future__ import annotations

import math
import pathlib
import sys
import tempfile

import zdg_jax as zdg
from zdg_jax.hand import describe
from zdg_jax.rendering import hand_picture

LINK = """<link name="{name}"><inertial><mass value="0.05"/><inertia ixx="1e-5" iyy="1e-5"
 izz="1e-5" ixy="0" ixz="0" iyz="0"/></inertial><collision><origin xyz="0 0 {middle}"/>
 <geometry><box size="{size}"/></geometry></collision></link>"""
JOINT = """<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/>
 <origin xyz="{xyz}" rpy="0 0 {turn}"/><axis xyz="0 1 0"/>
 <limit lower="-0.6" upper="1.2" effort="2" velocity="5"/></joint>"""


def claw() -> str:
    """Write the claw: a flat palm and three fingers of two links that curl inwards."""
    parts = [LINK.format(name="palm", middle=0.0, size="0.08 0.08 0.02")]
    for k in range(3):
        turn = 2 * math.pi * k / 3
        x, y = -0.045 * math.cos(turn), -0.045 * math.sin(turn)
        lower, upper = f"finger{k}", f"tip{k}"
        for name, parent, xyz, angle in (
            (lower, "palm", f"{x} {y} 0.01", turn),
            (upper, lower, "0 0 0.05", 0.0),
        ):
            parts.append(LINK.format(name=name, middle=0.025, size="0.012 0.02 0.05"))
            parts.append(
                JOINT.format(name=f"j_{name}", parent=parent, child=name, xyz=xyz, turn=angle)
            )
    return f'<robot name="claw">{"".join(parts)}</robot>'


def main(path: str | None = None, picture: str | pathlib.Path = "hand.png") -> zdg.Hand:
    """Load the hand, say what was derived from it, and draw it: look at the picture first."""
    if path is None:
        path = str(pathlib.Path(tempfile.mkdtemp()) / "claw.urdf")
        pathlib.Path(path).write_text(claw())
    hand = zdg.Hand.load(path, drive=5.0 if path.endswith(".urdf") else None)  # [N m/rad]
    print(describe(hand))
    hand_picture(hand, picture)
    return hand


if __name__ == "__main__":
    main(*sys.argv[1:2])
