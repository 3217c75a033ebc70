"""High contrast: JupyterLab's own theme for it, and the colours that a system forces upon pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab
from tests.ui.looks import check_accessible, set_theme
from tests.ui.test_page import bar, identity, open_page, row
from tests.ui.test_panel import open_panel, run_cli

# What a state is told by where the colours are not ours; without the word `none` the system fills all alike.
SHAPES = """() => Object.fromEntries(
  [...document.querySelectorAll('#jupyter-envs-panel .jp-Environments-state')].map(node => {
    const {backgroundColor, forcedColorAdjust} = getComputedStyle(node);
    return [node.dataset.state, [forcedColorAdjust, backgroundColor]];
  })
)"""


@pytest.fixture(scope="module")
def thesis(lab: Lab) -> str:
    run_cli(lab, "create", "thesis", "six==1.15.0")
    run_cli(lab, "create", "quiet", "--no-kernel")
    broken = lab.root / "broken/.venv"
    (broken / "bin").mkdir(parents=True)
    (broken / "pyvenv.cfg").write_text("home = /nowhere\nversion_info = 3.12.1\n")
    return identity(lab, "thesis")


def narrow(panel: Any) -> None:
    panel.evaluate("node => { node.style.width = '240px'; node.style.minWidth = '0'; }")
    assert panel.evaluate("node => node.scrollWidth <= node.clientWidth")


def look_around(page: Any, thesis: str, shots: Path, name: str, seen: Any) -> None:
    """The panel, the form, the menu and the page; `seen` is called at each."""
    content = open_page(page, thesis)
    row(content, "ipykernel").wait_for()
    panel = open_panel(page)
    ours = panel.get_by_role("treeitem", name="thesis,")
    panel.get_by_role("button", name="Refresh").click()
    panel.get_by_role("img", name="broken").wait_for()
    ours.focus()

    def picture(view: str) -> None:
        seen()
        page.screenshot(path=shots / f"{name}-{view}.png")

    picture("panel")
    page.keyboard.press("Delete")
    panel.get_by_role("group", name="Remove thesis?").wait_for()
    picture("remove")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+F10")
    page.get_by_role("menu").get_by_text("Copy Activation Command").wait_for()
    picture("menu")
    page.keyboard.press("Escape")
    content.get_by_label("Requested").check()
    content.get_by_role("checkbox", name="Select six").check()
    content.get_by_role("button", name="Remove", exact=True).click()
    bar(content).get_by_text("1 removed").wait_for()
    row(content, "six").focus()
    page.keyboard.press("Enter")
    picture("page")
    bar(content).get_by_role("button", name="Discard").click()
    for tab in ("Overview", "History", "Health", "Jobs"):
        content.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(300)
        picture(tab.lower())
    panel.get_by_role("button", name="New environment").first.click()
    form = panel.get_by_role("form", name="New environment")
    form.get_by_role("button", name="More").click()
    form.get_by_role("radio", name="uv").wait_for()
    form.get_by_label("Packages", exact=True).fill("pandas[excel]>=2 -x ")
    form.get_by_label("Name", exact=True).fill("a/b")
    narrow(panel)
    picture("form")
    form.get_by_role("button", name="Cancel").click()
    picture("narrow")


def test_the_high_contrast_theme(page: Any, thesis: str, shots: Path) -> None:
    set_theme(page, "JupyterLab Dark High Contrast")
    look_around(page, thesis, shots, "contrast", lambda: check_accessible(page))
    set_theme(page, "JupyterLab Light")


def test_forced_colors(page: Any, thesis: str, shots: Path) -> None:
    page.emulate_media(forced_colors="active")
    look_around(page, thesis, shots, "forced", lambda: None)
    shapes = page.evaluate(SHAPES)
    assert shapes.keys() >= {"registered", "none", "broken"}
    assert {kept for kept, _ in shapes.values()} == {"none"}
    assert shapes["registered"] != shapes["none"]
