"""The verb ``completion``: a script that makes a shell complete verbs, options and environment names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from jupyter_envs.cli.parser import Call, Verb, whole

# The name of the console script: what a shell completes.
SCRIPT = "jupyter-envs"
_NAMES = {
    "bash": """\
_jupyter_envs_names() {
  COMPREPLY_NAMES="$(jupyter-envs completion names 2>/dev/null)"
  compgen -W "$COMPREPLY_NAMES" -- "$1"
}
""",
    "zsh": """\
_jupyter_envs_names() {
  local -a names
  names=(${(f)"$(jupyter-envs completion names 2>/dev/null)"})
  compadd -a names
}
""",
}
# `jupyter envs` is completed as `jupyter-envs`; other subcommands keep what the shell did for them.
_VIA_JUPYTER = {
    "bash": """
_jupyter_envs_previous="$(complete -p jupyter 2>/dev/null | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')"
[ "$_jupyter_envs_previous" = _jupyter_envs_via_jupyter ] && _jupyter_envs_previous=
_jupyter_envs_via_jupyter() {
  if [ "${COMP_WORDS[1]}" = envs ] && [ "$COMP_CWORD" -gt 1 ]; then
    COMP_WORDS=(jupyter-envs "${COMP_WORDS[@]:2}")
    COMP_CWORD=$((COMP_CWORD - 1))
    _shtab_jupyter_envs
  elif [ -n "$_jupyter_envs_previous" ]; then
    "$_jupyter_envs_previous" "$@"
  fi
}
complete -o default -F _jupyter_envs_via_jupyter jupyter
""",
    "zsh": """
_jupyter_envs_previous="${_comps[jupyter]:-}"
[[ $_jupyter_envs_previous == _jupyter_envs_via_jupyter ]] && _jupyter_envs_previous=
_jupyter_envs_via_jupyter() {
  if [[ ${words[2]} == envs ]] && (( CURRENT > 2 )); then
    words=(jupyter-envs "${(@)words[3,-1]}")
    (( CURRENT-- ))
    _shtab_jupyter_envs "$@"
  elif [[ -n $_jupyter_envs_previous ]]; then
    $_jupyter_envs_previous "$@"
  else
    _files
  fi
}
compdef _jupyter_envs_via_jupyter jupyter
""",
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "names"), help="for which shell; names: the environments")


def _completion(call: Call) -> None:
    if call.args.shell == "names":
        found = [env.name for env in call.engine.environments()]
        call.out.answer(found, lambda: found)
        return
    text = script(call.args.shell, call.verbs)
    call.out.answer({"shell": call.args.shell, "script": text}, lambda: [text])


def script(shell: str, verbs: Sequence[Verb]) -> str:
    """The completion script of `verbs` for `shell`, ``bash`` or ``zsh``."""
    import shtab

    parser = whole(verbs, prog=SCRIPT)
    text: str = shtab.complete(parser, shell=shell, root_prefix="jupyter_envs", preamble=_NAMES)  # type: ignore[arg-type]
    return text + _VIA_JUPYTER[shell]


VERBS = [
    Verb(
        "completion",
        "print a completion script for bash or zsh",
        'eval "$(jupyter-envs completion bash)"   in ~/.bashrc',
        _arguments,
        _completion,
        "Help",
    )
]
