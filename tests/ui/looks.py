"""How our parts of the page look, in each theme and to those who cannot see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
# What of a page is ours, or opened by us.
OURS = [
    "#jupyter-envs-panel", ".jp-EnvironmentPage", ".jp-EnvironmentDisk", ".jp-EnvironmentChip",
    ".jp-EnvironmentBanner", ".jp-EnvironmentOffer", ".jp-EnvironmentStatus", ".jp-Dialog-content",
]  # fmt: skip
FINDINGS = """async selectors => {
  const isSeen = node => node.getClientRects().length > 0;
  const include = selectors.filter(each => [...document.querySelectorAll(each)].some(isSeen));
  const {violations} = await axe.run({include: include.map(each => [each])});
  return violations
    .filter(each => ['serious', 'critical'].includes(each.impact))
    .map(each => ({rule: each.id, where: each.nodes.map(node => node.html.slice(0, 200))}));
}"""


def set_theme(page: Any, name: str) -> None:
    page.evaluate("name => jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name)
    page.locator(f'body[data-jp-theme-name="{name}"]').wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")


def check_accessible(page: Any) -> None:
    """No serious or critical finding of axe-core in what is ours of the page."""
    assert AXE.exists(), "axe-core comes with the panel's packages: run `jlpm install` in labextension"
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=str(AXE))
    found = page.evaluate(FINDINGS, OURS)
    assert not found, json.dumps(found, indent=1)


def both_themes(page: Any, folder: Path, name: str) -> None:
    """A picture in each theme, and a look at what people who cannot see it get; the focus stays where it was."""
    held = page.evaluate_handle("document.activeElement")
    for theme in ("Light", "Dark"):
        set_theme(page, f"JupyterLab {theme}")
        check_accessible(page)
        page.screenshot(path=folder / f"{name}-{theme.lower()}.png")
    set_theme(page, "JupyterLab Light")
    page.evaluate("node => node?.isConnected && document.activeElement !== node && node.focus()", held)
