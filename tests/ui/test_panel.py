"""The Environments panel by hand and eye: from the empty list to a kernel, and back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.ui.conftest import PANEL_TAB, Lab
from tests.ui.looks import both_themes, check_accessible

JOB_MS = 120_000
# What news brings, and not the panel's own question, which it asks every half minute.
NEWS_MS = 20_000


def open_panel(page: Any) -> Any:
    panel = page.locator("#jupyter-envs-panel")
    if not panel.is_visible():
        page.locator(PANEL_TAB).click()
    panel.wait_for(state="visible")
    return panel


def wait_for_focus(node: Any) -> None:
    node.page.wait_for_function("node => node === document.activeElement", arg=node.element_handle())


def run_cli(lab: Lab, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_envs", *arguments], env=lab.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def launcher_card(page: Any, kernel: str) -> Any:
    return page.locator(f'.jp-LauncherCard[title*="{kernel}"]').first


def test_from_nothing_to_a_kernel_and_back(page: Any, lab: Lab, shots: Path) -> None:
    panel = open_panel(page)
    panel.get_by_text("No environments of your own yet").wait_for()
    both_themes(page, shots, "empty")

    # One click leads to the form, a second one creates.
    panel.get_by_role("button", name="New environment").last.click()
    form = panel.get_by_role("form", name="New environment")
    name = form.get_by_label("Name")
    suggested = name.input_value()
    assert suggested
    name.fill("a/b")
    form.get_by_text("Use letters").wait_for()
    assert form.get_by_role("button", name="Create").is_disabled()
    name.fill("first")
    form.get_by_text("free").wait_for()
    form.get_by_label("Packages", exact=True).fill("six")
    both_themes(page, shots, "new")
    form.get_by_role("button", name="Create").click()

    job = panel.get_by_role("region", name="Jobs")
    job.get_by_role("progressbar").wait_for()
    page.screenshot(path=shots / "job-light.png")

    row = panel.get_by_role("treeitem", name="first")
    row.wait_for(timeout=JOB_MS)
    panel.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    launcher_card(page, "first").wait_for(timeout=NEWS_MS)
    page.get_by_text("New notebook", exact=True).wait_for()
    both_themes(page, shots, "ready")

    # Keyboard alone: to the row, its question, and away.
    row.focus()
    page.keyboard.press("Delete")
    question = panel.get_by_role("group", name="Remove first?")
    question.wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "remove-light.png")
    page.keyboard.press("Escape")
    question.wait_for(state="detached")
    wait_for_focus(row)
    page.keyboard.press("Delete")
    question.get_by_role("button", name="Remove").click()
    row.wait_for(state="detached", timeout=JOB_MS)
    launcher_card(page, "first").wait_for(state="detached", timeout=NEWS_MS)
    panel.get_by_text("No environments of your own yet").wait_for()


def test_what_the_command_line_does_shows_by_itself(page: Any, lab: Lab) -> None:
    panel = open_panel(page)
    panel.get_by_text("No environments of your own yet").wait_for()
    row = panel.get_by_role("treeitem", name="by-hand")
    run_cli(lab, "create", "by-hand")
    row.wait_for(timeout=NEWS_MS)
    launcher_card(page, "by-hand").wait_for(timeout=NEWS_MS)
    run_cli(lab, "remove", "by-hand", "--yes")
    row.wait_for(state="detached", timeout=NEWS_MS)
    launcher_card(page, "by-hand").wait_for(state="detached", timeout=NEWS_MS)


def test_who_is_quick_types_into_the_form(page: Any) -> None:
    """Between the click on the tab and the one on the button nothing of the panel has settled."""
    # JupyterLab's own launcher takes the focus once, when it has come.
    page.wait_for_function("document.activeElement?.closest('.jp-Launcher') !== null")
    page.locator(PANEL_TAB).click()
    page.locator("#jupyter-envs-panel").get_by_role("button", name="New environment").first.click()
    wait_for_focus(page.locator("#jupyter-envs-panel form").get_by_label("Name"))
    page.keyboard.type("soon")
    # Whatever asks for the focus late has done so by then.
    page.wait_for_timeout(1000)
    page.keyboard.type("er")
    assert page.locator("#jupyter-envs-panel form").get_by_label("Name").input_value() == "sooner"


def test_a_narrow_panel_keeps_name_and_state(page: Any, shots: Path) -> None:
    panel = open_panel(page)
    panel.evaluate("node => { node.style.width = '240px'; node.style.minWidth = '0'; }")
    panel.get_by_role("button", name="New environment").first.click()
    panel.get_by_label("Packages", exact=True).fill("pandas[excel]>=2 numpy ")
    assert panel.evaluate("node => node.scrollWidth <= node.clientWidth")
    check_accessible(page)
    page.screenshot(path=shots / "narrow-light.png")


def test_a_server_that_does_not_answer_is_told_and_comes_back(page: Any) -> None:
    page.route("**/jupyter-envs/environments*", lambda route: route.abort())
    panel = open_panel(page)
    panel.get_by_role("alert").get_by_text("does not answer").wait_for()
    page.unroute("**/jupyter-envs/environments*")
    panel.get_by_role("button", name="Try again").click()
    panel.get_by_text("No environments of your own yet").wait_for()
