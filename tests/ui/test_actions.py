"""What can be done with an environment, by hand, and what the disk and the kernels say of it afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import PANEL_TAB, Lab
from tests.ui.looks import both_themes, check_accessible
from tests.ui.test_notebook import run_cell, wait_for_kernel, written
from tests.ui.test_page import bar, environments, find, identity, open_page, row
from tests.ui.test_panel import JOB_MS, launcher_card, open_panel, run_cli


@pytest.fixture(scope="module")
def thesis(lab: Lab) -> str:
    """The id of an environment with packages of versions that are not the newest."""
    run_cli(lab, "create", "thesis", "six==1.15.0", "toolz==0.11.1", "tabulate==0.8.9")
    return identity(lab, "thesis")


def prefix(lab: Lab, name: str) -> Path:
    return next(Path(each["prefix"]) for each in environments(lab) if each["name"] == name)


def said_by(lab: Lab, name: str, code: str) -> str:
    """What the Python of an environment prints."""
    done = subprocess.run([prefix(lab, name) / "bin/python", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def choose(content: Any, entry: str) -> None:
    content.get_by_role("button", name="More actions").click()
    content.get_by_role("menuitem", name=entry).click()


def test_a_version_several_at_once_and_the_way_back(page: Any, lab: Lab, thesis: str, shots: Path) -> None:
    content = open_page(page, thesis)
    find(content, "six").focus()
    page.keyboard.press("Enter")
    content.get_by_role("combobox", name="Version of six").select_option("1.16.0")
    bar(content).get_by_text("1 changed").wait_for()
    bar(content).get_by_role("button", name="Apply").click()
    bar(content).get_by_text("Done: ").wait_for(timeout=JOB_MS)
    find(content, "six").get_by_text("1.16.0", exact=True).wait_for()
    assert said_by(lab, "thesis", "import six; print(six.__version__)") == "1.16.0"

    content.get_by_label("Filter packages").fill("")
    content.get_by_label("Requested").check()
    for name in ("toolz", "tabulate"):
        content.get_by_role("checkbox", name=f"Select {name}").check()
    several = content.get_by_role("group", name="Selected")
    several.get_by_text("2 selected").wait_for()
    both_themes(page, shots, "page-selected")
    several.get_by_role("button", name="Upgrade").click()
    bar(content).get_by_text("2 changed").wait_for()
    content.get_by_role("checkbox", name="Select six").check()
    several.get_by_role("button", name="Remove").click()
    bar(content).get_by_text("2 changed, 1 removed").wait_for()
    both_themes(page, shots, "page-several")
    bar(content).get_by_role("button", name="Apply").click()
    bar(content).get_by_text("Done: ").wait_for(timeout=JOB_MS)
    row(content, "six").wait_for(state="detached")
    code = "import toolz, tabulate; print(toolz.__version__ != '0.11.1', tabulate.__version__ != '0.8.9')"
    assert said_by(lab, "thesis", code) == "True True"
    bar(content).get_by_role("button", name="Undo").click()
    bar(content).get_by_role("button", name="Go back").click()
    bar(content).get_by_text("Done: Bring thesis back").wait_for(timeout=JOB_MS)
    assert said_by(lab, "thesis", "import six, toolz; print(six.__version__, toolz.__version__)") == "1.16.0 0.11.1"


def test_kernel_name_copy_notebook_and_terminal(page: Any, lab: Lab, thesis: str, shots: Path) -> None:
    launcher_card(page, "Python (thesis)").wait_for()
    content = open_page(page, thesis)
    choose(content, "Do not offer as a kernel")
    content.get_by_text("ready, not offered as a kernel").wait_for(timeout=JOB_MS)
    specs = "() => Object.keys(jupyterapp.serviceManager.kernelspecs.specs.kernelspecs).includes('thesis')"
    page.wait_for_function(f"() => !({specs})()")
    choose(content, "Offer as a kernel")
    content.get_by_text("ready, offered as a kernel").wait_for(timeout=JOB_MS)
    page.wait_for_function(specs)

    content.get_by_role("tab", name="Overview").click()
    content.get_by_role("button", name="Rename the kernel Python (thesis)").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("My <b>thesis</b>")
    page.keyboard.press("Enter")
    content.get_by_text("My <b>thesis</b>", exact=True).wait_for(timeout=JOB_MS)

    choose(content, "Copy…")
    check_accessible(page)
    page.screenshot(path=shots / "page-copy-light.png")
    content.get_by_role("textbox", name="Name of the copy of thesis").fill("thesis-before")
    page.keyboard.press("Enter")
    panel = open_panel(page)
    panel.get_by_role("treeitem", name="thesis-before").wait_for(timeout=JOB_MS)
    panel.get_by_role("region", name="Jobs").wait_for(state="detached", timeout=JOB_MS)
    assert said_by(lab, "thesis-before", "import six, sys; print(sys.prefix)").endswith("envs/thesis-before")

    content.get_by_role("button", name="Open notebook").click()
    wait_for_kernel(page, "thesis")
    ours = panel.get_by_role("treeitem", name="thesis,")
    ours.get_by_role("img", name="1 kernel running").wait_for()
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    page.evaluate(
        "jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource('import sys; sys.prefix')"
    )
    run_cell(page, 0)
    notebook.locator(".jp-OutputArea-output").get_by_text("envs/thesis'").wait_for()
    both_themes(page, shots, "running")
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    ours.get_by_role("img", name="ready, offered as a kernel").wait_for()

    page.evaluate("id => { void jupyterapp.commands.execute('jupyter-envs:open-page', {id}); }", thesis)
    content.get_by_role("button", name="Terminal").click()
    page.locator(".jp-Terminal:not(.lm-mod-hidden)").click()
    out = lab.root / "active.txt"
    page.keyboard.type(f"echo $VIRTUAL_ENV > {out}.new && mv {out}.new {out}\n")
    assert written(page, out) == str(prefix(lab, "thesis"))


def test_an_environment_whose_python_is_gone_is_mended(page: Any, lab: Lab, tmp_path: Path, shots: Path) -> None:
    # A link to the real one, as a version manager has it, can vanish.
    real = Path(os.path.realpath(sys.executable))
    base = tmp_path / "pythons/bin" / real.name
    base.parent.mkdir(parents=True)
    base.symlink_to(real)
    run_cli(lab, "create", "old", "six==1.16.0", "--python", str(base))
    for link in (prefix(lab, "old") / "bin").glob("python*"):
        if link.is_symlink() and os.path.isabs(os.readlink(link)):
            link.unlink()
            link.symlink_to(base)
    shutil.rmtree(base.parent)
    panel = open_panel(page)
    row_of = panel.get_by_role("treeitem", name="old,")
    row_of.get_by_role("img", name="broken").wait_for()
    row_of.locator(".jp-Environments-name").click()
    content = page.locator(".jp-EnvironmentPage:not(.lm-mod-hidden)")
    content.get_by_role("tab", name="Health").click()
    content.get_by_role("tabpanel").get_by_role("button", name="Repair").wait_for()
    both_themes(page, shots, "page-broken")
    row_of.get_by_role("button", name="Repair old").click()
    row_of.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    content.get_by_text("Nothing is wrong").wait_for()
    assert said_by(lab, "old", "import six; print(six.__version__)") == "1.16.0"


def test_a_file_is_dragged_from_the_file_browser(page: Any, lab: Lab, shots: Path) -> None:
    (lab.root / "wanted.txt").write_text("six==1.16.0\ntoolz\n")
    item = page.locator('.jp-DirListing-item[title*="wanted.txt"]')
    item.wait_for()

    def to(node: Any, x: int, y: int) -> None:
        box = node.bounding_box()
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)

    to(item, 60, 10)
    page.mouse.down()
    to(item, 90, 40)
    # The panel lies where the file browser does: it comes when its tab is touched.
    to(page.locator(PANEL_TAB), 10, 10)
    panel = page.locator("#jupyter-envs-panel")
    panel.wait_for(state="visible")
    to(panel, 100, 200)
    panel.get_by_text("Drop it to make an environment from it").wait_for()
    page.screenshot(path=shots / "drag-light.png")
    page.mouse.up()
    form = panel.get_by_role("form", name="New environment")
    form.get_by_role("region", name="Imported from wanted.txt").get_by_text("2 packages").wait_for()
    form.get_by_role("button", name="Leave out six==1.16.0").wait_for()
    panel.get_by_text("Drop it to make an environment from it").wait_for(state="detached")
    form.get_by_role("button", name="Cancel").click()
