"""The magics in kernels of old and new Pythons, through `jupyter_client`, `nbconvert` and `papermill`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "magic"))
from kernel_session import FAKE, Fake, Session

from jupyter_envs.magic import kernel as magic

pytestmark = pytest.mark.slow

PYTHONS = ["3.8", "3.10", "3.13"]
NAMES = "sorted(get_ipython().user_ns)"


def uv(*args: str) -> list[str]:
    from uv import find_uv_bin

    return [os.fsdecode(find_uv_bin()), *args]


def interpreter(version: str) -> str | None:
    """A Python of `version` on this machine, started once to be sure of it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    if on_path := shutil.which(f"python{version}"):
        candidates.append(on_path)
    found = subprocess.run(uv("python", "find", "--no-python-downloads", version), capture_output=True, text=True)
    if found.returncode == 0:
        candidates.append(found.stdout.strip())
    code = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    for candidate in candidates:
        probe = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
        if probe.stdout.strip() == version:
            return candidate
    return None


def kernelspec(prefix: Path, with_magic: bool = True) -> list[str]:
    start = [str(prefix / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return start + ([f"--IPKernelApp.exec_files={prefix / '.jupyter-envs' / 'magic.py'}"] if with_magic else [])


@pytest.fixture(scope="module", params=PYTHONS)
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fake:
    python = interpreter(request.param)
    if python is None:
        pytest.skip(f"there is no Python {request.param} on this machine")
    fake = Fake(tmp_path_factory.mktemp("env") / "env")
    subprocess.run(uv("venv", "-q", "--python", python, str(fake.prefix)), check=True)
    change(fake, "install", "ipykernel", "six==1.15.0")
    fake.home.mkdir()
    shutil.copy(magic.__file__, fake.home / "magic.py")
    shutil.copy(FAKE, fake.home)
    fake.record()
    return fake


@pytest.fixture
def kernel(environment: Fake, tmp_path: Path) -> Iterator[Session]:
    session = Session(kernelspec(environment.prefix), tmp_path)
    yield session
    session.close()


def pip(environment: Fake, *args: str) -> list[str]:
    return uv("pip", args[0], "-q", "--python", str(environment.prefix / "bin" / "python"), *args[1:])


def change(environment: Fake, *args: str) -> None:
    subprocess.run(pip(environment, *args), check=True)


def done(**plan: Any) -> dict[str, Any]:
    return {"say": {"done": {"action": "change", "state": "succeeded", "result": {"plan": plan}}}}


def text_of(lines: list[str]) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(lines))


def test_it_leaves_no_trace(environment: Fake, kernel: Session, tmp_path: Path) -> None:
    plain = Session(kernelspec(environment.prefix, with_magic=False), tmp_path)
    try:
        for session in (kernel, plain):
            session.run("1")
        assert kernel.value(NAMES) == plain.value(NAMES)
        for expression in (
            "__doc__",
            "__name__",
            "sorted(globals().get('__annotations__', ()))",
            "__import__('sys').path",
        ):
            assert kernel.value(expression) == plain.value(expression), expression
    finally:
        plain.close()
    assert "namespace is empty" in kernel.run("%who").text
    assert kernel.value("'PYTHONPATH' in __import__('os').environ") == ("PYTHONPATH" in os.environ)
    lines = kernel.value("[m for m in get_ipython().magics_manager.lsmagic()['line'] if m.startswith('env')]")
    assert {"envinstall", "envremove", "envrollback", "envlist", "envinfo", "envexport"} <= set(lines)
    assert "Usage: %envinstall" in kernel.run("%envinstall?").payload[0]["data"]["text/plain"]
    assert kernel.log.read_text(encoding="utf-8").count("magic.py") == 0


def test_new_packages_import_and_old_ones_are_named(environment: Fake, kernel: Session) -> None:
    change(environment, "install", "six==1.15.0")
    change(environment, "uninstall", "toolz")
    # The folder's listing is cached by the import system before the package comes.
    assert kernel.run("import toolz").ename == "ModuleNotFoundError"
    assert kernel.run("import six").status == "ok"
    environment.plays(
        {"run": pip(environment, "install", "six==1.16.0", "toolz")},
        done(
            added=[{"name": "toolz", "version": "1.0.0"}],
            changed=[{"name": "six", "from": "1.15.0", "to": "1.16.0"}],
        ),
    )
    outcome = kernel.run("%envinstall six==1.16.0 toolz")
    assert outcome.status == "ok"
    assert outcome.text.endswith("six is loaded as it was before this change.")
    assert kernel.run("import toolz").status == "ok"
    environment.plays(
        {"run": pip(environment, "uninstall", "toolz")}, done(removed=[{"name": "toolz", "version": "1.0.0"}])
    )
    assert kernel.run("%envremove toolz").text.endswith("toolz is loaded as it was before this change.")


def test_an_error_is_short_and_fails_the_cell(environment: Fake, kernel: Session) -> None:
    error = {"message": "It cannot be had.", "hint": "Take another.", "reason": "unsolvable"}
    environment.plays({"say": {"error": error}}, {"exit": 6})
    outcome = kernel.run("%envinstall nope")
    assert (outcome.status, text_of(outcome.error)) == ("error", "It cannot be had.\nTake another.")
    environment.record(python="/nowhere/python")
    try:
        outcome = kernel.run("%envinstall six")
    finally:
        environment.record()
    assert "there is no /nowhere/python" in text_of(outcome.error)
    assert "`%pip install six`" in text_of(outcome.error)


def test_an_interrupt_cancels(environment: Fake, kernel: Session) -> None:
    environment.plays({"cancel": {"progress": {"phase": "downloading"}}})
    outcome = kernel.run("%envinstall six", interrupt_on="downloading")
    assert text_of(outcome.error) == "Cancelled; the environment is as it was."
    assert kernel.run("40 + 2").text == "42"


def test_without_its_file_the_kernel_starts(environment: Fake, tmp_path: Path) -> None:
    start = [word.replace("magic.py", "gone.py") for word in kernelspec(environment.prefix)]
    session = Session(start, tmp_path)
    try:
        assert session.run("40 + 2").text == "42"
    finally:
        session.close()
    assert len(re.findall("gone.py", session.log.read_text(encoding="utf-8"))) == 1


@pytest.fixture
def notebook(environment: Fake, tmp_path: Path) -> Path:
    """A notebook of one install whose kernel is the environment's, found through `JUPYTER_PATH`."""
    import nbformat

    folder = tmp_path / "share" / "kernels" / "magic-test"
    folder.mkdir(parents=True)
    spec = {"argv": kernelspec(environment.prefix), "display_name": "Magic", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_code_cell("%envinstall six"), nbformat.v4.new_code_cell("'after'")]
    book.metadata["kernelspec"] = {"name": "magic-test", "display_name": "Magic", "language": "python"}
    path = tmp_path / "book.ipynb"
    nbformat.write(book, path)
    return path


HEADLESS = {
    "nbconvert": ["nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", "book.ipynb"],
    "papermill": ["papermill", "--no-progress-bar", "book.ipynb", "out.ipynb"],
}


# One Python tells whether a second tool takes what kernels send.
@pytest.mark.parametrize(
    ("environment", "tool"),
    [*((version, "nbconvert") for version in PYTHONS), (PYTHONS[-1], "papermill")],
    indirect=["environment"],
)
def test_headless(environment: Fake, notebook: Path, tool: str) -> None:
    pytest.importorskip(tool)
    env = {**os.environ, "JUPYTER_PATH": str(notebook.parent / "share"), "IPYTHONDIR": str(notebook.parent / "ipython")}

    def execute() -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", *HEADLESS[tool]]
        return subprocess.run(argv, cwd=notebook.parent, env=env, capture_output=True, text=True, timeout=120)

    steps: list[dict[str, Any]] = []
    for at in range(200):
        progress = {"phase": "downloading", "done": at, "total": 200, "unit": "packages", "fraction": at / 200}
        steps += [{"say": {"job": {"progress": progress}}}, {"sleep": 0.005}]
    environment.plays(*steps, done(added=[{"name": "six", "version": "1.16.0"}]))
    ran = execute()
    assert ran.returncode == 0, ran.stderr
    cells = json.loads((notebook.parent / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    (output,) = next(cell for cell in cells if "%envinstall" in "".join(cell["source"]))["outputs"]
    assert "".join(output["data"]["text/plain"]) == "1 added.\n+  six  1.16.0"

    environment.plays({"say": {"error": {"message": "It cannot be had.", "reason": "unsolvable"}}}, {"exit": 6})
    ran = execute()
    assert ran.returncode != 0
    assert "It cannot be had." in ran.stderr
