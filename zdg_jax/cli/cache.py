"""`zdg cache`: the caches on disk."""

from __future__ import annotations

import pathlib
import shutil

import click

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root

_CACHES = {"objects": "prepared objects", "xla": "compiled programs", "answers": "models' answers"}


@click.group()
def cache() -> None:
    """Show or clear the caches on disk."""


@cache.command()
def info() -> None:
    """Show where the caches are and how large they are."""
    root = cache_root()
    click.echo(str(root))
    for name, title in _CACHES.items():
        files = [path for path in (root / name).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        click.echo(f"{name:<8} {title:<18} {len(files):>6} files {size / 1e6:>9.1f} MB")


@cache.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def clear(names: tuple[str, ...]) -> None:
    """Remove the caches, or only those of the given NAMEs (objects, xla, answers)."""
    for name in names:
        if name not in _CACHES:
            raise InputError(f"no cache '{name}'; there are: {', '.join(_CACHES)}")
    for name in names or _CACHES:
        folder: pathlib.Path = cache_root() / name
        try:
            if folder.is_dir():
                shutil.rmtree(folder)
        except OSError as error:
            raise InputError(f"cannot remove {folder}: {error.strerror or error}") from None
        click.echo(f"removed {folder}")
