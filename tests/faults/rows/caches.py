"""Caches that were damaged, swapped or put where none can be: made anew, or gone without."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import works
from tests.faults.rows.table import HAND, PLAN, add

_DAMAGES = {
    "cut short": "path.write_bytes(path.read_bytes()[:500])",
    "empty": "path.write_bytes(b'')",
    "noise": "path.write_bytes(bytes(range(256)) * 9)",
    "one bit": "path.write_bytes(path.read_bytes()[:-99] + b'?' + path.read_bytes()[-98:])",
    "that of another": "path.write_bytes(other.read_bytes())",
    "a folder": "path.unlink(); path.mkdir()",
    "a pipe": "path.unlink(); os.mkfifo(path)",
    "a device": "path.unlink(); path.symlink_to('/dev/zero')",
    "a link to nothing": "path.unlink(); path.symlink_to('nowhere')",
}
"""What happens to a file of a cache, at `path`; `other` is that of another thing."""

_OBJECTS = """
import os, pathlib
import zdg_jax as zdg
def made(name):
    obj = zdg.Object.from_mesh(name)
    return obj.volume, len(obj.pieces), obj.mesh_hash, float(obj.inertia.sum())
folder = pathlib.Path("c/objects")
first = made("box.stl")
path, = folder.glob("*.npz")
made("other.stl")
other, = set(folder.glob("*.npz")) - {path}
"""
_PROGRAMS = """
import os, pathlib
import jax, jax.numpy as jnp
from zdg_jax.runtime.compile_cache import enable_compile_cache
enable_compile_cache()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
@jax.jit
def one(x):
    return (jnp.sin(x) @ x).sum()
@jax.jit
def two(x):
    return (jnp.cos(x) @ x).sum() + 1
def made():
    jax.clear_caches()
    return float(one(jnp.eye(8))), float(two(jnp.eye(8)))
folder = pathlib.Path("c/xla")
first = made()
path, = folder.glob("jit_one*-cache")
other, = folder.glob("jit_two*-cache")
"""
_ANSWERS = """
import os, pathlib
from zdg_jax.planning.model import AnswerCache
from zdg_jax.planning.model.backend import Answer, Request
def request(prompt):
    return Request(stage="1", system="s", prompt=prompt, images=(), captions=(), schema={})
cache = AnswerCache()
cache.put(request("one"), "m", Answer(text="{\\"it is\\": \\"one\\"}" + 2000 * " "))
path, = pathlib.Path("c/answers").rglob("*.json")
cache.put(request("two"), "m", Answer(text="{}"))
other, = set(pathlib.Path("c/answers").rglob("*.json")) - {path}
"""
for _cache, _program, _check in (
    ("objects", _OBJECTS, "assert made('box.stl') == first"),
    ("programs", _PROGRAMS, "assert made() == first"),
    ("answers", _ANSWERS, "assert cache.get(request('one'), 'm') is None"),
):
    for _name, _damage in _DAMAGES.items():
        if _cache == "answers" and _name == "one bit":
            continue  # a plan checks what answers say
        add(
            f"cache of {_cache}: {_name}",
            make.together(make.box(), make.box("other.stl", 0.06)),
            f"{_program}\n{_damage}\n{_check}\nprint('as before')",
            works("as before"),
            environment={"ZDG_CACHE_DIR": "c"},
        )
for _name, _maker, _folder in (
    ("a file", make.text("c", ""), "c"),
    ("a device", make.link("c", "/dev/full"), "c"),
    ("a link to nothing", make.link("c", "nowhere/deep"), "c"),
    ("a pipe", make.pipe("c"), "c"),
    ("files for folders", make.together(make.text("c/xla", ""), make.text("c/objects", "")), "c"),
    ("where nothing can be written", make.text("x", ""), "/proc/self/none"),
    ("bytes that are no text", make.text("x", ""), "c\udcff"),
    ("a locked file that is a folder", make.text("c/xla/.lockfile/x", ""), "c"),
):
    for _command in (HAND, PLAN):
        add(
            f"cache in {_name}: {_command[0]}",
            make.together(make.box(), make.claw(), _maker),
            _command,
            works(),
            environment={"ZDG_CACHE_DIR": _folder},
        )
for _verb, _told in (("info", "0 files"), ("clear", "removed 0")):
    add(
        f"cache in a file: {_verb}",
        make.text("c", "precious"),
        ("cache", _verb),
        works(_told),
        keeps={"c": "precious"},
        environment={"ZDG_CACHE_DIR": "c"},
    )
