"""`python -m jax_mlp` is `jax-mlp`."""

from jax_mlp.cli import main

if __name__ == "__main__":
    main()
