"""Grades a class: many submissions, one command, and what the class has not understood."""

import jax_mlp.checking  # noqa: F401  (an error if pytest is missing)
