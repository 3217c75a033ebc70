"""The locks of real tools: what each says, beside what its tool makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from jupyter_envs.formats import pipfile, poetrylock, pylock, requirements, uvlock
from jupyter_envs.formats.base import Given, Read
from jupyter_envs.model.errors import InvalidRequest
from tests.formats.recorded import DATA, NEW, OLD, names, pinned, recorded

RICH = {"rich", "markdown-it-py", "mdurl", "pygments"}
HTTPX = {"httpx", "socksio", "anyio", "certifi", "httpcore", "h11", "idna"}
EXPORTED = next(DATA.glob("poetry-plugin-export-*")).name
Reader = Callable[[str, Given], Read]

LOCKS = [
    (uvlock.read, "uv-0.13.8-uv.lock"),
    (pylock.read, "uv-0.13.8-export-pylock.toml"),
    (pylock.read, "uv-0.13.8-compile-pylock.toml"),
    (poetrylock.read, "poetry-2.5.1-poetry.lock"),
    (pylock.read, EXPORTED),
    (pipfile.read_lock, "pipenv-2026.10.3-Pipfile.lock"),
]


@pytest.mark.parametrize(("read", "name"), LOCKS, ids=[name for _, name in LOCKS])
def test_each_is_exact_and_hashed(read: Reader, name: str) -> None:
    found = read(recorded(name), NEW)
    assert found.exact
    assert found.locked
    assert all(r.hashes for r in found.requirements())
    assert names(found) >= RICH | HTTPX
    # `uv export` takes the group `dev` along, and Pipenv drops `sys_platform` where it locks.
    absent = {"exceptiongroup", "tabulate", "thesis"}
    absent |= set() if "export-pylock" in name and "uv" in name else {"pluggy", "pathspec"}
    absent |= set() if "pipenv" in name else {"colorama"}
    assert not absent & names(found)
    assert found.unknown == []


def test_uv_lock_is_what_uv_exports() -> None:
    """Markers, extras and groups lead to the very lines that `uv export` wrote of the same lock, hashes too."""
    for given in (NEW, OLD):
        found = uvlock.read(recorded("uv-0.13.8-uv.lock"), replace(given, groups=frozenset({"dev"})))
        exported = pylock.read(recorded("uv-0.13.8-export-pylock.toml"), given)
        assert pinned(found) == pinned(exported)
    written = requirements.read(recorded("uv-0.13.8-export-requirements.txt"))
    hashes = {str(r.name): frozenset(r.hashes) for r in written.requirements()}
    assert {name: each[1] for name, each in pinned(found).items()}.items() <= hashes.items()


def test_uv_lock_by_python_extra_and_group() -> None:
    text = recorded("uv-0.13.8-uv.lock")
    assert "exceptiongroup" in names(uvlock.read(text, OLD))
    found = uvlock.read(text, replace(NEW, extras=frozenset({"Tables"}), groups=frozenset({"test"})))
    assert {"tabulate", "pluggy", "pathspec"} <= names(found)
    assert "iniconfig" not in names(found)
    assert (found.extras, found.groups) == (["tables"], ["dev", "lint", "test"])
    assert (found.name, found.requires_python) == ("thesis", ">=3.10")
    assert found.indexes == ["https://index.example/simple"]
    assert found.warnings[0] == "The project itself is not installed: thesis."
    assert "group dev, group lint" in found.warnings[1]


def test_poetry_lock_is_what_poetry_exports() -> None:
    for given in (NEW, OLD):
        found = poetrylock.read(recorded("poetry-2.5.1-poetry.lock"), given)
        assert pinned(found) == pinned(pylock.read(recorded(EXPORTED), given))
    extra = poetrylock.read(recorded("poetry-2.5.1-poetry.lock"), replace(NEW, extras=frozenset({"tables"})))
    assert names(extra) - names(poetrylock.read(recorded("poetry-2.5.1-poetry.lock"), NEW)) == {"tabulate"}


def test_poetry_groups() -> None:
    found = poetrylock.read(recorded("poetry-2.5.1-poetry.lock"), replace(NEW, groups=frozenset({"test"})))
    assert "pluggy" in names(found)
    assert "pathspec" not in names(found)
    assert (found.groups, found.extras, found.requires_python) == (["docs", "test"], ["tables"], ">=3.10,<4.0")


def test_an_old_poetry_lock_needs_its_project() -> None:
    """Poetry 1 did not note the groups: with pyproject.toml they are known, without it all is taken, and said."""
    text, project = recorded("poetry-1.8.5-poetry.lock"), recorded("poetry-2.5.1-pyproject.toml")
    alone = poetrylock.read(text, NEW)
    assert {"pluggy", "pathspec"} | RICH <= names(alone)
    assert "tabulate" not in names(alone)
    assert "pyproject.toml" in alone.warnings[0]
    given = replace(NEW, filename="poetry.lock", files={"poetry.lock": text, "pyproject.toml": project})
    both = poetrylock.read(text, given)
    assert names(both) >= RICH | HTTPX
    assert not {"pluggy", "pathspec", "colorama", "exceptiongroup"} & names(both)
    assert all("behind" in warning for warning in both.warnings)
    extra = poetrylock.read(text, replace(given, extras=frozenset({"tables"})))
    assert "tabulate" in names(extra)
    assert "exceptiongroup" in names(poetrylock.read(text, replace(given, python="3.10.4")))


def test_pipenv() -> None:
    found = pipfile.read_lock(recorded("pipenv-2026.10.3-Pipfile.lock"), replace(NEW, groups=frozenset({"develop"})))
    assert "pluggy" in names(found)
    assert (found.python, found.groups, found.indexes) == ("3.11", ["develop"], ["https://index.example/simple"])
    other = pipfile.read_lock(recorded("pipenv-2026.10.3-Pipfile.lock"), OLD)
    assert "exceptiongroup" in other.packages
    assert "The lock does not say which version of exceptiongroup it is." in other.warnings
    assert "develop" in " ".join(other.warnings)


def test_pip() -> None:
    assert names(pylock.read(recorded("pip-26.3-pylock.toml"), NEW)) >= HTTPX - {"typing-extensions"}


HASH = "0" * 64
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'


def one(body: str, head: str = HEAD) -> str:
    return f'{head}\n[[packages]]\nname = "one"\n{body}\n'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (f'version = "1.0"\nsdist = {{ url = "https://x.example/a", hashes = {{ sha256 = "{HASH}" }} }}', "one==1.0"),
        (
            f'archive = {{ url = "https://x.example/one.zip", subdirectory = "a", hashes = {{ sha256 = "{HASH}" }} }}',
            "one @ https://x.example/one.zip#subdirectory=a",
        ),
        (
            'vcs = { type = "git", url = "https://x.example/one.git", commit-id = "' + "a" * 40 + '" }',
            "one @ git+https://x.example/one.git@" + "a" * 40,
        ),
        ('directory = { path = "sub/one", editable = true }', "-e /home/me/thesis/sub/one"),
    ],
)
def test_each_source_of_pep_751(body: str, line: str) -> None:
    given = replace(NEW, folder="/home/me/thesis")
    assert pylock.read(one(body), given).packages == [line]


def test_a_folder_of_another_machine_is_left_out_aloud() -> None:
    found = pylock.read(one('directory = { path = "sub/one" }'), NEW)
    assert found.packages == []
    assert "sub/one" in found.warnings[0]


def test_extras_and_groups_of_a_pylock() -> None:
    file = f'version = "1"\nsdist = {{ url = "https://x.example/a", hashes = {{ sha256 = "{HASH}" }} }}'
    head = HEAD + 'extras = ["x"]\ndependency-groups = ["g", "d"]\ndefault-groups = ["d"]\n'
    for marker, wanted in {
        "'x' in extras": replace(NEW, extras=frozenset({"x"})),
        "'g' in dependency_groups": replace(NEW, groups=frozenset({"g"})),
    }.items():
        text = one(f'marker = "{marker}"\n{file}', head)
        assert pylock.read(text, NEW).packages == []
        assert pylock.read(text, wanted).packages == ["one==1"]
    assert pylock.read(one(f"marker = \"'d' in dependency_groups\"\n{file}", head), NEW).packages == ["one==1"]
    with pytest.raises(InvalidRequest) as caught:
        pylock.read(one(file, head), replace(NEW, extras=frozenset({"other"})))
    assert caught.value.field == "from.extras"


FILE = f'sdist = {{ url = "https://x.example/a", hashes = {{ sha256 = "{HASH}" }} }}'


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "from.text lock-version"),
        ('lock-version = "2.0"\n', "from.text lock-version"),
        ("lock-version = 1.0\n", "from.text lock-version"),
        (HEAD + "packages = 3\n", "from.text packages"),
        (one(""), "from.text packages[0]"),
        (one(f"version = 3\n{FILE}"), "from.text packages[0].version"),
        (one(f'version = "1 --pre"\n{FILE}'), "from.text packages[0]"),
        (one(f'version = "1"\nmarker = "os ="\n{FILE}'), "from.text packages[0].marker"),
        (one('version = "1"\nwheels = [{ url = "x", hashes = { sha256 = "00" } }]'), "from.text packages[0]"),
        (
            one('version = "1"\nwheels = [{ url = "x", hashes = { md5 = "00" } }]'),
            "from.text packages[0]",
        ),
        (one('version = "1"\nwheels = [{ url = "x" }]'), "from.text packages[0]"),
        (one(f'version = "1"\n{FILE}') + one(f'version = "2"\n{FILE}', ""), "from.text packages[1]"),
        (HEAD + f'[[packages]]\nname = "-r"\nversion = "1"\n{FILE}\n', "from.text packages[0]"),
        (one('vcs = { type = "git", url = "https://x.example/a", commit-id = "main" }'), "from.text packages[0]"),
        (one('vcs = { type = "ext", url = "sh://x", commit-id = "aaaaaaa" }'), "from.text packages[0]"),
        (one(f'archive = {{ url = "gopher://x/a", hashes = {{ sha256 = "{HASH}" }} }}'), "from.text packages[0]"),
        (one('directory = { path = "../../etc" }'), "from.text packages[0]"),
        (HEAD + "environments = [\"sys_platform == 'other'\"]\n", "from.text environments"),
        ("a" * 1000, "from.text"),
        ("[" * 100_000, "from.text"),
    ],
)
def test_corrupt_pylocks(text: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        pylock.read(text, replace(NEW, folder="/home/me/thesis"))
    assert caught.value.field == field
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("read", "text", "field"),
    [
        (uvlock.read, "version = 2\n", "from.text version"),
        (uvlock.read, "version = 1\npackage = 3\n", "from.text package"),
        (
            uvlock.read,
            'version = 1\n[[package]]\nname = "a"\nsource = { virtual = "." }\ndependencies = [{ name = "b" }]\n',
            "from.text package[0].dependencies[0]",
        ),
        (uvlock.read, recorded("uv-0.13.8-uv.lock")[:5000], "from.text"),
        (uvlock.read, recorded("uv-0.13.8-uv.lock").replace("sha256:", "sha256:zz"), None),
        (poetrylock.read, "", "from.text metadata.lock-version"),
        (poetrylock.read, '[metadata]\nlock-version = "9"\n', "from.text metadata.lock-version"),
        (poetrylock.read, '[metadata]\nlock-version = "2.1"\n[package]\n', "from.text package"),
        (poetrylock.read, recorded("poetry-2.5.1-poetry.lock").replace("sha256:", "md5:"), None),
        (pipfile.read_lock, "{", "from.text"),
        (pipfile.read_lock, "[]", "from.text"),
        (pipfile.read_lock, '{"_meta": {"pipfile-spec": 7}}', "from.text _meta.pipfile-spec"),
        (pipfile.read_lock, '{"_meta": {"pipfile-spec": 6}, "default": {"a": []}}', "from.text default.a"),
        (pipfile.read_lock, '{"a":' * 100_000, "from.text"),
    ],
)
def test_corrupt_locks_of_tools(read: Reader, text: str, field: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(text, NEW)
    assert (caught.value.field or "").startswith("from.text")
    if field:
        assert caught.value.field == field


def test_a_script_has_a_lock_without_a_project() -> None:
    text = recorded("uv-0.13.8-uv.lock").split("[[package]]")
    packages = [part for part in text[1:] if 'name = "thesis"' not in part]
    manifest = '[manifest]\nrequirements = [{ name = "rich", specifier = ">=13" }]\n\n'
    found = uvlock.read("[[package]]".join([text[0] + manifest, *packages]), NEW)
    assert names(found) == RICH


def test_what_a_pipfile_asks_for_on_other_machines_alone() -> None:
    # pipenv 2026.10.3 on Linux locks such a package without version and marker.
    lock = {
        "_meta": {"pipfile-spec": 6, "requires": {}, "sources": []},
        "default": {"colorama": {"version": "*"}, "six": {"version": "==1.17.0"}},
    }
    mine = '[packages]\nsix = "*"\ncolorama = {version = "*", sys_platform = "== \'nowhere\'"}\n'
    alone = pipfile.read_lock(json.dumps(lock), NEW)
    assert alone.packages == ["colorama", "six==1.17.0"]
    assert any("colorama" in warning for warning in alone.warnings)
    given = replace(NEW, filename="Pipfile.lock", files={"Pipfile": mine})
    beside = pipfile.read_lock(json.dumps(lock), given)
    assert (beside.packages, beside.warnings, beside.roots) == (["six==1.17.0"], [], {"six": "six"})
