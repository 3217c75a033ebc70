"""Nothing is read but by `system.reading`, which takes regular files alone, within bounds; exceptions have a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[1] / "jupyter_envs"

# What reads a file or parses text without a bound, by the name of the function or method that is called.
_CALLS = {
    "open",
    "os.open",
    "io.open",
    "os.fdopen",
    "json.load",
    "json.loads",
    "msgspec.json.decode",
    "msgspec.toml.decode",
    "msgspec.yaml.decode",
    "tomllib.load",
    "tomllib.loads",
    "yaml.load",
    "yaml.safe_load",
    "yaml.parse",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copytree",
    "tarfile.open",
    "zipfile.ZipFile",
    "mmap.mmap",
    "linecache.getlines",
    "fileinput.input",
    "np.fromfile",
}
_METHODS = {"read_text", "read_bytes", "readline", "readlines"}
_SHIPPED = "a file that we ship"
_OURS = "writes a file that we have just made"

ALLOWED = {
    ("system/reading.py", "os.open"): "the reader itself",
    ("system/reading.py", "json.loads"): "the reader itself",
    ("system/files.py", "os.open"): "opens a lock file without waiting, and reads nothing",
    ("system/files.py", "os.fdopen"): _OURS,
    (
        "system/files.py",
        "shutil.copy2",
    ): "copies where links cannot be made; it refuses pipes and devices",
    ("system/copies.py", "shutil.copy2"): "copies where links cannot be made; it refuses pipes and devices",
    ("system/temporary.py", "os.open"): "opens a lock file without waiting, and reads nothing",
    ("system/copies.py", "os.open"): "makes a new file",
    ("system/copies.py", "open"): "makes a new file",
    ("system/guard.py", "open"): "/proc, in a process of its own that has the standard library alone",
    ("system/indexes.py", "open"): _OURS,
    ("system/yaml.py", "yaml.load"): "bounded there",
    ("system/yaml.py", "yaml.parse"): "bounded there",
    ("formats/yaml_text.py", "yaml.parse"): "bounded there",
    ("formats/values.py", "json.loads"): "text that is bounded where it comes in; too deep nesting is caught",
    ("formats/carried.py", "json.loads"): "text that is bounded where it comes in; too deep nesting is caught",
    ("formats/modules.py", "read_text"): _SHIPPED,
    ("engine/catalog.py", "read_text"): _SHIPPED,
    ("engine/record.py", "read_bytes"): _SHIPPED,
    ("engine/warm.py", "open"): _OURS,
    ("engine/kernels.py", "json.loads"): "copies a value of ours",
    ("engine/undo.py", "shutil.copytree"): "keeps records that were all read before; pipes and devices are refused",
    ("engine/undo.py", "shutil.copy2"): "keeps a file or link; pipes and devices are refused",
    ("backends/rattler_worker.py", "os.fdopen"): "writes the answers to our own process",
    ("backends/rattler_worker.py", "read_bytes"): "the question that our own process has just written",
    ("backends/rattler_worker.py", "msgspec.json.decode"): "the question that our own process has just written",
    ("model/wire.py", "msgspec.json.decode"): "a request's body, which the server bounds; too deep nesting is caught",
    ("server/operation.py", "zipfile.ZipFile"): "writes an archive into memory",
    ("cli/catalog.py", "json.loads"): "our own process's words",
    ("cli/common.py", "readline"): "a person's answer at the terminal",
    ("cli/main.py", "os.open"): "opens the null device to write to",
    ("magic/kernel.py", "os.open"): "the standard library alone, bounded by a function of its own",
    ("magic/kernel.py", "json.loads"): "too deep nesting is caught",
}


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """The calls in the file `path` that read, with their lines; a function handed on counts as called."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name) and node.id == "open":
            yield "open", node.lineno
        if not isinstance(node, ast.Attribute):
            continue
        if ast.unparse(node) in _CALLS:
            yield ast.unparse(node), node.lineno
        elif node.attr in _METHODS:
            yield node.attr, node.lineno
        elif node.attr == "open" and ast.unparse(node.value) in ("path", "Path", "file", "self._path"):
            yield "open", node.lineno


def test_every_file_is_read_by_the_one_reader() -> None:
    found = {
        (path.relative_to(TOP).as_posix(), name): line
        for path in sorted(TOP.rglob("*.py"))
        if "labextension" not in path.parts
        for name, line in calls(path)
    }
    raw = {f"{file}:{line}: {name}" for (file, name), line in found.items() if (file, name) not in ALLOWED}
    assert not raw, "read it by jupyter_envs.system.reading"
    assert sorted(ALLOWED.keys() - found.keys()) == [], "take it off the list"
