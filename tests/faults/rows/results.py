"""Results that cannot be true, and settings without sense."""

from __future__ import annotations

from tests.faults import inputs as make
from tests.faults.harness import Outcome, failed, refused, works
from tests.faults.rows.table import GRASP, PLAN, SMALL, add

add(
    "nothing holds",
    make.together(make.box(), make.claw(damping="")),
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
