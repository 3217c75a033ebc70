"""That an environment is the user's own is said in one place; what runs or follows what lies in one takes its word."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[1] / "jupyter_envs"
FILES = {
    path.relative_to(TOP).as_posix(): path for path in sorted(TOP.rglob("*.py")) if "labextension" not in path.parts
}
# Where new environments are put together, and copies of one's own.
MAKERS = {"engine/create.py", "engine/templates.py"}
# What starts a program of an environment, reads its record, or asks for what it names: its first argument is an Own.
GATED = {
    "engine/record.py": {"write_spec", "read_spec", "channels", "place_magic"},
    "engine/history.py": {"numbers", "has", "revisions", "get", "last", "lock_of", "lock_text", "add", "complete"},
    "engine/hashes.py": {"meanwhile", "completed", "_ask"},
    "engine/install.py": {"plan", "apply", "fill"},
    "engine/exports.py": {"lock", "_asked"},
    "engine/background.py": {"compile_packages"},
    "engine/toolrun.py": {"perform"},
    "engine/kinds/base.py": {"plan", "apply", "make", "fill", "completed", "kernels", "mend", "upgrades"},
    "system/conda_activate.py": {"activation"},
}


def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


def named(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def calls(name: str) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree(name)) if isinstance(node, ast.Call))


def test_one_module_gives_it_out() -> None:
    givers = {name for name in FILES for call in calls(name) if named(call.func) == "Own"}
    assert givers == {"engine/adoption.py"}
    casts = {
        name
        for name in FILES
        for call in calls(name)
        if named(call.func) == "cast" and "Own" in ast.unparse(call.args[0])
    }
    assert not casts


def test_who_makes_new_ones() -> None:
    makers = {
        name
        for name in FILES
        for node in ast.walk(tree(name))
        if isinstance(node, ast.ImportFrom)
        and node.module == "jupyter_envs.engine.adoption"
        and any(alias.name == "new" for alias in node.names)
    }
    assert makers == MAKERS


def test_what_is_gated() -> None:
    for name, functions in GATED.items():
        found = {node.name: node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef)}
        assert functions <= found.keys(), (name, functions - found.keys())
        for function in functions:
            kinds = {ast.unparse(arg.annotation) for arg in found[function].args.args if arg.annotation}
            assert "Own" in kinds, f"{name}: {function} takes any prefix"
