"""`zdg cache`: what is kept on disk between runs."""

from __future__ import annotations

import pathlib
import shutil

import click

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root

_KINDS = {"objects": "prepared objects", "xla": "compiled programs", "answers": "models' answers"}


@click.group()
def cache() -> None:
    """What is kept on disk between runs."""


@cache.command()
def info() -> None:
    """Show where the caches are and how large they are."""
    root = cache_root()
    click.echo(str(root))
    for kind, title in _KINDS.items():
        files = [path for path in (root / kind).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        click.echo(f"{kind:<8} {title:<18} {len(files):>6} files {size / 1e6:>9.1f} MB")


@cache.command()
@click.argument("kinds", nargs=-1)
def clear(kinds: tuple[str, ...]) -> None:
    """Remove the caches, or only those of the given KINDS (objects, xla, answers)."""
    for kind in kinds:
        if kind not in _KINDS:
            raise InputError(f"no cache '{kind}'; there are: {', '.join(_KINDS)}")
    for kind in kinds or _KINDS:
        folder: pathlib.Path = cache_root() / kind
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise InputError(f"cannot remove {folder}: {error.strerror or error}") from None
        click.echo(f"removed {folder}")
