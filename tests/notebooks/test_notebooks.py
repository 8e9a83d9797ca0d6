"""The notebooks run from top to bottom, and are committed without outputs."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

_NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "notebooks"
_SLOW = {"02_grasps.ipynb"}

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytest.importorskip("nbclient")


def _read(path: pathlib.Path) -> Any:
    return nbformat.read(path, as_version=4)


def test_notebooks_are_committed_without_outputs() -> None:
    paths = sorted(_NOTEBOOKS.glob("*.ipynb"))
    assert paths
    for path in paths:
        for cell in _read(path).cells:
            assert not cell.get("outputs"), path.name
            assert cell.get("execution_count") is None, path.name


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.name in _SLOW else [])
        for path in sorted(_NOTEBOOKS.glob("*.ipynb"))
    ],
)
def test_a_notebook_runs(
    path: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    copy = shutil.copy(path, tmp_path)
    # A process of its own: what Jupyter's packages warn of is theirs to mend.
    run = "from nbclient.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", run, "--inplace", "--timeout=600", copy],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    outputs = [out for cell in _read(tmp_path / path.name).cells for out in cell.get("outputs", [])]
    assert any("text/html" in out.get("data", {}) for out in outputs)
