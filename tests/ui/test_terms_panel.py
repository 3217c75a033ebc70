"""Channels under terms, and what pip brings beside conda's packages, by hand and eye."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.channel.fixture import Channel, channel
from tests.channel.server import serving
from tests.ui.conftest import STATE, Lab
from tests.ui.looks import both_themes
from tests.ui.test_notebook import open_notebook, run_cell, wait_for_kernel, write_notebook
from tests.ui.test_page import PAGE, bar, environments, find, identity, open_page
from tests.ui.test_panel import JOB_MS, open_panel, run_cli

__all__ = ["channel"]
ASKED = "may be used only under the terms of"


@pytest.fixture(scope="module")
def mirrored(lab: Lab, channel: Channel) -> Iterator[str]:
    """The server's user takes everything from channels with terms, of which a mirror on this machine is asked."""
    with serving(channel.folder) as server:
        settings = {
            "channels": ["defaults"], "mirrored_channels": {"defaults": [server.url]},
            "pkgs_dirs": [str(channel.pkgs)], "register_envs": False,
        }  # fmt: skip
        Path(lab.environment["HOME"], ".condarc").write_text(json.dumps(settings))
        yield server.url


def test_terms_are_asked_about_in_the_form_and_on_the_page(page: Any, lab: Lab, mirrored: str, shots: Path) -> None:
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)

    def made() -> list[str]:
        return [url for url in sent if urlsplit(url).path.endswith("/jupyter-envs/environments")]

    panel = open_panel(page)
    panel.get_by_role("button", name="New environment").last.click()
    form = panel.get_by_role("form", name="New environment")
    form.get_by_label("Name").fill("under-terms")
    form.get_by_role("button", name="More").click()
    form.get_by_role("radio", name="conda").check()
    packages = form.get_by_label("Packages", exact=True)
    packages.fill("small=1.0")
    packages.press("Enter")
    form.get_by_role("button", name="Create").click()

    question = form.get_by_role("group", name="Terms of use")
    question.get_by_text(ASKED).wait_for()
    question.get_by_role("link").first.wait_for()
    assert question.get_by_role("link").first.get_attribute("href").endswith("/tos.json")
    page.wait_for_function("document.activeElement.textContent === 'Not now'")
    question.scroll_into_view_if_needed()
    both_themes(page, shots, "terms-form")
    question.get_by_role("button", name="Not now").click()
    question.wait_for(state="detached")
    assert made() == []
    assert "under-terms" not in {each["name"] for each in environments(lab)}

    form.get_by_role("button", name="Create").click()
    question.get_by_role("button", name="Accept and continue").click()
    panel.get_by_role("treeitem", name="under-terms").wait_for(timeout=JOB_MS)
    panel.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    assert len(made()) == 1
    remembered = Path(lab.environment["HOME"], STATE, "conda-terms.json")

    # As on another machine, where nobody has accepted them: the page asks where it needs them.
    remembered.unlink()
    content = open_page(page, identity(lab, "under-terms"))
    find(content, "small")
    add = content.get_by_label("Add packages")
    add.fill("demo-activate=1.0")
    add.press("Enter")
    question = bar(content).get_by_role("group", name="Terms of use")
    question.get_by_text(ASKED).wait_for(timeout=JOB_MS)
    both_themes(page, shots, "terms-page")
    question.get_by_role("button", name="Not now").click()
    bar(content).get_by_role("button", name="Terms…").click()
    assert not remembered.exists()
    question.get_by_role("button", name="Accept and continue").click()
    bar(content).get_by_text("1 added").wait_for(timeout=JOB_MS)
    assert remembered.exists()

    # The job may find out as well: what was asked for goes on from where it failed.
    remembered.unlink()
    bar(content).get_by_role("button", name="Apply").click()
    bar(content).get_by_text(ASKED).wait_for(timeout=JOB_MS)
    in_panel = panel.get_by_role("region", name="Jobs").get_by_role("group", name="Terms of use")
    in_panel.wait_for()
    both_themes(page, shots, "terms-job")
    in_panel.get_by_role("button", name="Accept and continue").click()
    bar(content).get_by_text("Done: Install demo-activate").wait_for(timeout=JOB_MS)
    find(content, "demo-activate")
    assert page.get_by_text(ASKED).count() == 0


def test_pip_beside_conda(page: Any, lab: Lab, mirrored: str, shots: Path) -> None:
    run_cli(lab, "terms", "defaults", "--accept")
    old = ("--pip", "tabulate==0.8.9", "--pip", "flit_core==3.9.0")
    run_cli(lab, "create", "mixed", "--manager", "conda", *old)
    kernel = {"name": "mixed", "display_name": "Python (mixed)", "language": "python"}
    content = open_page(page, identity(lab, "mixed"))
    row = find(content, "tabulate")
    row.click()
    content.get_by_label("Version of tabulate").select_option("0.9.0")
    find(content, "flit_core").get_by_role("button", name="Remove flit_core").click()
    with page.expect_request(lambda asked: asked.method == "POST" and "/packages" in asked.url) as sent:
        bar(content).get_by_text("1 changed, 1 removed").wait_for(timeout=JOB_MS)
    change = sent.value.post_data_json
    assert (change["install"], change["pip_packages"]) == ([], ["tabulate==0.9.0"])
    bar(content).get_by_role("button", name="Apply").click()
    find(content, "tabulate").get_by_text("0.9.0").first.wait_for(timeout=JOB_MS)

    add = content.get_by_label("Add packages")
    add.fill("toolz")
    add.press("Enter")
    bar(content).get_by_text("This cannot be done.").wait_for(timeout=JOB_MS)
    content.get_by_label("Let pip bring what no channel has").check()
    bar(content).get_by_text("No channel has toolz: brought by pip.").wait_for(timeout=JOB_MS)
    both_themes(page, shots, "conda-or-pip")
    bar(content).get_by_role("button", name="Discard").click()

    notebook = open_notebook(page, write_notebook(lab, "Mixed.ipynb", kernel, "import toolz", "import small"))
    wait_for_kernel(page, "mixed")
    run_cell(page, 0)
    offer = notebook.get_by_role("group", name="The module toolz is missing")
    offer.get_by_text("or by pip where none of them has it").wait_for()
    offer.get_by_role("button", name="Other…").click()
    offer.get_by_label("Package").fill("toolz>=")
    offer.get_by_text("This is neither a match spec").wait_for()
    both_themes(page, shots, "conda-offer")
    offer.get_by_label("Package").fill("")
    offer.get_by_role("button", name="Install toolz into mixed").click()
    offer.get_by_text("No channel has toolz: brought by pip.").wait_for(timeout=JOB_MS)
    both_themes(page, shots, "conda-offer-done")
    run_cell(page, 1)
    offer = notebook.get_by_role("group", name="The module small is missing")
    install = offer.get_by_role("button", name=re.compile(r"^Install (small )?into mixed$"))
    install.wait_for()
    if offer.get_by_label("Package").is_visible():
        # Whether an index knows the name too is not for this test to say: it may not answer.
        offer.get_by_label("Package").fill("small")
    install.click()
    offer.get_by_text("small is installed.").wait_for(timeout=JOB_MS)
    content = open_page(page, identity(lab, "mixed"))
    assert "pip" not in find(content, "small").locator('[data-column="source"]').inner_text()
    assert find(content, "toolz").locator('[data-column="source"]').inner_text() == "pip"
    # What was done stands in the history in words.
    content.get_by_role("tab", name="History").click()
    content.get_by_text("tabulate==0.9.0 by pip").wait_for()
    assert page.locator(PAGE).count() == 1
