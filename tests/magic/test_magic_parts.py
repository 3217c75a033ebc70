"""The parts of the magic's file: its grammar, the line of a magic, what a change leaves stale."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_envs.magic import kernel

SOURCE = Path(kernel.__file__).read_text(encoding="utf-8")
# What every Python from 3.8 on has; `sys.stdlib_module_names` is of the Python that runs the tests.
GONE_SINCE = {"distutils", "imp", "asynchat", "asyncore", "cgi", "crypt", "pipes", "telnetlib"}


def test_it_parses_as_python_3_8() -> None:
    ast.parse(SOURCE, feature_version=(3, 8))


def test_it_needs_the_standard_library_and_ipython_alone() -> None:
    names = set[str]()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add((node.module or "").split(".")[0])
    assert names - {"IPython"} <= sys.stdlib_module_names
    assert not names & GONE_SINCE


def test_the_users_namespace_gets_nothing_from_its_first_lines() -> None:
    """A docstring would be the user's `__doc__`, and an annotation at module level their `__annotations__`."""
    tree = ast.parse(SOURCE)
    assert ast.get_docstring(tree) is None
    assert isinstance(tree.body[0], ast.If)
    assert not any(isinstance(node, ast.AnnAssign) for node in tree.body)
    assert not any(isinstance(node, (ast.NamedExpr, ast.Import)) for node in ast.walk(tree.body[0]))


def export(line: str) -> dict[str, object]:
    return kernel.parse("%envexport", line, ("dry-run", "quiet", "help"), ("format",))


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("'a b' c", {"words": ["a b", "c"]}),
        ("-f a --format b --format=c -fd", {"format": ["a", "b", "c", "d"]}),
        ("x  # because", {"words": ["x"]}),
        ("git+https://host/x#egg=x", {"words": ["git+https://host/x#egg=x"]}),
        ("-q --dry-run x", {"quiet": True, "dry-run": True, "words": ["x"]}),
        ("", {}),
    ],
)
def test_parse(line: str, asked: dict[str, object]) -> None:
    said = export(line)
    assert {key: value for key, value in said.items() if value} == asked


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--quiet=yes x", "does not know --quiet=yes"),
        ("-qx x", "does not know -qx"),
        ("x -f", "-f needs a value"),
        ("x --pre", "It knows -f, -h, -q, --dry-run"),
        ("'x", "no closing quotation"),
    ],
)
def test_parse_says_what_is_wrong(line: str, message: str) -> None:
    with pytest.raises(kernel.EnvsError, match=r"^[^\n]+$") as caught:
        export(line)
    assert message in str(caught.value)


class Site:
    """A site-packages of its own, on the path while a test runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, version: str, files: dict[str, str]) -> None:
        info = self.folder / f"{name}-{version}.dist-info"
        info.mkdir()
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text, encoding="utf-8")
        record = "".join(f"{path},sha256=x,1\n" for path in files) + '"odd,name.py",,\n../../bin/x,,\n'
        (info / "RECORD").write_text(record, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    # As lib64 is on some systems: the same folder under a second name.
    (tmp_path / "lib64").symlink_to("lib")
    monkeypatch.setattr(kernel, "_site_folders", lambda: [str(tmp_path / "lib64" / "site-packages")])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    return Site(folder)


def load(*names: str) -> list[ModuleType]:
    importlib.invalidate_caches()
    return [importlib.import_module(name) for name in names]


def test_changed_and_removed_modules_are_stale(site: Site) -> None:
    site.add("JE_one", "1", {"je_one/__init__.py": "", "je_one/sub.py": ""})
    site.add("je.two", "1", {"je_two.py": ""})
    site.add("je-three", "1", {"je_three.py": ""})
    site.add("je_space_a", "1", {"je_space/a/__init__.py": "", "je_space/a/deep.py": ""})
    site.add("je_space_b", "1", {"je_space/b/__init__.py": ""})
    load("je_one.sub", "je_two", "je_three", "je_space.a.deep", "je_space.b")
    before = kernel.Snapshot()
    (site.folder / "je_two.py").unlink()
    plan = {
        "changed": [
            {"name": "je-one", "from": "0", "to": "1"},
            {"name": "je-space-a", "from": "0", "to": "1"},
            {"name": "je-not-loaded", "from": "0", "to": "1"},
        ],
        "removed": [{"name": "je-two", "version": "1"}],
        "added": [{"name": "je-new", "version": "1"}],
    }
    assert before.refresh(plan) == ["je_one", "je_space.a", "je_two"]
    assert kernel.Snapshot().refresh({}) == []


def test_what_is_not_loaded_needs_no_restart(site: Site) -> None:
    site.add("je_four", "1", {"je_four.py": ""})
    plan = {"changed": [{"name": "je-four", "from": "0", "to": "1"}]}
    assert kernel.Snapshot().refresh(plan) == []


def test_a_new_editable_install_imports_at_once(site: Site, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "je_five.py").touch()
    before = kernel.Snapshot()
    (site.folder / "__editable__.je_five-1.pth").write_text(f"{source}\n", encoding="utf-8")
    assert before.refresh({"added": [{"name": "je-five", "version": "1"}]}) == []
    assert Path(str(load("je_five")[0].__file__)).parent == source


def test_the_outcome_names_what_to_restart_for() -> None:
    plan = {"changed": [{"name": "six", "from": "1.15", "to": "1.16"}]}
    text, markup = kernel._outcome(plan, ["six", "<b>"], dry_run=False)
    assert text.splitlines()[-1] == ("Restart the kernel: six, <b> are loaded as they were before this change.")
    assert "six, &lt;b&gt;" in markup


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        ({}, "starting"),
        ({"phase": "solving"}, "solving"),
        ({"phase": "x", "done": 3, "total": 12, "unit": "packages"}, "x, 3 of 12 packages"),
        ({"phase": "x", "done": 999, "total": 25_300_000, "unit": "bytes"}, "x, 999 B of 25.3 MB"),
    ],
)
def test_phase(progress: dict[str, object], text: str) -> None:
    assert kernel._phase(progress) == text
