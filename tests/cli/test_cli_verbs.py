"""The verbs on a real engine with real tools; each environment is made once and shared where nothing changes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Envs = Callable[..., Any]


def versions(envs: Envs, name: str) -> dict[str, str]:
    return {p["name"]: p["version"] for p in envs("show", name, "--packages", "--json").json["packages"]}


def managed(done: Any) -> list[Any]:
    """The managed ones of a list: the environment that Jupyter itself runs in is there too."""
    return [e for e in done.json["environments"] if e["managed"]]


def test_a_life(envs: Envs, process: Envs, home: Path) -> None:
    made = envs("create", "work", "-p", "six", "--display-name", "My work")
    assert made.code == 0, made.err
    assert "Created work: Python 3." in made.out
    assert 'Kernel "My work' in made.out
    assert len(made.err.splitlines()) >= 2, "phases"

    # Another process sees it at once, and has it in each form.
    listed = managed(process("list", "--json"))
    assert [(e["name"], e["manager"], e["state"]) for e in listed] == [("work", "uv", "ready")]
    lines = process("list").out.splitlines()
    assert lines[0].split() == ["NAME", "PYTHON", "MANAGER", "STATE", "KERNEL"]
    assert "work" in {line.split()[0] for line in lines}
    for known_as in (listed[0]["id"], listed[0]["prefix"], os.path.relpath(listed[0]["prefix"])):
        assert envs("show", known_as, "--json").json["name"] == "work"
    assert any(line.startswith("prefix") for line in envs("show", "work").out.splitlines())
    assert any(line.split()[0] == "six*" for line in envs("show", "work", "--packages").out.splitlines())
    assert any(line.startswith("six ") for line in envs("show", "work", "--tree").out.splitlines())

    # Dry run, then for real.
    before = versions(envs, "work")
    dry = envs("install", "work", "cowsay", "--dry-run")
    assert dry.code == 0, dry.err
    assert "Would add: cowsay" in dry.out
    assert versions(envs, "work") == before
    done = envs("install", "work", "cowsay==6.0", "--json")
    assert done.code == 0, done
    assert [p["name"] for p in done.json["plan"]["added"]] == ["cowsay"]
    assert done.json["environment"]["name"] == "work"
    again = envs("install", "work", "cowsay")
    assert (again.code, again.out) == (0, "Nothing to change.\n")
    upgraded = envs("install", "work", "-U", "cowsay")
    assert "Changed: cowsay 6.0 → " in upgraded.out

    # Streamed, as a kernel's magic reads it.
    stream = envs("remove-packages", "work", "cowsay", "--stream", "--by", "magic").lines
    assert set(stream[-1]) == {"done"}
    assert stream[-1]["done"]["state"] == "succeeded"
    assert {key for entry in stream for key in entry} == {"job", "line", "done"}
    numbers = [entry["line"]["seq"] for entry in stream if "line" in entry]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "cowsay" not in versions(envs, "work")

    # Files and paths.
    (home / "req.txt").write_text("cowsay  # animals\n")
    assert envs("install", "work", "-r", "req.txt").code == 0
    assert "cowsay" in versions(envs, "work")
    assert envs("upgrade", "work", "--all", "--dry-run", "--json").code == 0
    assert envs("upgrade", "work", "cowsay").code == 0

    # History tells who; and the way back.
    history = envs("history", "work", "--json").json["history"]
    assert {r["by"] for r in history} == {"cli", "magic"}
    table = envs("history", "work").out
    assert "+cowsay" in table
    first = min(r["revision"] for r in history)
    last = max(r["revision"] for r in history)
    assert "Removed" in envs("history", "work", "--diff", str(last), str(first)).out
    assert envs("history", "work", "--diff", "1", "1").out == "Nothing differs.\n"
    assert "[[packages]]" in envs("history", "work", "--lock", str(first)).out
    assert "Would remove" in envs("rollback", "work", str(first), "--dry-run").out
    assert envs("rollback", "work", str(first)).code == 0
    assert versions(envs, "work") == before
    assert "undone" in envs("rollback", "work").out
    assert versions(envs, "work") != before
    assert envs("rollback", "work").code == 0
    assert versions(envs, "work") == before

    # The kernel.
    assert "My work" in envs("show", "work").out
    assert envs("kernel", "rename", "work", "--display-name", "Other").code == 0
    assert "Other" in envs("list").out
    assert envs("kernel", "unregister", "work").code == 0
    assert envs("show", "work", "--json").json["kernels"] == []
    assert envs("kernel", "register", "work").code == 0
    assert envs("show", "work", "--json").json["kernels"]

    # Out, and gone.
    exported = envs("export", "work", "--format", "requirements.txt")
    assert "six==" in exported.out
    assert envs("export", "work", "--format", "requirements.txt", "-o", "out.txt").code == 0
    assert (home / "out.txt").read_text().strip() == exported.out.strip()
    assert envs("export", "work", "--format", "nonsense").code == 2
    assert envs("export", "work", "--format", "requirements.txt", "-o", "no/such/folder").code == 2
    asked = process("remove", "work", stdin=subprocess.DEVNULL)
    assert asked.code == 2
    assert "--yes" in asked.err
    removed = envs("remove", "work", "--yes")
    assert removed.code == 0, removed.err
    assert removed.out.startswith("Removed work")
    assert managed(envs("list", "--json")) == []
    assert not list((home / "data" / "kernels").glob("*")), "the kernelspec went along"

    # Its jobs are still readable.
    jobs = envs("jobs", "--json").json["jobs"]
    assert jobs[0]["action"] == "remove"
    assert jobs[0]["id"] in envs("jobs").out
    assert envs("jobs", jobs[0]["id"], "--log", "--json").json["log"]
    assert "succeeded" in envs("jobs", jobs[0]["id"]).out


def test_create_elsewhere_and_refusals(envs: Envs, home: Path) -> None:
    done = envs("create", "--prefix", "proj/env", "--no-kernel", "--manager", "venv", "--no-pip", "--json")
    assert done.code == 0, done
    env = done.json["environment"]
    assert env["prefix"] == str(home / "proj" / "env")
    assert env["manager"] == "venv"
    assert env["kernels"] == []
    again = envs("create", "--prefix", "proj/env")
    assert again.code == 5, again
    assert (home / "proj" / "env" / "pyvenv.cfg").exists()
    assert envs("show", "proj/env", "--json").json["id"] == env["id"]
    failed = envs("install", "proj/env", "no-such-distribution-here==9.9", "--json")
    assert failed.code in (1, 6), failed
    assert failed.json["error"]["message"]


def test_editable_and_local_path(envs: Envs, home: Path) -> None:
    project = home / "proj"
    (project / "src" / "mine").mkdir(parents=True)
    (project / "src" / "mine" / "__init__.py").touch()
    (project / "setup.py").write_text(
        "from setuptools import setup, find_packages\n"
        "setup(name='mine', version='1', packages=find_packages('src'), package_dir={'': 'src'})\n"
    )
    assert envs("create", "work", "--no-kernel").code == 0
    done = envs("install", "work", "-e", "proj", "--json")
    assert done.code == 0, done
    found = {p["name"]: p for p in envs("show", "work", "--packages", "--json").json["packages"]}
    assert found["mine"]["editable"]


def test_clone_rename_repair(envs: Envs, home: Path) -> None:
    assert envs("create", "work", "six").code == 0
    done = envs("clone", "work", "trial")
    assert "Cloned to trial" in done.out, done
    done = envs("rename", "trial", "thesis", "--display-name", "Thesis")
    assert "Renamed to thesis" in done.out, done
    assert "six" in versions(envs, "thesis")
    assert {e["name"] for e in managed(envs("list", "--json"))} == {"work", "thesis"}
    assert envs("clone", "work", "thesis").code == 5

    (home / "data" / "envs" / "thesis" / "bin" / "python").unlink()
    broken = next(e for e in managed(envs("list", "--json")) if e["name"] == "thesis")
    assert broken["state"] == "broken"
    assert "thesis: error" in envs("list").out
    assert any(line.startswith("problem") for line in envs("show", "thesis").out.splitlines())
    done = envs("repair", "thesis")
    assert done.code == 0, done
    assert envs("show", "thesis", "--json").json["state"] == "ready"
    assert "six" in versions(envs, "thesis")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_an_install_leaves_all_as_it_was(envs: Envs, home: Path, number: signal.Signals) -> None:
    assert envs("create", "work", "--no-kernel", "six").code == 0
    before = versions(envs, "work")
    # A build that does not end by itself: the signal finds the job at work.
    project = home / "slow"
    project.mkdir()
    started = home / "started"
    (project / "setup.py").write_text(f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(600)\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "jupyter_envs", "install", "work", "cowsay", "./slow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not started.exists():
            assert running.poll() is None, running.communicate()
            time.sleep(0.05)
        running.send_signal(number)
        _, err = running.communicate(timeout=120)
    finally:
        running.kill()
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert versions(envs, "work") == before
    assert envs("jobs", "--json").json["jobs"][0]["state"] == "cancelled"
    assert envs("install", "work", "cowsay").code == 0, "the next job works"


def test_another_process_cancels(envs: Envs, home: Path) -> None:
    assert envs("create", "work", "--no-kernel").code == 0
    project = home / "slow"
    project.mkdir()
    (project / "setup.py").write_text("import time\ntime.sleep(600)\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "jupyter_envs", "install", "work", "./slow", "--stream"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        job = next(entry["job"]["id"] for line in running.stdout if "job" in (entry := json.loads(line)))
        assert envs("jobs", job, "--cancel").code == 0
        last = running.stdout.read().splitlines()[-1]
        assert running.wait(120) == 130
    finally:
        running.kill()
    assert json.loads(last)["done"]["state"] == "cancelled"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal(home: Path) -> None:
    import pty

    def run(*words: str, answer: bytes = b"") -> tuple[int, str]:
        master, slave = pty.openpty()
        child = subprocess.Popen(
            [sys.executable, "-m", "jupyter_envs", *words], stdin=slave, stdout=slave, stderr=slave, close_fds=True
        )
        os.close(slave)
        os.write(master, answer)
        said = b""
        try:
            while chunk := os.read(master, 65536):
                said += chunk
        except OSError:
            pass  # Linux says so at the end of a terminal.
        os.close(master)
        return child.wait(120), said.decode()

    code, said = run("create", "work", "--no-kernel")
    assert code == 0, said
    assert "\x1b[" in said
    assert "Created work" in said
    code, said = run("list")
    assert "work" in said
    code, said = run("remove", "work", answer=b"n\n")
    assert code == 130
    assert "[y/N]" in said
    code, said = run("remove", "work", answer=b"y\n")
    assert (code, "Removed work" in said) == (0, True)


def test_the_machine(envs: Envs) -> None:
    found = envs("interpreters", "--json").json["interpreters"]
    assert any(i["default"] for i in found)
    assert found[0]["version"] in envs("interpreters").out
    managers = envs("managers", "--json").json["managers"]
    assert {m["name"] for m in managers} >= {"uv", "venv", "virtualenv"}
    assert "uv*" in envs("managers").out
    assert "cache" in envs("cache", "--json").json
    assert envs("cache").code == 0
    disk = envs("disk", "--json").json["disk"]
    assert disk["total"] >= 0
    assert "in all" in envs("disk", "--refresh").out
    assert envs("search", "nump", "--json").code == 0


def test_a_project_environment_is_seen_but_protected(envs: Envs, home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "other"], check=True)
    seen = envs("show", "./other", "--json")
    assert seen.code == 0, seen
    refused = envs("remove", "./other", "--yes")
    assert refused.code == 3, refused
    assert (home / "other" / "pyvenv.cfg").exists()


def test_a_search_below_a_folder(envs: Envs, home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "work" / "thesis" / ".venv"], check=True)
    found = envs("list", "--search", "work", "--json").json["environments"]
    assert str(home / "work" / "thesis" / ".venv") in {e["prefix"] for e in found}
    assert envs("list", "--search", "nowhere", "--json").json["error"]["field"] == "search"


def test_kernels_whose_environment_is_gone(envs: Envs, home: Path) -> None:
    folder = home / "data" / "kernels" / "lost"
    folder.mkdir(parents=True)
    about = {"prefix": str(home / "disk" / "lost")}
    content = {"argv": ["x"], "display_name": "Lost \x1b[2J", "metadata": {"jupyter_envs": about}}
    (folder / "kernel.json").write_text(json.dumps(content))
    listed = envs("list")
    assert "cannot start" in listed.out
    assert "jupyter envs kernel prune" in listed.out
    assert "\x1b" not in listed.out
    assert envs("list", "--json").json["gone_kernels"] == [{"name": "lost", "display_name": "Lost \x1b[2J"}]
    # Its disk may come back.
    assert envs("kernel", "prune", "--json").json == {"removed": [], "kept": ["lost"]}
    assert "--unmounted" in envs("kernel", "prune").out
    assert "Deleted the kernel lost" in envs("kernel", "prune", "--unmounted").out
    assert not folder.exists()
    assert "gone" not in envs("list").out
    for wrong in (("prune", "work"), ("register",), ("unregister",), ("rename", "--display-name", "x")):
        refused = envs("kernel", *wrong, "--json")
        assert (refused.code, refused.json["error"]["field"]) == (2, "env"), wrong


def test_list_has_what_a_server_started_here_would_have(envs: Envs, home: Path) -> None:
    """By names that the other verbs take, also from another folder."""
    folder = home / "work" / "thesis" / ".venv"
    folder.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    named = [e["name"] for e in envs("list", "--json").json["environments"]]
    assert "thesis/.venv" in named
    assert envs("show", "thesis/.venv", "--json").json["prefix"] == str(folder)
