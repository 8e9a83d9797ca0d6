"""Files are written whole, not through links, and read without waiting."""

from __future__ import annotations

import os
import pathlib

import pytest

from zdg_jax.errors import InputError
from zdg_jax.runtime.files import atomic_write, read_limited


def test_a_link_is_replaced_and_what_it_named_is_left(tmp_path: pathlib.Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "plan.json").symlink_to("victim")
    with atomic_write(tmp_path / "plan.json") as file:
        file.write(b"new")
    assert (tmp_path / "victim").read_text() == "precious"
    assert (tmp_path / "plan.json").read_text() == "new"


def test_pipes_folders_and_devices_are_refused_at_once(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, pathlib.Path("/dev/zero")):
        with pytest.raises(InputError, match="name a file"):
            read_limited(path, 100)


def test_a_file_above_the_limit_is_not_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(bytes(101))
    assert len(read_limited(tmp_path / "file", 101)) == 101
    with pytest.raises(InputError, match="more than 100 bytes"):
        read_limited(tmp_path / "file", 100)
