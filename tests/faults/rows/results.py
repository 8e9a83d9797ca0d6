"""Results that cannot be true, and settings without sense."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Outcome, failed, refused, works
from tests.faults.rows.table import GRASP, PLAN, SMALL, add

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
