"""What nobody should send: refused with the field named, before anything starts or is written."""

from __future__ import annotations

import json
import os
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_envs.model.env import environment_id
from jupyter_envs.system.paths import kernels_dir
from tests.server.conftest import below


@dataclass(frozen=True)
class Bad:
    """`body` is sent as JSON, bytes as they are; ``{env}`` in `path` is an environment that exists."""

    field: str | None
    body: Any
    verb: str = "POST"
    path: str = "environments"
    status: int = 400


def create(field: str, **body: Any) -> Bad:
    return Bad(field, {"name": "fine", **body})


def change(field: str, **body: Any) -> Bad:
    return Bad(field, body, path="environments/{env}/packages")


def get(field: str | None, path: str, status: int = 400) -> Bad:
    return Bad(field, None, "GET", path, status)


NAMES = [
    "", ".", "..", "../x", "../../etc/x", "a/b", "a\\b", "/abs", "-n", "--help", ".hidden", "_x", "a.", "x" * 65,
    "n" * 300, "nul\0byte", "new\nline", "line\n", "tab\t", " blank", "blank ", "two words",
    "<script>alert(1)</script>", "<b>x</b>", "&lt;", "{{7*7}}", "${HOME}", "$(id)", "`id`", "a;b", "a|b", "a&b", "*",
    "?", "con", "NUL", "aux.txt", "com1", "LPT9.a", "naïve", "пример", "名前", "a\u202eb", "a\u200bb", "\u0661",
    "caf\u00e9", "x\x7f", "~", "~root", "%2e%2e", "C:", "c:\\x",
]  # fmt: skip
REQUIREMENTS = [
    "", " ", "--index-url=https://evil.example/simple", "--index-url https://evil.example/simple",
    "-i https://evil.example", "--extra-index-url=https://evil.example", "--find-links=/tmp", "-r /etc/passwd",
    "-r/etc/passwd", "-c /etc/passwd", "--requirement=/etc/passwd", "--config-settings=x=y", "--global-option=x",
    "--pre", "--no-binary=:all:", "-", "--", "-e", "-e .", "-e ..", "-e six", "-e -r /etc/passwd", "--editable",
    "--editable --index-url=x", "six; rm -rf /", "six && id", "six | id", "six `id`", "six $(id)",
    "six\n--index-url x", "six\r--index-url x", "six\x0b--pre", "six\0", "six\u2028--pre", "six\u0085--pre",
    "six --index-url x", "six --hash=sha256:00", "six # comment", "six==", "six>=<1", "six===", "six[", "six[]]",
    "six @", "six @ not a url", "@ https://files.example/x.whl", "../six", "./six", "/tmp/../etc", "https://",
    "http:///x.whl", "https://files.example/a b.whl", "https://files.example/x.whl --pre",
    "ftp://files.example/x.whl", "javascript://x", "ssh://host/x", "git+ext::sh -c id", "ext::sh -c id",
    "svn+ssh://host/x", "file://", "https://[::1/x.whl", "git+file:", "six, numpy", "six numpy", "<b>six</b>", "名前",
    "six; python_version", "six; os_name == 'x' and", "p" * 2049, "six; extra == \"a\" --pre",
    "pkg @ https://files.example/${home}.whl", "pkg @ https://files.example/${}.whl",
]  # fmt: skip
PYTHONS = [
    "", "3.11; id", "3.11 && id", "3.11\n", "3.11\0", "-c", "--version", "python3", "3.x", "three", "3..11", "3.11.",
    ".11", "+3", "3.11 ", " 3.11", ">=3.11", "3.1111", "3.11.1.1", "../bin/python", "./python", "bin/python",
    "~/bin/python", "/usr/bin/../bin/python3", "/no/such/python", "/etc/passwd", "/", "/bin/\0", "/bin/python\n3",
    "<b>", "2.7", "3.5",
]  # fmt: skip
PREFIXES = [
    "", "relative", "relative/path", "./x", "../x", "~", "~/x", "/a/../b", "/..", "/x\0y", "/x\ny", "/x\u2028y",
    "file:///x", "C:x", "/" + "x" * 5000,
]  # fmt: skip
DISPLAY_NAMES = ["", " ", "a\nb", "a\0b", "a\x1b[31mb", "a\u202eb", "a\u2028b", "\u200b", "x" * 101]
REMOVALS = [
    "", "-", "-y", "--all", "six==1", "six; id", "../six", "six\nnumpy", "a b", "six\0", "六", "*",
    "https://x.example/a.whl",
]  # fmt: skip
WRONG_TYPES: list[tuple[str, Any]] = [
    ("name", 1), ("name", True), ("name", ["a"]), ("name", {"a": 1}),
    ("prefix", 1), ("manager", 1), ("manager", ["uv"]), ("python", 3.11), ("python", 3), ("packages", "six"),
    ("packages", {"six": 1}), ("packages", None), ("channels", "x"), ("from", "six"), ("from", []), ("kernel", True),
    ("kernel", "x"), ("kernel", None), ("pip", "no"), ("pip", 1), ("pip", None),
]  # fmt: skip
BODIES = [
    b"{", b"[", b"]", b"nul", b"{]", b"{'name': 'a'}", b'{"name": }', b'{"name": "a"', b'{"name": "a",}',
    b'{"name": "a"} x', b'"name"', b"[]", b"1", b"null", b"true", b"NaN", b"\x00", b"\xff\xfe", b'{"name": "\xff"}',
    b'{"name": "\xc3"}', b'{"name": "\\ud800"}', b'{"name": "\\x41"}', b'{"name": "a\nb"}', b"\xef\xbb\xbf{}",
    b"name=a", b"<xml/>", b"[" * 100_000, b'{"name":' * 50_000, b'{"name": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b" ", b'{"name": "' + b"a" * 17_000_000 + b'"}',
]  # fmt: skip
IDS = [
    "..", "%2e%2e", "..%2F..%2Fetc", "%2Fetc%2Fpasswd", "a%00b", "-n", "%20", "x" * 300, "<b>", "a%0Ab",
    "nobody-00000000",
]  # fmt: skip

CASES: dict[str, list[Bad]] = {
    "names": [create("name", name=n) for n in NAMES]
    + [Bad("name", {"name": n}, path="environments/{env}/clone") for n in NAMES]
    + [Bad("name", {"name": n}, "PATCH", "environments/{env}") for n in NAMES],
    "nothing said": [
        Bad("name", {}),
        Bad("name", {}, path="environments/{env}/clone"),
        Bad("revision", {}, path="environments/{env}/rollback", status=409),
        Bad("filename", {"text": ""}, path="inspect"),
        Bad("text", {"filename": "requirements.txt"}, path="inspect"),
    ],
    "packages": [create("packages[0]", packages=[p]) for p in REQUIREMENTS]
    + [change("install[1]", install=["six", p]) for p in REQUIREMENTS]
    + [change("upgrade[0]", upgrade=[p]) for p in REQUIREMENTS]
    + [change("remove[0]", remove=[p]) for p in REMOVALS]
    + [create("packages", packages=["six"] * 2001), change("install[0]", install=[1])],
    "pythons": [create("python", python=p) for p in PYTHONS],
    "prefixes": [Bad("prefix", {"prefix": p}) for p in PREFIXES],
    "display names": [create("kernel.display_name", kernel={"display_name": n}) for n in DISPLAY_NAMES]
    + [Bad("display_name", {"display_name": n}, "PATCH", "environments/{env}") for n in DISPLAY_NAMES]
    + [Bad("display_name", {"display_name": n}, path="environments/{env}/kernel") for n in DISPLAY_NAMES],
    "managers": [create("manager", manager=m) for m in ("", "nothing", "-uv", "../uv", "uv\n", "UV;id", "m" * 65)],
    "projects": [
        Bad("path", {}, path="projects/kernel"),
        Bad("lock", {"path": "/", "lock": 1}, path="projects/kernel"),
        Bad("nmae", {"path": "/", "nmae": 1}, path="projects/kernel"),
        *(Bad("path", {"path": p}, path="projects/kernel") for p in (*PREFIXES, "/", "/no/such/folder", 1, None)),
        get("refresh", "projects?refresh=maybe"),
    ],
    "imports": [
        create("from.format", **{"from": {"format": "nothing", "text": "six"}}),
        create("from.text", **{"from": {"format": "requirements.txt"}}),
        create("from.text", **{"from": {"text": 1}}),
        create("from.path", **{"from": {"text": "", "path": "/etc/passwd"}}),
        create("from.text line 1", **{"from": {"text": "-r /etc/passwd"}}),
        create("from.text line 2", **{"from": {"text": "six\nsix; rm -rf /"}}),
        create("from.text", **{"from": {"text": "six\0"}}),
        change("from.text line 1", **{"from": {"text": "six=>1"}}),
    ],
    "wrong types": [create(field, **{field: value}) for field, value in WRONG_TYPES],
    "unknown fields": [
        create("nmae", nmae="x"),
        create("kernel.regsiter", kernel={"regsiter": True}),
        create("__class__", __class__="x"),
        create("from_", from_={}),
        change("instal", instal=["six"]),
        change("upgrade_all", upgrade_all=1),
        Bad("force", {"force": True}, path="environments/{env}/repair"),
        Bad("name", {"name": "x"}, path="environments/{env}/kernel"),
        Bad("plan", {"name": "x", "plan": 1}, "PATCH", "environments/{env}"),
    ],
    "revisions": [
        Bad("revision", {"revision": r}, path="environments/{env}/rollback")
        for r in (0, -1, 1.5, "1", "latest", True, [1])
    ]
    + [Bad("revision", {"revision": r}, path="environments/{env}/rollback", status=404) for r in (999, 10**30)]
    + [
        Bad("revision", None, "GET", f"environments/{{env}}/history/{n}", status=404)
        for n in (0, 99, -1, "x", "1e3", "..", "9" * 30, "%31%00", "١")
    ]
    + [
        Bad("against", None, "GET", f"environments/{{env}}/history/1?against={n}")
        for n in (0, "x")
    ],
    "bodies": [
        Bad(None, raw) for raw in BODIES
    ],
    "ids": [
        Bad(field, body, verb, path.replace("{bad}", bad), 404)
        for bad in IDS
        for verb, path, body, field in (
            ("GET", "environments/{bad}", None, "id"),
            ("PATCH", "environments/{bad}", {"name": "x"}, "id"),
            ("DELETE", "environments/{bad}?force=true", None, "id"),
            ("POST", "environments/{bad}/packages", {"install": ["six"]}, "id"),
            ("GET", "environments/{bad}/export?format=requirements.txt", None, "id"),
            ("POST", "environments/{bad}/kernel", {}, "id"),
            ("GET", "jobs/{bad}", None, "id"),
            ("DELETE", "jobs/{bad}", None, "id"),
        )
    ]
    + [Bad("path", None, "GET", path) for path in ("environments/%ff", "jobs/%c3%28", "search/%fe")],
    "queries": [
        get("refresh", "environments?refresh=maybe"),
        get("refresh", "environments?refresh"),
        get("refresh", "interpreters?refresh=%00"),
        get("refresh", "environments?refresh=%ff"),
        get("q", "search"),
        get("q", "search?q="),
        get("q", "search?q=a%00b"),
        get("q", "search?q=a%0ab"),
        get("q", "search?q=" + "x" * 201),
        get("manager", "search?q=six&manager="),
        get("channel", "search?q=six&channel=%0d%0aX: y".replace(" ", "%20")),
        get("environment", "search?q=six&environment="),
        get("environment", "search/six?environment=%00"),
        get("format", "environments/{env}/export"),
        get("format", "environments/{env}/export?format=nothing"),
        get("format", "environments/{env}/export?format=../../etc/passwd"),
        get("format", "environments/{env}/export?format=a%00b"),
        get("name", "search/-x"),
        get("name", "search/a%20b"),
        get("name", "search/%2e%2e%2fx"),
        get("name", "search/a%00b"),
        get("name", "search/" + "x" * 300),
        Bad("force", None, "DELETE", "environments/{env}?force=perhaps"),
        Bad("name", None, "DELETE", "cache?name=nothing"),
        Bad("name", None, "DELETE", "cache?name=..%2F.."),
        Bad("name", None, "DELETE", "cache?name="),
        get("no_track_activity", "managers?no_track_activity=%ff"),
    ],
    "Pythons to download": [
        Bad("version", {}, path="interpreters"),
        Bad("version", {"version": None}, path="interpreters"),
        Bad("version", {"version": ""}, path="interpreters"),
        Bad("version", {"version": "--reinstall"}, path="interpreters"),
        Bad("version", {"version": "../../etc"}, path="interpreters"),
        Bad("version", {"version": "3.99"}, path="interpreters"),
        Bad("version", {"version": "3.13\u0000"}, path="interpreters"),
        Bad("version", {"version": "3" * 41}, path="interpreters"),
        get("downloads", "interpreters?downloads=perhaps"),
        Bad("python", {"name": "x", "python": "3.99", "install_python": True}, path="environments"),
        Bad("install_python", {"name": "x", "install_python": "yes"}, path="environments"),
    ],
    "files to inspect": [
        Bad("filename", {"filename": "f" * 256, "text": ""}, path="inspect"),
        Bad("filename", {"filename": 1, "text": ""}, path="inspect"),
        Bad("text", {"filename": "requirements.txt", "text": None}, path="inspect"),
        Bad("text", {"filename": "requirements.txt", "text": "x" * 5_000_001}, path="inspect"),
        Bad(None, {"filename": "no-such-format.xyz", "text": "six"}, path="inspect"),
        Bad(None, {"filename": "../../etc/passwd", "text": "root:x:0"}, path="inspect"),
        Bad(None, {"filename": "analysis.ipynb", "text": "{"}, path="inspect"),
    ],
}  # fmt: skip


@pytest.fixture
def jp_server_config(jp_server_config: Config) -> Config:
    # Nothing but the requests may write here.
    jp_server_config.Settings.prepare_delay = 3600
    return jp_server_config


@pytest.fixture
def env(app: Any) -> str:
    """The id of an environment that can be changed."""
    prefix = Path(app.engine.settings.root, "mine")
    venv.create(prefix, symlinks=True)
    return environment_id(os.path.realpath(prefix), "mine")


def test_the_table_is_long_enough() -> None:
    assert sum(map(len, CASES.values())) >= 80


@pytest.mark.parametrize("group", CASES)
async def test_bad_input_is_refused_and_leaves_no_trace(
    group: str, app: Any, call: Any, env: str, jp_root_dir: Path
) -> None:
    for warm in ("environments", "interpreters", "managers", "formats", f"environments/{env}/packages"):
        assert (await call("GET", warm)).status == 200
    settings = app.engine.settings
    folders = (Path(settings.root), settings.state, kernels_dir(), jp_root_dir)
    before = below(*folders)
    wrong = []
    for case in CASES[group]:
        path = case.path.replace("{env}", env)
        try:
            reply = await call(case.verb, path, case.body)
        except AssertionError as error:
            wrong.append(f"{case.verb} {path} {shown(case.body)}: {error}")
            continue
        told = reply.json
        fits = reply.status == case.status and (told["field"] == case.field or (case.field is None and told["field"]))
        if not fits or b"Traceback" in reply.body:
            wrong.append(f"{case.verb} {path} {shown(case.body)}: {reply.status} {told}")
    assert not wrong, "\n".join(wrong)
    assert (await call("GET", "jobs")).json == {"jobs": []}
    assert without_index(below(*folders)) == without_index(before)


def without_index(files: dict[str, Any]) -> dict[str, Any]:
    """The environments and their packages are kept on disk as they are read, sizes as they become known.

    Where that was written by way of a temporary file is noted too.
    """
    kept = {"packages", "tmp"}
    return {
        path: info for path, info in files.items() if "index.json" not in path and not kept & {*path.split(os.sep)[-3:]}
    }


def shown(body: Any) -> str:
    return (body[:60] if isinstance(body, bytes) else json.dumps(body)[:160].encode()).decode("latin-1")
