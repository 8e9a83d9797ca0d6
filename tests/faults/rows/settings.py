"""Settings of the process: variables, limits, streams and the current folder."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Outcome, refused, works
from tests.faults.rows.table import GRASP, HAND, PLAN, SMALL, add

for _variables, _command, _expect in (
    ({"JAX_PLATFORMS": "foo"}, PLAN, refused("JAX_PLATFORMS=foo")),
    ({"JAX_PLATFORMS": "foo"}, HAND, refused("JAX_PLATFORMS=foo")),
    ({"JAX_PLATFORMS": "cuda"}, HAND, refused("JAX_PLATFORMS=cuda")),
    ({"JAX_PLATFORMS": "cpu,foo"}, HAND, refused("JAX_PLATFORMS=cpu,foo")),
    ({"JAX_NUM_CPU_DEVICES": "0"}, HAND, refused("JAX_NUM_CPU_DEVICES=0")),
    ({"JAX_ENABLE_X64": "maybe"}, HAND, refused("JAX_ENABLE_X64=maybe")),
    ({"JAX_DEFAULT_DEVICE": "foo"}, HAND, refused("JAX_DEFAULT_DEVICE=foo")),
    ({"JAX_TRACEBACK_FILTERING": "foo"}, HAND, refused("JAX_TRACEBACK_FILTERING=foo")),
    ({"MUJOCO_GL": "foo"}, HAND, refused("MUJOCO_GL=foo")),
    ({"MPLBACKEND": "foo"}, ("report", "grasps.npz"), refused("MPLBACKEND=foo")),
    ({"TMPDIR": "/nowhere"}, PLAN, works()),
    ({"HOME": "", "XDG_CACHE_HOME": ""}, HAND, works()),
    ({"PYTHONOPTIMIZE": "2"}, ("--help",), works("grasp")),
    ({"PYTHONWARNINGS": "error"}, HAND, works()),
    ({"LC_ALL": "xx_YY"}, ("--help",), works("grasp")),
    ({"JAX_ENABLE_X64": "1"}, (*GRASP, *SMALL), refused("JAX_ENABLE_X64")),
    ({"JAX_NUMPY_RANK_PROMOTION": "raise"}, (*GRASP, *SMALL), refused("RANK_PROMOTION")),
    ({"ZDG_CACHE_MB": "abc"}, PLAN, refused("ZDG_CACHE_MB")),
    ({"ZDG_CACHE_MB": "-5"}, PLAN, refused("ZDG_CACHE_MB")),
    ({"ZDG_CACHE_DIR": "/dev/null"}, PLAN, works()),
    ({"HOME": "/nowhere", "XDG_CACHE_HOME": "/proc/none", "ZDG_CACHE_DIR": ""}, PLAN, works()),
    ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, PLAN, works()),
    ({"PYTHONIOENCODING": "ascii"}, PLAN, works()),
    ({"COLUMNS": "1"}, PLAN, works()),
    ({"COLUMNS": "much"}, PLAN, works()),
    ({"TERM": "dumb", "NO_COLOR": "1"}, PLAN, works()),
    ({"OMP_NUM_THREADS": "none"}, PLAN, works()),
):
    add(
        f"environment: {_variables} for {_command[0]}",
        make.together(make.box(), make.grasps_of_claw),
        _command,
        _expect,
        environment=_variables,
    )
_COLD = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
add(
    "a task of other letters in a locale without any",
    make.box(),
    (*PLAN[:3], "hebe die Tasse höher", *PLAN[4:]),
    Outcome(status=2, says="UTF-8"),
    environment=_COLD,
)
for _command in (PLAN, ("hands",), ("--help",), HAND):
    add(
        f"a full device for {_command[0]}",
        make.together(make.box(), make.claw()),
        _command,
        Outcome(status=1, says="No space|cannot write"),
        output="/dev/full",
    )
for _address in ("not a url", "ftp://x", "http://127.0.0.1:99999/v1", "localhost:8000"):
    for _planner in ("openai:m", "gemini:m"):
        add(
            f"a server at {_address} for {_planner}",
            make.box(),
            (*PLAN[:5], _planner, "--server", _address),
            refused("is no address of a server"),
            environment={"OPENAI_API_KEY": "k", "GEMINI_API_KEY": "k"},
        )
for _key in ("a\nb", "k\u00e9y", "two words"):
    add(
        f"a key {_key!r}",
        make.box(),
        (*PLAN[:5], "openai:m"),
        refused("OPENAI_API_KEY holds spaces"),
        environment={"OPENAI_API_KEY": _key},
    )


# Limits, streams and folders, by a shell.
def _shell(name: str, line: str, expect: Outcome) -> None:
    """Adds a row of a line of a shell, in which `zdg` is the command."""
    program = (
        "import os, sys\n"
        "zdg = f'zdg() {{ {sys.executable} -m zdg_jax \"$@\"; }}; '\n"
        f"os.execv('/bin/sh', ['sh', '-c', zdg + {line!r}])"
    )
    add(f"shell: {name}", make.together(make.box(), make.grasps_of_claw), program, expect)


_shell("a pipe that nobody reads", "zdg --help | head -1", works("Usage"))
_shell("a closed stdout", "zdg hands >&-", works())
_shell("closed streams", "zdg hand hand.xml --no-picture <&- >&- 2>&-", works())
_shell(
    "little memory",
    "ulimit -v 600000; zdg hand hand.xml --no-picture",
    Outcome(status=1, says="not memory enough"),
)
_shell("few files", "ulimit -n 24; zdg plan box.stl --task lift --planner rules", works())
_shell(
    "no file of any size",
    "ulimit -f 0; zdg plan box.stl --task lift --planner rules",
    refused("File too large"),
)
_shell(
    "small files for USD",
    "ulimit -f 8; zdg export grasps.npz --format usd --out e",
    refused("OpenUSD cannot write|File too large"),
)
_shell(
    "a current folder that is gone",
    "mkdir gone; cd gone; rmdir ../gone; zdg hand ../hand.xml --no-picture",
    refused("no longer there"),
)
