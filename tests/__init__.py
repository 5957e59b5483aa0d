"""Tests of everything around the laws, which are in src/jax_mlp/laws."""
