"""Tests of the tests: wrong components must be caught, right ones must pass."""
