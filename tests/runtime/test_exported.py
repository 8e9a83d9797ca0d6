"""Programs that are traced once for all processes of a machine."""

from __future__ import annotations

import dataclasses
import logging
import os
import pathlib
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.hands import load_hand
from zdg_jax.energy import Term
from zdg_jax.kernels.kinematics import LinkPoses, Topology, Tree, forward_kinematics
from zdg_jax.runtime import exported
from zdg_jax.runtime.exported import ExportedProgram
from zdg_jax.synthesis.refine import RefineConfig

_JOINTS = 0.1
"""Angle of every joint [rad]."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZDG_CACHE_DIR", str(tmp_path))


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the programs that are traced meanwhile."""
    names: list[str] = []
    export = exported._export

    def noted(program: Any, *rest: Any) -> bytes:
        names.append(program.__name__)
        return export(program, *rest)

    monkeypatch.setattr(exported, "_export", noted)
    return names


@pytest.fixture
def tree() -> Tree:
    return load_hand("leap").arrays.tree


def _program() -> ExportedProgram:
    """As another process finds it: nothing of it is in memory."""
    return ExportedProgram(jax.jit(forward_kinematics))


def _poses(tree: Tree, size: float = _JOINTS) -> LinkPoses:
    joints = jnp.full((3, tree.num_joints), size)
    return _program()(tree, joints)


def _kept(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted((folder / "programs").glob("*"))


def test_a_program_is_traced_once(tree: Tree, traced: list[str], tmp_path: pathlib.Path) -> None:
    first, second = _poses(tree), _poses(tree)
    assert traced == ["forward_kinematics"]
    assert isinstance(second, LinkPoses)
    direct = jax.jit(forward_kinematics)(tree, jnp.full((3, tree.num_joints), _JOINTS))
    for a, b, c in zip(first, second, direct, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, atol=1e-6)
    (path,) = _kept(tmp_path)
    assert path.name.startswith("forward_kinematics-")


def test_another_process_finds_it(tree: Tree, traced: list[str], tmp_path: pathlib.Path) -> None:
    code = (
        "import jax, jax.numpy as jnp\n"
        "from zdg_jax.hand import Hand\n"
        "from zdg_jax.kernels.kinematics import forward_kinematics\n"
        "from zdg_jax.runtime.exported import ExportedProgram\n"
        "jax.config.update('jax_numpy_dtype_promotion', 'strict')\n"
        "tree = Hand.load('leap').arrays.tree\n"
        "joints = jnp.full((3, tree.num_joints), 0.1)\n"
        "print(float(ExportedProgram(jax.jit(forward_kinematics))(tree, joints).links.sum()))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert len(_kept(tmp_path)) == 1
    assert float(_poses(tree).links.sum()) == pytest.approx(float(told.stdout), abs=1e-5)
    assert not traced
    assert len(_kept(tmp_path)) == 1


def test_static_fields_shapes_and_settings_make_other_programs(
    tree: Tree, traced: list[str]
) -> None:
    _poses(tree)
    flat = dataclasses.replace(
        tree.topology, parents=tuple(-1 for _ in tree.topology.parents), slides=False
    )
    moved = _poses(dataclasses.replace(tree, topology=flat))
    assert not np.allclose(moved.links, _poses(tree).links)
    _program()(tree, jnp.full((4, tree.num_joints), _JOINTS))
    with jax.default_matmul_precision("highest"):
        _poses(tree)
    assert len(traced) == 4


def test_numbers_are_not_part_of_a_program(tree: Tree, traced: list[str]) -> None:
    assert not np.allclose(_poses(tree, 0.1).links, _poses(tree, 0.4).links)
    assert len(traced) == 1


def test_a_change_of_the_library_makes_another_program(
    tree: Tree, traced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _poses(tree)
    monkeypatch.setattr(exported, "_sources", lambda: "others")
    _poses(tree)
    assert len(traced) == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "of another", "empty", "folder"])
def test_a_damaged_file_is_told_and_made_anew(
    tree: Tree,
    traced: list[str],
    damage: str,
    tmp_path: pathlib.Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = _poses(tree)
    (path,) = _kept(tmp_path)
    content = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {
                "cut": content[:-100],
                "changed": content[:500] + b"?" + content[501:],
                "of another": b"0" * 64 + content[64:],
                "empty": b"",
            }[damage]
        )
    with caplog.at_level(logging.WARNING, "zdg_jax"):
        again = _poses(tree)
    np.testing.assert_array_equal(whole.links, again.links)
    assert len(traced) == 2
    assert "damaged file in the cache of programs, made anew" in caplog.text
    if damage != "folder":
        assert path.read_bytes()[:64] == content[:64]
        _poses(tree)
        assert len(traced) == 2


def test_a_folder_that_cannot_be_written_costs_the_cache_alone(
    tree: Tree, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "programs").write_text("in the way")
    with caplog.at_level(logging.WARNING, "zdg_jax"):
        assert np.isfinite(_poses(tree).links).all()
        assert np.isfinite(_poses(tree).links).all()
    (record,) = caplog.records  # one for all programs
    assert "no cache of programs: files cannot be written in" in record.getMessage()
    assert (tmp_path / "programs").read_text() == "in the way"


def test_what_is_not_of_the_library_is_traced_in_each_process(
    traced: list[str], tmp_path: pathlib.Path
) -> None:
    def own(rows: jax.Array) -> jax.Array:
        return 2 * rows

    program = ExportedProgram(jax.jit(own))
    np.testing.assert_array_equal(program(jnp.arange(3)), [0, 2, 4])
    assert not traced
    assert not _kept(tmp_path)


def test_a_users_energy_term_is_not_kept() -> None:
    def own(*_: Any) -> jax.Array:
        return jnp.float32(0.0)

    exported._describe(RefineConfig())
    with pytest.raises(exported._NotKeptError, match="own"):
        exported._describe(RefineConfig(extra_terms=(Term("own", own, 1.0),)))


def test_debugging_and_a_cache_that_is_off_trace_as_usual(
    tree: Tree, traced: list[str], tmp_path: pathlib.Path
) -> None:
    with jax.debug_nans(True):
        _poses(tree)
    jax.config.update("jax_enable_compilation_cache", False)
    try:
        _poses(tree)
    finally:
        jax.config.update("jax_enable_compilation_cache", True)
    assert not traced
    assert not _kept(tmp_path)


def test_lowered_programs_are_those_that_are_called(tree: Tree, traced: list[str]) -> None:
    names: list[str] = []

    def told(event: str, duration: float, **about: object) -> None:
        if event.endswith("backend_compile_duration"):
            names.append(str(about.get("fun_name")))

    joints = jnp.zeros((5, tree.num_joints))
    program = _program()
    jax.monitoring.register_event_duration_secs_listener(told)
    try:
        program.lower(tree, jax.ShapeDtypeStruct(joints.shape, joints.dtype)).compile()
        poses = program(tree, joints)
        program(tree, jnp.zeros_like(joints) + poses.links[0, 0, 0, 0])  # bound to its device
    finally:
        jax.monitoring.unregister_event_duration_listener(told)
    assert names.count("jit(forward_kinematics)") == 1


def test_a_program_can_be_part_of_another(tree: Tree) -> None:
    joints, program = jnp.full((2, tree.num_joints), _JOINTS), _program()
    within = jax.jit(lambda joints: program(tree, joints).links)(joints)
    np.testing.assert_allclose(within, program(tree, joints).links, atol=1e-6)


def test_structures_come_back_with_their_static_fields() -> None:
    topology = Topology(parents=(-1, 0), carriers=(0, 1), slides=False)
    rows = jnp.zeros(3)
    result = {"b": (rows, None), "a": [rows, LinkPoses(rows, rows, rows)]}
    leaves = jax.tree.leaves(result)
    rebuilt = exported._build(exported._describe(result), iter(leaves))
    assert jax.tree.structure(rebuilt) == jax.tree.structure(result)
    with pytest.raises(exported._NotKeptError, match="set"):
        exported._describe({1, 2})
    assert exported._constant(topology) == exported._constant(dataclasses.replace(topology))
