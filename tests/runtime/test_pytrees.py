"""Files of grasps are read without JAX, and their poses are pytrees once JAX is there."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

from tests.made_up import make_grasps


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return make_grasps(4).save(tmp_path_factory.mktemp("sets") / "grasps.npz")


def _run(code: str, file: pathlib.Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_set_is_loaded_read_and_saved_without_jax(file: pathlib.Path) -> None:
    code = (
        "import sys, zdg_jax as zdg; grasps = zdg.GraspSet.load(sys.argv[1]);"
        "grasps.holding().best(1).grasp.matrix(); grasps.grasp.joint('joint2'); str(grasps);"
        "zdg.concatenate([grasps, grasps]).save(sys.argv[1] + '.again.npz');"
        "print({'jax', 'mujoco'} & set(sys.modules))"
    )
    assert _run(code, file).strip() == "set()"


def test_poses_are_pytrees_when_jax_is_imported_after_them(file: pathlib.Path) -> None:
    code = (
        "import sys, zdg_jax as zdg; poses = zdg.GraspSet.load(sys.argv[1]).poses;"
        "import jax; doubled = jax.jit(lambda p: jax.tree.map(lambda leaf: 2 * leaf, p))(poses);"
        "print(type(doubled).__name__, len(jax.tree.leaves(poses)))"
    )
    assert _run(code, file).split() == ["Poses", "9"]
