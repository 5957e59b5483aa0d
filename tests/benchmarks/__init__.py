"""Benchmarks. No test asserts a time."""
