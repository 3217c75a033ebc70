"""The rules for names, paths, versions and requirements: what passes can be trusted, all else is refused alike."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.requirements import Requirement as Pep508

from jupyter_envs.model import check as rules
from jupyter_envs.model.errors import InvalidRequest

# Text as an attacker or a keyboard makes it: pieces that mean something to a shell, a URL, an installer, a terminal.
PIECES = [
    "six", "numpy>=2", "pandas[excel]", "==1.0", "===", "~=1", ">=", "<2", ",", ";", " ", "\t", "\n", "\r", "\0",
    "\x1b[31m", "-", "--", "--index-url", "-r", "-e", "-e ", "-c", "=", "#", "# x", "@", " @ ", "https://", "http://",
    "file:///", "git+ssh://", "user:secret@", "files.example", "/x.whl", "/", "//", "..", "/..", ".", "~", "\\", "C:",
    "${HOME}", "$(id)", "`", "&&", "|", "'", '"', "(", ")", "[", "]", "python_version", "<'3.9'", " and ", "extra",
    "3.11", "3", "é", "名", "\u202e", "\u2028", "\ud800", "nul", "con", "a" * 70, "1" * 50, "%2e", "?token=secret",
    "\x85", "\x0b", "\ufeff", "\u200b", "::", "[::1]", "://",
]  # fmt: skip
TEXT = st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


def passed(check: Callable[[str, str], Any], value: str) -> Any:
    """What `check` makes of `value`; None where it refuses in the one way that is allowed."""
    try:
        return check(value, "the.field")
    except InvalidRequest as error:
        refused = error
    assert refused.field == "the.field"
    assert refused.message.isprintable(), ascii(refused.message)
    assert refused.hint
    assert "://user:secret@" not in refused.message
    return None


@given(TEXT)
@example("://://user:secret@")
@example("https://https://user:secret@files.example")
@example("a.")
@example("NUL.txt")
@example("a\n")
def test_a_name_is_one_safe_folder_name(value: str) -> None:
    name = passed(rules.check_name, value)
    if name is not None:
        assert name == value
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name)
        assert os.path.basename(os.path.join("/root", name)) == name
        assert name.split(".")[0].lower() not in ("con", "nul", "aux", "prn", "com1")
        assert not name.endswith(".")


@given(TEXT)
def test_a_display_name_is_one_printable_line(value: str) -> None:
    name = passed(rules.check_display_name, value)
    if name is not None:
        assert name
        assert name == name.strip()
        assert len(name.splitlines()) == 1
        assert not any(c in name for c in "\0\x1b\u202e\u2028\ud800")
        name.encode()


@given(TEXT)
def test_a_prefix_is_absolute_and_goes_nowhere_else(value: str) -> None:
    prefix = passed(rules.check_prefix, value)
    if prefix is not None:
        assert os.path.isabs(prefix)
        assert ".." not in prefix.split(os.sep)
        assert "\0" not in prefix
        assert prefix == os.path.normpath(prefix)


@example("᠐")  # a digit, but none of a version
@given(TEXT)
def test_a_python_is_a_version_or_an_absolute_path(value: str) -> None:
    python = passed(rules.check_python, value)
    if python is not None:
        assert re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3}){0,2}", python) or os.path.isabs(python)
        assert not python.startswith("-")
        assert "\n" not in python


@given(TEXT)
def test_a_distribution_is_a_normalised_name(value: str) -> None:
    name = passed(rules.check_distribution, value)
    if name is not None:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


@given(TEXT)
@example("six\n--index-url x")
@example("six; python_version<'3.9' --pre")
@example("-e /x --index-url y")
@example("six @ https://files.example/x.whl # y")
@example("six===")
@example("file://")
@example("://user:secret@")
@example("0://user:secret@host/x")
@example("x" * 3000)
def test_an_accepted_requirement_is_one_line_and_no_option(value: str) -> None:
    found = passed(rules.check_requirement, value)
    if found is None:
        return
    assert found.line
    assert len(found.line.splitlines()) == 1
    assert not found.line.startswith("-")
    assert str(found) in (found.line, f"-e {found.line}")
    assert not re.search(r"\s(--|#)", found.line)
    assert "\0" not in found.line
    found.line.encode()
    if found.name is None:
        assert os.path.isabs(found.line) or "://" in found.line
        assert ".." not in found.line.split("/") or "://" in found.line
    else:
        assert not found.editable
        assert found.name == re.sub(r"[-_.]+", "-", Pep508(found.line).name).lower()
    # What was accepted once is accepted again, and means the same.
    assert rules.check_requirement(str(found), "x") == found


@pytest.mark.parametrize(
    ("value", "name", "editable"),
    [
        ("six", "six", False),
        (" six ", "six", False),
        ("Six_X.y", "six-x-y", False),
        ("numpy>=2,<3", "numpy", False),
        ("pandas[excel,plot]==2.2.*", "pandas", False),
        ("six===1.16.0", "six", False),
        ("tomli>=2; python_version < '3.11'", "tomli", False),
        ("six @ https://files.example/six-1.16.0-py2.py3-none-any.whl", "six", False),
        ("https://files.example/six-1.16.0-py2.py3-none-any.whl", None, False),
        ("git+https://git.example/project@main", None, False),
        ("git+ssh://git@git.example/project", None, False),
        ("file:///home/me/project", None, False),
        ("/home/me/project", None, False),
        ("/home/me/my project", None, False),
        ("-e /home/me/project", None, True),
        ("--editable /home/me/project", None, True),
        ("-e git+https://git.example/project#egg=project", None, True),
    ],
)
def test_what_people_write_is_understood(value: str, name: str | None, editable: bool) -> None:
    found = rules.check_requirement(value, "packages[0]")
    assert (found.name, found.editable) == (name, editable)


@pytest.mark.parametrize("value", ["a", "A1", "my-env", "my_env.v2", "3d", "x" * 64])
def test_names_that_people_choose_are_taken(value: str) -> None:
    assert rules.check_name(value) == value


@pytest.mark.parametrize("value", ["3", "3.12", "3.12.1", "/usr/bin/python3"])
def test_pythons_that_people_choose_are_taken(value: str) -> None:
    assert rules.check_python(value) == value


def test_credentials_are_not_repeated() -> None:
    for value in ("https://me:sesame@files.example/a b", "six @ ftp://me:sesame@files.example/x"):
        with pytest.raises(InvalidRequest) as caught:
            rules.check_requirement(value, "packages[0]")
        assert "sesame" not in caught.value.message


@pytest.mark.parametrize(
    ("value", "pinned"),
    [
        ("app==1.0", True),
        ("app ===1.0", True),
        ("app[extra] == 1.0; python_version > '3'", True),
        ("app==1.*", False),
        ("app>=1", False),
        ("app>=1,==1.5", False),
        ("app; python_version == '3.12'", False),
        ("app>=1; python_version=='3.12'", False),
        ("app @ https://host/app-1.0.whl?v==1.0", False),
        ("https://host/app==1.0.whl", False),
        ("/home/me/app==1.0", False),
    ],
)
def test_pinned_is_what_has_one_version(value: str, pinned: bool) -> None:
    assert rules.check_requirement(value, "packages[0]").pinned is pinned


def test_a_url_is_written_as_installers_read_it_and_hides_its_secrets() -> None:
    checked = rules.check_requirement("a @ HTTPS://me:s3cret@Host.example/a.whl", "packages[0]")
    assert checked.line == "a @ https://me:s3cret@Host.example/a.whl"
    assert checked.has_secret
    assert "s3cret" not in repr(checked)
    with pytest.raises(InvalidRequest, match="ssh does not take") as caught:
        rules.check_requirement("git+ssh://me:s3cret@host.example/a", "packages[0]")
    assert "s3cret" not in caught.value.message
