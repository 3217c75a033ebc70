"""The layers hold: a module imports its own layer or a lower one, and nothing imports in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1] / "jupyter_envs"
LAYERS = {"model": 0, "system": 1, "backends": 2, "formats": 3, "engine": 4, "server": 5, "cli": 5, "magic": 5}
LONGEST = 400
FILES = sorted(path for path in TOP.rglob("*.py") if "labextension" not in path.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(TOP.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The modules of ours that the import statement `node` loads."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports are absolute"
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return
    for name in names:
        if name.split(".")[0] == TOP.name:
            yield name if name in MODULES else name.rpartition(".")[0]


def layer_of(module: str) -> str | None:
    """The layer's name; None for the few modules at the top, which bind the faces to their entry points."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else None


def test_every_package_is_a_layer() -> None:
    packages = {path.parent.name for path in TOP.glob("*/__init__.py")}
    assert packages == set(LAYERS)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_down(module: str) -> None:
    own = layer_of(module)
    if own is None:
        return
    for node in ast.walk(tree(MODULES[module])):
        for name in imported(node):
            other = layer_of(name)
            if other is None:
                assert name in (TOP.name, f"{TOP.name}._version"), f"{module} imports {name}"
                continue
            allowed = other == own or LAYERS[other] < LAYERS[own]
            assert allowed, f"{module}, line {getattr(node, 'lineno', 0)}, imports {name}"


def test_no_circles() -> None:
    """Imports inside functions and for the type checker count as well."""
    needs = {
        module: {name for node in ast.walk(tree(path)) for name in imported(node) if name in MODULES} - {module}
        for module, path in MODULES.items()
    }
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, "circle: " + " -> ".join([*above[above.index(module) :], module])
        if module not in done:
            for name in sorted(needs[module]):
                visit(name, (*above, module))
            done.add(module)

    for module in sorted(MODULES):
        visit(module, ())


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "__init__.py"], ids=module_name)
def test_a_package_opens_with_one_sentence(path: Path) -> None:
    text = ast.get_docstring(tree(path)) or ""
    assert text, f"{path} has no docstring"
    assert "\n" not in text, f"{path}: more than one sentence"
    assert text.endswith("."), f"{path}: no sentence"


# A kernel runs it alone, from the environment, with nothing of ours importable: it cannot be several files.
ONE_FILE = {TOP / "magic" / "kernel.py"}


def test_no_file_is_long() -> None:
    ours = [*FILES, *sorted((TOP.parent / "tests").rglob("*.py"))]
    long = {
        str(path): count
        for path in ours
        if path not in ONE_FILE and (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long
