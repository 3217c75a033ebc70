"""The page of what everything takes on disk: counted when it opens, cleaned with a question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_panel import JOB_MS, open_panel, run_cli

PAGE = ".jp-EnvironmentDisk:not(.lm-mod-hidden)"


@pytest.fixture(scope="module")
def prepared() -> None:
    """Templates of its own, to be counted and cleaned."""


def test_sizes_and_a_cleaning(page: Any, lab: Lab, shots: Path) -> None:
    run_cli(lab, "create", "heavy", "tabulate")
    panel = open_panel(page)
    panel.get_by_role("treeitem", name="heavy").wait_for()
    panel.get_by_role("button", name="More actions").click()
    panel.get_by_role("menuitem", name="Disk usage").click()
    content = page.locator(PAGE)
    table = content.get_by_role("table", name="Environments")
    table.wait_for(timeout=JOB_MS)
    table.get_by_role("row", name="heavy").get_by_text("MB").first.wait_for()
    both_themes(page, shots, "disk")

    # Of this test's own home; the shared cache of packages stays.
    clean = content.get_by_role("button", name="Clean: Prepared environments")
    clean.click()
    question = content.get_by_role("group", name="Clean templates?")
    question.get_by_text("This frees about").wait_for()
    both_themes(page, shots, "disk-clean")
    question.get_by_role("button", name="Clean", exact=True).press("Escape")
    question.wait_for(state="detached")
    clean.click()
    question.get_by_role("button", name="Clean", exact=True).click()
    content.get_by_text("Freed ").wait_for(timeout=JOB_MS)
    page.screenshot(path=shots / "disk-cleaned-light.png")
    table.get_by_role("button", name="heavy").click()
    page.locator(".jp-EnvironmentPage").get_by_role("heading", name="heavy", level=1).wait_for()
