"""Correct variants of each component, which the laws must all accept."""
