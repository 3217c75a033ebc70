"""The magics in a running kernel, with a command line that plays its part."""

from __future__ import annotations

import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from kernel_session import Fake, Session, argv, fake_environment

from jupyter_envs.magic import kernel as magic

JOB = {"id": "j1", "action": "change", "state": "running", "progress": {"phase": "resolving"}}
PLAN = {
    "added": [{"name": "numpy", "version": "2.1.0"}, {"name": "pandas", "version": "2.2.3"}],
    "changed": [{"name": "six", "from": "1.15.0", "to": "1.16.0"}],
    "removed": [{"name": "old", "version": "1.0"}],
    "download_size": 12_345_678,
}


def done(**fields: Any) -> dict[str, Any]:
    return {"say": {"done": {**JOB, "state": "succeeded", "result": {"plan": PLAN}, **fields}}}


def plain(outcome: Any) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(outcome.error))


NAMES = "sorted(get_ipython().user_ns)"


def test_namespace_is_untouched(kernel: Session, plain_kernel: Session) -> None:
    for session in (kernel, plain_kernel):
        session.run("1 + 1")
    assert kernel.value(NAMES) == plain_kernel.value(NAMES)
    assert kernel.value("__doc__") == plain_kernel.value("__doc__")
    assert kernel.value("__name__") == "__main__"
    assert "namespace is empty" in kernel.run("%who").text
    assert kernel.value("[name for name in __import__('sys').modules if 'jupyter_envs' in name]") == []
    assert kernel.value("__import__('os').environ.get('PYTHONPATH')") == plain_kernel.value(
        "__import__('os').environ.get('PYTHONPATH')"
    )
    assert kernel.value("__import__('sys').path") == plain_kernel.value("__import__('sys').path")


def test_names_of_a_startup_file_survive(tmp_path: Path) -> None:
    environment = fake_environment(tmp_path)
    startup = tmp_path / "startup.py"
    startup.write_text("run = 1\nload = 2\nos = 3\nMagics = 4\nlist = 5\nlen = 6\n", encoding="utf-8")
    files = [f"--IPKernelApp.exec_files={path}" for path in (startup, environment.home / "magic.py")]
    session = Session(argv(None) + files, tmp_path)
    try:
        assert session.value("[run, load, os, Magics, list, len]") == [1, 2, 3, 4, 5, 6]
        environment.plays(done())
        assert "numpy   2.1.0" in session.run("%envinstall numpy").text
    finally:
        session.close()


def test_magics_are_registered(kernel: Session) -> None:
    magics = kernel.value("sorted(m for m in get_ipython().magics_manager.lsmagic()['line'] if m.startswith('env'))")
    assert magics == ["env", "envexport", "envinfo", "envinstall", "envlist", "envremove", "envrollback"]


def test_help_reads_well(kernel: Session) -> None:
    (page,) = kernel.run("%envinstall?").payload
    assert "Usage: %envinstall [-U] [--pip] [-r FILE]" in page["data"]["text/plain"]


@pytest.mark.parametrize(
    "line",
    [
        "%envinstall",
        "%envinstall --help",
        "%envremove -h",
        "%envlist -h",
        "%envinfo -h",
        "%envrollback -h",
        "%envexport -h",
    ],
)
def test_usage(kernel: Session, environment: Fake, line: str) -> None:
    environment.plays()
    outcome = kernel.run(line)
    assert outcome.status == "ok"
    assert f"Usage: {line.split(maxsplit=1)[0]}" in outcome.text
    assert environment.called is None


def test_install_hands_over_the_line_as_it_was_typed(kernel: Session, environment: Fake) -> None:
    environment.plays(done())
    folder = Path(kernel.value("__import__('os').getcwd()"))
    kernel.run("version = '2'")
    line = '-U numpy>={version} "pandas[excel] >= 2" ./project[dev] -e project -r requirements.txt # wh\u00fd'
    outcome = kernel.run(f"%envinstall {line}")
    assert outcome.status == "ok", outcome
    assert environment.called is not None
    assert environment.called["argv"] == ["install-line", str(environment.prefix), "--stream", "--by", "magic"]
    assert environment.called["stdin"] == line.replace("{version}", "2")
    assert environment.called["cwd"] == str(folder)
    kernel.run("del version")


def test_the_way_back(kernel: Session, environment: Fake) -> None:
    for line, words in (("%envrollback", []), ("%envrollback 12", ["12"])):
        environment.plays(done())
        assert "2 added" in kernel.run(line).text
        assert environment.called is not None
        start = ["rollback", str(environment.prefix), "--stream", "--by", "magic", "--"]
        assert environment.called["argv"] == [*start, *words]
    environment.plays(done())
    assert kernel.run("%envrollback --dry-run 2").text.startswith("Would be: ")
    environment.plays()
    for wrong in ("1 2", "x", "0", "-1", "1.5"):
        assert kernel.run(f"%envrollback {wrong}").status == "error"
    assert environment.called is None


def test_an_export(kernel: Session, environment: Fake) -> None:
    environment.plays({"raw": '{"filename": "requirements.txt", "text": "six==1.16.0\\n", "files": {}}'})
    assert kernel.run("%envexport").text == "six==1.16.0\n"
    assert environment.called is not None
    assert environment.called["argv"] == ["export", str(environment.prefix), "--format=requirements.txt", "--json"]
    folder = kernel.value("__import__('os').getcwd()")
    environment.plays({"raw": '{"path": "/there/pylock.toml", "files": []}'})
    assert kernel.run("%envexport -f pylock.toml out/pylock.toml").text == "Wrote /there/pylock.toml.\n"
    assert environment.called["argv"][2:4] == ["--format=pylock.toml", f"--output={folder}/out/pylock.toml"]
    assert kernel.run("%envexport a b").status == "error"


def test_result_is_one_output(kernel: Session, environment: Fake) -> None:
    environment.plays({"say": {"job": JOB}}, done())
    outcome = kernel.run("%envinstall numpy pandas")
    assert outcome.text == (
        "2 added, 1 changed, 1 removed.\n+  numpy   2.1.0\n+  pandas  2.2.3\n~  six     1.15.0 → 1.16.0\n-  old     1.0"
    )
    assert len(outcome.outputs) == 1
    assert outcome.html.count("<tr>") == 4


def test_progress_updates_in_place(kernel: Session, environment: Fake) -> None:
    steps: list[dict[str, Any]] = [{"say": {"job": JOB}}]
    for at in range(300):
        progress = {"phase": "downloading", "done": at, "total": 300, "unit": "packages", "fraction": at / 300}
        line = {"seq": at + 1, "time": "", "stream": "out", "text": f"got <b>{at}</b>"}
        steps += [{"say": {"job": {**JOB, "progress": progress}}}, {"say": {"line": line}}, {"sleep": 0.005}]
    # Between here and the end nothing is said, and yet the last state shows.
    environment.plays(*steps, {"sleep": 0.5}, done())
    began = time.monotonic()
    outcome = kernel.run("%envinstall numpy")
    assert len(outcome.outputs) == 1
    # The end comes at once, whatever was shown just before.
    assert 2 <= outcome.updates <= (time.monotonic() - began) / magic.PACE + 1
    assert outcome.text.startswith("2 added")


def asked(what: str, **more: Any) -> dict[str, Any]:
    return {"say": {"asked": {"what": what, "quiet": False, "dry_run": False, "notes": [], **more}}}


def test_dry_run_tells_the_plan(kernel: Session, environment: Fake) -> None:
    environment.plays(asked("numpy", dry_run=True), done())
    outcome = kernel.run("%envinstall numpy --dry-run")
    assert outcome.text.startswith("Would be: 2 added, 1 changed, 1 removed. To download: 12.3 MB.")


def test_how_the_line_was_understood_is_said(kernel: Session, environment: Fake) -> None:
    note = "'six=1' is read as '=='. https://me:hidden@host <b>"
    environment.plays(asked("six", notes=[note]), done())
    outcome = kernel.run("%envinstall six=1")
    assert "1 removed. 'six=1' is read as '=='. https://****@host <b>" in outcome.text
    assert "&lt;b&gt;" in outcome.html
    environment.plays(asked("six", notes=["Well."]), done(result={"plan": {}}))
    assert kernel.run("%envinstall six").text == "Nothing to change. Well."


def test_nothing_to_change(kernel: Session, environment: Fake) -> None:
    environment.plays(done(result={"plan": {}}))
    assert kernel.run("%envinstall six").text == "Nothing to change."


def test_quiet_says_nothing(kernel: Session, environment: Fake) -> None:
    environment.plays(asked("six", quiet=True), done())
    assert kernel.run("%envinstall -q six").outputs == []


def test_names_from_outside_are_escaped(kernel: Session, environment: Fake) -> None:
    bad = {"name": "<script>x</script>\x1b[31m", "version": "1&2"}
    environment.plays(done(result={"plan": {"added": [bad]}}))
    outcome = kernel.run("%envinstall six")
    assert "<script>" not in outcome.html
    assert "&lt;script&gt;x" in outcome.html
    assert "1&amp;2" in outcome.html
    assert "\x1b" not in outcome.html + outcome.text


def test_remove(kernel: Session, environment: Fake) -> None:
    environment.plays(done(result={"plan": {"removed": [{"name": "six", "version": "1.16.0"}]}}))
    outcome = kernel.run("%envremove -y six")
    assert environment.called is not None
    assert environment.called["argv"] == [
        *("remove-packages", str(environment.prefix), "--stream", "--by", "magic", "--", "six")
    ]
    assert outcome.text == "1 removed.\n-  six  1.16.0"


def test_list(kernel: Session, environment: Fake) -> None:
    packages = [
        {"name": "numpy", "version": "2.1.0", "requested": True},
        {"name": "six<b>", "version": "1.16.0", "requested": False},
    ]
    environment.plays({"say": {"packages": packages}})
    outcome = kernel.run("%envlist")
    assert environment.called is not None
    assert environment.called["argv"] == ["show", str(environment.prefix), "--packages", "--json"]
    assert outcome.text.splitlines() == [
        "Package  Version",
        "numpy    2.1.0    *",
        "six<b>   1.16.0",
        "2 packages; * was asked for, the others came along.",
    ]
    assert "six&lt;b&gt;" in outcome.html


@pytest.mark.parametrize("wrapped", [True, False])
def test_info(kernel: Session, environment: Fake, wrapped: bool) -> None:
    described = {
        "name": "thesis",
        "prefix": "/envs/thesis",
        "manager": "uv",
        "package_count": 3,
        "python": {"version": "3.12.1", "implementation": "CPython"},
        "kernels": [{"name": "k", "display_name": "Thesis", "language": "python"}],
        "problems": [{"code": "c", "severity": "warning", "message": "Its base moved."}],
    }
    environment.plays({"say": {"environment": described} if wrapped else described})
    assert kernel.run("%envinfo").text.splitlines() == [
        "Name      thesis",
        "Prefix    /envs/thesis",
        "Python    CPython 3.12.1",
        "Manager   uv",
        "Packages  3",
        "Kernels   Thesis",
        "Problem   Its base moved.",
    ]


def test_a_failed_job_is_a_short_error(kernel: Session, environment: Fake) -> None:
    error = {"message": "numpy>=99 cannot be had.", "hint": "Take numpy 2.", "detail": "line 1\nline 2", "reason": "x"}
    environment.plays(
        asked("numpy>=99"),
        {"say": {"job": JOB}},
        {"sleep": 1.0},
        done(state="failed", result=None, error=error),
        {"exit": 1},
    )
    outcome = kernel.run("%envinstall numpy>=99")
    assert outcome.status == "error"
    assert plain(outcome) == "numpy>=99 cannot be had.\n  line 1\n  line 2\nTake numpy 2."
    assert outcome.text == "Installing numpy>=99: failed"


def test_credentials_from_a_variable_stay_out_of_the_output(kernel: Session, environment: Fake) -> None:
    environment.plays(
        asked("https://me:hidden@host/x.whl"),
        {"say": {"job": JOB}},
        {"sleep": 1.0},
        done(state="failed", result=None, error={"message": "No."}),
    )
    kernel.run("token = 'hidden'")
    line = "%envinstall https://me:{token}@host/x.whl"
    outcome = kernel.run(line)
    assert environment.called is not None
    assert environment.called["stdin"] == "https://me:hidden@host/x.whl"
    # Others on the machine see the arguments of a process.
    assert "hidden" not in str(environment.called["argv"])
    assert outcome.text == "Installing https://****@host/x.whl: failed"
    environment.record(python="/nowhere/python")
    try:
        gone = kernel.run(line)
    finally:
        environment.record()
        kernel.run("del token")
    assert "hidden" not in outcome.html + plain(outcome) + plain(gone)


def test_an_error_before_the_job(kernel: Session, environment: Fake) -> None:
    environment.plays({"say": {"error": {"message": "It is busy.", "hint": "Wait.", "reason": "busy"}}}, {"exit": 5})
    for line in ("%envinstall six", "%envlist"):
        outcome = kernel.run(line)
        assert (outcome.status, plain(outcome), outcome.outputs) == ("error", "It is busy.\nWait.", [])


def test_a_crash_shows_its_last_words(kernel: Session, environment: Fake) -> None:
    environment.plays({"raw": "not json"}, {"raw": "[1]"}, {"err": "ImportError: no msgspec"}, {"exit": 1})
    for line in ("%envinstall six", "%envinfo"):
        said = plain(kernel.run(line))
        assert said.startswith("jupyter_envs ended without an answer.")
        assert "  ImportError: no msgspec" in said
        assert "Install jupyter_envs again" in said


def test_an_interrupt_cancels(kernel: Session, environment: Fake) -> None:
    environment.plays(asked("six"), {"cancel": {**JOB, "progress": {"phase": "downloading"}}})
    outcome = kernel.run("%envinstall six", interrupt_on="downloading")
    assert outcome.status == "error"
    assert plain(outcome) == "Cancelled; the environment is as it was."
    assert outcome.text == "Installing six: cancelled"
    assert len(environment.signals) == 1
    assert kernel.run("1 + 1").text == "2"


def test_an_interrupt_before_the_job(kernel: Session, environment: Fake) -> None:
    environment.plays({"sleep": 30})
    outcome = kernel.run("print('go', flush=True)\n%envinstall six", interrupt_on="go")
    assert outcome.status == "error"
    assert outcome.ename == "KeyboardInterrupt" or plain(outcome) == "Cancelled before anything was changed."


def test_a_second_interrupt_ends_a_command_that_does_not_listen(kernel: Session, environment: Fake) -> None:
    environment.plays({"deaf": 30})
    outcome = kernel.run("%envinstall six", interrupt_on="not listening", again_on="Cancelling")
    assert plain(outcome).startswith("Stopped before it was undone.")


def test_a_change_that_ends_despite_the_interrupt_counts(kernel: Session, environment: Fake) -> None:
    environment.plays({"say": {"job": JOB}}, {"cancel": JOB}, done())
    outcome = kernel.run("%envinstall six", interrupt_on="resolving")
    assert outcome.status == "ok"
    assert outcome.text.startswith("2 added")


def test_the_child_is_not_led_astray(environment: Fake, tmp_path: Path) -> None:
    environment.plays(done())
    env = {"PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": "/nowhere", "PIP_INDEX_URL": "https://example.org/simple"}
    session = Session(argv(environment.home / "magic.py"), tmp_path, env)
    try:
        assert session.run("%envinstall six").status == "ok"
        assert session.value("__import__('os').environ['PYTHONPATH']") == str(tmp_path)
    finally:
        session.close()
    assert environment.called is not None
    environ = environment.called["environ"]
    assert not {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"} & set(environ)
    assert environ["PIP_INDEX_URL"] == "https://example.org/simple"
    assert environment.called["stdin"] == "six"


def test_an_install_that_is_gone(kernel: Session, environment: Fake) -> None:
    environment.plays(done())
    try:
        environment.record(python="/nowhere/python")
        said = plain(kernel.run("%envinstall -U six"))
        assert "there is no /nowhere/python" in said
        assert "`%pip install -U six`" in said
        environment.record(main="/nowhere/__main__.py")
        assert "there is no /nowhere/__main__.py" in plain(kernel.run("%envlist"))
        (environment.home / "owner.json").write_text("[]", encoding="utf-8")
        assert "is gone" in plain(kernel.run("%envinfo"))
        (environment.home / "owner.json").unlink()
        assert "`%pip uninstall -y six`" in plain(kernel.run("%envremove six"))
    finally:
        environment.record()


def test_a_missing_file_does_not_stop_the_kernel(tmp_path: Path) -> None:
    session = Session(argv(tmp_path / "gone" / "magic.py"), tmp_path)
    try:
        assert session.run("1 + 1").text == "2"
    finally:
        session.close()
    assert len(re.findall("File not found", session.log.read_text(encoding="utf-8"))) == 1


def test_a_deleted_record_leaves_pip(tmp_path: Path) -> None:
    environment = fake_environment(tmp_path)
    session = Session(argv(environment.home / "magic.py"), tmp_path)
    try:
        shutil.rmtree(environment.home)
        assert "does not look after" in plain(session.run("%envinstall six"))
    finally:
        session.close()


def test_a_kernel_that_is_not_ours(plain_kernel: Session) -> None:
    root = Path(__file__).parents[2]
    plain_kernel.run(f"import sys; sys.path.insert(0, {str(root)!r})")
    assert plain_kernel.run("%load_ext jupyter_envs").outputs == []
    outcome = plain_kernel.run('%envinstall -U "pandas[excel]" six')
    assert outcome.status == "error"
    assert f"does not look after the environment of this kernel ({sys.prefix})" in plain(outcome)
    assert '`%pip install -U "pandas[excel]" six`' in plain(outcome)
