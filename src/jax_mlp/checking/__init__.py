"""Runs the laws on an implementation and explains what fails, for pytest and for notebooks."""
