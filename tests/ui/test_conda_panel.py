"""A conda environment by hand and eye: made from a channel, a kernel at once, changed on its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.channel.fixture import Channel, channel
from tests.ui.conftest import Lab
from tests.ui.looks import both_themes
from tests.ui.test_page import PAGE, bar, find
from tests.ui.test_panel import JOB_MS, NEWS_MS, launcher_card, open_panel

__all__ = ["channel"]


@pytest.fixture(scope="module")
def condarc(lab: Lab, channel: Channel) -> Path:
    """Settings of the server's user with the tests' channel, in which nothing is fetched."""
    file = Path(lab.environment["HOME"], ".condarc")
    file.write_text(json.dumps({"channels": [channel.url], "pkgs_dirs": [str(channel.pkgs)], "register_envs": False}))
    return file


def test_from_a_channel_to_a_kernel_and_a_newer_version(
    page: Any, lab: Lab, condarc: Path, channel: Channel, shots: Path
) -> None:
    panel = open_panel(page)
    panel.get_by_role("button", name="New environment").last.click()
    form = panel.get_by_role("form", name="New environment")
    form.get_by_label("Name").fill("conda-one")
    form.get_by_role("button", name="More").click()
    form.get_by_role("radio", name="conda").check()

    channels = form.get_by_label("Channels", exact=True)
    channels.fill(channel.url)
    channels.press("Enter")
    form.get_by_role("button", name=f"Leave out {channel.url}").wait_for()
    channels.fill(f"{channel.extra} ")
    order = form.locator("[data-channel]")
    first = form.get_by_role("button", name=f"Move {channel.extra} before {channel.url}")
    first.focus()
    page.keyboard.press("Alt+ArrowLeft")
    form.get_by_text(f"{channel.extra} is number 1 of 2").wait_for()
    assert [order.nth(n).get_attribute("data-channel") for n in range(2)] == [channel.extra, channel.url]
    form.get_by_text("The first one wins").scroll_into_view_if_needed()
    both_themes(page, shots, "conda-channels")
    order.nth(1).drag_to(order.nth(0), source_position={"x": 20, "y": 8}, target_position={"x": 20, "y": 8})
    assert [order.nth(n).get_attribute("data-channel") for n in range(2)] == [channel.url, channel.extra]
    form.get_by_role("button", name=f"Leave out {channel.extra}").click()
    python = form.get_by_label("Python", exact=True)
    # Those of the channel, which come after those of the machine.
    offered = python.locator(f'xpath=following::datalist[1]/option[@value="{channel.python}"]')
    offered.wait_for(state="attached")
    python.fill(channel.python)

    packages = form.get_by_label("Packages", exact=True)
    packages.fill("small=")
    form.get_by_role("option", name="small=1.0").click()
    packages.fill("no-such-one")
    packages.press("Enter")
    form.get_by_text("No channel has a package of this name.").wait_for(state="attached")
    channels.scroll_into_view_if_needed()
    both_themes(page, shots, "conda-new")
    form.get_by_role("button", name="Leave out no-such-one").click()
    with page.expect_request(lambda asked: asked.method == "POST" and "/environments" in asked.url) as sent:
        form.get_by_role("button", name="Create").click()
    assert sent.value.post_data_json == {
        "name": "conda-one", "manager": "conda", "python": channel.python, "packages": ["small=1.0"],
        "channels": [channel.url],
    }  # fmt: skip

    panel.get_by_role("treeitem", name="conda-one").wait_for(timeout=JOB_MS)
    panel.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    launcher_card(page, "conda-one").wait_for(timeout=NEWS_MS)

    panel.get_by_text("conda-one", exact=True).click()
    content = page.locator(PAGE)
    row = find(content, "small")
    assert "1.0" in row.inner_text()
    row.get_by_role("button", name="Upgrade small to 2.0").wait_for()
    add = content.get_by_label("Add packages")
    add.fill("demo-activate=1.0")
    add.press("Enter")
    content.get_by_role("button", name="Leave out demo-activate=1.0").wait_for()
    row.get_by_role("button", name="Upgrade small to 2.0").click()
    bar(content).get_by_role("button", name="Apply").wait_for()
    both_themes(page, shots, "conda-page")
    bar(content).get_by_role("button", name="Apply").click()
    row.get_by_text("2.0", exact=True).first.wait_for(timeout=JOB_MS)
    find(content, "demo-activate")
    both_themes(page, shots, "conda-changed")
