"""Small hands as MJCF and URDF."""

from __future__ import annotations

import numpy as np


def gripper(
    equality: str = "", actuators: str | None = None, tendon: str = "", extra: str = ""
) -> str:
    """Two fingers of two hinges each."""
    finger = """
      <body name="{n}1" pos="0 {y} 0.02"><joint name="{n}a" axis="{s} 0 0" range="-0.2 1.5"/>
        <geom type="capsule" size="0.01" fromto="0 0 0 0 0 0.05"/>
        <body name="{n}2" pos="0 0 0.05"><joint name="{n}b" axis="{s} 0 0" range="-0.1 1.2"/>
          <geom type="capsule" size="0.01" fromto="0 0 0 0 0 0.04"/></body></body>"""
    if actuators is None:
        actuators = "".join(
            f'<position joint="{j}" kp="5" ctrlrange="-0.2 1.5"/>' for j in ("la", "lb", "ra", "rb")
        )
    return f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>
      <geom type="plane" size="1 1 1"/>
      <body name="base"><geom type="box" size="0.03 0.05 0.01"/>
      {finger.format(n="l", y=0.04, s=1)}{finger.format(n="r", y=-0.04, s=-1)}</body>{extra}
      </worldbody><tendon>{tendon}</tendon><equality>{equality}</equality>
      <actuator>{actuators}</actuator></mujoco>"""


def lopsided(side: int = 1) -> str:
    """A hand of a thumb, a finger and a sliding finger with nothing symmetric; -1 = its mirror.

    Written out for both sides: y, axes of slides in y, and turns about x and z change sign.
    """
    s = side
    return f"""<mujoco><compiler angle="radian" autolimits="true" eulerseq="zyx"/>
      <default><joint damping="0.01"/></default>
      <asset><mesh name="wedge" vertex="0 0 0  .02 0 0  0 {0.03 * s} 0  0 0 .04
                                        .02 {0.03 * s} .01"/></asset>
      <worldbody><body name="base"><geom type="box" size=".04 .03 .01" pos=".01 {0.005 * s} 0"/>
      <body name="f1" pos=".05 {0.02 * s} .005" euler="{0.2 * s} .1 {0.3 * s}">
        <joint name="f_spread" axis="{0.1 * s} 0 {s}" range="-.3 .4"/>
        <geom type="capsule" size=".008" fromto="0 0 0 .04 {0.004 * s} 0"/>
        <body name="f2" pos=".04 {0.004 * s} 0">
          <joint name="f_curl" axis="0 -1 {0.05 * s}" pos="0 {0.001 * s} 0" range="-.1 1.5"/>
          <geom type="mesh" mesh="wedge"/></body></body>
      <body name="g1" pos=".045 {-0.02 * s} 0"><joint name="g_curl" axis="0 -1 0" range="-.1 1.5"/>
        <geom type="capsule" size=".008" fromto="0 0 0 .04 0 0"/>
        <body name="g2" pos=".045 0 0">
          <joint name="g_slide" type="slide" axis="1 {0.2 * s} 0" range="0 .02"/>
          <geom type="box" size=".01 .006 .005" euler="{0.4 * s} 0 0"/></body></body>
      <body name="t1" pos="0 {-0.04 * s} .01"><joint name="t_base" axis="{s} 0 0" range="-.5 1"/>
        <geom type="capsule" size=".009" fromto="0 0 0 .01 {-0.03 * s} .02"/>
        <body name="t2" pos=".01 {-0.03 * s} .02">
          <joint name="t_curl" axis="0 .3 {s}" range="-.1 1.4"/>
          <geom type="ellipsoid" size=".02 .008 .01" pos=".015 0 .004"/></body></body>
      </body></worldbody>
      <tendon><fixed name="pull"><joint joint="g_curl" coef="1"/></fixed></tendon>
      <actuator><position joint="f_spread" kp="2"/><position joint="f_curl" kp="2"/>
        <position tendon="pull" kp="2"/><position joint="g_slide" kp="90"/>
        <position joint="t_base" kp="2"/><position joint="t_curl" kp="2"/></actuator></mujoco>"""


def claw(
    fingers: int = 3, reach: float = 0.035, base: str = "", scene: str = "", tip_offset: float = 0.0
) -> str:
    """Equal fingers on a ring, each of two hinges that bend inward and outward alike."""
    bodies, actuators = "", ""
    for k in range(fingers):
        turn = 2 * np.pi * k / fingers
        x, y = reach * np.cos(turn), reach * np.sin(turn)
        bodies += f"""<body name="f{k}_1" pos="{x} {y} .02" euler="0 0 {turn}">
          <joint name="j{k}a" axis="0 -1 0" range="-1.4 1.4"/>
          <geom type="capsule" size=".007" fromto="0 0 0 0 0 .05"/>
          <body name="f{k}_2" pos="{tip_offset} 0 .05">
            <joint name="j{k}b" axis="0 -1 0" range="-1.4 1.4"/>
            <geom type="capsule" size=".007" fromto="0 0 0 0 0 .04"/></body></body>"""
        actuators += f'<position joint="j{k}a"/><position joint="j{k}b"/>'
    return f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>{scene}
      <body name="palm">{base}<geom type="cylinder" size=".05 .01"/>{bodies}</body></worldbody>
      <actuator>{actuators}</actuator></mujoco>"""


def urdf(geometry: str = "visual", mesh: str = "meshes/link.ply", screws: int = 0) -> str:
    """Two fingers on a fixed palm, as exported from CAD: every link a mesh of one package."""
    shape = f'<geometry><mesh filename="package://tongs/{mesh}"/></geometry>'
    solid = f"<{geometry}>{shape}</{geometry}>"
    # An inertia no body can have: the largest moment exceeds the sum of the others.
    inertial = """<inertial><mass value="0.05"/><origin xyz="0 0 .02"/>
      <inertia ixx="1e-5" iyy="1e-5" izz="4e-5" ixy="0" ixz="0" iyz="0"/></inertial>"""
    links = "".join(
        f'<link name="{name}">{inertial}{solid}</link>'
        for name in ("palm", "left1", "left2", "right1", "right2")
    )
    joint = """<joint name="{n}" type="{kind}"><parent link="{a}"/><child link="{b}"/>
      <origin xyz="0 {y} {z}"/><axis xyz="{s} 0 0"/>{more}
      <limit lower="0" upper="1.2" effort="5" velocity="1"/></joint>"""
    joints = '<link name="mount"/>' + joint.format(
        n="fixed", kind="fixed", a="mount", b="palm", y=0, z=0, s=1, more=""
    )
    for side, sign in (("left", 1), ("right", -1)):
        mimic = f'<mimic joint="{side}_base" multiplier="0.5" offset="0.1"/>'
        for name, above, below, y, z, more in (
            ("base", "palm", f"{side}1", 0.04 * sign, 0.02, ""),
            ("outer", f"{side}1", f"{side}2", 0, 0.04, mimic),
        ):
            joints += joint.format(
                n=f"{side}_{name}", kind="revolute", a=above, b=below, y=y, z=z, s=sign, more=more
            )
    for k in range(screws):
        links += f'<link name="screw{k}">{inertial}</link>'
        joints += joint.format(
            n=f"screwed{k}", kind="fixed", a="palm", b=f"screw{k}", y=0.001 * k, z=0, s=1, more=""
        )
    return f'<robot name="tongs">{links}{joints}</robot>'
