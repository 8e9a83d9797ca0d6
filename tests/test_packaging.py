"""The package as it is installed: its rooms, its data, its light import and its wheel."""

from __future__ import annotations

import importlib
import importlib.resources
import pathlib
import subprocess
import sys
import tomllib
import types
import zipfile

import pytest

import zdg_jax

_ROOT = pathlib.Path(__file__).resolve().parents[1]


def test_rooms_bring_their_data() -> None:
    hands = importlib.resources.files("zdg_jax.mjcf")
    assert {"allegro.xml", "leap.xml", "shadow.xml"} <= {file.name for file in hands.iterdir()}
    prompts = importlib.resources.files("zdg_jax.prompts")
    assert any(file.name.endswith(".md") for file in prompts.iterdir())


def _loaded_by(code: str) -> set[str]:
    """Heavy modules that a fresh interpreter has loaded after some code."""
    heavy = {"jax", "mujoco", "numpy", "pydantic", "rich", "scipy", "trimesh"}
    code = f"import sys; {code}; print('loaded:', *sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("loaded:")[2].split())


def test_help_and_import_load_no_heavy_library() -> None:
    assert _loaded_by("from zdg_jax.cli.app import run; assert run(['--help']) == 0") == set()
    assert _loaded_by("import zdg_jax") == set()


def test_public_names_are_listed_and_unknown_ones_refused() -> None:
    assert set(zdg_jax.__all__) <= set(dir(zdg_jax))
    for package in ("", ".hand", ".objects", ".planning", ".validation"):
        module = importlib.import_module(f"zdg_jax{package}")
        for name in module.__all__:
            value = getattr(module, name)
            assert not isinstance(value, types.ModuleType), f"{name} is hidden by a module"
    assert zdg_jax.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="Grasper"):
        _ = zdg_jax.Grasper


def test_every_room_is_in_the_package() -> None:
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    rooms = {path.parent for path in (_ROOT / "zdg_jax").rglob("*.py")}
    names = {".".join(room.relative_to(_ROOT).parts) for room in rooms}
    assert names <= set(settings["packages"])


@pytest.mark.slow
def test_a_wheel_holds_every_module_and_data_file(tmp_path: pathlib.Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(_ROOT)],
        check=True,
        capture_output=True,
        timeout=600,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for room, home in (("zdg_jax", ""), ("kernels", "zdg_jax/"), ("mjcf", "zdg_jax/")):
        for path in (_ROOT / room).rglob("*"):
            if path.suffix in {".py", ".xml", ".json"}:
                assert f"{home}{path.relative_to(_ROOT).as_posix()}" in names
    for path in (_ROOT / "prompts").glob("*.md"):
        assert f"zdg_jax/prompts/{path.name}" in names
