"""Jupyter Notebook 7: the panel and the page beside the one document, chip, picker, banner, offer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Application, Lab, wait_until_restored
from tests.ui.looks import check_accessible
from tests.ui.test_notebook import PYTHON, run_cell, wait_for_kernel, write_notebook
from tests.ui.test_panel import JOB_MS, run_cli

pytest.importorskip("notebook")


@pytest.fixture(scope="module")
def application() -> Application:
    return Application("notebook", "JupyterNotebookApp", "tree")


def go(page: Any, lab: Lab, path: str) -> Any:
    page.goto(f"{lab.base}/notebooks/{path}")
    wait_until_restored(page, launcher=False)
    notebook = page.locator(".jp-NotebookPanel")
    notebook.locator(".jp-Cell").first.wait_for()
    return notebook


def test_panel_page_chip_picker_banner_and_offer(page: Any, lab: Lab, shots: Path) -> None:
    page.get_by_role("menuitem", name="View").click()
    page.get_by_role("menu").get_by_text("Environments", exact=True).click()
    panel = page.locator("#jupyter-envs-panel")
    panel.get_by_text("No environments of your own yet").wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "seven-tree-light.png")
    run_cli(lab, "create", "thesis")
    panel.get_by_role("treeitem", name="thesis,").locator(".jp-Environments-name").click()
    page.locator(".jp-EnvironmentPage").get_by_role("heading", name="thesis", level=1).wait_for()
    page.screenshot(path=shots / "seven-tree-page-light.png")

    kernel = PYTHON | {"name": "thesis", "display_name": "Python (thesis)"}
    notebook = go(page, lab, write_notebook(lab, "A.ipynb", kernel, "import toolz"))
    wait_for_kernel(page, "thesis")
    notebook.get_by_role("button", name="Environment thesis", exact=True).click()
    content = page.locator(".jp-EnvironmentPage")
    content.get_by_role("heading", name="thesis", level=1).wait_for()
    content.get_by_role("tab", name="Packages").wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "seven-page-light.png")
    run_cell(page, 0)
    offer = notebook.get_by_role("group", name="The module toolz is missing")
    offer.get_by_role("button", name="Install toolz into thesis").wait_for()

    notebook.locator(".jp-Toolbar-kernelName").click()
    page.get_by_role("dialog").get_by_role("button", name="New environment…").click()
    form = page.get_by_role("form", name="New environment")
    form.get_by_label("Use it in A.ipynb").wait_for()
    page.screenshot(path=shots / "seven-form-light.png")
    form.get_by_role("button", name="Create").click()
    wait_for_kernel(page, "a")
    notebook.get_by_role("button", name="Environment a", exact=True).wait_for(timeout=JOB_MS)

    gone = PYTHON | {"name": "gone", "display_name": "Python (gone)"}
    notebook = go(page, lab, write_notebook(lab, "B.ipynb", gone, "1"))
    notebook.get_by_role("alert").get_by_text("This notebook was made with “gone”").wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "seven-missing-light.png")
    notebook.get_by_role("button", name="Environment gone, missing").click()
    page.get_by_role("dialog").get_by_role("combobox").select_option(label="Python (thesis)")
    page.get_by_role("dialog").get_by_role("button", name="Select Kernel").click()
    wait_for_kernel(page, "thesis")
    notebook.get_by_role("alert").wait_for(state="detached")
