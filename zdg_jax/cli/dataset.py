"""`zdg dataset`: many objects, hands and tasks."""

from __future__ import annotations

import importlib.util
import pathlib

import click

from zdg_jax.cli import outputs
from zdg_jax.cli.folders import writable
from zdg_jax.cli.interruption import on_interruption
from zdg_jax.cli.options import FOLDER
from zdg_jax.cli.progress import Bars, JobLines
from zdg_jax.errors import InputError


@click.group()
def dataset() -> None:
    """Make and use datasets: many objects, hands and tasks, resumable. See docs/datasets.md."""
    for module in ("pyarrow", "yaml"):
        if importlib.util.find_spec(module) is None:
            raise InputError("datasets need more packages: pip install 'zdg-jax[datasets]'")


@dataset.command()
@click.argument("spec", type=FOLDER)
@click.option("--out", type=FOLDER, required=True, help="Folder of the dataset.")
@click.option(
    "--engine",
    default="local",
    show_default=True,
    help="local, processes on this machine, or ray, workers on a Ray cluster.",
)
@click.option(
    "--workers", type=int, help="Most workers at once; by default what there is room for."
)
@click.option("--address", help="Address of a Ray cluster; else one is started here.")
@click.option("--worker-cpus", default=1, show_default=True, help="Cores of a worker on Ray.")
@click.option("--worker-gpus", default=0.0, show_default=True, help="GPUs of a worker on Ray.")
@click.option("--time-limit", default=3600.0, show_default=True, help="Longest time for a job [s].")
@click.option(
    "--memory",
    default=6.0,
    show_default=True,
    help="Memory above which a worker is replaced between two jobs [GB].",
)
@click.option("--retry-failed", is_flag=True, help="Do again what failed before.")
@click.option(
    "--accept-changes",
    is_flag=True,
    help="Go on, and keep what is done, where spec, files or version have changed.",
)
@click.option("--max-calls", default=1000, show_default=True, help="Most requests to a model.")
@click.option("--max-tokens", default=10_000_000, show_default=True, help="Most tokens.")
@click.option("--per-minute", default=60.0, show_default=True, help="Most of them in a minute.")
@click.option("--server", help="Another address of the model's server.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, from a timed sample.")
@click.option(
    "--sample", default=2, show_default=True, help="Objects that a dry run times each worker with."
)
def make(
    spec: pathlib.Path,
    out: pathlib.Path,
    engine: str,
    workers: int | None,
    address: str | None,
    worker_cpus: int,
    worker_gpus: float,
    time_limit: float,
    memory: float,
    retry_failed: bool,
    accept_changes: bool,
    max_calls: int,
    max_tokens: int,
    per_minute: float,
    server: str | None,
    dry_run: bool,
    sample: int,
) -> int:
    """Make the dataset that SPEC (a YAML file) asks for, or what is missing of it in --out.

    Jobs that are done are not done again: whatever ended the run, the same command goes on from
    what is on disk. Failed jobs are in failures.jsonl with their reasons, and stop no other.
    """
    from zdg_jax.datasets import MakeOptions, estimate
    from zdg_jax.datasets import make as make_dataset

    options = MakeOptions(
        engine=engine,
        workers=workers,
        address=address,
        worker_cpus=worker_cpus,
        worker_gpus=worker_gpus,
        job_seconds=time_limit,
        worker_gigabytes=memory,
        retry_failed=retry_failed,
        accept_changes=accept_changes,
        max_calls=max_calls,
        max_tokens=max_tokens,
        per_minute=per_minute,
        server=server,
    )
    if sample < 0:
        raise InputError(f"--sample is {sample}; it must be at least 0")
    if dry_run:
        with JobLines() as lines:
            click.echo(str(estimate(spec, out, options, lines, sample=sample)))
        return 0
    with (
        on_interruption(lambda: "the same command goes on from what is on disk"),
        JobLines() as lines,
    ):
        made = make_dataset(spec, out, options, lines)
    click.echo(str(made))
    return 1 if made.failed else 0


@dataset.command()
@click.argument("folder", type=FOLDER)
def status(folder: pathlib.Path) -> None:
    """Show how far the dataset in FOLDER is, from any machine that sees it."""
    from zdg_jax.datasets import status as status_of

    click.echo(str(status_of(folder)))


@dataset.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--take",
    type=FOLDER,
    multiple=True,
    help="A dataset of the same spec, made elsewhere, whose grasps are taken in first; repeatable.",
)
def merge(folder: pathlib.Path, take: tuple[pathlib.Path, ...]) -> None:
    """Write the shards in FOLDER as a few large tables, with a data card (README.md)."""
    from zdg_jax.datasets import merge as merge_dataset

    click.echo(f"{merge_dataset(folder, take=take)}; card: {folder / 'README.md'}")


@dataset.command()
@click.argument("folder", type=FOLDER)
@click.option("--sample", default=100, show_default=True, help="Grasps to test again.")
@click.option("--seed", default=0, show_default=True, help="Chooses the sample.")
def verify(folder: pathlib.Path, sample: int, seed: int) -> int:
    """Read every shard in FOLDER, and test a random sample in physics again."""
    from zdg_jax.datasets import verify as verify_dataset

    if sample < 1:
        raise InputError(f"--sample is {sample}; it must be at least 1")
    with Bars() as bars:
        verdict = verify_dataset(folder, sample=sample, seed=seed, progress=bars)
    click.echo(str(verdict))
    return 1 if verdict.damaged else 0


@dataset.command()
@click.argument("folder", type=FOLDER)
@click.option("--picture", type=FOLDER, help="Draw the shares that hold, as a PNG.")
@outputs.force_option
def stats(folder: pathlib.Path, picture: pathlib.Path | None, force: bool) -> None:
    """Show yield by object, hand and task, diversity, and why grasps and jobs fail."""
    from zdg_jax.datasets import Statistics
    from zdg_jax.datasets import open as open_dataset

    if picture is not None:
        if picture.suffix.lower() != ".png":
            raise InputError(f"--picture is {picture}; its name must end in .png")
        outputs.check_new(picture, force)
    statistics = Statistics.of(open_dataset(folder))
    click.echo(str(statistics))
    if picture is not None:
        statistics.draw(picture)
        click.echo(str(picture))


@dataset.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--format", default="dexgraspbench", show_default=True, help="A format, see `zdg export`."
)
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
@click.option("--hand", multiple=True, help="Grasps of these hands alone; repeatable.")
@click.option("--object", "objects", multiple=True, help="Grasps of these objects alone.")
@click.option("--all", "everything", is_flag=True, help="Every grasp, kept or not.")
@outputs.force_option
def export(
    folder: pathlib.Path,
    format: str,
    out: pathlib.Path,
    hand: tuple[str, ...],
    objects: tuple[str, ...],
    everything: bool,
    force: bool,
) -> None:
    """Write the kept grasps in FOLDER for another project."""
    from zdg_jax.datasets import export_dataset
    from zdg_jax.datasets import open as open_dataset

    chosen = open_dataset(folder).filter(
        hand=hand or None, object=objects or None, kept=None if everything else True
    )
    writable(out)
    count = export_dataset(chosen, out, format=format, force=force)
    click.echo(f"{count} grasps in {out}")


@dataset.command()
@click.option("--out", type=FOLDER, required=True, help="Folder to write to.")
def shapes(out: pathlib.Path) -> None:
    """Write fifteen shapes of our own with a spec: a dataset to begin with."""
    from zdg_jax.datasets.shapes import write_shapes

    spec = write_shapes(out)
    click.echo(f"{spec}: zdg dataset make {spec} --out DIR")
