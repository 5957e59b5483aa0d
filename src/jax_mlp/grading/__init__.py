"""Grades a class: many submissions, one command, and what the class has not understood."""
