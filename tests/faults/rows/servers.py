"""Servers of models: answers of other shapes end in one line, or in a plan by the rules."""

from __future__ import annotations

import json

from tests.faults import inputs as make
from tests.faults.harness import Outcome, failed
from tests.faults.rows.table import PLAN, add

_KEY = "sk-REL-secret-9f8e7d6c5b4a"
_SERVED = """
import os, sys
os.environ["OPENAI_API_KEY"] = {key!r}
from tests.planning.server import ModelServer, Reply
from zdg_jax.cli.app import run
server = ModelServer()
reply = {reply!r}
if reply.get("raw"):
    reply["raw"] = reply["raw"].replace("TEN MEGABYTES", "x" * 10_000_000)
server.replies = [Reply(**reply) for _ in range(50)]
status = run([*{plan!r}, "--planner", "openai:m", "--server", server.url + "/v1",
    "--answers", "use", "--max-calls", "2"])
for folder in ("o", os.environ["ZDG_CACHE_DIR"] + "/answers"):
    for base, _, names in os.walk(folder):
        for name in names:
            assert {key!r}.encode() not in open(os.path.join(base, name), "rb").read(), name
sys.exit(status)
"""
_BODY = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}}],
}


def body(content: object = "{}", **changes: object) -> str:
    """The JSON of an answer."""
    choice = {"index": 0, "finish_reason": "stop"}
    message = {"role": "assistant", "content": content}
    whole = _BODY | {"choices": [choice | {"message": message}]} | changes
    return json.dumps(whole)


def answered(name: str, expect: Outcome, **reply: object) -> None:
    """Adds a row: every question gets one reply, arguments as of `tests.planning.server.Reply`."""
    plan = [word for word in PLAN if word not in ("--planner", "rules")]
    program = _SERVED.format(key=_KEY, reply=reply, plan=plan)
    add(f"server: {name}", make.box(), program, expect)


_UNUSABLE = failed("usable|budget|answer|whole")
for _name, _raw in (
    ("content as parts", body([{"type": "text", "text": "{}"}])),
    ("content a number", body(3)),
    ("content null", body(None)),
    ("message null", body(choices=[{"index": 0, "finish_reason": "stop", "message": None}])),
    ("choices a text", body(choices="none")),
    ("choices a list of lists", body(choices=[[1]])),
    ("choices of null", body(choices=[None])),
    ("no choices", body(choices=[])),
    ("usage of text", body(usage={"prompt_tokens": "many", "completion_tokens": -1})),
    ("a lone surrogate", body("\ud800 {}")),
    ("nested 100,000 deep", body("[" * 100000)),
    ("our own key in the answer", body(f'{{"evidence": "Bearer {_KEY}"}}')),
    ("a list", "[]"),
    ("a number", "3"),
    ("no JSON", "<html>busy</html>"),
    ("ten megabytes", body("TEN MEGABYTES")),
    ("thoughts before the JSON", body("<think>{1, 2}</think>{}")),
    ("only thoughts", body("<think>" + "hm " * 1000)),
):
    answered(_name, _UNUSABLE, raw=_raw)
_CUT = [{"index": 0, "finish_reason": "length", "message": {"content": '{"evidence": "a'}}]
answered("an answer cut at its limit", failed("limit of tokens"), raw=body(choices=_CUT))
answered("our own key in an error", failed("401"), status=401, text=f"bad key {_KEY}")
answered("a page as an error", failed("50[023]|whole|budget"), status=502, text="<html>x</html>")
for _name, _address in (
    ("an address without a server", "http://127.0.0.1:9/v1"),
    ("a name that does not exist", "http://no.such.host.invalid/v1"),
):
    add(
        f"server: {_name}",
        make.box(),
        (*PLAN[:4], "--planner", "openai:m", "--out", "o", "--server", _address),
        failed(_address.split("/")[2]),
        environment={"OPENAI_API_KEY": _KEY},
    )
