"""Measurements. No test asserts a time."""
