"""JAX's compile cache: compiled programs on disk, so that the next process finds them."""

from __future__ import annotations

from zdg_jax.runtime.caches import cache_root
from zdg_jax.runtime.forks import mark_started


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
    jax.config.update("jax_compilation_cache_dir", str(cache_root() / "xla"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
    # JAX looks for the folder once, at the first program, which may have been compiled already.
    compilation_cache.reset_cache()
