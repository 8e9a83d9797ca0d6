"""The compile cache is on wherever a hand is loaded, and a user's own choice stays."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from tests.hand.models import gripper

_CODE = """
import sys
import jax
jax.jit(lambda x: x - 1)(1.0)  # a program of the user's, compiled before
import zdg_jax as zdg
zdg.Hand.load(sys.argv[1])
jax.jit(lambda x: x + 2)(1.0)
print(jax.config.jax_compilation_cache_dir)
"""


def _folder(tmp_path: pathlib.Path, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "ZDG_"))}
    hand = tmp_path / "gripper.xml"
    hand.write_text(gripper())
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(hand)],
        env=kept | {"ZDG_CACHE_DIR": str(tmp_path / "zdg")} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_programs_are_kept_on_disk_also_where_some_were_compiled_before(
    tmp_path: pathlib.Path,
) -> None:
    assert _folder(tmp_path) == str(tmp_path / "zdg" / "xla")
    assert any((tmp_path / "zdg" / "xla").iterdir())


def test_a_users_own_folder_stays(tmp_path: pathlib.Path) -> None:
    chosen = str(tmp_path / "chosen")
    assert _folder(tmp_path, JAX_COMPILATION_CACHE_DIR=chosen) == chosen
    assert not (tmp_path / "zdg" / "xla").exists()


def test_a_cache_that_the_user_turned_off_stays_off(tmp_path: pathlib.Path) -> None:
    assert _folder(tmp_path, JAX_ENABLE_COMPILATION_CACHE="0") == "None"
