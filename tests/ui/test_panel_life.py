"""The panel over time: reloads, restarts, two tabs, other hands, slow and failing servers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.backends.uv import uv
from tests.ui.conftest import Lab, wait_until_restored
from tests.ui.looks import both_themes, check_accessible
from tests.ui.test_panel import JOB_MS, NEWS_MS, open_panel, run_cli, wait_for_focus

# A build that takes until it is told to go on: a job as long as a test wants.
BACKEND = """
import pathlib, time
def build_wheel(folder, config_settings=None, metadata_directory=None):
    while not pathlib.Path(__file__).with_name("go").exists():
        time.sleep(0.05)
    raise SystemExit("this project cannot be built")
"""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Path]:
    """A project whose build waits for a file `go` beside it, and then fails."""
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "slow-build"\nversion = "1"\n'
    )
    (tmp_path / "backend.py").write_text(BACKEND)
    yield tmp_path
    (tmp_path / "go").touch()


def environments(lab: Lab) -> list[dict[str, Any]]:
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_envs", "list", "--json"], env=lab.environment, capture_output=True, check=True
    )
    found = json.loads(listed.stdout)
    return list(found["environments"] if isinstance(found, dict) else found)


def prefix_of(lab: Lab, name: str) -> Path:
    return next(Path(e["prefix"]) for e in environments(lab) if e["name"] == name)


def create(page: Any, panel: Any, name: str, packages: str = "") -> None:
    panel.get_by_role("button", name="New environment").first.click()
    form = panel.get_by_role("form", name="New environment")
    form.get_by_label("Name", exact=True).fill(name)
    if packages:
        form.get_by_label("Packages", exact=True).fill(packages)
    form.get_by_role("button", name="Create").click()
    form.wait_for(state="detached")


def reload(page: Any) -> None:
    page.reload()
    wait_until_restored(page, launcher=False)


def drop(target: Any, name: str, text: str) -> None:
    """A file of the user's, dropped on `target`."""
    data = target.page.evaluate_handle(
        "([name, text]) => { const d = new DataTransfer(); d.items.add(new File([text], name)); return d; }",
        [name, text],
    )
    for event in ("dragenter", "dragover", "drop"):
        target.dispatch_event(event, {"dataTransfer": data})


@pytest.fixture
def thesis(lab: Lab) -> str:
    if not any(e["name"] == "thesis" for e in environments(lab)):
        run_cli(lab, "create", "thesis")
    return "thesis"


def test_a_dropped_file_fills_the_form(page: Any, lab: Lab, shots: Path) -> None:
    panel = open_panel(page)
    drop(panel.locator(".jp-Environments-view"), "requirements.txt", "six==1.16.0\n# a comment\npython-dotenv\n")
    form = panel.get_by_role("form", name="New environment")
    form.get_by_role("region", name="Imported from requirements.txt").get_by_text("2 packages").wait_for()
    form.get_by_role("button", name="Leave out six==1.16.0").wait_for()
    form.get_by_role("button", name="More").click()
    form.get_by_role("radio", name="uv").wait_for()
    form.get_by_role("radio", name="venv Python").wait_for()
    both_themes(page, shots, "import")
    form.get_by_label("Name", exact=True).fill("dropped")
    form.get_by_role("button", name="Create").click()
    panel.get_by_role("treeitem", name="dropped").wait_for(timeout=JOB_MS)
    page.locator(".jp-toast-message", has_text="Done: Create dropped").wait_for(timeout=JOB_MS)
    python = prefix_of(lab, "dropped") / "bin/python"
    subprocess.run([python, "-c", "import six, dotenv; assert six.__version__ == '1.16.0'"], check=True)
    drop(panel.locator(".jp-Environments-view"), "movie.bin", "\0")
    panel.get_by_role("form", name="New environment").get_by_role("alert").wait_for()
    page.keyboard.press("Escape")
    run_cli(lab, "remove", "dropped", "--yes")


def test_a_dropped_lock_is_taken_as_it_is(page: Any, lab: Lab, shots: Path) -> None:
    argv = [sys.executable, "-m", "uv", "pip", "compile", "--generate-hashes", "--no-header", "-q", "-"]
    compiled = subprocess.run(argv, input="six==1.16.0\n", capture_output=True, text=True, check=True).stdout
    panel = open_panel(page)
    drop(panel.locator(".jp-Environments-view"), "requirements.txt", compiled)
    form = panel.get_by_role("form", name="New environment")
    card = form.get_by_role("region", name="Imported from requirements.txt")
    card.get_by_text("1 is compared to its hash").wait_for()
    assert form.get_by_role("button", name="Leave out six").count() == 0
    both_themes(page, shots, "import-lock")
    form.get_by_label("Name", exact=True).fill("locked")
    form.get_by_role("button", name="Create").click()
    panel.get_by_role("treeitem", name="locked").wait_for(timeout=JOB_MS)
    page.locator(".jp-toast-message", has_text="Done: Create locked").wait_for(timeout=JOB_MS)
    python = prefix_of(lab, "locked") / "bin/python"
    subprocess.run([python, "-c", "import six; assert six.__version__ == '1.16.0'"], check=True)
    run_cli(lab, "remove", "locked", "--yes")


def test_other_hands_show_within_two_seconds(page: Any, lab: Lab, thesis: str) -> None:
    panel = open_panel(page)
    row = panel.get_by_role("treeitem", name=f"{thesis},")
    row.wait_for()
    python = prefix_of(lab, thesis) / "bin/python"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def shows(text: str, *argv: Any) -> float:
        subprocess.run(argv, env=lab.environment, check=True, capture_output=True)
        began = time.monotonic()
        row.get_by_text(text).wait_for(timeout=NEWS_MS)
        return time.monotonic() - began

    before = int(row.get_by_text("packages").inner_text().split(" packages")[0].split()[-1])
    pip = (uv(), "pip", "install", "--python", python, "six", "python-dotenv")
    took = [shows(f"{before + 2} packages", *pip)]
    took.append(shows(f"{before} packages", uv(), "pip", "uninstall", "--python", python, "six", "python-dotenv"))
    print("a terminal's change shown after", [f"{seconds:.2f} s" for seconds in took])

    def listed() -> int:
        return len([url for url in asked if "/jupyter-envs/environments" in url])

    # Who asks does it for what was told, and not by the clock: three seconds come without a question.
    for _ in range(10):
        so_far = listed()
        page.wait_for_timeout(3000)
        if listed() == so_far:
            break
    else:
        pytest.fail(f"asked all the time: {asked}")

    run_cli(lab, "create", "by-cli")
    panel.get_by_role("treeitem", name="by-cli").wait_for(timeout=NEWS_MS)
    run_cli(lab, "remove", "by-cli", "--yes")
    panel.get_by_role("treeitem", name="by-cli").wait_for(state="detached", timeout=NEWS_MS)


def test_a_reload_in_the_middle_of_a_job(page: Any, slow: Path, shots: Path, thesis: str) -> None:
    panel = open_panel(page)
    create(page, panel, "reloaded", str(slow))
    create(page, panel, "reloaded-too", str(slow))
    jobs = panel.get_by_role("region", name="Jobs")
    jobs.get_by_role("listitem").nth(1).wait_for()
    assert jobs.get_by_role("listitem").count() == 2
    jobs.get_by_role("button", name="Log of Create reloaded", exact=True).click()
    jobs.get_by_role("log").locator("div").first.wait_for(timeout=JOB_MS)
    page.get_by_role("button", name="2 environment jobs").wait_for()
    both_themes(page, shots, "jobs")
    reload(page)
    page.get_by_role("button", name="2 environment jobs").wait_for()
    panel = open_panel(page)
    jobs = panel.get_by_role("region", name="Jobs")
    jobs.get_by_role("progressbar").nth(1).wait_for()
    assert jobs.get_by_role("progressbar").count() == 2
    jobs.get_by_role("button", name="Cancel Create reloaded-too").click()
    jobs.get_by_role("listitem").nth(1).wait_for(state="detached")
    (slow / "go").touch()
    jobs.get_by_role("alert").wait_for(timeout=JOB_MS)
    page.get_by_role("button", name="Show log").wait_for()
    both_themes(page, shots, "failed")
    page.locator("li.lm-TabBar-tab[data-id='filebrowser']").click()
    page.get_by_role("button", name="Show log").click()
    jobs.get_by_role("log").wait_for()
    reload(page)
    # What failed stays until somebody has seen to it.
    jobs = open_panel(page).get_by_role("region", name="Jobs")
    jobs.get_by_role("button", name="Dismiss Create reloaded").click()
    jobs.wait_for(state="detached")


def test_a_restart_of_the_server_in_the_middle(page: Any, lab: Lab, slow: Path, shots: Path, thesis: str) -> None:
    panel = open_panel(page)
    create(page, panel, "broken-off", str(slow))
    jobs = panel.get_by_role("region", name="Jobs")
    jobs.get_by_role("progressbar").wait_for()
    page.wait_for_timeout(1500)
    lab.stop(signal.SIGKILL)
    # By command: JupyterLab's own dialog about the server may lie over the button.
    page.evaluate("void jupyterapp.commands.execute('jupyter-envs:refresh')")
    panel.get_by_role("alert").get_by_text("does not answer").wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "offline-light.png")
    lab.start()
    page.evaluate("void jupyterapp.commands.execute('jupyter-envs:refresh')")
    jobs.get_by_text("the server stopped").wait_for()
    assert jobs.get_by_role("progressbar").count() == 0
    page.screenshot(path=shots / "interrupted-light.png")
    reload(page)
    jobs = open_panel(page).get_by_role("region", name="Jobs")
    jobs.get_by_text("the server stopped").wait_for()
    jobs.get_by_role("button", name="Dismiss Create broken-off").click()


def test_two_tabs_say_the_same(page: Any, slow: Path, lab: Lab, thesis: str) -> None:
    panel = open_panel(page)
    other = page.context.new_page()
    other.goto(f"{lab.base}/lab/workspaces/other?reset")
    wait_until_restored(other, launcher=True)
    there = open_panel(other)
    there.get_by_role("treeitem", name=f"{thesis},").wait_for()
    create(page, panel, "shared", str(slow))
    there.get_by_role("button", name="Cancel Create shared").click()
    panel.get_by_role("button", name="Cancel Create shared").wait_for(state="detached")
    # Who did not ask gets no notice.
    assert other.locator(".jp-toast-message").count() == 0
    other.close()


def test_broken_environments_and_names_with_markup(page: Any, lab: Lab, shots: Path, thesis: str) -> None:
    root = prefix_of(lab, thesis).parent
    broken = root / "<img src=x onerror=alert(1)>"
    (broken / "bin").mkdir(parents=True)
    (broken / "pyvenv.cfg").write_text("home = /nowhere\nversion_info = 3.12.1\n")
    project = lab.root / "<b>paper" / ".venv"
    (project / "bin").mkdir(parents=True)
    (project / "bin/python").symlink_to(sys.executable)
    (project / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\nversion_info = 3.11.0\n")
    page.on("dialog", lambda dialog: pytest.fail("a name was run"))
    panel = open_panel(page)
    header = {"Authorization": f"token {lab.token}"}
    page.request.get(f"{lab.base}/jupyter-envs/environments?refresh=true", headers=header)
    panel.get_by_text("<img src=x onerror=alert(1)>", exact=True).wait_for()
    panel.get_by_text("<b>paper/.venv", exact=True).wait_for()
    panel.get_by_role("button", name="Repair").first.wait_for()
    assert panel.locator("img:not([role])").count() == 0
    both_themes(page, shots, "broken")
    (broken / "pyvenv.cfg").unlink()
    (broken / "bin").rmdir()
    broken.rmdir()
    panel.get_by_text("<img src=x").wait_for(state="detached", timeout=NEWS_MS)


def test_slow_and_failing_server(page: Any, lab: Lab, shots: Path, thesis: str) -> None:
    answers: list[Any] = []

    def late(route: Any) -> None:
        answers.append(route)

    page.route("**/jupyter-envs/environments*", late)
    panel = open_panel(page)
    panel.get_by_text("Looking for environments…").wait_for()
    while not answers:
        page.wait_for_timeout(100)
    check_accessible(page)
    page.screenshot(path=shots / "loading-light.png")
    error = {"message": "The disk is full.", "reason": "error", "kind": "error", "hint": "Make room."}
    answers.pop().fulfill(status=503, json=error)
    panel.get_by_role("alert").get_by_text("The disk is full.").wait_for()
    both_themes(page, shots, "error")
    panel.get_by_role("button", name="Try again").click()
    page.wait_for_timeout(300)
    page.unroute("**/jupyter-envs/environments*")
    # It comes back by itself as soon as there is news.
    run_cli(lab, "create", "news")
    panel.get_by_role("treeitem", name="news").wait_for()
    run_cli(lab, "remove", "news", "--yes")


def test_by_keyboard_alone(page: Any, lab: Lab, shots: Path, thesis: str) -> None:
    press = page.keyboard.press
    page.evaluate("jupyterapp.commands.execute('jupyter-envs:open-panel')")
    panel = page.locator("#jupyter-envs-panel")
    panel.get_by_role("treeitem", name=f"{thesis},").wait_for()
    page.evaluate("jupyterapp.commands.execute('jupyter-envs:new-environment')")
    name = panel.get_by_role("form").get_by_label("Name", exact=True)
    wait_for_focus(name)
    page.keyboard.type("by-keys")
    press("Enter")
    row = panel.get_by_role("treeitem", name="by-keys")
    row.wait_for(timeout=JOB_MS)
    panel.get_by_role("region", name="Jobs").wait_for(state="detached", timeout=JOB_MS)

    panel.get_by_role("treeitem").first.focus()
    page.keyboard.type("by")
    wait_for_focus(row)
    menu = page.get_by_role("menu")
    for theme in ("Dark", "Light"):
        # A new theme closes nothing, but takes the focus from an open menu.
        page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        row.focus()
        press("Shift+F10")
        menu.get_by_text("Copy Activation Command").wait_for()
        page.screenshot(path=shots / f"menu-{theme.lower()}.png")
        press("Escape")
        menu.wait_for(state="detached")
    row.focus()

    press("F2")
    field = panel.get_by_role("textbox", name="New name of by-keys")
    field.wait_for()
    check_accessible(page)
    page.screenshot(path=shots / "rename-light.png")
    field.focus()
    press("ControlOrMeta+a")
    page.keyboard.type("renamed")
    press("Enter")
    row = panel.get_by_role("treeitem", name="renamed")
    row.wait_for(timeout=JOB_MS)
    panel.get_by_role("region", name="Jobs").wait_for(state="detached", timeout=JOB_MS)
    row.focus()
    press("Delete")
    panel.get_by_role("group", name="Remove renamed?").wait_for()
    press("Tab")
    press("Enter")
    row.wait_for(state="detached", timeout=JOB_MS)
    assert not any(e["name"] == "renamed" for e in environments(lab))


def test_the_menu_does_what_it_says(page: Any, lab: Lab, shots: Path, thesis: str) -> None:
    panel = open_panel(page)
    row = panel.get_by_role("treeitem", name=f"{thesis},")

    def choose(entry: str) -> None:
        row.click(button="right", position={"x": 60, "y": 10})
        page.get_by_role("menu").get_by_text(entry, exact=True).click()

    choose("Do Not Offer as a Kernel")
    row.get_by_role("img", name="ready, not offered as a kernel").wait_for()
    choose("Offer as a Kernel")
    row.get_by_role("img", name="ready, offered as a kernel").wait_for(timeout=JOB_MS)
    choose("Save as a File…")
    check_accessible(page)
    page.screenshot(path=shots / "export-light.png")
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Download").click()
    assert "ipykernel==" in Path(saved.value.path()).read_text()
    choose("Copy Activation Command")
    page.get_by_text("Copied: ").wait_for()
    choose("Set Display Name…")
    panel.get_by_role("textbox", name=f"How {thesis} is called").fill("My <thesis>")
    panel.get_by_role("button", name="Save").click()
    page.locator('.jp-LauncherCard[title*="My <thesis>"]').first.wait_for()
    choose("Copy…")
    panel.get_by_role("button", name="Copy", exact=True).click()
    panel.get_by_role("treeitem", name=f"{thesis}-2").wait_for(timeout=JOB_MS)
    panel.get_by_role("region", name="Jobs").wait_for(state="detached", timeout=JOB_MS)
    row.dblclick(position={"x": 150, "y": 25})
    page.locator(f'.lm-TabBar-tab:has-text("{thesis}")').first.wait_for()
    run_cli(lab, "remove", f"{thesis}-2", "--yes")
