"""Freed memory goes back to the system."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import concurrent.futures, pathlib
from zdg_jax.runtime.memory import release_memory
def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
def work(i):
    return [bytes(50_000) for _ in range(500)]
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    kept = list(pool.map(work, range(8)))
    last = [rows[-1] for rows in kept]  # what lies at the end of an arena keeps all before it
    del kept
    before = resident()
    release_memory()
    print(before - resident())
"""


def test_what_threads_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 15
