"""Files written whole: a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import pathlib
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from zdg_jax.errors import InputError


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file beside `path` to write to; it takes its place where the block ends without an error.

    Folders above it are made.

    Raises:
        InputError: it cannot be written; what was there is untouched.
    """
    target = pathlib.Path(path)
    partial = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".zdg-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, target)
    except OSError as error:
        raise InputError(
            f"cannot write {target}: {error.strerror or error}; nothing there was changed"
        ) from error
    finally:
        if partial is not None:
            with contextlib.suppress(OSError):
                os.unlink(partial)


def _umask() -> int:
    """What `mkstemp` would have to be told: it makes files that only their owner may read."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
