"""URDF files as specifications of MuJoCo."""

from __future__ import annotations

import pathlib

import mujoco
import numpy as np
import pytest
import trimesh

from zdg_jax.errors import InputError
from zdg_jax.meshes.urdf import read_urdf

_BOTH = """<robot name="r"><link name="base"><inertial><mass value="1"/>
<inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>
<visual><geometry><mesh filename="{mesh}" scale="2 2 2"/></geometry></visual>
<collision><geometry><sphere radius=".03"/></geometry></collision></link></robot>"""


def _write(folder: pathlib.Path, mesh: str) -> pathlib.Path:
    """A package as ROS lays it out: thing/urdf/thing.urdf beside thing/meshes."""
    (folder / "thing" / "urdf").mkdir(parents=True)
    (folder / "thing" / "meshes").mkdir()
    path = folder / "thing" / "urdf" / "thing.urdf"
    path.write_text(_BOTH.format(mesh=mesh))
    return path


@pytest.mark.parametrize("suffix", ["stl", "obj", "ply", "glb", "dae"])
@pytest.mark.parametrize("name", ["package://thing/meshes/box", "../meshes/box"])
def test_meshes_are_found_and_read(tmp_path: pathlib.Path, suffix: str, name: str) -> None:
    path = _write(tmp_path, f"{name}.{suffix}")
    trimesh.creation.box((0.01, 0.02, 0.03)).export(tmp_path / f"thing/meshes/box.{suffix}")
    model = read_urdf(path, visuals=True).compile()
    assert model.ngeom == 2
    assert model.body("base").id > 0
    np.testing.assert_allclose(np.sort(np.ptp(model.mesh_vert, axis=0)), [0.02, 0.04, 0.06])


def test_visuals_are_kept_where_they_are_wanted_or_nothing_collides(
    tmp_path: pathlib.Path,
) -> None:
    path = _write(tmp_path, "../meshes/box.stl")
    trimesh.creation.box((0.01, 0.02, 0.03)).export(tmp_path / "thing/meshes/box.stl")
    sphere = int(mujoco.mjtGeom.mjGEOM_SPHERE)
    assert read_urdf(path, visuals=False).compile().geom_type.tolist() == [sphere]
    text = path.read_text()
    path.write_text(text[: text.index("<collision>")] + "</link></robot>")
    assert read_urdf(path, visuals=False).compile().ngeom == 1


def test_an_stl_beyond_mujocos_limit_is_read(tmp_path: pathlib.Path) -> None:
    path = _write(tmp_path, "../meshes/box.stl")
    ball = trimesh.creation.uv_sphere(radius=0.02, count=[330, 330])
    assert len(ball.faces) > 200_000
    ball.export(tmp_path / "thing/meshes/box.stl")
    model = read_urdf(path, visuals=True).compile()
    assert model.nmeshface == len(ball.faces)


def test_what_cannot_be_read_is_named(tmp_path: pathlib.Path) -> None:
    path = _write(tmp_path, "../meshes/box.ply")
    with pytest.raises(InputError, match=r"thing\.urdf' names a mesh that does not exist: \.\./me"):
        read_urdf(path, visuals=True)
    (tmp_path / "thing/meshes/box.ply").write_text("no mesh")
    with pytest.raises(InputError, match=r"box\.ply': .*; convert it to STL or OBJ"):
        read_urdf(path, visuals=True)
    path.write_text("<robot")
    with pytest.raises(InputError, match=r"MuJoCo cannot read '.*thing\.urdf'"):
        read_urdf(path, visuals=True)
