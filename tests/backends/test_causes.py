"""Each recorded failure of a tool gives its cause: what failed, why, and one thing to do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jupyter_envs.backends.base import Speaker
from jupyter_envs.backends.causes import explain
from jupyter_envs.backends.pip import Pip
from jupyter_envs.backends.pipenv import Pipenv
from jupyter_envs.backends.poetry import Poetry
from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.system.process import Finished

RECORDED = Path(__file__).parent / "failures"
TOOLS: dict[str, Speaker] = {"uv": UvPip(), "pip": Pip(), "poetry": Poetry(), "pipenv": Pipenv()}

# tool, situation → the reason for programs, and what the message has to name.
CAUSES: list[tuple[str, str, str, list[str]]] = [
    ("uv", "not-found", "not_found", ["no-such-project-xyz"]),
    ("uv", "dependency-not-found", "not_found", ["wants-missing needs no-such-project-xyz"]),
    ("uv", "no-version", "no_version", ["good==99"]),
    ("uv", "conflict", "conflict", ["wants-new needs base>=2", "wants-old needs base<2"]),
    ("uv", "conflict-deep", "conflict", ["wants-old needs base<2", "base==2.0 is asked for"]),
    ("uv", "newer-python", "python_version", ["newer-python", "Python >=3.99", "3.13"]),
    ("uv", "other-machine", "no_wheel", ["other-machine 1.0"]),
    ("uv", "other-abi", "no_wheel", ["other-abi 1.0"]),
    ("uv", "only-beta", "prerelease", ["only-beta", "1.0b1"]),
    ("uv", "withdrawn", "yanked", ["withdrawn 1.0", "eats data"]),
    ("uv", "needs-distutils", "python_version", ["needs-distutils 1.0", "distutils", "3.12"]),
    ("uv", "needs-imp", "python_version", ["needs-imp 1.0", "imp"]),
    ("uv", "needs-pkg-resources", "build_needs", ["needs-pkg-resources 1.0", "setuptools"]),
    ("uv", "needs-numpy", "build_needs", ["needs-numpy 1.0", "imports numpy"]),
    ("uv", "needs-header", "needs_library", ["needs-header 1.0", "no_such_header.h"]),
    ("uv", "needs-compiler", "needs_compiler", ["needs-compiler 1.0", "no C compiler"]),
    ("uv", "needs-program", "needs_program", ["needs-program 1.0", "no-such-config"]),
    ("uv", "raises-python", "python_version", ["raises-python 1.0", ">=3.7,<3.10"]),
    ("uv", "raises-anything", "build_failed", ["raises-anything 1.0", "the moon is in the wrong phase"]),
    ("uv", "use-2to3", "python_version", ["use-2to3 1.0", "Python 2"]),
    ("uv", "no-binary", "needs_build", ["raises-anything 1.0", "source"]),
    ("uv", "damaged", "damaged", ["damaged"]),
    ("uv", "other-hash", "hash_mismatch", ["other-hash"]),
    ("uv", "hash-differs", "hash_mismatch", ["good==1.0"]),
    ("uv", "hash-missing", "hash_missing", ["good==1.0"]),
    ("uv", "wrong-password", "index_credentials", ["http://127.0.0.1:8080", "password"]),
    ("uv", "forbidden", "index_forbidden", ["http://127.0.0.1:8080", "403"]),
    ("uv", "server-error", "index_error", ["http://127.0.0.1:8080", "500"]),
    ("uv", "too-many-requests", "index_busy", ["429"]),
    ("uv", "unreachable", "index_unreachable", ["http://127.0.0.1:9"]),
    ("uv", "unknown-host", "index_unreachable", ["http://packages.invalid", "name is wrong"]),
    ("uv", "certificate", "certificate", ["https://127.0.0.1:8080"]),
    ("uv", "offline", "offline", ["offline"]),
    ("uv", "settings-broken", "settings_broken", ["uv.toml", "TOML parse error"]),
    ("uv", "cache-unwritable", "cache_unwritable", ["uv-cache"]),
    ("uv", "disk-full", "disk_full", ["full"]),
    ("uv", "read-only", "not_writable", ["site-packages"]),
    ("uv", "git-not-found", "git_failed", ["/no/such/repository.git"]),
    ("uv", "url-not-found", "url_not_found", ["thing-1.0-py3-none-any.whl"]),
    ("uv", "folder-not-found", "path_not_found", ["/no/such/folder"]),
    ("uv", "invalid-line", "invalid_requirement", ["=>"]),
    ("pip", "not-found", "not_found", ["no-such-project-xyz"]),
    ("pip", "dependency-not-found", "not_found", ["wants-missing needs no-such-project-xyz"]),
    ("pip", "no-version", "no_version", ["good==99"]),
    ("pip", "conflict", "conflict", ["wants-old 1.0 needs base<2", "wants-new 1.0 needs base>=2"]),
    ("pip", "conflict-deep", "conflict", ["base==2.0 is asked for", "wants-old 1.0 needs base<2"]),
    ("pip", "newer-python", "python_version", ["newer-python 1.0", ">=3.99"]),
    ("pip", "other-python", "python_version", ["other-python", ">=3.6,<3.9"]),
    ("pip", "other-machine", "not_found", ["other-machine", "this Python and machine"]),
    ("pip", "only-beta", "prerelease", ["only-beta", "1.0b1"]),
    ("pip", "withdrawn", "yanked", ["withdrawn 1.0"]),
    ("pip", "wrong-password", "not_found", ["password"]),
    ("pip", "needs-distutils", "python_version", ["needs-distutils", "distutils"]),
    ("pip", "needs-imp", "python_version", ["needs-imp", "imp"]),
    ("pip", "needs-numpy", "build_needs", ["needs-numpy", "numpy"]),
    ("pip", "needs-header", "needs_library", ["needs-header", "no_such_header.h"]),
    ("pip", "needs-compiler", "needs_compiler", ["needs-compiler"]),
    ("pip", "raises-python", "python_version", ["raises-python", ">=3.7,<3.10"]),
    ("pip", "raises-anything", "build_failed", ["raises-anything", "the moon"]),
    ("pip", "hash-differs", "hash_mismatch", ["good==1.0"]),
    ("pip", "hash-missing", "hash_missing", ["good"]),
    ("pip", "damaged", "damaged", ["damaged"]),
    ("pip", "forbidden", "not_found", ["gave no answer"]),
    ("pip", "unreachable", "index_unreachable", ["cannot be reached"]),
    ("pip", "settings-broken", "settings_broken", ["pip.conf", "no section headers"]),
    ("pip", "read-only", "not_writable", ["site-packages"]),
    ("pip", "git-not-found", "git_failed", ["/no/such/repository.git"]),
    ("pip", "url-not-found", "url_not_found", ["thing-1.0-py3-none-any.whl"]),
    ("pip", "folder-not-found", "path_not_found", ["/no/such/folder"]),
    ("pip", "invalid-line", "invalid_requirement", ["good=>1.0"]),
    ("poetry", "not-found", "not_found", ["no-such-project-xyz"]),
    ("poetry", "no-version", "no_version", ["good 99"]),
    ("poetry", "conflict", "conflict", ["wants-old", "wants-new"]),
    ("poetry", "wrong-password", "index_credentials", ["password"]),
    ("poetry", "server-error", "index_error", ["500"]),
    ("poetry", "unreachable", "index_unreachable", ["127.0.0.1:9"]),
    ("poetry", "unknown-host", "index_unreachable", ["packages.invalid"]),
    ("pipenv", "not-found", "not_found", ["no-such-project-xyz"]),
    ("pipenv", "no-version", "not_found", ["good==99"]),
    ("pipenv", "conflict", "conflict", ["wants-old 1.0 needs base<2"]),
    ("pipenv", "unreachable", "not_found", ["gave no answer"]),
    ("pipenv", "raises-anything", "build_failed", ["raises-anything"]),
]


def recorded(tool: str, situation: str) -> str:
    (file,) = [each for each in RECORDED.glob(f"{tool}-*-{situation}.txt") if _situation(each) == situation]
    return file.read_text("utf-8")


def _situation(file: Path) -> str:
    return file.stem.split("-", 2)[2]


def cause(tool: str, output: str) -> EnvsError:
    return explain(TOOLS[tool], Finished(1, "", output))


@pytest.mark.parametrize(
    ("tool", "situation", "reason", "names"), CAUSES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_cause_is_named(tool: str, situation: str, reason: str, names: list[str]) -> None:
    error = cause(tool, recorded(tool, situation))
    assert error.cause == reason, error.message
    for name in names:
        assert name in error.message
    assert error.hint
    assert error.message.endswith((".", "…")) or "/" in error.message
    assert len(error.message) < 450
    assert error.detail, "the tool's own words stay one click away"


def test_every_recording_is_in_the_table() -> None:
    """Those beside it, whose output tells less than the situation, are named with what they give."""
    told = {(tool, situation) for tool, situation, *_ in CAUSES}
    less = {
        ("pip", "no-binary"): "not_found",
        ("pip", "other-abi"): "not_found",
        ("pip", "other-hash"): "hash_mismatch",
        ("pip", "needs-pkg-resources"): "build_needs",
        ("pip", "server-error"): "not_found",
        ("pip", "too-many-requests"): "not_found",
        ("pip", "unknown-host"): "not_found",
        ("pip", "use-2to3"): "python_version",
        ("pipenv", "certificate"): "not_found",
        ("pipenv", "server-error"): "not_found",
        ("pipenv", "unknown-host"): "not_found",
        ("pipenv", "wrong-password"): "not_found",
        ("poetry", "certificate"): "index_unreachable",
        ("poetry", "raises-anything"): "no_version",
    }
    for file in RECORDED.glob("*.txt"):
        key = (file.stem.split("-")[0], _situation(file))
        if key not in told:
            assert key in less, f"{file.name} has no cause in the table"
            assert cause(key[0], file.read_text("utf-8")).cause == less[key]


UNITS = [
    *("failed to fetch: http://a", "url (http://a ", "a" * 50, "error: ", "cause: ", "(" * 9, "\n", "is not in "),
    *("because a==1 depends on b<2 and ", "Failed to build `x` ", "https://a/b ", "@ http://a "),
    "No solution found when resolving dependencies ",
]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_anything_is_read_at_once(tool: str, unit: str) -> None:
    begin = time.perf_counter()
    cause(tool, "No solution found when resolving dependencies\n" + unit * (1_000_000 // len(unit)))
    assert time.perf_counter() - begin < 1.5


def test_of_a_conflict_the_sides_that_limit_are_named() -> None:
    output = (
        "The conflict is caused by:\n    four 1.0 depends on two>=2\n    one 1.0 depends on two\n"
        "    three 1.0 depends on two<2\n\nTo fix this you could try to:\nERROR: ResolutionImpossible: see\n"
    )
    assert cause("pip", output).message == "four 1.0 needs two>=2, but three 1.0 needs two<2."


def test_the_answer_of_an_index_is_told_where_no_address_is() -> None:
    error = cause("pip", "ERROR: HTTP error: too many 503 error responses")
    assert (error.cause, error.message) == ("index_error", "The index has an error of its own (503).")
