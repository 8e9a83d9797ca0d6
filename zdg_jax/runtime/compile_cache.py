"""JAX's compile cache: compiled programs on disk, so that the next process finds them.

JAX runs whatever lies in its cache: another program under a name is run in its place, a pipe is
waited for, and half a file, as a full disk leaves it, is complained of in every later process and
never replaced. Here each entry ends with a hash of its key and its program; what does not fit is
compiled and written anew.
"""

from __future__ import annotations

import logging
import pathlib
from typing import Any

from zdg_jax.errors import InputError
from zdg_jax.runtime.caches import cache_root
from zdg_jax.runtime.forks import mark_started
from zdg_jax.runtime.kinds import has_controls
from zdg_jax.runtime.sealed_files import read_sealed, write_sealed

_LARGEST = 500_000_000
"""A larger file is no program [bytes]; they have up to some 2 MB."""

_log = logging.getLogger(__name__)


def enable_compile_cache() -> None:
    """Lets JAX keep compiled programs below the library's caches.

    A folder that the user chose (`jax_compilation_cache_dir`, or `JAX_COMPILATION_CACHE_DIR`) and
    a cache that the user turned off (`JAX_ENABLE_COMPILATION_CACHE=0`) stay as they are.

    Raises:
        InputError: this process was forked from one in which JAX had started.
    """
    mark_started()
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    chosen = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    enabled = jax.config.jax_enable_compilation_cache  # type: ignore[attr-defined]
    if chosen or not enabled:
        return
    folder = cache_root() / "xla"
    if has_controls(str(folder)):  # XLA takes no name of bytes that are no text
        _log.warning("no cache of compiled programs in %r", str(folder))
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    _use_sealed_programs(folder)
    # JAX looks for the folder once, at the first program, which may have been compiled already.
    compilation_cache.reset_cache()


class SealedPrograms:
    """A folder of compiled programs, of which none is believed unseen: what JAX asks of a cache.

    Attributes:
        _path: the folder, by the name that JAX knows it by.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        """Names the folder; it is made with the first program.

        Args:
            folder: where programs are kept.
        """
        self._path = folder
        self._told = False

    def get(self, key: str) -> bytes | None:
        """Finds a program; None where there is none that was written for this key.

        Args:
            key: name of the program, which says all that it depends on.
        """
        path = self._file(key)
        try:
            program = read_sealed(path, key, _LARGEST)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (InputError, OSError) as error:
            _log.warning("no compiled program: %s", error)
            return None
        if program is None:
            _log.info("%s is damaged, or another program; compiled anew", path)
        return program

    def put(self, key: str, value: bytes) -> None:
        """Keeps a program. A folder that cannot be written costs the cache, not the program.

        Args:
            key: name of the program.
            value: the program.
        """
        try:
            write_sealed(self._file(key), key, value)
        except InputError as error:
            if not self._told:
                _log.warning("no cache of compiled programs: %s", error)
            self._told = True

    def _file(self, key: str) -> pathlib.Path:
        return self._path / f"{key}-cache"


def _use_sealed_programs(folder: pathlib.Path) -> None:
    """Has JAX keep what belongs into a folder there by `SealedPrograms`.

    JAX has no public way to name a cache of one's own. Where its inner one has moved, its own
    cache serves the folder, which then makes all programs anew.
    """
    try:
        from jax._src import compilation_cache as inner

        usual = inner.get_file_cache
    except (ImportError, AttributeError) as error:
        _log.warning("JAX keeps compiled programs itself: %s", error)
        return

    def sealed(path: str) -> Any:
        return (SealedPrograms(folder), path) if path == str(folder) else usual(path)

    inner.get_file_cache = sealed
