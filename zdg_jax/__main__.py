"""`python -m zdg_jax` is `zdg`."""

from zdg_jax.cli import main

if __name__ == "__main__":
    main()
