"""Command line `zdg`."""

from zdg_jax.cli.app import main

__all__ = ["main"]
