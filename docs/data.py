"""What interactive figures compute with, made when the site is built: `data/NAME.js` sets `DATA.NAME`."""

SCRIPTS = {}
"""By name: a function that returns what JSON can hold, and what that depends on, as `kept` takes it (docs/hooks/kept.py)."""
