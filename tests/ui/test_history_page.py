"""The history of an environment: what each revision changed, what differs between two, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_page import bar, identity, open_page
from tests.ui.test_panel import JOB_MS, run_cli


@pytest.fixture(scope="module")
def diary(lab: Lab) -> str:
    """The id of an environment with three revisions, all made on the command line."""
    run_cli(lab, "create", "diary", "six==1.16.0")
    run_cli(lab, "install", "diary", "tabulate", "six==1.17.0")
    run_cli(lab, "remove-packages", "diary", "tabulate")
    return identity(lab, "diary")


def open_history(page: Any, environment: str) -> Any:
    content = open_page(page, environment)
    content.get_by_role("tab", name="History").click()
    content.get_by_role("listitem", name="Revision 3,").wait_for()
    return content


def test_differences_and_the_way_back(page: Any, diary: str, shots: Path) -> None:
    content = open_history(page, diary)
    first, second, third = (content.get_by_role("listitem", name=f"Revision {n},") for n in (1, 2, 3))
    assert "on the command line" in second.inner_text()
    assert third.get_by_role("button", name="Back to").count() == 0

    # Keyboard alone: down to the second, open what it changed, choose it and the first.
    third.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    second.get_by_text("1.16.0 → 1.17.0").wait_for()
    page.keyboard.press("Space")
    page.keyboard.press("End")
    page.keyboard.press("Space")
    comparison = content.get_by_role("region", name="From revision 1 to 2")
    comparison.get_by_text("1 added, 1 changed").wait_for()
    both_themes(page, shots, "page-history-compare")
    comparison.get_by_role("button", name="Close the comparison").click()
    comparison.wait_for(state="detached")

    first.get_by_role("button", name="Back to revision 1").click()
    question = content.get_by_role("group", name="Back to revision 1?")
    question.get_by_text("1.17.0 → 1.16.0").wait_for()
    both_themes(page, shots, "page-history-back")
    question.get_by_role("button", name="Go back").click()
    content.get_by_role("listitem", name="Revision 4, Back to revision 1").wait_for(timeout=JOB_MS)
    bar(content).get_by_role("button", name="Undo").click()
    back = content.get_by_role("group", name="Back to revision 3?")
    back.get_by_role("button", name="Go back").click()
    content.get_by_role("listitem", name="Revision 5, Back to revision 3").wait_for(timeout=JOB_MS)
    both_themes(page, shots, "page-history-undone")


def test_a_history_that_cannot_be_read_is_told(page: Any, diary: str, shots: Path) -> None:
    history = "**/jupyter-envs/environments/*/history*"
    page.route(history, lambda route: route.fulfill(status=503, json={"message": "Not now.", "reason": "x"}))
    content = open_page(page, diary)
    content.get_by_role("tab", name="History").click()
    content.get_by_role("alert").get_by_text("Not now.").wait_for()
    both_themes(page, shots, "page-history-failed")
    page.unroute(history)
    content.get_by_role("button", name="Try again").click()
    content.get_by_role("listitem", name="Revision 1, Created").wait_for()
