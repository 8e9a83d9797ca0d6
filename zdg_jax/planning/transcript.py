"""The transcript: what was seen, asked, answered and concluded, as one HTML page."""

from __future__ import annotations

import base64
import html
import json
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from zdg_jax.planning.grasp_plan import GraspPlan, ObjectReading, Usage
from zdg_jax.planning.grip import Grip
from zdg_jax.runtime.files import atomic_write

if TYPE_CHECKING:
    from zdg_jax.planning.model.session import Exchange

_SHOWN = 20_000
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
pre { white-space: pre-wrap; background: #f4f4f2; padding: .8rem; border-radius: 4px }
figure { display: inline-block; margin: .3rem; max-width: 32rem } img { max-width: 100% }
.fault { color: #a33 } table { border-collapse: collapse } td, th { padding: .2rem .6rem;
border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }
@media (prefers-color-scheme: dark) { body { background: #1b1b1a; color: #ddd }
pre { background: #2a2a28 } .fault { color: #f88 } }
"""


def write_transcript(
    path: pathlib.Path,
    task: str,
    plan: GraspPlan | None,
    exchanges: Sequence[Exchange] = (),
    *,
    error: str = "",
    pictures: Sequence[tuple[str, bytes]] = (),
) -> pathlib.Path:
    """Writes a page that needs nothing beside it, and the images as PNG files beside the page.

    Args:
        path: where the page goes; images go to the folder `<stem>-images` next to it.
        task: the task in words.
        plan: what came out; None where planning failed.
        exchanges: questions and answers in order; none for an offline plan.
        error: why planning failed.
        pictures: captions and PNG files of what was planned for, where no question shows it.

    Raises:
        InputError: the page cannot be written.
    """
    body = [f"<h1>Grasp plan</h1><p>Task: <q>{_text(task)}</q></p>"]
    if error:
        body.append(f'<p class="fault">Planning failed: {_text(error)}</p>')
    if plan is not None:
        body.append(plan_as_html(plan))
    images: dict[bytes, str] = {}
    for number, (caption, image) in enumerate(pictures, 1):
        images.setdefault(image, f"object-{number}")
        body.append(figure(caption, image))
    for number, exchange in enumerate(exchanges, 1):
        body.append(_exchange(number, exchange, images))
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        f"<title>Grasp plan: {_text(task[:80])}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )
    path = pathlib.Path(path)
    folder = path.parent / f"{path.stem}-images"
    for image, name in images.items():
        with atomic_write(folder / f"{name}.png") as file:
            file.write(image)
    with atomic_write(path) as file:
        file.write(page.encode(errors="replace"))
    return path


def plan_as_html(plan: GraspPlan) -> str:
    """Tells a plan in words and tables, as a piece of HTML.

    Args:
        plan: the plan; what a model wrote in it is escaped.
    """
    axis = plan.task.motion_axis
    rows = "".join(
        f"<tr><td>{part.mark}</td><td>{_text(part.name)}</td><td>{_text(part.evidence)}</td></tr>"
        for part in plan.parts
    )
    notes = "".join(f"<li>{_text(note)}</li>" for note in plan.notes)
    grips = "".join(
        f"<h3>{'Grip' if i == 0 else f'Alternative {i}'}</h3>{_grip(grip)}"
        for i, grip in enumerate(plan.grips)
    )
    return (
        f"<p>{_text(plan.object.category)}, {plan.object.largest_size * 1e3:.0f} mm, "
        f"{_mass(plan.object)}; {_text(plan.task.verb)} ({plan.task.intent}, {plan.task.motion}"
        f"{f' along or about {_vector(axis)}' if axis else ''}); planned by "
        f"{_text(plan.planner)}{_usage(plan.usage)}.</p>"
        f"<p>{_text(plan.task.evidence)}</p>{f'<ul>{notes}</ul>' if notes else ''}"
        f"<table><tr><th>part</th><th>name</th><th>evidence</th></tr>{rows}</table>{grips}"
    )


def _usage(usage: Usage) -> str:
    if not usage.calls and not usage.cached:
        return ""
    tokens = usage.input_tokens + usage.output_tokens
    return f": {usage.calls} calls, {usage.cached} answers from the cache, {tokens} tokens"


def _mass(reading: ObjectReading) -> str:
    if reading.mass is None:
        return f"{reading.material}, of unknown mass"
    return f"{reading.material}, {reading.mass * 1e3:.0f} g ({reading.mass_source})"


def _grip(grip: Grip) -> str:
    held = ", ".join(f"{part.mark} ({_text(part.reason)})" for part in grip.held)
    spared = ", ".join(f"{part.mark} ({_text(part.reason)})" for part in grip.avoided) or "nothing"
    fingers = ", ".join(f"{_text(f.finger)} {f.role}" for f in grip.fingers)
    return (
        f"<p>{_text(grip.rationale)}</p><table>"
        f"<tr><th>hold</th><td>{held}</td></tr><tr><th>avoid</th><td>{spared}</td></tr>"
        f"<tr><th>grasp</th><td>{grip.grasp_type}, {grip.aperture * 1e3:.0f} mm, {grip.force}, "
        f"palm {'touches' if grip.palm.contact else 'stays clear'}</td></tr>"
        f"<tr><th>fingers</th><td>{fingers}</td></tr>"
        f"<tr><th>approach</th><td>{_vector(grip.palm.approach)}, thumb "
        f"{_vector(grip.palm.thumb) if grip.palm.thumb else 'open'}"
        f"{f'; hand {grip.palm.arrow} of those shown' if grip.palm.arrow else ''}</td></tr>"
        f"<tr><th>confidence</th><td>{grip.confidence:.0%}</td></tr></table>"
    )


def _exchange(number: int, exchange: Exchange, images: dict[bytes, str]) -> str:
    request = exchange.request
    figures = []
    for index, (caption, image) in enumerate(zip(request.captions, request.images, strict=True)):
        images.setdefault(image, f"{number:02d}-{request.stage}-{index + 1}")
        figures.append(figure(caption, image))
    fault = f'<p class="fault">Not taken: {_text(exchange.fault)}</p>' if exchange.fault else ""
    source = " (from the cache)" if exchange.cached else ""
    return (
        f"<h2>{number}. {_text(request.stage)}</h2><details><summary>images</summary>"
        f"{''.join(figures)}</details><details><summary>question</summary>"
        f"<pre>{_text(request.prompt)}</pre></details><h3>Answer{source}</h3>"
        f"<pre>{_text(_pretty(exchange.answer))}</pre>{fault}"
    )


def figure(caption: str, image: bytes) -> str:
    """Sets a picture and what it shows, as a piece of HTML that needs no file.

    Args:
        caption: what it shows.
        image: a PNG.
    """
    data = base64.b64encode(image).decode()
    return (
        f'<figure><img alt="{_text(caption)}" style="max-width:100%" '
        f'src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _pretty(answer: str) -> str:
    try:
        return json.dumps(json.loads(answer), indent=1, ensure_ascii=False)[:_SHOWN]
    except (ValueError, RecursionError):
        return answer[:_SHOWN]


def _vector(vector: tuple[float, float, float]) -> str:
    return "({:+.2f}, {:+.2f}, {:+.2f})".format(*(round(value, 2) + 0.0 for value in vector))


def _text(text: object) -> str:
    return html.escape(str(text), quote=True)
