"""Files as people have them: what comes of each, and that the command line, REST and the panel read it alike."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from jupyter_envs.cli import given
from jupyter_envs.engine.imports import Imports
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Inspect, Inspected
from jupyter_envs.model.wire import plain
from jupyter_envs.system.decode import decode
from jupyter_envs.system.dist_info import normalise

CASES = {path.stem: path for path in sorted((Path(__file__).parents[1] / "formats/data/cases").glob("*.json"))}
FOLDER = (Path(__file__).parents[2] / "labextension/src/model/folder.ts").read_text("utf-8")
KNOWN = ("numpy", "pandas")


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(CASES[name].read_text("utf-8"))
    return loaded


def content(value: str | dict[str, str]) -> bytes:
    return value.encode() if isinstance(value, str) else bytes.fromhex(value["hex"])


def inspect(request: Inspect) -> Inspected:
    return Imports(lambda: dict.fromkeys(KNOWN), tuple).inspect(request)


def answer(ask: Callable[[], Inspected]) -> dict[str, Any]:
    try:
        return dict(plain(ask()))
    except InvalidRequest as error:
        return {"error": f"{error.message} {error.hint}"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], Path]:
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))

    def make(case: dict[str, Any]) -> Path:
        room = tmp_path / "p"
        for name, value in case["files"].items():
            (room / name).parent.mkdir(parents=True, exist_ok=True)
            (room / name).write_bytes(content(value))
        for name, value in case.get("env", {}).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(room)
        return room

    return make


def by_command_line(case: dict[str, Any]) -> dict[str, Any]:
    def ask() -> Inspected:
        source = given.imported(case["args"])
        assert source is not None
        return inspect(given.as_inspect(source))

    return answer(ask)


def by_panel(case: dict[str, Any]) -> dict[str, Any] | None:
    """As the panel asks: a folder's files by its own rules, or one file alone; None where neither is meant."""
    texts = {name: decode(content(value)) for name, value in case["files"].items()}
    more: dict[str, list[str]] = {"extras": [], "groups": [], "indexes": [], "find_links": []}
    if case["args"] == ["."]:
        files = {name: text for name, text in texts.items() if wanted(name)}
        declared = {name: text for name, text in files.items() if not name.endswith(".ipynb")}
        return answer(lambda: inspect(Inspect(files=declared or files, **more)))
    if len(texts) == 1:
        ((name, text),) = texts.items()
        return answer(lambda: inspect(Inspect(filename=name, text=text, **more)))
    return None


def rule(name: str) -> re.Pattern[str]:
    found = re.search(rf"const {name} =\s*/(.*)/i;", FOLDER)
    assert found, name
    return re.compile(found[1].replace("\\/", "/"), re.I)


def wanted(path: str) -> bool:
    parts = PurePosixPath(path).parts
    if any(part.startswith(".") and part not in (".binder",) for part in parts[:-1]):
        return False
    if len(parts) == 1 or (len(parts) == 2 and parts[0] in ("binder", ".binder")):
        return bool(rule("TOLD_BY_NAME").match(parts[-1]))
    return bool(rule("INCLUDED").search(path) or rule("BELOW").search(path))


def lines(found: dict[str, Any]) -> list[str]:
    create = found["create"]
    both = [*create.get("packages", []), *(create.get("pip_packages") or found.get("pip_packages", []))]
    return list(dict.fromkeys(both))


def key(line: str, room: Path) -> str:
    """`line` so that two ways to write one requirement are equal."""
    line = line.replace(os.fspath(room), ".").replace('"', "'").removeprefix("-e ")
    address = re.match(r"(?:[\w.-]+(?:\[[^\]]*\])?\s*@\s*)?(\S*://\S*)\Z", line)
    if address and "::" not in line:
        extras = re.match(r"[\w.-]+(\[[^\]]*\])", line)
        bare, _, fragment = address[1].partition("#")
        kept = "&".join(part for part in fragment.split("&") if part and not part.startswith("egg="))
        return re.sub(r"\.git(?=@|\Z)", "", bare) + kept + (extras[1] if extras else "")
    name = re.match(r"[A-Za-z0-9_][\w.-]*", line)
    rest = line[name.end() :] if name else line
    limits = ",".join(sorted(re.sub(r"\s+", "", part) for part in rest.split(",")))
    return (normalise(name.group()) if name else "") + limits


def faults(found: dict[str, Any], expected: dict[str, Any], room: Path) -> Iterator[str]:
    error = found.get("error")
    if expected.get("ok", error is None if "packages" not in expected else True) is not (error is None):
        yield f"refused: {error}" if error else "accepted"
        return
    said = [error] if error else found["warnings"]
    if error is None and "packages" in expected:
        left = [key(line, room) for line in lines(found)]
        for entry in expected["packages"]:
            choices = entry if isinstance(entry, list) else [entry]
            hit = next((line for c in choices if c for line in left if fits(line, c, room)), None)
            if hit is not None:
                left.remove(hit)
            elif None not in choices:
                yield f"missing {choices}"
        if left:
            yield f"too much: {left}"
    if error is None and "manager" in expected and found["create"].get("manager") != expected["manager"]:
        yield f"manager {found['create'].get('manager')}"
    if error is None and "channels" in expected and sorted(found["create"]["channels"]) != sorted(expected["channels"]):
        yield f"channels {found['create']['channels']}"
    if error is None and "python" in expected:
        yield from python_faults(found, expected["python"])
    for pattern in expected.get("says", []):
        if not any(re.search(pattern, text, re.I | re.S) for text in said):
            yield f"nothing says {pattern}: {said}"
    for pattern in expected.get("not", []):
        if any(re.search(pattern, text, re.I) for text in (*said, *([] if error else lines(found)))):
            yield f"{pattern} is there"


def fits(line: str, choice: str, room: Path) -> bool:
    return bool(re.search(choice[3:], line, re.I)) if choice.startswith("re:") else line == key(choice, room)


def python_faults(found: dict[str, Any], expected: Any) -> Iterator[str]:
    from packaging.specifiers import SpecifierSet

    if not isinstance(expected, dict):
        if found["python"] != expected:
            yield f"python {found['python']}"
        return
    limits = SpecifierSet(found["requires_python"])
    yield from (f"{version} is refused" for version in expected["admits"] if version not in limits)
    yield from (f"{version} is admitted" for version in expected["refuses"] if version in limits)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two answers are one, apart from the folder that only the command line knows."""
    if "error" in one or "error" in other:
        return "error" in one and "error" in other
    parts = ("packages", "pip_packages", "channels", "manager", "python")
    return (one["warnings"], one["unknown"], [one["create"].get(part) for part in parts]) == (
        other["warnings"],
        other["unknown"],
        [other["create"].get(part) for part in parts],
    )


@pytest.mark.parametrize("name", CASES)
def test_what_comes_of_it(name: str, project: Callable[[dict[str, Any]], Path]) -> None:
    case = load(name)
    room = project(case)
    found = by_command_line(case)
    ways = [list(faults(found, {**case, **way}, room)) for way in case.get("either", [{}])]
    assert [] in ways, (case["why"], ways)
    shown = by_panel(case)
    if shown is not None:
        assert same(found, shown), (found, shown)


async def test_rest_answers_as_the_command_line(call: Any, project: Callable[[dict[str, Any]], Path]) -> None:
    """All cases, one server: each with its folder, as the command line has it."""
    different = []
    import shutil

    for name in CASES:
        case = load(name)
        room = project(case)
        try:
            source = given.imported(case["args"])
        except InvalidRequest:
            source = None
        if source is not None:
            request = given.as_inspect(source)
            reply = await call("POST", "inspect", {k: v for k, v in plain(request).items() if v is not None})
            # The server knows which Pythons are here, which the reader alone does not.
            told = reply.json if reply.status == 200 else {"error": reply.json}
            here = answer(lambda request=request: inspect(request))  # type: ignore[misc]
            if ("error" in told) != ("error" in here) or ("error" not in told and lines(told) != lines(here)):
                different.append((name, told, here))
        os.chdir(room.parent)
        shutil.rmtree(room)
    assert not different
