"""An environment that others made: the page asks once, with what will run, before it is changed."""

from __future__ import annotations

import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import Lab
from tests.ui.looks import both_themes, check_accessible
from tests.ui.test_actions import choose
from tests.ui.test_page import bar, identity, open_page
from tests.ui.test_panel import JOB_MS

MINOR = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture(scope="module")
def cloned(lab: Lab) -> Path:
    """What a repository in the notebook folder brought: a file in it is made whenever its Python starts."""
    prefix = lab.root / "cloned" / ".venv"
    venv.create(prefix, symlinks=True)
    site = prefix / f"lib/python{MINOR}/site-packages"
    (site / "sitecustomize.py").write_text(f"open({str(lab.root / 'started')!r}, 'a').close()\n")
    (site / "old-1.0.dist-info").mkdir()
    (site / "old-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: old\nVersion: 1.0\n")
    (site / "old-1.0.dist-info/RECORD").write_text("old-1.0.dist-info/METADATA,,\nold-1.0.dist-info/RECORD,,\n")
    return prefix


def test_it_is_asked_with_what_will_run(page: Any, lab: Lab, cloned: Path, shots: Path) -> None:
    header = {"Authorization": f"token {lab.token}"}
    page.request.get(f"{lab.base}/jupyter-envs/environments?refresh=true", headers=header)
    content = open_page(page, identity(lab, "cloned/.venv"))
    content.get_by_text("old", exact=True).first.wait_for()
    choose(content, "Offer as a kernel")
    question = content.get_by_role("group", name="Adopt this environment?")
    told = question.get_by_label("What will run")
    told.get_by_text(f"{cloned}/bin/python").wait_for()
    told.get_by_text("sitecustomize.py").wait_for()
    check_accessible(page)
    both_themes(page, shots, "page-adoption")
    question.get_by_role("button", name="Not now").click()
    content.get_by_text("It was not adopted, and nothing was changed.").wait_for()
    assert not (lab.root / "started").exists(), "nothing of it has run"
    content.get_by_role("button", name="Ask again").click()
    question.get_by_role("button", name="Adopt and continue").click()
    content.get_by_text("ready, offered as a kernel").wait_for(timeout=JOB_MS)
    assert (lab.root / "started").exists()
    assert bar(content).get_by_role("group", name="Adopt this environment?").count() == 0
