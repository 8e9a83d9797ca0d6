"""Files of named arrays (.npz without pickle), their sizes checked before they are unpacked."""

from __future__ import annotations

import os
import zipfile

import numpy as np

from zdg_jax.errors import InputError
from zdg_jax.runtime.files import open_regular


def read_arrays(path: str | os.PathLike[str], *, limit_mb: float) -> dict[str, np.ndarray]:
    """Reads all arrays of a file.

    Args:
        path: the file.
        limit_mb: most that they may unpack to [MB].

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it is no such file, cannot be read, is damaged, names an array twice, or
            unpacks to more.
    """
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise InputError(f"{path} is damaged: it holds '{twice}' twice")
            unpacked = sum(entry.file_size for entry in entries) / 1e6
            if unpacked > limit_mb:
                raise InputError(
                    f"{path} unpacks to {unpacked:,.0f} MB; the most that is read is "
                    f"{limit_mb:,.0f} MB"
                )
            arrays = {}
            for entry in entries:
                with archive.open(entry) as content:
                    array = np.lib.format.read_array(content, allow_pickle=False)
                arrays[entry.filename.removesuffix(".npy")] = array
            return arrays
    except (FileNotFoundError, InputError):
        raise
    except zipfile.BadZipFile:
        raise InputError(f"{path} is no file of arrays, or is damaged or cut short") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except Exception as error:  # a damaged file fails in any layer of zip and npy
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        if "pickled" in reason or "allow_pickle" in reason:
            reason = "an array in it holds Python objects, which are never read"
        raise InputError(f"{path} is damaged or cut short: {reason}") from None
