"""Looking at a set and taking it away: the viewer in a real browser, and every export.

    python -m benchmarks.looking GRASPS.npz --out FILE [--only FORMAT]

The set is repeated until it has 256 grasps. `view`: seconds from the command to the address, and to
the first picture of hand and object in a headless Chromium that is running already and draws in
software, and the seconds of processors that command and browser took until then, which tell more
on a busy machine; `empty`: the same of a page of viser with one box, which is no work of ours;
grasps per second with the key J pressed again and again, until the page names the last of them;
peak memory of the command. `export`: seconds of each format, all 256 grasps, one after the other
in a process that has loaded the hand.
"""

from __future__ import annotations

import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from PIL import Image

from benchmarks import reports
from benchmarks.settings import ROOT
from zdg_jax.export import FORMATS, export_grasps
from zdg_jax.grasps import GraspSet, concatenate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

COUNT = 256
"""Grasps of the set."""
_KEYS = 120
"""Times that a key is pressed."""
_CHROMIUM = (
    "--no-sandbox",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_PATIENCE = 120.0


def repeated(grasps: GraspSet, count: int = COUNT) -> GraspSet:
    """A set of so many grasps: those of a set, again and again."""
    if not len(grasps):
        raise click.UsageError("the set has no grasp")
    return concatenate([grasps] * -(-count // len(grasps)))[:count]


def measure_exports(grasps: GraspSet, only: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Seconds and megabytes of each format."""
    hand, rows = grasps.load_hand(), {}
    with tempfile.TemporaryDirectory() as folder:
        for name in only or FORMATS:
            start, out = time.perf_counter(), pathlib.Path(folder) / name
            export_grasps(grasps, out, format=name, all=True, hand=hand)
            seconds = time.perf_counter() - start
            size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
            rows[name] = {"seconds": round(seconds, 2), "megabytes": round(size / 1e6, 3)}
            click.echo(f"{name}: {json.dumps(rows[name])}")
    return rows


def measure_view(path: pathlib.Path) -> dict[str, float]:
    """Times of the page of a set."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, headless=True, args=list(_CHROMIUM)
        )
        empty = _measure_empty(browser)
        before, start = _processor_seconds(os.getpid()), time.perf_counter()
        command = [sys.executable, "-m", "zdg_jax", "view", str(path), "--port", "8251"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[0]
            times = {"address_s": time.perf_counter() - start}
            page = _open(browser, url)
            times["first_picture_s"] = time.perf_counter() - start
            times["command_cpu_s"] = _processor_seconds(process.pid)
            whole = _processor_seconds(os.getpid()) - before
            times["browser_cpu_s"] = whole - times["command_cpu_s"]
            times["grasps_per_second"] = _browse(page)
            times["memory_mb"] = _peak_memory(process.pid)
        finally:
            process.kill()
            process.wait()
            browser.close()
    return {name: round(value, 2) for name, value in (empty | times).items()}


def _measure_empty(browser: Browser) -> dict[str, float]:
    """Times of a page with one box."""
    import viser

    server = viser.ViserServer(port=8252, verbose=False)
    server.scene.add_box("/box", dimensions=(1.0, 1.0, 1.0), color=(200, 50, 50))
    before, start = _processor_seconds(os.getpid()), time.perf_counter()
    page = _open(browser, "http://127.0.0.1:8252", "")
    times = {
        "empty_picture_s": time.perf_counter() - start,
        "empty_cpu_s": _processor_seconds(os.getpid()) - before,
    }
    page.close()
    server.stop()
    return times


def _open(browser: Browser, url: str, words: str = f" of {COUNT}") -> Page:
    """Opens a page and waits until it says some words and something stands in its scene."""
    page = browser.new_page(viewport={"width": 900, "height": 600})
    page.goto(url)
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline:
        png = page.screenshot(clip={"x": 0, "y": 150, "width": 520, "height": 450})
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)
        if pixels.std() > 10 and (not words or page.get_by_text(words).count()):
            return page
        time.sleep(0.2)
    raise RuntimeError("the page shows no picture")


def _browse(page: Page) -> float:
    """Grasps per second that pass by."""
    order = page.evaluate("() => document.body.innerText.match(/(\\d+) of \\d+/)[1]")
    start = time.perf_counter()
    for _ in range(_KEYS):
        page.keyboard.press("j")
    page.wait_for_function(
        "([first, rank]) => {"
        " const text = document.body.innerText;"
        " const at = text.match(/rank\\s+(\\d+)/);"
        " return at && Number(at[1]) === rank; }",
        arg=[order, _KEYS],
        timeout=1e3 * _PATIENCE,
    )
    return _KEYS / (time.perf_counter() - start)


def _processor_seconds(pid: int) -> float:
    """Of a process and all that it and its children started, as far as they still run."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_processor_seconds(int(child)) for child in children)


def _peak_memory(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1e3


@click.command()
@click.argument("grasps", type=click.Path(exists=True, path_type=pathlib.Path))
@click.option("--only", multiple=True, help="A format; all of them by default.")
@click.option("--out", required=True, type=click.Path(path_type=pathlib.Path))
def main(grasps: pathlib.Path, only: tuple[str, ...], out: pathlib.Path) -> None:
    """Measures the viewer and the exports with GRASPS and writes OUT."""
    environment = reports.environment()
    chosen = repeated(GraspSet.load(grasps))
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        results["view"] = measure_view(chosen.save(pathlib.Path(folder) / "grasps.npz"))
    click.echo(json.dumps(results["view"]))
    results["export"] = measure_exports(chosen, only)
    setting = {"object": chosen.object.name, "hand": chosen.hand.name, "grasps": len(chosen)}
    reports.write(out, environment, setting=setting, **results)


if __name__ == "__main__":
    main()
