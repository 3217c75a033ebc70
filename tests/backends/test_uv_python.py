"""What uv says of the Pythons that it can download; the list is that of uv 0.13.9."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_envs.backends import uv_python
from jupyter_envs.backends.uv_python import Build, download_size, parse_list


def entry(key: str, version: str, **more: Any) -> dict[str, Any]:
    major, minor, patch = (int(part) for part in version.partition("a")[0].split("."))
    name = key.partition("-")[0].partition("+")[0]
    return {
        "key": key,
        "version": version,
        "version_parts": {"major": major, "minor": minor, "patch": patch},
        "path": None,
        "symlink": None,
        "url": f"https://releases.astral.sh/{key}.tar.gz",
        "os": "linux",
        "variant": "default",
        "implementation": name,
        "arch": "x86_64",
        "libc": "gnu",
        **more,
    }


LISTED = [
    entry("cpython-3.16.0a2-linux-x86_64-gnu", "3.16.0a2"),
    entry("cpython-3.14.10-linux-x86_64-gnu", "3.14.10"),
    entry("cpython-3.14.10+freethreaded-linux-x86_64-gnu", "3.14.10", variant="freethreaded"),
    entry("cpython-3.9.25-linux-x86_64-gnu", "3.9.25"),
    entry("cpython-3.13.9-linux-x86_64-gnu", "3.13.9"),
    entry("cpython-3.13.9-linux-x86_64-musl", "3.13.9", libc="musl"),
    entry("pypy-3.11.17-linux-x86_64-gnu", "3.11.17"),
]


def test_final_releases_are_read_newest_first_and_each_once() -> None:
    assert parse_list(json.dumps(LISTED)) == [
        Build("cpython-3.14.10-linux-x86_64-gnu", "3.14.10", "cpython", "x86_64"),
        Build("cpython-3.13.9-linux-x86_64-gnu", "3.13.9", "cpython", "x86_64"),
        Build("pypy-3.11.17-linux-x86_64-gnu", "3.11.17", "pypy", "x86_64"),
        Build("cpython-3.9.25-linux-x86_64-gnu", "3.9.25", "cpython", "x86_64"),
    ]


@pytest.mark.parametrize(
    "damaged",
    [
        {"key": "--reinstall"},
        {"key": "../../etc"},
        {"key": None},
        {"version": "3.13"},
        {"version": 3},
        {"implementation": None},
    ],
)
def test_an_entry_that_is_no_build_is_passed_over(damaged: dict[str, Any]) -> None:
    good, other = LISTED[1], {**LISTED[4], **damaged}
    assert [build.key for build in parse_list(json.dumps([other, good, 7]))] == [good["key"]]


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 100_000])
def test_no_list_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_list(text)


def test_no_more_is_read_than_uv_can_have() -> None:
    many = json.dumps([entry(f"cpython-3.13.{n % 900}-linux-x86_64-gnu", f"3.13.{n % 900}") for n in range(20_000)])
    assert len(parse_list(many)) <= 5_000


def test_the_size_of_a_download_is_read() -> None:
    # uv 0.13.9, where nobody looks at a terminal.
    assert download_size("Downloading cpython-3.11.7-linux-x86_64-gnu (download) (27.8MiB)") == int(27.8 * 1024**2)
    assert download_size("Downloading cpython-3.13.9-linux-x86_64-gnu (35.0MB)") == 35_000_000
    assert download_size(" Downloaded cpython-3.11.7-linux-x86_64-gnu (download)") is None
    assert download_size("Downloading cpython-3.13.9-linux-x86_64-gnu (" + "9" * 50_000) is None


def test_the_command_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv_python, "uv", lambda: "/bin/uv")
    listing = ["/bin/uv", "python", "list", "--only-downloads"]
    assert uv_python.list_argv(every=False, offline=True) == [*listing, "--offline", "--output-format", "json"]
    assert uv_python.list_argv(every=True, offline=False) == [*listing, "--all-versions", "--output-format", "json"]
    assert uv_python.install_argv("cpython-3.13.9-linux-x86_64-gnu", "/data/python") == [
        *("/bin/uv", "python", "install", "--no-bin", "--no-registry"),
        *("--install-dir", "/data/python", "cpython-3.13.9-linux-x86_64-gnu"),
    ]


def test_settings_for_another_python_stay_away_and_mirrors_stay() -> None:
    given = {"UV_PYTHON": "3.8", "UV_PROJECT": "/p", "UV_PYTHON_INSTALL_MIRROR": "https://m.example", "HOME": "/none"}
    env = uv_python.environment({**given, "PIP_CONFIG_FILE": "/dev/null"})
    assert "UV_PYTHON" not in env
    assert "UV_PROJECT" not in env
    assert env["UV_PYTHON_INSTALL_MIRROR"] == "https://m.example"
