"""`zdg cache`: the caches on disk."""

from __future__ import annotations

import click

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_files, cache_root, clear_cache

_CACHES = {
    "objects": "prepared objects",
    "programs": "traced programs",
    "xla": "compiled programs",
    "answers": "models' answers",
}


@click.group()
def cache() -> None:
    """Show or clear the caches on disk."""


@cache.command()
def info() -> None:
    """Show where the caches are and how large they are."""
    root = cache_root()
    click.echo(str(root))
    for name, title in _CACHES.items():
        files = list(cache_files(name))
        size = sum(path.stat().st_size for path in files)
        click.echo(f"{name:<8} {title:<18} {len(files):>6} files {size / 1e6:>9.1f} MB")


@cache.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def clear(names: tuple[str, ...]) -> None:
    """Remove the caches, or only those of the given NAMEs (objects, programs, xla, answers)."""
    for name in names:
        if name not in _CACHES:
            raise InputError(f"no cache '{name}'; there are: {', '.join(_CACHES)}")
    for name in names or _CACHES:
        folder = cache_root() / name
        try:
            count = clear_cache(name)
        except OSError as error:
            raise InputError(f"cannot clear {folder}: {error.strerror or error}") from None
        rest = "; what else lies there was left" if folder.is_dir() else ""
        click.echo(f"removed {count} files of {folder}{rest}")
