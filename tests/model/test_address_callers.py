"""The full text of an address leaves its type in few places, each on the way to a tool."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import jupyter_envs

TOP = Path(jupyter_envs.__file__).parent
# uv's variables, the header for git, the HTTP client's two verbs, and of rattler the credential store, the proxies
# and the question to its process.
CALLERS = {
    "system/pipconf.py": 4,
    "system/web.py": 2,
    "system/git_access.py": 2,
    "system/conda_url.py": 1,
    "backends/rattler.py": 1,
    "backends/rattler_worker.py": 1,
}


def test_who_gets_the_full_text() -> None:
    found: Counter[str] = Counter()
    for path in TOP.rglob("*.py"):
        name = path.relative_to(TOP).as_posix()
        if name == "model/address.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Name) and node.id == "reveal_for_tool":
                found[name] += 1
            # The other ways in: a private name, and the one that the class' own is made into.
            assert not (isinstance(node, ast.Attribute) and node.attr in ("_reveal", "_Address__full", "_pieces")), name
    assert dict(found) == CALLERS
