"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

SCRIPTS = {}
"""By name: a function that returns what JSON can hold, then what that depends on, as docs/hooks/kept.py takes it."""
