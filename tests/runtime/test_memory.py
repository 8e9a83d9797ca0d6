"""Freed memory goes back to the system; what lives for good is passed over by collections."""

from __future__ import annotations

import gc
import subprocess
import sys

from zdg_jax.runtime.memory import collection_paused, keep_for_good

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


def test_what_is_kept_for_good_is_collected_no_more() -> None:
    living = [[number] for number in range(1000)]
    try:
        keep_for_good()
        looked_at = {id(thing) for thing in gc.get_objects()}
        assert not any(id(thing) in looked_at for thing in living)
    finally:
        gc.unfreeze()


def test_nothing_is_collected_in_a_pause_and_again_after_it() -> None:
    with collection_paused():
        assert not gc.isenabled()
    assert gc.isenabled()
