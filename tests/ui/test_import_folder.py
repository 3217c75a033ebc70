"""A folder that is dropped on the panel, or chosen there: what its files ask for fills the form."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_panel import JOB_MS, open_panel, run_cli
from tests.ui.test_panel_life import prefix_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder for Binder, with much in it that says nothing."""
    top = tmp_path / "thesis project"
    (top / "binder").mkdir(parents=True)
    (top / "binder" / "requirements.txt").write_text("six==1.16.0\npython-dotenv\n")
    (top / "binder" / "runtime.txt").write_text(f"python-{sys.version_info.major}.{sys.version_info.minor}\n")
    (top / "binder" / "apt.txt").write_text("graphviz\n")
    (top / "requirements.txt").write_text("never==1\n")
    (top / "node_modules" / "much").mkdir(parents=True)
    (top / "node_modules" / "much" / "requirements.txt").write_text("never==2\n")
    # More than a browser hands over at once.
    for number in range(250):
        (top / f"photo{number}.png").write_bytes(b"\0")
    return top


def drop_path(target: Any, path: Path) -> None:
    """A file or folder of the disk, dropped by the browser itself."""
    box = target.bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = target.page.context.new_cdp_session(target.page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})
    session.detach()


def test_a_dropped_folder_fills_the_form(page: Any, lab: Lab, shots: Path, project: Path) -> None:
    panel = open_panel(page)
    drop_path(panel.locator(".jp-Environments-view"), project)
    form = panel.get_by_role("form", name="New environment")
    card = form.get_by_role("region", name="Imported from thesis project/")
    card.get_by_text("2 packages").wait_for()
    card.get_by_text("apt.txt (packages of the system)").wait_for()
    both_themes(page, shots, "import-folder")
    assert form.get_by_label("Name", exact=True).input_value() == "thesis-project"
    form.get_by_label("Name", exact=True).fill("from-folder")
    form.get_by_role("button", name="Create").click()
    panel.get_by_role("treeitem", name="from-folder").wait_for(timeout=JOB_MS)
    page.locator(".jp-toast-message", has_text="Done: Create from-folder").wait_for(timeout=JOB_MS)
    python = prefix_of(lab, "from-folder") / "bin/python"
    subprocess.run([python, "-c", "import six, dotenv; assert six.__version__ == '1.16.0'"], check=True)
    run_cli(lab, "remove", "from-folder", "--yes")


def test_a_folder_is_chosen_by_button(page: Any, lab: Lab, shots: Path, project: Path) -> None:
    (project / "binder" / "apt.txt").unlink()
    panel = open_panel(page)
    panel.get_by_role("button", name="New environment").first.click()
    form = panel.get_by_role("form", name="New environment")
    with page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Import a folder…").click()
    chooser.value.set_files(str(project))
    card = form.get_by_role("region", name="Imported from thesis project/")
    card.get_by_text("2 packages").wait_for()
    for name in ("binder", "node_modules", "requirements.txt"):
        path = project / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    with page.expect_file_chooser() as chooser:
        form.get_by_role("button", name="Import a folder…").click()
    chooser.value.set_files(str(project))
    form.get_by_text("No file in thesis project says what it needs").wait_for()
    both_themes(page, shots, "import-folder-nothing")
    page.keyboard.press("Escape")
