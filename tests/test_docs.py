"""The pages: they name what there is, and build without a warning."""

from __future__ import annotations

import importlib.util
import pathlib
import pkgutil
import re
import subprocess
import sys
import tomllib

import pytest

from zdg_jax.cli.app import cli
from zdg_jax.export import FORMATS

_ROOT = pathlib.Path(__file__).resolve().parents[1]
_DOCS = _ROOT / "docs"


def _pages() -> str:
    return "\n".join(path.read_text() for path in sorted(_DOCS.glob("*.md")))


def test_every_command_and_export_format_is_on_a_page() -> None:
    pages = _pages()
    assert [name for name in cli.commands if f"zdg {name}" not in pages] == []
    formats = (_DOCS / "export.md").read_text()
    assert [name for name in FORMATS if f"| `{name}` |" not in formats] == []


def test_every_extra_is_explained() -> None:
    extras = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    page = (_DOCS / "installation.md").read_text()
    assert [name for name in extras if f"`{name}`" not in page and f"[{name}]" not in page] == []


def test_every_name_of_the_reference_exists() -> None:
    names = re.findall(
        r"^::: (\S+)$", "\n".join(p.read_text() for p in _DOCS.glob("api/*.md")), re.M
    )
    assert len(names) > 30
    assert [name for name in names if pkgutil.resolve_name(name) is None] == []


def test_the_citation_names_the_version() -> None:
    version = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"version: {version}\n" in (_ROOT / "CITATION.cff").read_text()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("mkdocstrings") is None, reason="needs the extra docs")
def test_the_site_builds_without_a_warning(tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "trimesh" in (tmp_path / "index.html").read_text(), "the example is not shown"
    page = (tmp_path / "api" / "grasps" / "index.html").read_text()
    assert "T_object_hand" in page
    assert "zdg_jax.grasps.grasp_set.GraspSet.best" in page
