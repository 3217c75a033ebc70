"""The entry point: how it is started, what it says, how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jupyter_envs
from jupyter_envs import __version__
from jupyter_envs.cli import main as entry
from jupyter_envs.cli.parser import Call, Verb
from jupyter_envs.model.errors import EnvsError

PACKAGE = Path(jupyter_envs.__file__).resolve().parent


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_alone_it_shows_the_overview(envs: Callable[..., Any], words: tuple[str, ...]) -> None:
    done = envs(*words)
    assert done.code == 0
    assert "jupyter envs demo" in done.out


def test_help_of_a_verb(envs: Callable[..., Any]) -> None:
    assert envs("install", "--help").out == envs("help", "install").out
    assert envs("install", "-h").code == 0


def test_version(envs: Callable[..., Any]) -> None:
    assert envs("--version").out == f"{__version__}\n"


def test_an_unknown_verb_suggests_the_nearest(envs: Callable[..., Any]) -> None:
    done = envs("instal", "x")
    assert done.code == 2
    assert done.err.splitlines() == ["There is no verb 'instal'.", "Did you mean `jupyter envs install`?"]
    assert envs("\x1b[31mx").err.startswith("There is no verb '")


def test_a_usage_error_in_each_mode(envs: Callable[..., Any]) -> None:
    done = envs("show")
    assert (done.code, done.out) == (2, "")
    assert "ENV" in done.err
    assert envs("show", "--json").json["error"]["field"] == "env"
    assert envs("show", "--stream").lines[0]["error"]["field"] == "env"
    assert "error" in envs("install", "--json", "--", "--stream").json


def test_python_m(process: Callable[..., Any]) -> None:
    done = process("--version")
    assert (done.code, done.out, done.err) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("options", [(), ("-I",), ("-E", "-s")])
def test_by_its_path_from_anywhere(
    process: Callable[..., Any], options: tuple[str, ...], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    main = os.fspath(PACKAGE / "__main__.py")
    done = process("--version", argv=(sys.executable, *options, main), cwd=home)
    assert (done.code, done.out, done.err) == (0, f"{__version__}\n", "")


def test_by_its_path_no_folder_of_ours_hides_a_package() -> None:
    main = os.fspath(PACKAGE / "__main__.py")
    program = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {os.fspath(PACKAGE)!r}); sys.argv = [{main!r}, '--version']\n"
        f"try: runpy.run_path({main!r}, run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sys.path)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    paths = eval(done.stdout.splitlines()[1])
    assert os.fspath(PACKAGE) not in paths
    assert paths.count(os.fspath(PACKAGE.parent)) == 1


def _with(monkeypatch: pytest.MonkeyPatch, run: Callable[[Call], int | None]) -> None:
    verb = Verb("explode", "fail", "jupyter envs explode", lambda _: None, run)
    monkeypatch.setattr(entry, "VERBS", [verb])


def _bug(call: Call) -> None:
    raise ZeroDivisionError("https://me:secret@host/ by zero\nsecond line")


def test_a_fault_of_ours_is_one_line_and_a_hint(envs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, _bug)
    done = envs("explode")
    assert done.code == 1
    assert done.err.splitlines()[0] == "Unexpected ZeroDivisionError: https://****@host/ by zero."
    assert "report" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in (debug := envs("explode", "--debug").err)
    assert "secret" not in debug
    assert envs("explode", "--json").json["error"]["reason"] == "internal"


@pytest.mark.parametrize("kind", EnvsError.__subclasses__())
def test_each_error_has_its_exit_code(
    envs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, kind: type[EnvsError]
) -> None:
    def run(call: Call) -> None:
        raise kind("It \x1b[1mfailed.", hint="Do\nthis.", detail="one\ntwo")

    _with(monkeypatch, run)
    done = envs("explode")
    assert done.code == kind.exit_code
    assert done.err == "It failed.\nDo this.\n    one\n    two\n"


def test_ctrl_c_outside_of_a_job(envs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def run(call: Call) -> None:
        raise KeyboardInterrupt

    _with(monkeypatch, run)
    assert envs("explode").code == 130


def test_a_reader_that_has_seen_enough(home: Path) -> None:
    command = f"'{sys.executable}' -m jupyter_envs completion bash | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_an_ascii_locale_is_no_obstacle(home: Path) -> None:
    program = (
        "import sys; from jupyter_envs.cli import main, parser; from jupyter_envs.cli.output import Output\n"
        "run = lambda call: call.out.answer({'a': 'ä→'}, lambda: ['ä→'])\n"
        "main.VERBS[:] = [parser.Verb('x', 'x', 'x', lambda p: None, run)]\n"
        "sys.exit(main.main(sys.argv[1:]))"
    )
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for options, expected in (([], "??\n"), (["--stream"], '{"result": {"a": "\\u00e4\\u2192"}}\n')):
        done = subprocess.run(
            [sys.executable, "-c", program, "x", *options], capture_output=True, text=True, env=ascii_only
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")


def test_the_list_imports_nothing_that_it_does_not_need(home: Path) -> None:
    # The default user has no configuration file.
    (home / "config" / "jupyter_envs_config.json").unlink()
    program = (
        "import sys; from jupyter_envs.cli.main import main; main(['list'])\n"
        "print(sorted({'rich', 'packaging', 'asyncio', 'shtab', 'psutil', 'filelock', 'tornado', 'jupyter_client',"
        " 'jupyter_server', 'findpython', 'IPython'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("create", "../x"), "name"),
        (("create", "--", "-n"), "name"),
        (("create", "x" * 300), "name"),
        (("create", "a\nb"), "name"),
        (("create", "<b>"), "name"),
        (("create", "fine", "six; rm -rf /"), "packages[0]"),
        (("create", "fine", "--", "--index-url=https://x/simple"), "packages[0]"),
        (("create", "fine", "--python", "3.11; id"), "python"),
        (("create", "fine", "--manager", "nonsense"), "manager"),
        (("create", "fine", "-r", "missing.txt"), "requirement"),
        (("create",), "name"),
    ],
)
def test_bad_input_is_refused_and_nothing_written(
    envs: Callable[..., Any], home: Path, words: tuple[str, ...], field: str
) -> None:
    at = words.index("--") if "--" in words else len(words)
    done = envs(*words[:at], "--json", *words[at:])
    assert done.code == 2, done
    assert done.json["error"]["field"] == field
    assert done.json["error"]["hint"]
    assert not (home / "data" / "envs").exists()
    assert envs("jobs", "--json").json == {"jobs": []}


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nowhere"),
        ("install", "nowhere", "six"),
        ("upgrade", "nowhere", "--all"),
        ("remove-packages", "nowhere", "six"),
        ("remove", "nowhere", "--yes"),
        ("rename", "nowhere", "b"),
        ("clone", "nowhere", "b"),
        ("repair", "nowhere"),
        ("history", "nowhere"),
        ("rollback", "nowhere", "1"),
        ("export", "nowhere", "--format", "requirements.txt"),
        ("kernel", "register", "nowhere"),
        ("kernel", "unregister", "nowhere"),
        ("kernel", "rename", "nowhere", "--display-name", "D"),
        ("jobs", "nowhere"),
        ("jobs", "nowhere", "--log"),
        ("jobs", "nowhere", "--cancel"),
        ("show", "./nowhere"),
        ("show", "../../x"),
    ],
)
def test_what_is_not_there(envs: Callable[..., Any], words: tuple[str, ...]) -> None:
    done = envs(*words)
    assert (done.code, done.out) == (4, ""), done
    assert len(done.err.splitlines()) >= 1


@pytest.mark.parametrize(
    "words",
    [
        ("install", "any"),
        ("upgrade", "any"),
        ("upgrade", "any", "six", "--all"),
        ("kernel", "rename", "any"),
        ("jobs", "--log"),
        ("rollback", "any", "0"),
        ("cache", "list", "x"),
    ],
)
def test_half_a_request(envs: Callable[..., Any], words: tuple[str, ...]) -> None:
    done = envs(*words, "--json")
    assert done.code == 2, done
    assert done.json["error"]["field"]


def test_an_empty_home(envs: Callable[..., Any]) -> None:
    # The environment that Jupyter itself runs in is always there.
    assert not [e for e in envs("list", "--json").json["environments"] if e["managed"]]
    assert envs("jobs").out == "No jobs yet.\n"
    assert envs("list", "--quiet").out == ""


def test_a_broken_configuration_file(envs: Callable[..., Any], home: Path) -> None:
    (home / "config" / "jupyter_envs_config.json").write_text("{")
    done = envs("list")
    assert done.code == 2
    assert "jupyter_envs_config" in done.err
