from __future__ import annotations

import pathlib

import manifold3d
import numpy as np
import pytest
import trimesh

from zdg_jax.objects import Object


def cup_with_handle() -> trimesh.Trimesh:
    """A cup of 60 x 80 mm with a 3 mm wall and a ring for a handle, a closed mesh."""
    outer = manifold3d.Manifold.cylinder(0.08, 0.03, circular_segments=64)
    inner = manifold3d.Manifold.cylinder(0.08, 0.027, circular_segments=64)
    profile = manifold3d.CrossSection.circle(0.005, 24).translate((0.02, 0.0))
    ring = profile.revolve(48).rotate((90.0, 0.0, 0.0)).translate((0.042, 0.0, 0.04))
    cavity = inner.translate((0.0, 0.0, 0.003))
    mesh = (outer + ring - cavity).to_mesh()
    return trimesh.Trimesh(
        np.asarray(mesh.vert_properties)[:, :3], np.asarray(mesh.tri_verts), process=False
    )


@pytest.fixture(scope="session")
def cup_mesh() -> trimesh.Trimesh:
    return cup_with_handle()


@pytest.fixture(scope="session")
def cup(cup_mesh: trimesh.Trimesh) -> Object:
    return Object.from_mesh(cup_mesh, mass=0.2, name="cup")


@pytest.fixture(scope="session")
def assets() -> pathlib.Path:
    folder = pathlib.Path(__file__).resolve().parents[3] / "shared" / "assets" / "objects"
    if not folder.is_dir():
        pytest.skip(f"no test assets at {folder}")
    return folder
