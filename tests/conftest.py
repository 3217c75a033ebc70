"""What holds for all tests: a second attempt for the slow ones, and the summary that names each."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from _pytest.terminal import TerminalReporter

FAILED = pytest.StashKey[bool]()


# Before pytest-xdist, which writes the groups into the tests' ids.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The conftests of folders come first and have said what is slow."""
    for item in items:
        if not item.get_closest_marker("xdist_group") and _shares(item):
            # In one worker: in each other one, what they share would be made once more.
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        if item.get_closest_marker("slow"):
            # Real tools, kernels and browsers, killed at random moments, on a machine with other work: some
            # lose a race once in a thousand runs. What fails twice is wrong, and who failed once is named.
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.timeout(600))


def _shares(item: pytest.Item) -> bool:
    """Whether it uses a fixture that is made once for its module."""
    assert isinstance(item, pytest.Function)
    return any(known[-1].scope == "module" for known in item._fixtureinfo.name2fixturedefs.values())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = report.failed or (report.when != "setup" and item.stash.get(FAILED, False))
    return report


# Before the plugin, which would keep what is shared for the second attempt.
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """A second attempt begins with a server, a home and environments of its own: the first one may have left some."""
    if item.get_closest_marker("flaky") and getattr(item, "execution_count", 0) == 1 and item.stash.get(FAILED, False):
        item.session._setupstate.teardown_exact(None)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    again = terminalreporter.stats.get("rerun", [])
    if again:
        terminalreporter.section("failed once and were tried again")
    for report in again:
        terminalreporter.line(f"RERUN {report.nodeid} ({report.when}){_where(report)}")
        terminalreporter.line(report.longreprtext)


def _where(report: pytest.TestReport) -> str:
    """The line of the test that failed and with what, since of a long report its head may be all that is kept."""
    trace = getattr(report.longrepr, "reprtraceback", None)
    places = [entry.reprfileloc for entry in trace.reprentries if getattr(entry, "reprfileloc", None)] if trace else []
    if not places:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    what = crash.message.splitlines()[0][:200] if crash and crash.message else ""
    return f" at {places[0].path}:{places[0].lineno}: {what}"
