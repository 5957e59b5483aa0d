"""Runs that are killed, and runs of many processes: real ones."""
