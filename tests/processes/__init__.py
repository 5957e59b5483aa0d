"""Tests with real processes: runs that are killed, and runs of several processes."""
