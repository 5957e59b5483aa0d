"""Tests of the tests: the laws must catch every mistake and accept every correct variant."""
