"""Grippers of two fingers: on four bars that a `connect` closes, and on slides."""

from __future__ import annotations


def four_bars(
    crank: tuple[float, float] = (0.03, 0.03), *, sites: bool = False, loose: bool = False
) -> str:
    """Two fingers on four bars each, driven by one tendon as Robotiq's 2F-85 is.

    Args:
        crank: end of the outer bars, sideways and up [m]; the inner bars end at (0.03, 0.03), so
            that by default the fingers keep their direction.
        sites: close the loops by pairs of sites, which lie 1 mm apart at first.
        loose: gives the outer bars a joint in their middle, so that the bars move in two ways.
    """
    fingers, closing = "", ""
    for name, sign in (("left", 1), ("right", -1)):
        end = f"0 {sign * crank[0]} {crank[1]}"
        coupler = f"0 {sign * crank[0]} {crank[1] - 0.03}"
        half = f"0 {sign * crank[0] / 2} {crank[1] / 2}"
        more = f'<joint name="{name}_more" axis="{sign} 0 0" pos="{half}" range="-1 1"/>'
        fingers += f"""
          <body name="{name}_crank" pos="0 {sign * 0.045} .03">
            <joint name="{name}_crank" axis="{sign} 0 0" range="0 .8" damping=".1" armature=".005"/>
            <geom type="capsule" size=".005" fromto="0 0 0 {end}" mass=".02"/>
            <body name="{name}_end">{more if loose else ""}
              <geom size=".004" pos="{end}" mass=".01"/><site name="{name}_p" pos="{end}"/>
            </body></body>
          <body name="{name}_link" pos="0 {sign * 0.015} .03">
            <joint name="{name}_link" axis="{sign} 0 0" range="-.5 1.2" damping=".01"
              armature=".001"/>
            <geom type="capsule" size=".005" fromto="0 0 0 0 {sign * 0.03} .03" mass=".02"/>
            <body name="{name}_finger" pos="0 {sign * 0.03} .03">
              <joint name="{name}_finger" axis="{sign} 0 0" range="-1.2 1.2" damping=".01"
                armature=".001"/>
              <geom type="capsule" size=".005" fromto="0 0 0 {coupler}" mass=".02"/>
              <geom type="box" size=".011 .003 .02" pos="0 {-sign * 0.003} .02" mass=".03"/>
              <site name="{name}_q" pos="{coupler}"/></body></body>"""
        closing += (
            f'<connect site1="{name}_p" site2="{name}_q"/>'
            if sites
            else f'<connect body1="{name}_end" body2="{name}_finger" anchor="{end}"/>'
        )
    return f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>
      <body name="base"><geom type="cylinder" size=".04 .02" mass=".8"/>{fingers}</body></worldbody>
      <tendon><fixed name="split"><joint joint="left_crank" coef=".5"/>
        <joint joint="right_crank" coef=".5"/></fixed></tendon>
      <equality>{closing}<joint joint1="left_crank" joint2="right_crank"/></equality>
      <actuator><position tendon="split" kp="100" kv="10" forcerange="-5 5"/></actuator></mujoco>"""


def slides(*, coupled: bool = False, unit: float = 1.0) -> str:
    """Two fingers on slides, as the Panda's; `unit` = 1000 writes it in millimetres."""
    fingers = "".join(
        f"""<body name="{name}" pos="0 0 {0.0584 * unit}" quat="{quat}">
          <joint name="{name}" type="slide" axis="0 1 0" range="0 {0.04 * unit}" armature=".1"
            damping="10"/>
          <geom type="box" size="{0.008 * unit} {0.006 * unit} {0.02 * unit}" mass=".02"
            pos="0 {0.008 * unit} {0.025 * unit}"/>
          <geom type="box" size="{0.008 * unit} {0.003 * unit} {0.009 * unit}" mass=".01"
            pos="0 {0.003 * unit} {0.0445 * unit}"/></body>"""
        for name, quat in (("left", "1 0 0 0"), ("right", "0 0 0 1"))
    )
    palm = f'size="{0.02 * unit} {0.1 * unit} {0.03 * unit}" pos="0 0 {0.03 * unit}"'
    drive = f'kp="{1000 / unit}" forcerange="-20 20"'
    equality = '<joint joint1="left" joint2="right"/>' if coupled else ""
    second = "" if coupled else f'<position joint="left" {drive}/>'
    return f"""<mujoco><compiler angle="radian" autolimits="true"/><worldbody>
      <body name="hand"><geom type="box" {palm} mass=".7"/>{fingers}</body></worldbody>
      <equality>{equality}</equality>
      <actuator><position joint="right" {drive}/>{second}</actuator></mujoco>"""
