"""Seconds to the first grasp that holds, in a process of its own.

    ZDG_CACHE_DIR=FOLDER python -m benchmarks.first allegro 0 [--objects FOLDER] [--only NAME]

Prints a JSON object; the number says which object of the folder to take, round and round.
"""

from __future__ import annotations

import time

_START = time.perf_counter()  # before JAX is imported, which is part of what a user waits for

import json  # noqa: E402
import pathlib  # noqa: E402

import click  # noqa: E402
import jax  # noqa: E402

from benchmarks.settings import Settings, first_object, sources  # noqa: E402
from benchmarks.synthesis import peak_memory  # noqa: E402
from benchmarks.yields import TASK  # noqa: E402
from zdg_jax.hand import Hand  # noqa: E402
from zdg_jax.synthesis.synthesize import synthesize  # noqa: E402

_NUM = 64


@click.command()
@click.argument("hand")
@click.argument("number", type=int)
@click.option("--objects", type=click.Path(path_type=pathlib.Path))
@click.option("--only", multiple=True)
def main(hand: str, number: int, objects: pathlib.Path | None, only: tuple[str, ...]) -> None:
    """Measures one hand and object."""
    times = [_START, time.perf_counter()]
    loaded = Hand.load(hand)
    names = list(sources(Settings(objects=objects, only=only)))
    wanted = names[number % len(names)]
    thing = first_object(Settings(objects=objects, only=(wanted,)))
    times.append(time.perf_counter())
    for key in range(2):
        grasps = synthesize(
            TASK, thing, loaded, num=_NUM, keep=1, key=jax.random.key(key), planner="rules"
        )
        if not grasps.held.any():
            raise click.ClickException(f"none of {_NUM} grasps of '{thing.name}' holds")
        times.append(time.perf_counter())
    parts = ("import", "prepare", "first_held", "warm")
    report = {n: b - a for n, a, b in zip(parts, times, times[1:], strict=False)}
    total = times[3] - times[0]
    print(json.dumps(report | {"total": total, "peak_memory": peak_memory()}))


if __name__ == "__main__":
    main()
