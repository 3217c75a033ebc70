from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.cli.completion import script
from jupyter_envs.cli.verbs import VERBS

bash = pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")


def complete(text: str, words: list[str], function: str) -> list[str]:
    """What bash offers for the last of `words`."""
    quoted = " ".join(f"'{w}'" for w in words)
    body = (
        "jupyter-envs() { printf 'alpha\\nbeta\\n'; }\n"
        f"{text}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; {function}\n"
        "printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(["bash", "--norc", "-c", body], capture_output=True, text=True, check=True, timeout=120)
    return [line.strip() for line in done.stdout.split("\n") if line.strip()]


@bash
def test_bash_accepts_the_script() -> None:
    done = subprocess.run(["bash", "-n"], input=script("bash", VERBS), text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


@bash
@pytest.mark.parametrize(
    ("before", "function"),
    [(["jupyter-envs"], "_shtab_jupyter_envs"), (["jupyter", "envs"], "_jupyter_envs_via_jupyter")],
)
def test_bash_completes_verbs_options_and_names(before: list[str], function: str) -> None:
    text = script("bash", VERBS)
    assert set(complete(text, [*before, ""], function)) >= {v.name for v in VERBS if not v.hidden}
    assert complete(text, [*before, "inst"], function) == ["install"]
    assert "--dry-run" in complete(text, [*before, "install", "--d"], function)
    assert complete(text, [*before, "show", "al"], function) == ["alpha"]


@bash
def test_bash_leaves_other_subcommands_to_what_was_there() -> None:
    text = "other() { COMPREPLY=(from-before); }\ncomplete -F other jupyter\n" + script("bash", VERBS)
    assert complete(text, ["jupyter", "la"], "_jupyter_envs_via_jupyter") == ["from-before"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
def test_zsh_accepts_the_script(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("zsh", VERBS))
    done = subprocess.run(["zsh", "-n", tmp_path / "script"], text=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_hidden_verb_is_not_offered() -> None:
    assert "prepare" not in script("bash", VERBS)
    assert "prepare" not in script("zsh", VERBS)


def test_the_verb_prints_the_script(envs: Callable[..., Any]) -> None:
    assert "complete -o" in envs("completion", "bash").out
    assert envs("completion", "zsh", "--json").json["shell"] == "zsh"
