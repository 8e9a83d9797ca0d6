"""The `zdg` command: its group, its exit statuses and how errors are told."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
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
_OUTPUT = (errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EBADF, errno.EDQUOT, errno.EPIPE)
"""Errors of stdout, which has no name."""
_SETTINGS = ("jax/_src/config.py", "gl_context.py", "matplotlib/__init__.py")
"""Modules in which JAX, MuJoCo and Matplotlib read variables of the environment."""


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
    except OSError as error:
        return _tell_system(error)
    except MemoryError:
        return _tell("there is not memory enough (ulimit -v, or a container's limit)", FAILED)
    except (RuntimeError, AssertionError, ValueError) as error:
        variables = _at_fault(error)
        if not variables:
            raise
        reason = str(error).partition("\n")[0][:120] or "there is no such device"
        return _tell(f"{variables} cannot be used ({reason}); correct or unset it", BAD_INPUT)
    return status if isinstance(status, int) else OK


def _tell_system(error: OSError) -> int:
    """Tells of what the system refused where nothing closer to it did."""
    reason = error.strerror or error
    if error.filename is not None:
        return _tell(f"cannot use {str(error.filename)[:200]!r}: {reason}", BAD_INPUT)
    if isinstance(error, FileNotFoundError):
        return _tell("the current folder is no longer there; change to another", BAD_INPUT)
    what = "write the output" if error.errno in _OUTPUT else "go on"
    return _tell(f"cannot {what}: {reason}", FAILED)


def _at_fault(error: Exception) -> str:
    """Names the variables of the environment that JAX, MuJoCo or Matplotlib stumbled over."""
    text = str(error)
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    given = {k: v for k, v in os.environ.items() if v and k.startswith(("JAX_", "MPL", "MUJOCO_"))}
    if "Unable to initialize backend" in text or not (text or _has_devices()):
        blamed = {k: v for k, v in given.items() if k in ("JAX_PLATFORMS", "JAX_NUM_CPU_DEVICES")}
    elif last.endswith(_SETTINGS):
        blamed = {k: v for k, v in given.items() if k.lower() in text.lower() or v in text}
    else:
        return ""
    return ", ".join(f"{name}={value}" for name, value in (blamed or given).items())


def _has_devices() -> bool:
    """Tells whether JAX can start: without a device that was asked for it ends without a word."""
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError):
        return False
    return True


def _tell(message: str, status: int) -> int:
    click.echo(f"zdg: {' '.join(message.split())}", err=True)
    return status
