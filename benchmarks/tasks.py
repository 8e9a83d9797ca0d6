"""Grasps that serve tasks: how many of the kept ones agree with the task and hold.

    python -m benchmarks.tasks ASSETS --hand HAND --out RESULT.json [--judge judge.py] [--num 256]
                               [--written] [--table] [--only OBJECT] [--picture FILE.png]

ASSETS holds `tasks.json` (object, task), and `objects/index.csv` (name, file, scale_to_m). The
offline rules plan each task, or with --written, `plans.json` beside this file does; the best eight
grasps are kept. Without a judge, agreement is with the library's own plan. With one, the kept
grasps are exported and judged: holding in the judge's physics, touching what *it* says the task
asks for, and palm and inner links. With --table objects are lifted off a table, in the library's
test as by the judge. They have the masses of ASSETS/objects/masses.csv. A picture shows the best
grasp of the first two tasks of each object that has two.
"""

from __future__ import annotations

import collections
import json
import pathlib
import tempfile
import textwrap
import time
from typing import Any

import click
import numpy as np
from PIL import Image, ImageDraw

import zdg_jax as zdg
from benchmarks import judging, reports, written
from benchmarks.settings import Settings, object_masses, sources
from zdg_jax import rendering
from zdg_jax.rendering import text

_KEEP = 8
_REALISED = ("type_realised", "palm_touching", "inner_links")
_TILE, _WORDS, _GAP = (270, 240), 52, 8


def measure(
    hand: zdg.Hand,
    obj: zdg.Object,
    task: str,
    num: int,
    planner: str | zdg.GraspPlan,
    scene: zdg.Scene | None = None,
) -> tuple[zdg.GraspSet, dict]:
    """The grasps of one task and what the library says of those it keeps."""
    start = time.perf_counter()
    grasps = zdg.synthesize(task, obj, hand, num=num, keep=_KEEP, planner=planner, scene=scene)
    kept = grasps.selected() if grasps.kept.any() else grasps.best(_KEEP)
    aligned = np.asarray(kept.metrics["aligned"]) > 0
    mean = {name: float(np.mean(kept.metrics[name])) for name in _REALISED}
    use = np.asarray(kept.metrics.get("use", np.full(len(kept), np.nan)))
    return kept, {
        "object": obj.name,
        "task": task,
        "seconds": round(time.perf_counter() - start, 1),
        "aligned_of_all": float(np.mean(grasps.metrics["aligned"])),
        "tested": int(grasps.tested.sum()),
        "kept": int(grasps.kept.sum()),
        "type": str(grasps.plan.grip.grasp_type) if grasps.plan else "",
        "palm_planned": bool(grasps.plan and grasps.plan.grip.palm.contact),
        **mean,
        **{
            f"{name}_deg": np.degrees(kept.metrics[name]).round(1).tolist()
            for name in ("approach_error", "roll_error")
        },
        "used": float(np.mean(use == 1)) if np.isfinite(use).any() else None,
        "aligned": float(aligned.mean()),
        "aligned_and_held": float((aligned & kept.held).mean()),
    }


def side_by_side(shown: dict[str, list[tuple[str, Image.Image]]]) -> Image.Image:
    """Pictures of grasps with their tasks: a column an object, its tasks below each other."""
    columns = [tasks[:2] for tasks in shown.values() if len(tasks) > 1]
    width, height = _TILE[0] + _GAP, _TILE[1] + _WORDS
    whole = Image.new("RGB", (_GAP + max(len(columns), 1) * width, 2 * height), (255, 255, 255))
    draw = ImageDraw.Draw(whole)
    for column, tasks in enumerate(columns):
        for row, (task, picture) in enumerate(tasks):
            x, y = _GAP + column * width, row * height
            whole.paste(picture, (x, y))
            for line, words in enumerate(textwrap.wrap(task, 36)[:2]):
                place = (x + 6, y + _TILE[1] + 6 + 18 * line)
                text.write(draw, place, text.fit(words, 14, _TILE[0] - 8), 14)
    return whole


def by_task(records: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The judge's records by object and task."""
    groups = collections.defaultdict(list)
    for record in records:
        if "task" in record:
            groups[pathlib.Path(record["object"]).name, record["task"]].append(record)
    return groups


@click.command()
@click.argument("assets", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--hand", required=True, help="A shipped hand, or an MJCF file.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--judge", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--num", default=256, show_default=True, help="Grasps refined a task.")
@click.option("--written", "by_hand", is_flag=True, help="Follow the plans written by hand.")
@click.option("--table", is_flag=True, help="From a table; judged by lifts.")
@click.option("--only", multiple=True, help="An object's name; all by default.")
@click.option("--picture", type=click.Path(path_type=pathlib.Path), help="PNG file to draw.")
def main(
    assets: pathlib.Path,
    hand: str,
    out: pathlib.Path,
    judge: pathlib.Path | None,
    num: int,
    by_hand: bool,
    table: bool,
    only: tuple[str, ...],
    picture: pathlib.Path | None,
) -> None:
    """Measures every task of ASSETS and writes OUT."""
    loaded = zdg.Hand.load(hand)
    environment = reports.environment() | {"hand": loaded.name, "num": num, "written": by_hand}
    environment["table"] = table
    cases = json.loads((assets / "tasks.json").read_text())
    cases = [case for case in cases if not only or case["object"] in only]
    names = tuple({case["object"] for case in cases})
    meshes = sources(Settings(objects=assets / "objects", only=names))
    masses = object_masses(assets / "objects")
    scene, protocol = (zdg.Scene(), "lift") if table else (None, "fc")
    plans, rows, shown = written.load(), [], collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            mesh, scale = meshes[case["object"]]
            mass = masses.get(case["object"])
            obj = zdg.Object.from_mesh(mesh, scale=scale, name=case["object"], mass=mass)
            planner: str | zdg.GraspPlan = "rules"
            if by_hand:
                rules = json.loads((assets / "objects" / "parts.json").read_text())[obj.name]
                obj, marks = written.with_named_parts(obj, rules)
                planner = written.plan_of(plans[obj.name, case["task"]], obj, marks)
            kept, result = measure(loaded, obj, case["task"], num, planner, scene)
            zdg.export_grasps(kept, pathlib.Path(folder), all=True)
            rows.append(result)
            if picture is not None:
                best = np.asarray(kept.best(1).grasp.qpos)[0]
                image = rendering.grasp_picture(best, loaded, obj, *_TILE)
                shown[obj.name].append((case["task"], image))
            click.echo(json.dumps(result))
        if judge is not None:
            judged = judging.run(judge, pathlib.Path(folder), hand, assets, protocol=protocol)
            records = by_task(judged)
            for row in rows:
                group = records[row["object"], row["task"]]
                right = [r["on_part"] >= 0.6 and r["on_avoid"] == 0 for r in group]
                holds = [bool(r["success"]) for r in group]
                row["judge_held"] = float(np.mean(holds))
                row["judge_aligned"] = float(np.mean(right))
                row["judge_aligned_and_held"] = float(np.mean(np.logical_and(right, holds)))
                row["judge_palm"] = float(np.mean([bool(r["palm"]) for r in group]))
                row["judge_inner_links"] = float(np.mean([r["inner_links"] for r in group]))
    keys = [key for key in rows[0] if all(isinstance(row[key], float) for row in rows)]
    mean = {key: float(np.mean([row[key] for row in rows])) for key in keys}
    mean |= {
        f"{name}_{share}": float(np.quantile(np.concatenate([row[name] for row in rows]), share))
        for name in ("approach_error_deg", "roll_error_deg")
        for share in (0.5, 0.9)
    }
    if picture is not None:
        side_by_side(shown).save(picture)
    reports.write(out, environment, mean=mean, tasks=rows)
    click.echo(json.dumps(mean))


if __name__ == "__main__":
    main()
