"""The page of an environment: its packages by hand and eye, and everything that is known of it."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab, wait_until_restored
from tests.ui.looks import both_themes, check_accessible
from tests.ui.test_panel import JOB_MS, run_cli

PAGE = ".jp-EnvironmentPage:not(.lm-mod-hidden)"
SLOW_BACKEND = """
import time

def prepare_metadata_for_build_wheel(folder, config_settings=None):
    import pathlib
    info = pathlib.Path(folder, "slow_build-1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: slow-build\\nVersion: 1\\n")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    return info.name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    print("building, which takes its time", flush=True)
    time.sleep(300)
"""


def environments(lab: Lab) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{lab.base}/jupyter-envs/environments", headers={"Authorization": f"token {lab.token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["environments"]
    return found


def identity(lab: Lab, name: str) -> str:
    return next(str(each["id"]) for each in environments(lab) if each["name"] == name)


@pytest.fixture(scope="module")
def thesis(lab: Lab) -> str:
    """The id of an environment in which somebody asked for beautifulsoup4."""
    run_cli(lab, "create", "thesis", "beautifulsoup4")
    return identity(lab, "thesis")


def open_page(page: Any, environment: str) -> Any:
    # A widget is more than Playwright can hand over.
    page.evaluate("async id => { await jupyterapp.commands.execute('jupyter-envs:open-page', {id}); }", environment)
    content = page.locator(PAGE)
    content.get_by_role("heading", level=1).wait_for()
    return content


def row(content: Any, name: str) -> Any:
    return content.locator(f'[role="row"][aria-level="1"]:has(b:text-is("{name}"))')


def find(content: Any, name: str) -> Any:
    """The row of a package, brought into view by the filter."""
    content.get_by_label("Filter packages").fill(name)
    found = row(content, name)
    found.wait_for()
    return found


def bar(content: Any) -> Any:
    return content.get_by_role("region", name="Changes")


def test_filter_and_why_is_this_here(page: Any, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    row(content, "beautifulsoup4").wait_for()
    both_themes(page, shots, "page-packages")

    # Keyboard alone: from the tab to the filter, to the row, and into its reasons.
    content.get_by_role("tab", name="Packages").focus()
    content.get_by_label("Filter packages").focus()
    page.keyboard.type("soups")
    content.get_by_text("CSS selector").first.wait_for()
    assert row(content, "beautifulsoup4").count() == 0
    row(content, "soupsieve").focus()
    page.keyboard.press("Enter")
    content.get_by_text("Needed by beautifulsoup4").wait_for()
    content.get_by_text("These break: beautifulsoup4").wait_for()
    content.get_by_role("combobox", name="Version of soupsieve").wait_for()
    both_themes(page, shots, "page-why")
    row(content, "soupsieve").focus()
    page.keyboard.press("/")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Filter packages'")
    page.keyboard.press("Escape")
    row(content, "beautifulsoup4").wait_for()
    content.get_by_label("Requested").check()
    row(content, "soupsieve").wait_for(state="detached")


def test_install_with_preview_and_take_it_back(page: Any, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    field = content.get_by_label("Add packages")
    field.fill("wra")
    option = content.get_by_role("option", name="wrapt").first
    option.wait_for()
    field.fill("tabulate")
    content.get_by_role("option").filter(has_text="newest of").wait_for()
    both_themes(page, shots, "page-suggestions")
    # The pictures may have closed the list, which opens with a change.
    field.fill("tab")
    field.fill("tabulate")
    content.get_by_role("option").filter(has_text="newest of").wait_for()
    field.press("ArrowDown")
    field.press("Enter")
    bar(content).get_by_text("1 change waiting").wait_for()
    bar(content).get_by_text("1 added").wait_for()
    find(content, "soupsieve").focus()
    page.keyboard.press("Delete")
    bar(content).get_by_text("1 added, 1 removed").wait_for()
    bar(content).get_by_text("Without soupsieve these will no longer work: beautifulsoup4").wait_for()
    both_themes(page, shots, "page-preview")
    row(content, "soupsieve").get_by_role("button", name="Leave soupsieve as it is").click()
    bar(content).get_by_text("1 change waiting").wait_for()
    bar(content).get_by_role("button", name="Apply").click()
    bar(content).get_by_text("Done: Install tabulate").wait_for(timeout=JOB_MS)
    find(content, "tabulate")
    undo = bar(content).get_by_role("button", name="Undo")
    undo.wait_for()
    both_themes(page, shots, "page-done")
    undo.click()
    question = bar(content).get_by_role("group", name="Back to revision 1?")
    question.get_by_text("1 removed").wait_for(timeout=JOB_MS)
    both_themes(page, shots, "page-undo")
    question.get_by_role("button", name="Go back").click()
    bar(content).get_by_text("Done: Bring thesis back").wait_for(timeout=JOB_MS)
    row(content, "tabulate").wait_for(state="detached")


def test_what_cannot_be_solved_is_explained(page: Any, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    field = content.get_by_label("Add packages")
    field.fill("beautifulsoup4==4.12.3")
    page.keyboard.press("Enter")
    field.fill("soupsieve<1.2")
    page.keyboard.press("Enter")
    bar(content).get_by_text("This cannot be done").wait_for(timeout=JOB_MS)
    bar(content).get_by_role("button", name="Details").click()
    assert bar(content).get_by_role("button", name="Apply").is_disabled()
    both_themes(page, shots, "page-unsolvable")
    bar(content).get_by_role("button", name="Discard").click()
    bar(content).wait_for(state="detached")


def test_what_is_pasted_becomes_chips(page: Any, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    field = content.get_by_label("Add packages")

    def paste(text: str) -> None:
        field.evaluate(
            """(node, text) => {
                const clipboardData = new DataTransfer();
                clipboardData.setData('text', text);
                node.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true, cancelable: true}));
            }""",
            text,
        )

    paste("pip install -U 'six>=1' tabulate")
    content.get_by_role("button", name="Leave out six>=1").wait_for()
    paste("from dateutil import parser\nimport os, yaml")
    content.get_by_role("button", name="Leave out pyyaml").wait_for()
    assert content.get_by_role("button", name="Leave out os").count() == 0
    paste("# needed\ntoolz==1.0  # pinned\n<b>x</b>")
    content.get_by_text("Not a package, URL or path: <b>x</b>").wait_for()
    both_themes(page, shots, "page-paste")
    bar(content).get_by_role("button", name="Discard").click()


def test_cancel_and_reload_in_the_middle(page: Any, lab: Lab, thesis: str, shots: Path) -> None:
    slow = lab.root / "slow"
    slow.mkdir()
    (slow / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "slow-build"\nversion = "1"\n'
    )
    (slow / "backend.py").write_text(SLOW_BACKEND)
    content = open_page(page, thesis)
    row(content, "beautifulsoup4").wait_for()
    field = content.get_by_label("Add packages")
    field.fill(str(slow))
    page.keyboard.press("Enter")
    bar(content).get_by_text("1 added").wait_for(timeout=JOB_MS)
    bar(content).get_by_role("button", name="Apply").click()
    bar(content).get_by_role("progressbar").wait_for(timeout=JOB_MS)
    both_themes(page, shots, "page-running")

    # The page and its job are there again after a reload.
    page.wait_for_timeout(1500)
    page.goto(f"{lab.base}/lab?token={lab.token}")
    wait_until_restored(page, launcher=False)
    content = page.locator(PAGE)
    content.get_by_role("heading", name="thesis").wait_for()
    cancel = bar(content).get_by_role("button", name="Cancel")
    cancel.wait_for()
    bar(content).get_by_role("button", name="Log").click()
    bar(content).get_by_role("log").wait_for()
    content.get_by_role("tab", name="Jobs").click()
    both_themes(page, shots, "page-jobs")
    assert not bar(content).is_visible()
    content.get_by_role("tabpanel").get_by_role("button", name="Cancel").click()
    bar(content).get_by_text("All is as it was before").wait_for(timeout=JOB_MS)
    content.get_by_role("tab", name="Packages").click()
    assert row(content, "slow-build").count() == 0


def test_the_other_tabs(page: Any, lab: Lab, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    content.get_by_role("tab", name="Packages").focus()
    page.keyboard.press("ArrowRight")
    content.get_by_text("envs/thesis", exact=False).first.wait_for()
    content.get_by_text("bin/activate").wait_for()
    both_themes(page, shots, "page-overview")
    content.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    content.get_by_text("Created").wait_for()
    both_themes(page, shots, "page-history")
    content.get_by_role("tab", name="History").focus()
    page.keyboard.press("ArrowRight")
    content.get_by_text("Nothing is wrong").wait_for()
    both_themes(page, shots, "page-health")
    content.get_by_role("tab", name="Health").focus()
    page.keyboard.press("End")
    assert content.get_by_role("tab", name="Jobs").get_attribute("aria-selected") == "true"


def test_rename_copy_and_remove(page: Any, lab: Lab, shots: Path) -> None:
    run_cli(lab, "create", "first")
    content = open_page(page, identity(lab, "first"))
    content.get_by_role("button", name="More actions").click()
    page.screenshot(path=shots / "page-menu-light.png")
    check_accessible(page)
    content.get_by_role("menuitem", name="Rename…").click()
    name = content.get_by_role("textbox", name="New name of first")
    name.fill("second")
    page.keyboard.press("Enter")
    content.get_by_role("heading", name="second", level=1).wait_for(timeout=JOB_MS)
    content.get_by_role("button", name="Export…").click()
    content.get_by_role("region", name="Content of second-requirements.txt").get_by_text("ipykernel==").wait_for()
    both_themes(page, shots, "page-export")
    with page.expect_download() as saved:
        content.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "second-requirements.txt"
    content.get_by_role("button", name="More actions").click()
    content.get_by_role("menuitem", name="Remove…").click()
    question = content.get_by_role("group", name="Remove second?")
    question.wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "page-remove-light.png")
    question.get_by_role("button", name="Remove", exact=True).click()
    content.get_by_text("This environment is gone").wait_for(timeout=JOB_MS)
    content.get_by_role("button", name="Close").click()
    content.wait_for(state="detached")


def test_a_narrow_page(page: Any, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    row(content, "beautifulsoup4").wait_for()
    page.set_viewport_size({"width": 640, "height": 800})
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": 420, "height": 800})
    assert content.evaluate("node => node.scrollWidth <= node.clientWidth")
    check_accessible(page)
    page.screenshot(path=shots / "page-narrow-light.png")


def test_five_hundred_packages_ask_only_for_what_is_shown(page: Any, thesis: str) -> None:
    packages = [
        {
            "name": f"package-{n}", "version": "1.0", "latest": None, "requested": n % 50 == 0, "manager": "pip",
            "installer": "uv", "channel": None, "build": None, "size": n * 1000, "summary": "One of many",
            "editable": False, "url": None,
        }
        for n in range(500)
    ]  # fmt: skip
    asked: list[str] = []

    def versions(route: Any) -> None:
        name = route.request.url.split("/search/")[1].split("?")[0]
        asked.append(name)
        route.fulfill(json={"name": name, "versions": ["1.1", "1.0"], "summary": None})

    page.route("**/jupyter-envs/environments/*/packages*", lambda route: route.fulfill(json={"packages": packages}))
    page.route("**/jupyter-envs/search/*", versions)
    content = open_page(page, thesis)
    upgrade = content.get_by_role("button", name="Upgrade package-0 to 1.1")
    upgrade.wait_for()
    page.wait_for_timeout(500)
    assert 0 < len(asked) < 40
    assert content.get_by_role("row").count() < 60
    content.get_by_role("button", name="Check for newer versions").click()
    content.get_by_text("500 newer versions").wait_for()
    assert sorted(asked) == sorted(str(each["name"]) for each in packages)
