"""Notebooks by hand and eye: kernel picker, toolbar chip, missing kernels, failed imports, terminals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.ui.conftest import Lab, wait_until_restored
from tests.ui.looks import both_themes, set_theme
from tests.ui.test_panel import JOB_MS, NEWS_MS, launcher_card, run_cli

PYTHON = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def write_notebook(lab: Lab, name: str, kernel: dict[str, str], *cells: str) -> str:
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "cells": [
            {"id": f"c{n}", "cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
            for n, cell in enumerate(cells)
        ],
    }
    (lab.root / name).write_text(json.dumps(content))
    return name


def open_notebook(page: Any, path: str) -> Any:
    page.evaluate("path => { void jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    page.locator(f'.lm-TabBar-tab[title*="{path}"]').wait_for()
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    notebook.locator(".jp-Cell").first.wait_for()
    return notebook


def wait_for_kernel(page: Any, name: str) -> None:
    page.wait_for_function(
        """name => {
          const kernel = jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
          return kernel?.name === name && kernel.status === 'idle';
        }""",
        arg=name,
        timeout=JOB_MS,
    )


def run_cell(page: Any, at: int) -> None:
    """Run one cell of the notebook that is shown, to its end.

    A notebook whose kernel is not connected for a moment runs nothing and says nothing, so that it is tried again.
    """
    ran = page.evaluate(
        """async at => {
          const shown = [...jupyterapp.shell.widgets('main')];
          const panel = shown.find(each => each.isVisible && each.content?.activeCell !== undefined);
          jupyterapp.shell.activateById(panel.id);
          const cell = panel.content.widgets[at];
          for (let attempt = 0; attempt < 20; attempt++) {
            panel.content.activeCellIndex = at;
            await jupyterapp.commands.execute('notebook:run-cell');
            if (cell.model.executionCount !== null) {
              return true;
            }
            await new Promise(resolve => setTimeout(resolve, 500));
          }
          return false;
        }""",
        at,
    )
    assert ran, f"the notebook did not run its cell {at}"


def written(page: Any, file: Path) -> str:
    """What a terminal writes into `file`, once it has."""
    for _ in range(900):
        if file.exists():
            return file.read_text().strip()
        page.wait_for_timeout(100)
    raise AssertionError(f"nothing was written to {file}")


def set_hidden(page: Any, hidden: bool) -> None:
    """Tells the page what a browser tells a tab that is covered, or seen again."""
    page.evaluate(
        """hidden => {
          Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
          Object.defineProperty(
            document, 'visibilityState', {configurable: true, get: () => hidden ? 'hidden' : 'visible'}
          );
          document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_from_a_notebook_to_its_environment_and_a_missing_module(page: Any, lab: Lab, shots: Path) -> None:
    path = write_notebook(
        lab,
        "Analysis.ipynb",
        PYTHON,
        "from dotenv import dotenv_values\nprint('it', 'works')",
        "import sys\nsys.prefix",
    )
    notebook = open_notebook(page, path)
    wait_for_kernel(page, "python3")
    chip = notebook.locator(".jp-EnvironmentChip-button")
    chip.get_by_text("Python 3 (ipykernel)").wait_for()
    assert "no environment" in chip.get_attribute("title")

    # The kernel's own menu leads to the form; one click more, and the notebook runs with what was made.
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name="New Environment for Notebook…").click()
    form = page.get_by_role("form", name="New environment")
    assert form.get_by_label("Name").input_value() == "analysis"
    assert form.get_by_label("Use it in Analysis.ipynb").is_checked()
    both_themes(page, shots, "nb-form")
    form.get_by_role("button", name="Create").click()
    wait_for_kernel(page, "analysis")
    launcher = page.evaluate("jupyterapp.serviceManager.kernelspecs.specs.kernelspecs.analysis.display_name")
    assert launcher == "Python (analysis)"
    chip.get_by_text("analysis", exact=True).wait_for()
    run_cell(page, 1)
    notebook.locator(".jp-OutputArea-output").get_by_text("envs/analysis").wait_for()
    # Who asked from a notebook goes on in it: the notice offers no other one.
    page.locator(".jp-toast-message", has_text="Done: Create analysis").wait_for()
    assert page.get_by_role("button", name="New notebook", exact=True).count() == 0
    both_themes(page, shots, "nb-chip")

    # Nothing is installed before the click.
    run_cell(page, 0)
    offer = notebook.get_by_role("group", name="The module dotenv is missing")
    install = offer.get_by_role("button", name="Install python-dotenv into analysis")
    install.wait_for()
    before = notebook.locator(".jp-Cell").first.locator(".jp-OutputArea").inner_text()
    assert "ModuleNotFoundError" in before
    offer.get_by_role("button", name="Other…").click()
    offer.get_by_label("Package").fill("not a package!")
    offer.get_by_text("This is not a package, URL or path.").wait_for()
    both_themes(page, shots, "nb-offer-other")
    offer.get_by_label("Package").fill("")
    offer.get_by_role("button", name="Other…").click()
    both_themes(page, shots, "nb-offer")
    listed = page.evaluate(
        "async base => (await (await fetch(base + '/jupyter-envs/environments/analysis/packages')).json()).packages",
        lab.base,
    )
    assert "python-dotenv" not in {package["name"] for package in listed}

    # By keyboard, as the notebook's own keys must not get in the way.
    install.focus()
    page.keyboard.press("Enter")
    again = offer.get_by_role("button", name="Run the cell again")
    again.wait_for(timeout=JOB_MS)
    assert notebook.locator(".jp-Cell").first.locator(".jp-OutputArea").inner_text() == before
    both_themes(page, shots, "nb-installed")
    # The cell says what is next; a notice would say it twice.
    assert page.locator(".jp-toast-message", has_text="Install python-dotenv").count() == 0
    again.click()
    notebook.locator(".jp-Cell").first.locator(".jp-OutputArea-output").get_by_text("it works").wait_for()
    offer.wait_for(state="detached")

    # What was only added needs no restart; another version does.
    assert chip.count() == 1
    run_cli(lab, "install", "analysis", "python-dotenv==1.0.0")
    notebook.get_by_role("button", name="Environment analysis, changed").wait_for(timeout=NEWS_MS)
    assert "python-dotenv" in chip.first.get_attribute("title")
    both_themes(page, shots, "nb-changed")
    notebook.get_by_role("button", name="Restart…").click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.get_by_role("button", name="Restart…").wait_for(state="detached")
    # A server that is stopped while a kernel starts anew does not stop: jupyter_client fails then.
    wait_for_kernel(page, "analysis")
    chip.click()
    page.locator("#jupyter-envs-panel:visible, .jp-EnvironmentPage:visible").first.wait_for()


def test_the_kernel_picker_leads_to_a_new_environment(page: Any, lab: Lab, shots: Path) -> None:
    notebook = open_notebook(page, write_notebook(lab, "Picked.ipynb", PYTHON, "1"))
    wait_for_kernel(page, "python3")
    notebook.locator(".jp-Toolbar-kernelName").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="New environment…").wait_for()
    both_themes(page, shots, "nb-picker")
    dialog.get_by_role("button", name="Cancel").click()
    dialog.wait_for(state="detached")
    notebook.locator(".jp-Toolbar-kernelName").click()
    dialog.get_by_role("button", name="New environment…").click()
    form = page.get_by_role("form", name="New environment")
    form.get_by_label("Use it in Picked.ipynb").wait_for()
    form.get_by_role("button", name="Create").click()
    wait_for_kernel(page, "picked")


def test_a_reload_in_the_middle_keeps_the_wish(page: Any, lab: Lab) -> None:
    path = write_notebook(lab, "Reloaded.ipynb", PYTHON, "1")
    open_notebook(page, path)
    wait_for_kernel(page, "python3")
    page.evaluate("path => { void jupyterapp.commands.execute('jupyter-envs:new-for-notebook'); }", path)
    form = page.get_by_role("form", name="New environment")
    form.get_by_label("Packages", exact=True).fill("python-dotenv")
    with page.expect_response(lambda response: response.status == 202):
        form.get_by_role("button", name="Create").click()
    page.goto(f"{lab.base}/lab?reset")
    wait_until_restored(page, launcher=True)
    open_notebook(page, path)
    wait_for_kernel(page, "reloaded")


def test_a_notebook_without_its_kernel_gets_a_banner(page: Any, lab: Lab, shots: Path) -> None:
    gone = {"name": "gone", "display_name": "Python (gone)", "language": "python"}
    # Two kernels of the language: JupyterLab knows none that fits and would ask at once.
    run_cli(lab, "create", "other")
    page.evaluate("jupyterapp.serviceManager.kernelspecs.refreshSpecs()")
    notebook = open_notebook(page, write_notebook(lab, "Old.ipynb", gone, "import sys\nsys.prefix"))
    banner = notebook.get_by_role("alert")
    banner.get_by_text("This notebook was made with “gone”").wait_for()
    notebook.get_by_role("button", name="Environment gone, missing").wait_for()
    both_themes(page, shots, "nb-missing")
    assert page.get_by_role("dialog").count() == 0
    banner.get_by_role("button", name="Choose another kernel…").click()
    page.get_by_role("dialog").get_by_role("combobox").wait_for()
    page.keyboard.press("Escape")
    banner.get_by_role("button", name="New environment…").click()
    form = page.get_by_role("form", name="New environment")
    assert form.get_by_label("Name").input_value() == "gone"
    form.get_by_role("button", name="Create").click()
    wait_for_kernel(page, "gone")
    banner.wait_for(state="detached")
    notebook.get_by_role("button", name="Environment gone", exact=True).wait_for()


def test_names_with_markup_are_text(page: Any, lab: Lab, shots: Path) -> None:
    markup = "<img src=x onerror=window.pwned=1>"
    kernel = {"name": "markup", "display_name": markup, "language": "python"}
    cell = f"raise ModuleNotFoundError(\"No module named '{markup}'\")"
    notebook = open_notebook(page, write_notebook(lab, "Markup.ipynb", kernel, cell, "import no_such_module_at_all"))
    notebook.get_by_role("alert").get_by_text(markup).wait_for()
    page.screenshot(path=shots / "nb-markup-light.png")
    notebook.get_by_role("button", name="Dismiss").click()
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.changeKernel({name: 'python3'})")
    wait_for_kernel(page, "python3")
    run_cell(page, 0)
    notebook.locator(".jp-OutputArea-output").get_by_text("ModuleNotFoundError").first.wait_for()
    # The kernel is Jupyter's own: nothing is installed into it, an environment is offered instead.
    run_cell(page, 1)
    offer = notebook.get_by_role("group", name="The module no_such_module_at_all is missing")
    offer.get_by_role("button", name="New environment…").wait_for()
    assert notebook.locator(".jp-EnvironmentOffer").count() == 1
    page.screenshot(path=shots / "nb-offer-foreign-light.png")
    assert page.evaluate("window.pwned") is None


def test_a_hidden_tab_has_the_card_when_it_is_seen_again(page: Any, lab: Lab) -> None:
    page.locator('.jp-LauncherCard[title*="New Environment"]').wait_for()
    set_hidden(page, True)
    # JupyterLab still answers the first call in a hidden tab, but not those that follow.
    for name in ("unseen", "unseen-2", "unseen-3"):
        run_cli(lab, "create", name)
    page.wait_for_timeout(1000)
    assert launcher_card(page, "unseen-3").count() == 0
    set_hidden(page, False)
    launcher_card(page, "unseen-3").wait_for(timeout=NEWS_MS)


def test_the_launcher_leads_to_the_form(page: Any, shots: Path) -> None:
    card = page.locator('.jp-LauncherCard[title*="New Environment"]')
    card.wait_for()
    page.screenshot(path=shots / "nb-launcher-light.png")
    set_theme(page, "JupyterLab Dark")
    page.screenshot(path=shots / "nb-launcher-dark.png")
    card.click()
    page.get_by_role("form", name="New environment").wait_for()


def test_a_terminal_in_an_environment(page: Any, lab: Lab, shots: Path) -> None:
    run_cli(lab, "create", "shell")
    page.evaluate("void jupyterapp.commands.execute('jupyter-envs:open-terminal', {id: 'shell'})")
    terminal = page.locator(".jp-Terminal:not(.lm-mod-hidden)")
    terminal.wait_for()
    terminal.click()
    page.wait_for_timeout(1500)
    page.screenshot(path=shots / "nb-terminal-light.png")
    out = lab.root / "prefix.txt"
    page.keyboard.type(f"python -c 'import sys; print(sys.prefix)' > {out}.new && mv {out}.new {out}\n")
    assert written(page, out).endswith("envs/shell")
