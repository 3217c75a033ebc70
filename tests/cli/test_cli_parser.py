from __future__ import annotations

import pytest

from jupyter_envs.cli.parser import overview, parse, whole
from jupyter_envs.cli.verbs import VERBS
from jupyter_envs.model.errors import InvalidRequest

BY_NAME = {v.name: v for v in VERBS}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("install e six", {"env": "e", "requirements": ["six"], "upgrade": False}),
        ("install e -U six", {"env": "e", "requirements": ["six"], "upgrade": True}),
        ("install e six -U numpy -e . -r a.txt", {"requirements": ["six", "numpy"], "editable": ["."]}),
        ("install e -- -n six", {"env": "e", "requirements": ["-n", "six"]}),
        ("install e --by magic --json -- --json", {"requirements": ["--json"], "by": "magic", "json": True}),
        ("install -- -e six", {"env": "-e", "requirements": ["six"]}),
        ("create work numpy -p pandas", {"words": ["work", "numpy"], "package": ["pandas"]}),
        ("create --prefix /p numpy", {"words": ["numpy"], "prefix": "/p"}),
        ("kernel rename e --display-name D", {"action": "rename", "env": "e", "display_name": "D"}),
        ("jobs --log abc", {"id": "abc", "log": True}),
        ("jobs", {"id": None}),
        ("cache", {"action": "list", "names": []}),
        ("cache clean a b", {"action": "clean", "names": ["a", "b"]}),
        ("remove --yes e", {"env": "e", "yes": True}),
        ("rollback e 3", {"env": "e", "revision": 3, "dry_run": False}),
        ("rollback e --dry-run", {"env": "e", "revision": None, "dry_run": True}),
        ("history e --diff 1 12", {"env": "e", "diff": [1, 12], "lock": None}),
    ],
)
def test_options_may_stand_anywhere_before_the_dashes(line: str, expected: dict[str, object]) -> None:
    verb, *words = line.split()
    args = vars(parse(BY_NAME[verb], words))
    assert {name: args[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("install", "env"),
        ("install e --bogus", "bogus"),
        ("install e --index-url=https://x/simple", "index-url"),
        ("install e -r", "requirement"),
        ("create a --python", "python"),
        ("create a --man uv", "man"),
        ("show", "env"),
        ("show a b", "b"),
        ("remove-packages e", "name"),
        ("kernel boo e", "action"),
        ("kernel", "action"),
        ("rollback e x", "revision"),
        ("rollback e 0", "revision"),
        ("history e --diff 1", "diff"),
        ("history e --lock 1 --diff 1 2", "diff"),
        ("export e", "format"),
        ("clone e", "name"),
        ("rename e", "name"),
        ("list --by rest", "by"),
        ("search", "text"),
        ("completion fish", "shell"),
    ],
)
def test_a_wrong_argument_is_named(line: str, field: str) -> None:
    verb, *words = line.split()
    with pytest.raises(InvalidRequest) as caught:
        parse(BY_NAME[verb], words)
    assert caught.value.field == field
    assert caught.value.hint


def test_a_number_behind_the_dashes_is_a_number() -> None:
    rollback = next(verb for verb in VERBS if verb.name == "rollback")
    assert parse(rollback, ["analysis", "--dry-run", "--", "2"]).revision == 2


def test_the_overview_names_each_verb_but_the_hidden_ones() -> None:
    text = overview(VERBS)
    assert all((f"  {v.name} " in text) != v.hidden for v in VERBS)
    assert all(len(line) <= 80 for line in text.splitlines())


def test_each_verb_has_help_with_an_example_in_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    subparsers = whole(VERBS)._subparsers._group_actions[0].choices  # type: ignore[union-attr,index]
    for verb in VERBS:
        if not verb.hidden:
            text = subparsers[verb.name].format_help()  # type: ignore[index]
            assert f"example:\n  {verb.example}" in text
            assert "exit codes:" in text
            assert max(map(len, text.splitlines())) <= 90, verb.name
