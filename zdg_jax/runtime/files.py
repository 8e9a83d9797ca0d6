"""Files read with a limit and written whole: never half of one, never through a link or a pipe."""

from __future__ import annotations

import contextlib
import os
import pathlib
import stat
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO

from zdg_jax.errors import InputError
from zdg_jax.runtime.kinds import check_path


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file beside `path` to write to; it takes its place where the block ends without an error.

    Folders above it are made. A link at `path` is replaced, not followed.

    Args:
        path: the file.
        durable: wait until it is on the disk, so that not even a machine that stops leaves half of
            it; caches of many small files, whose readers check, need not.

    Raises:
        InputError: it cannot be written; what was there is untouched.
    """
    check_path("the file to write", path)
    target = pathlib.Path(path)
    partial = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".zdg-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if durable:
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


def is_file(path: pathlib.Path) -> bool:
    """Returns whether there is such a file; names that are too long for any name none.

    Args:
        path: the path.
    """
    try:
        return path.is_file()
    except OSError:
        return False


@contextlib.contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BufferedReader]:
    """Opens a file to read, without waiting where it is a pipe.

    Args:
        path: the file.

    Raises:
        InputError: it is a folder, a device or a pipe.
        OSError: it cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise InputError(f"{path} is {kind}; name a file")
    with os.fdopen(handle, "rb") as file:
        yield file


def read_limited(path: str | os.PathLike[str], limit: int) -> bytes:
    """Reads a whole file of a bounded size.

    Args:
        path: the file.
        limit: most bytes that it may have.

    Raises:
        InputError: it is no regular file, or larger.
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(
            f"{path} has more than {limit} bytes, the most that is read of such a file"
        )
    return content


def read_given(path: str | os.PathLike[str], limit: int, *, missing: str | None = None) -> bytes:
    """Reads a whole file that a user named, as `read_limited`, and tells all that may go wrong.

    Args:
        path: the file.
        limit: most bytes that it may have.
        missing: the message where there is no such file; the system's reason if not given.

    Raises:
        InputError: it is no regular file, larger, or cannot be read.
    """
    try:
        return read_limited(path, limit)
    except OSError as error:
        if missing is not None and isinstance(error, FileNotFoundError):
            raise InputError(missing) from None
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None


def _umask() -> int:
    """Reads the umask, which `mkstemp` ignores: it makes files that only their owner may read."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
