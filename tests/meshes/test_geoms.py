"""Triangles of MuJoCo's geoms against the volumes that MuJoCo gives them."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from zdg_jax.meshes.geoms import geom_mesh


@pytest.mark.parametrize(
    "shape",
    [
        'type="box" size=".02 .03 .04"',
        'type="sphere" size=".03"',
        'type="ellipsoid" size=".02 .03 .04"',
        'type="capsule" size=".02 .05"',
        'type="cylinder" size=".02 .05"',
        'type="mesh" mesh="wedge"',
    ],
)
def test_triangles_have_the_mass_and_centre_of_their_geom(shape: str) -> None:
    model = mujoco.MjModel.from_xml_string(
        f"""<mujoco><asset><mesh name="wedge" scale="1 1 -1"
        vertex="0 0 0  .1 0 0  0 .1 0  0 0 .1"/></asset><worldbody><body>
        <geom {shape} pos=".1 .2 .3" euler="20 40 60" density="1000"/></body></worldbody>
        </mujoco>"""
    )
    mesh = geom_mesh(model, 0, 128)
    assert mesh is not None
    assert mesh.volume * 1000 == pytest.approx(model.body_mass[1], rel=3e-3)
    np.testing.assert_allclose(mesh.center_mass, model.body_ipos[1], atol=1e-5)


def test_a_plane_has_no_triangles() -> None:
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><geom type="plane" size="1 1 1"/></worldbody></mujoco>'
    )
    assert geom_mesh(model, 0, 16) is None
