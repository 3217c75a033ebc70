"""Plain data is read; a bomb, a program and a torn text are refused, each with its reason."""

from __future__ import annotations

import pytest

from jupyter_envs.system.yaml import NotYaml, parse


def test_plain_data() -> None:
    text = "name: demo\nchannels: [conda-forge]\ndependencies:\n- python=3.12\n- pip:\n  - six\n"
    assert parse(text) == {
        "name": "demo",
        "channels": ["conda-forge"],
        "dependencies": ["python=3.12", {"pip": ["six"]}],
    }
    assert parse("") is None


def test_an_alias_that_stays_small_is_followed() -> None:
    assert parse("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "&a [*a]",
        "a: &a\n  b: *a\n",
        "[" * 5000,
        "{a: " * 5000,
        "x" * 1_000_001,
    ],
    ids=["billion laughs", "itself", "itself in a mapping", "deep list", "deep mapping", "long"],
)
def test_bombs(text: str) -> None:
    with pytest.raises(NotYaml):
        parse(text)


@pytest.mark.parametrize(
    "text",
    ["!!python/object/apply:os.system [echo]", "!foo bar", "a: b: c", "- [", "a: \x00", "? [a]\n: b", "--- 1\n--- 2"],
)
def test_what_is_not_plain_yaml(text: str) -> None:
    with pytest.raises(NotYaml):
        parse(text)


def test_the_reason_names_the_line_and_not_its_text() -> None:
    with pytest.raises(NotYaml, match="line 2") as caught:
        parse("a: 1\npassword: secret: more\n")
    assert "secret" not in str(caught.value)
