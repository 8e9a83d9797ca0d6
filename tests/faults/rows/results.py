"""Results that cannot be true, and settings without sense."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Outcome, failed, refused, works
from tests.faults.rows.table import GRASP, HAND, PLAN, SMALL, add

add(
    "nothing holds",
    make.together(make.box(), make.claw(damping="damping='1e-9'")),
    (*GRASP, *SMALL),
    Outcome(status=1, says="none of the .* tested grasps holds", one_line=False),
)


add(
    "seed beyond 32 bits",
    make.box(),
    (*GRASP, "--seed", "99999999999999999999"),
    refused("--seed"),
)
add(
    "task of one long word",
    make.box(),
    (*PLAN[:3], "x" * 1900, *PLAN[4:]),
    works("words mean nothing"),
)
add(
    "failed model",
    make.box(),
    (*PLAN[:5], "openai:m", "--server", "http://127.0.0.1:9/v1", "--out", "o"),
    failed("127.0.0.1:9"),
)
# Settings of the process.
for _variables, _command, _expect in (
    ({"JAX_PLATFORMS": "foo"}, PLAN, refused("JAX_PLATFORMS=foo")),
    ({"JAX_PLATFORMS": "foo"}, HAND, refused("JAX_PLATFORMS=foo")),
    ({"JAX_PLATFORMS": "cuda"}, HAND, refused("JAX_PLATFORMS=cuda")),
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
        make.together(make.box(), make.claw()),
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

# Arguments.
for _arguments, _says in (
    (("--num", "1000000000000"), "--num"),
    (("--num", "-3"), "--num"),
    (("--num", "many"), "--num"),
    (("--keep", "0"), "--keep"),
    (("--seed", "-1"), "--seed"),
    (("--mass", "-1"), "mass"),
    (("--mass", "nan"), "mass"),
    (("--mass", "1e300"), "mass"),
    (("--friction", "inf"), "friction"),
    (("--scale", "nan"), "--scale"),
    (("--scale", "1e-9"), "0.005 m"),
    (("--alignment", "nan"), "--alignment"),
    (("--hand", "alegro"), "alegro"),
    (("--hand", ""), "hand"),
    (("--root", "elbow"), "elbow"),
    (("--hand-drive", "nan"), "drive"),
    (("--hand-scale", "nan"), "scale"),
    (("--out", ""), "out|empty|folder"),
    (("--torque-limit", "0"), "torque"),
    (("--test", "lift"), "--table"),
):
    add(
        f"grasp {' '.join(_arguments)}",
        make.together(make.box(), make.claw()),
        (*GRASP, *SMALL, *_arguments),
        refused(_says),
    )
for _arguments, _says in (
    (("--mass", "1e-300"), "mass"),
    (("--mass", "0"), "mass"),
    (("--repeats", "0"), "repeats"),
    (("--protocol", "shake"), "shake"),
    (("--backend", "bullet"), "bullet"),
    (("--hand", "allegro"), "joints"),
    (("--grasp", "99", "--video", "f.gif"), "99"),
    (("--video", "f.mov"), "mov"),
):
    add(
        f"validate {' '.join(_arguments)}",
        make.grasps_of_claw,
        ("validate", "grasps.npz", *_arguments),
        refused(_says),
    )

# Forks.
_FORKED = """
import multiprocessing as mp, warnings
import zdg_jax as zdg
from tests.made_up import make_grasps
warnings.simplefilter("ignore")
hand, obj = zdg.Hand.load("hand.xml"), zdg.Object.from_mesh("box.stl")
def work(i):
    try:
        return repr({call})
    except zdg.InputError as error:
        return str(error)
if __name__ == "__main__":
    with mp.get_context("fork").Pool(1) as pool:
        print(pool.map(work, [0]))
"""
for _name, _call in (
    ("synthesize", "zdg.synthesize('lift', obj, hand, num=8, keep=2, planner='rules')"),
    ("validate", "zdg.GraspSet.load('grasps.npz').validate(hand=hand)"),
    ("plan", "zdg.plan('lift', obj, hand, planner='rules')"),
    ("load", "zdg.Hand.load('hand.xml')"),
):
    add(
        f"fork after JAX: {_name}",
        make.together(make.box(), make.grasps_of_claw),
        _FORKED.format(call=_call),
        works("forked after hands were loaded.*spawn"),
    )
add(
    "fork after JAX: what needs no JAX",
    make.together(make.box(), make.grasps_of_claw),
    _FORKED.format(call="zdg.GraspSet.load('grasps.npz')"),
    works("12 of 'ball'"),
)
