"""The site in a real browser: `pytest tests/site`. It needs the extra `dev`, and Chromium."""
