"""`--forbid-skips`, and Ctrl-C for what tests start."""

import signal

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # so it is behind a shell's &, and so it would be for what tests
    signal.signal(signal.SIGINT, signal.default_int_handler)  # start, and interrupt


def pytest_addoption(parser):
    """`--forbid-skips`."""
    parser.addoption("--forbid-skips", action="store_true", help="fail if any test is skipped")


def pytest_sessionfinish(session, exitstatus):
    """With --forbid-skips a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.config.getoption("--forbid-skips") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
        reporter.write_line("--forbid-skips: a test was skipped that should have run.", red=True)
