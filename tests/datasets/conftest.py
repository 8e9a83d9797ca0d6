"""A dataset that is made undisturbed, to hold others against."""

from __future__ import annotations

import pathlib
import subprocess

import pytest

from tests.datasets.runs import command, shards
from tests.datasets.small import write_spec


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a spec of four jobs and a broken mesh, and the dataset made undisturbed."""
    folder = tmp_path_factory.mktemp("calm")
    spec = write_spec(folder, shapes=["box", "ball"], tasks=["lift it", "shake it"])
    (folder / "meshes" / "broken.stl").write_text("this is no mesh")
    said = subprocess.run(command(spec, folder / "calm"), capture_output=True, text=True)
    assert said.returncode == 1, said.stderr
    assert len(shards(folder / "calm")) == 4
    return folder
