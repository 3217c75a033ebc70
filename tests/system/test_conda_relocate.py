"""A conda prefix that was installed elsewhere speaks of its new place, and its records agree."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from jupyter_envs.model.errors import Failed
from jupyter_envs.system.conda_relocate import _swapped, relocate
from jupyter_envs.system.files import link_tree

PLACEHOLDER = "/opt/" + "_placehold" * 24


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def put(prefix: Path, name: str, content: bytes, mode: str | None, kind: str = "hardlink") -> dict[str, object]:
    path = prefix / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    entry: dict[str, object] = {"_path": name, "path_type": kind, "sha256": "0" * 64}
    if mode:
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": mode, "sha256_in_prefix": digest(path)}
    if kind != "hardlink":
        entry["sha256"] = digest(path)
    return entry


def installed(prefix: Path) -> Path:
    """An environment as conda leaves it at `prefix`: the room of the placeholder is filled behind each C string."""
    old = os.fsencode(prefix)
    spare = len(PLACEHOLDER) - len(old)
    binary = b"\x7fELF..." + old + b"/lib" + b"\0" * (spare + 1) + b"x:" + old + b":" + old + b"\0" * (2 * spare + 1)
    paths = [
        put(prefix, "bin/tool", b"#!" + old + b"/bin/python\nprint('" + old + b"x')\n", "text"),
        put(prefix, "bin/entry", b"#!" + old + b"/bin/python3.11\nimport x\n", None, "unix_python_entry_point"),
        put(prefix, "lib/libx.so", binary + b"end", "binary"),
        put(prefix, "lib/none.so", b"no path at all", "binary"),
        put(prefix, "share/plain", old + b"\n", None),
    ]
    put(prefix, "bin/pipped", b"#!" + old + b"/bin/python\n", None)
    put(prefix, "share/jupyter/kernels/k/kernel.json", json.dumps({"argv": [f"{prefix}/bin/python"]}).encode(), None)
    (prefix / "conda-meta").mkdir()
    record = {"name": "x", "version": "1", "build": "0", "paths_data": {"paths_version": 1, "paths": paths}}
    (prefix / "conda-meta/x-1-0.json").write_text(json.dumps(record))
    return prefix


@pytest.mark.parametrize("name", ["b", "longer-than-source"])
def test_moved(tmp_path: Path, name: str) -> None:
    source, tree, new = installed(tmp_path / "source"), tmp_path / "stage", tmp_path / name
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    link_tree(source, tree)
    relocate(str(tree), [str(source), str(tree)], str(new))
    goal = os.fsencode(new)
    assert (tree / "bin/tool").read_bytes() == b"#!" + goal + b"/bin/python\nprint('" + os.fsencode(source) + b"x')\n"
    assert (tree / "bin/entry").read_bytes().startswith(b"#!" + goal + b"/bin/python3.11\n")
    assert (tree / "bin/pipped").read_bytes().startswith(b"#!" + goal + b"/bin/python\n")
    assert json.loads((tree / "share/jupyter/kernels/k/kernel.json").read_text())["argv"] == [f"{new}/bin/python"]
    binary = (tree / "lib/libx.so").read_bytes()
    old = before[source / "lib/libx.so"]
    assert len(binary) == len(old)
    assert binary.endswith(b"end")
    strings = [part for part in binary.removesuffix(b"end").split(b"\0") if part]
    assert strings == [b"\x7fELF..." + goal + b"/lib", b"x:" + goal + b":" + goal]
    assert binary.index(b"x:") == old.index(b"x:"), "what follows stays where it was"
    assert os.stat(tree / "bin/tool").st_mode & 0o777 == 0o755
    # The records agree, as `conda doctor` looks at it, and the source is as it was.
    record = json.loads((tree / "conda-meta/x-1-0.json").read_text())
    for path in record["paths_data"]["paths"]:
        if "sha256_in_prefix" in path:
            assert path["sha256_in_prefix"] == digest(tree / path["_path"]), path["_path"]
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == before


def test_what_clients_write_in_place_is_shared_no_more(tmp_path: Path) -> None:
    source, tree = installed(tmp_path / "source"), tmp_path / "stage"
    (source / "conda-meta/history").write_text("before\n")
    link_tree(source, tree)
    relocate(str(tree), [str(source)], str(tmp_path / "new"))
    for path in (tree / "conda-meta").iterdir():
        with open(path, "a") as file:
            file.write("after\n")
    assert (source / "conda-meta/history").read_text() == "before\n"
    assert "after" not in (source / "conda-meta/x-1-0.json").read_text()


def test_there_and_back(tmp_path: Path) -> None:
    source, tree = installed(tmp_path / "source"), tmp_path / "stage"
    link_tree(source, tree)
    relocate(str(tree), [str(source)], str(tmp_path / ("n" * 9)))
    relocate(str(tree), [str(tmp_path / ("n" * 9))], str(source))
    for path in source.rglob("*"):
        if path.is_file():
            assert (tree / path.relative_to(source)).read_bytes() == path.read_bytes()


def test_no_room(tmp_path: Path) -> None:
    source, tree = installed(tmp_path / "source"), tmp_path / "stage"
    link_tree(source, tree)
    with pytest.raises(Failed) as caught:
        relocate(str(tree), [str(source)], str(tmp_path / ("n" * 250)))
    assert caught.value.reason == "prefix_too_long"


def test_too_long_a_first_line(tmp_path: Path) -> None:
    source, tree = installed(tmp_path / "source"), tmp_path / "stage"
    link_tree(source, tree)
    long = tmp_path / ("n" * (130 - len(str(tmp_path))))
    relocate(str(tree), [str(source)], str(long))
    assert (tree / "bin/tool").read_bytes().startswith(b"#!/usr/bin/env python\n")


def test_a_damaged_record(tmp_path: Path) -> None:
    source = installed(tmp_path / "source")
    (source / "conda-meta/x-1-0.json").write_text("{")
    with pytest.raises(Failed) as caught:
        relocate(str(source), [str(source)], str(tmp_path / "b"))
    assert caught.value.reason == "damaged_record"


def test_a_text_that_nothing_ends_is_left_and_read_once() -> None:
    """A megabyte of paths without the NUL that ends a string: it took minutes, with the interpreter's lock held."""
    old = b"/opt/placeholder"
    content = (old + b"/lib ") * 50_000
    began = time.process_time()
    assert _swapped(content, old, b"/new", 200) == content
    assert _swapped(content + b"\0", old, b"/new", 200).startswith(b"/new/lib /new/lib ")
    assert time.process_time() - began < 1
