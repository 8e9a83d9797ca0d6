"""The `zdg` command: its group, its exit statuses and how errors are told."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from zdg_jax.cli.cache import cache
from zdg_jax.cli.dataset import dataset
from zdg_jax.cli.export import export
from zdg_jax.cli.grasp import grasp
from zdg_jax.cli.hands import hand, hands
from zdg_jax.cli.interruption import repeat_lost_interruptions
from zdg_jax.cli.parts import parts
from zdg_jax.cli.plan import plan
from zdg_jax.cli.report import report
from zdg_jax.cli.show import show
from zdg_jax.cli.validate import validate
from zdg_jax.cli.view import view
from zdg_jax.errors import InputError, ZdgError

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="zdg-jax", prog_name="zdg")
@click.option("-v", "--verbose", count=True, help="Log what happens; twice for more.")
def cli(verbose: int) -> None:
    """Dexterous grasps for a task, an object and a robot hand."""
    levels = [logging.ERROR, logging.INFO, logging.DEBUG]
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    logging.getLogger("zdg_jax").setLevel(levels[min(verbose, 2)])


for command in (
    grasp,
    show,
    view,
    report,
    export,
    parts,
    plan,
    validate,
    dataset,
    hand,
    hands,
    cache,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs `zdg` and exits.

    Exit status: 0 done, 1 no usable result, 2 bad input, 130 interrupted.
    """
    repeat_lost_interruptions()
    status = run(arguments)
    if status == INTERRUPTED:
        # At once: Python's own exit would wait for threads, and XLA compiles for many seconds.
        # What was said is out, for click flushes it.
        os._exit(status)
    sys.exit(status)


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs `zdg` and returns its exit status; an error is one line on stderr."""
    try:
        status = cli.main(arguments, prog_name="zdg", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return BAD_INPUT
    except click.ClickException as error:
        return _tell(error.format_message(), BAD_INPUT)
    except (click.Abort, KeyboardInterrupt) as error:
        # Click turns an interruption into its own exception; what a command said is its cause.
        return _tell(str(error.__cause__ or error) or "interrupted", INTERRUPTED)
    except InputError as error:
        return _tell(str(error), BAD_INPUT)
    except ZdgError as error:
        return _tell(str(error), FAILED)
    except OSError as error:  # of stdout: every file of ours is told of by its name
        return _tell(f"cannot write the output: {error.strerror or error}", FAILED)
    except (RuntimeError, AssertionError):
        platforms = _missing_platforms()
        if not platforms:
            raise
        return _tell(
            f"JAX has no such device as JAX_PLATFORMS={platforms}; unset it, or name cpu", BAD_INPUT
        )
    return status if isinstance(status, int) else OK


def _missing_platforms() -> str:
    """The platforms that the environment asks JAX for, where it has none of them."""
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if not platforms:
        return ""
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError):
        return platforms
    return ""


def _tell(message: str, status: int) -> int:
    click.echo(f"zdg: {' '.join(message.split())}", err=True)
    return status
