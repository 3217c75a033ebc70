"""A notebook that carries its environment: recorded, opened where the kernel is missing, rebuilt after a yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_notebook import open_notebook, run_cell, wait_for_kernel, write_notebook
from tests.ui.test_panel import run_cli


def sources(page: Any) -> list[str]:
    found = page.evaluate(
        "jupyterapp.shell.currentWidget.model.sharedModel.cells.map(cell => cell.getSource())",
    )
    assert isinstance(found, list)
    return found


def test_recorded_here_and_rebuilt_where_it_is_missing(page: Any, lab: Lab, shots: Path) -> None:
    run_cli(lab, "create", "source", "six==1.16.0")
    kernel = {"name": "source", "display_name": "Python (source)", "language": "python"}
    path = write_notebook(lab, "Report.ipynb", kernel, "import six\nprint('six', six.__version__)")
    notebook = open_notebook(page, path)
    wait_for_kernel(page, "source")
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="Record Environment in Notebook").click()
    page.get_by_text("The notebook says what it needs: source.").wait_for()
    assert '"six==1.16.0"' in sources(page)[0]

    # What is installed afterwards is in the notebook a moment later.
    run_cli(lab, "install", "source", "python-dotenv")
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.model.sharedModel.cells[0].getSource().includes('python-dotenv')"
    )
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    carried = json.loads((lab.root / path).read_text())
    assert "six" in carried["metadata"]["jupyter_envs"]["lock"]
    page.evaluate("jupyterapp.commands.execute('notebook:shutdown-kernel')")
    page.evaluate("jupyterapp.shell.currentWidget.close()")
    run_cli(lab, "remove", "source", "--yes", "--force")

    page.evaluate("jupyterapp.serviceManager.kernelspecs.refreshSpecs()")
    notebook = open_notebook(page, path)
    banner = notebook.get_by_role("alert")
    banner.get_by_role("button", name="Rebuild its environment…").click()
    dialog = page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Approve and rebuild")
    button.wait_for()
    dialog.get_by_role("row", name="six").get_by_text("new to you").wait_for()
    assert dialog.get_by_label("Just those of the notebook’s lock").is_checked()
    both_themes(page, shots, "rebuild")
    found = page.evaluate("async base => (await fetch(base + '/jupyter-envs/environments')).json()", lab.base)
    assert not any(known["name"] == "Report" for known in found["environments"])
    button.click()
    wait_for_kernel(page, "report")
    banner.wait_for(state="detached")
    run_cell(page, 1)
    notebook.locator(".jp-OutputArea-output").get_by_text("six 1.16.0").wait_for()
    run_cli(lab, "remove", "Report", "--yes", "--force")
