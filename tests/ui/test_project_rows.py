"""Projects and tools in the panel: what another tool keeps, made into a kernel or only looked at."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from jupyter_envs.backends.uv import uv
from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_panel import JOB_MS, launcher_card, open_panel


def test_a_project_becomes_a_kernel(page: Any, lab: Lab, shots: Path) -> None:
    folder = lab.root / "paper"
    folder.mkdir()
    project = folder / "pyproject.toml"
    project.write_text('[project]\nname = "paper"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["six"]\n')
    subprocess.run([uv(), "lock", "-q"], cwd=folder, env=lab.environment, check=True)
    panel = open_panel(page)
    panel.get_by_role("button", name="Refresh").click()
    row = panel.get_by_role("treeitem", name="paper,")
    row.get_by_text("not made yet").wait_for()
    both_themes(page, shots, "project")

    # Asked for more since: the lock file is out of date, which is told before it is changed.
    project.write_text(project.read_text().replace('["six"]', '["six", "tabulate"]'))
    row.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    row.get_by_role("alert").get_by_text("out of date").wait_for()
    both_themes(page, shots, "project-stale")
    row.get_by_role("button", name="Update uv.lock and make it").click()
    panel.get_by_role("button", name="Adopt and continue").click()
    launcher_card(page, "paper").wait_for(timeout=JOB_MS)
    assert "tabulate" in (folder / "uv.lock").read_text()
    made = panel.get_by_role("treeitem", name="paper")
    made.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    assert "ipykernel" not in project.read_text() + (folder / "uv.lock").read_text()
    both_themes(page, shots, "project-made")


def test_a_tool_is_looked_at_and_left_alone(page: Any, lab: Lab, shots: Path) -> None:
    subprocess.run([uv(), "tool", "install", "-q", "tabulate"], env=lab.environment, check=True)
    panel = open_panel(page)
    panel.get_by_role("button", name="Refresh").click()
    panel.get_by_role("treeitem", name="Tools").wait_for()
    row = panel.get_by_role("treeitem", name="tabulate")
    row.get_by_role("img", name="a tool, never a kernel").wait_for()
    assert row.get_by_role("button", name="Remove").count() == 0
    assert row.get_by_role("button", name="Offer").count() == 0
    both_themes(page, shots, "tool")
    row.focus()
    page.keyboard.press("Enter")
    content = page.locator(".jp-EnvironmentPage")
    content.get_by_text("its packages can be seen here").wait_for()
    assert content.get_by_label("Add packages").count() == 0
