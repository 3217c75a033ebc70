"""The cells of a notebook, as IPython reads them: Python, or a magic's own language."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jupyter_envs.formats.base import FIELD
from jupyter_envs.model.errors import InvalidRequest

# Of the code of one notebook, and of one cell: beyond it nothing is read.
MOST_CODE = 3_000_000
MOST_CELL = 500_000
# Characters that are parsed anew while a cell is mended or put into Python; each try parses all of it.
_MOST_WORK = 1_000_000
_MOST_TRIES = 60
_LANGUAGES = {"python", "python2", "python3", "ipython", "ipython3", "pyspark", "cython", "sagemath", "sage", "xpython"}
# How the kernels of a language are called, for notebooks that name none.
_OF_LANGUAGE = {
    "R": ("ir", "xr"),
    "Julia": ("julia", "xjulia"),
    "TypeScript": ("deno", "tslab"),
    "JavaScript": ("jslab", "javascript"),
    "Kotlin": ("kotlin",),
    "Go": ("gophernotes", "gonb"),
    "C++": ("xcpp",),
    "bash": ("bash",),
    "Octave": ("octave",),
    "MATLAB": ("matlab",),
    "Stata": ("stata",),
    "SAS": ("sas",),
    "Scala": ("almond", "scala"),
    "Rust": ("rust", "evcxr"),
    "Java": ("java", "jjava"),
    "Ruby": ("ruby",),
    "Perl": ("perl",),
    "Haskell": ("haskell", "ihaskell"),
    "SQL": ("xsqlite",),
    "C#": (".net-csharp",),
    "F#": (".net-fsharp",),
    "PowerShell": (".net-powershell",),
    "Wolfram": ("wolframlanguage",),
}
_KERNELS = {kernel: language for language, kernels in _OF_LANGUAGE.items() for kernel in kernels}
_NAMES = {name.lower(): name for name in (*_KERNELS.values(), "SageMath")}
_MAGIC = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*%%(!|[\w.]+)([^\n]*)(?:\n|\Z)")
# Cell magics whose body IPython runs as a cell of its own.
_TRANSPARENT = {"capture", "time", "timeit", "prun", "memit", "mprun", "lprun", "debug", "python", "python3", "pypy"}
_TRANSPARENT |= {
    "px",
    "local",
    "scalene",
    "snakeviz",
    "wandb",
    "ipytest",
    "skip",
    "heat",
    "pyinstrument",
    "tb",
    "manim",
}
_SHELLS = {"bash", "sh", "zsh", "system", "sx", "!"}
_COMMAND = re.compile(
    r"[ \t]*(?:[A-Za-z_]\w*[ \t]*=[ \t]*)?"
    r"(?:(%|!!?)|(?=(?:pip3?|conda|mamba|micromamba|uv|poetry|pipenv|cd)[ \t]+[\w.~/-]))[ \t]*(.*)\Z",
    re.A | re.S,
)
_OLD_EXCEPT = re.compile(
    r"([ \t]*except[ \t]+[\w.]{1,200}|[ \t]*except[ \t]*\([^()\n]{1,500}\))[ \t]*,[ \t]*(\w+)[ \t]*:", re.A
)
_HELP = re.compile(r"[ \t]*\??[\w.%]+\?{1,2}[ \t]*\Z|[ \t]*\?{1,2}[\w.%]+[ \t]*\Z", re.A)


@dataclass(frozen=True)
class Cell:
    """A code cell: what Python could be read of it, and the shell texts that are not in the Python.

    `shell` are texts for a shell by the number of the line where they stand; those of `ipython` lines put IPython's
    values in first. `lines` are those that are not Python, so far as any were left out.
    """

    number: int
    tree: ast.Module
    shell: dict[int, tuple[str, bool]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    written: str | None = None


def sources(notebook: dict[str, Any]) -> Iterator[str]:
    """The code cells of `notebook` (formats 2, 3 and 4), in Python as far as the cells themselves say.

    Raises:
        InvalidRequest: it has no list of cells.
    """
    for cell in code_cells(notebook):
        if language := _of_cell(cell):
            yield f"%%{re.sub(r'[^a-z]', '', language.lower()) or 'other'}\n"
        else:
            source = cell.get("source", cell.get("input", ""))
            lines = source if isinstance(source, list) else [source]
            yield "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n").replace("\r", "\n")


def code_cells(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The code cells of `notebook` as they are; raises as `sources`."""
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        lists = [sheet.get("cells") for sheet in sheets]
        cells = [cell for part in lists if isinstance(part, list) for cell in part]
    if not isinstance(cells, list):
        raise InvalidRequest("The file is JSON but not a notebook.", hint="Send an .ipynb file.", field=FIELD)
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            yield cell


def other_language(notebook: dict[str, Any]) -> str | None:
    """The language of `notebook` where it is not Python; None where it is, or nothing says so."""
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return None
    spec, info = (
        part if isinstance(part := metadata.get(key), dict) else {} for key in ("kernelspec", "language_info")
    )
    for said in (info.get("name"), spec.get("language"), metadata.get("language")):
        if isinstance(said, str) and said.strip():
            name = said.strip()
            return None if name.lower().partition(" ")[0] in _LANGUAGES else _shown(name)
    kernel = spec.get("name")
    kernel = kernel.lower() if isinstance(kernel, str) else ""
    known = (_KERNELS[name] for name in (kernel, re.split(r"[\d_ -]", kernel)[0]) if name in _KERNELS)
    return next(known, None)


def _shown(language: str) -> str:
    return _NAMES.get(language.lower(), re.sub(r"[^\w+#. -]", "", language)[:30])


def _of_cell(cell: dict[str, Any]) -> str | None:
    """The language that a cell's own metadata names, where it is not Python: VS Code, .NET Interactive, SoS."""
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    tables = [metadata.get(key) for key in ("vscode", "dotnet_interactive", "polyglot_notebook")]
    names = [
        table.get(key)
        for table in tables
        if isinstance(table, dict)
        for key in ("languageId", "language", "kernelName")
    ]
    # Format 3 has the language beside the cell's text.
    for name in (*names, metadata.get("kernel"), cell.get("language")):
        if isinstance(name, str) and name and name.lower() not in (*_LANGUAGES, "sos"):
            return name
    return None


def read(source: str, number: int, depth: int = 0) -> Cell:
    """The cell `source`, the `number`th of its notebook; nothing in it is run."""
    source = source[:MOST_CELL]
    if (found := _MAGIC.match(source)) and depth < 4:
        name, rest, body = found[1].lower(), found[2], source[found.end() :]
        return _of_magic(name, rest, body, number, depth)
    tree = parsed(source)
    if tree is not None:
        return Cell(number, tree)
    return _mended(_in_python(source), number)


def _of_magic(name: str, rest: str, body: str, number: int, depth: int) -> Cell:
    program = re.match(r"(?:--?[\w-]+(?:[ =]\S+)?[ \t]+)*(?:\S*/)?(?:env[ \t]+)?(\S+)", rest.strip())
    if name == "script" and program:
        name = program[1].lower()
    if name in _SHELLS:
        return Cell(number, _empty(), {1: (body, False)})
    if name in _TRANSPARENT or re.fullmatch(r"python[\d.]*", name):
        inner = read(body, number, depth + 1)
        # A statement may stand behind %%time and %%timeit.
        if name in ("time", "timeit", "prun") and (tree := parsed(rest.strip())):
            inner.tree.body[:0] = tree.body
        return inner
    if name in ("writefile", "file"):
        return Cell(number, _empty(), written=next(iter(reversed(rest.split())), None))
    if name in ("pip", "conda", "mamba", "uv"):
        return Cell(number, _empty(), {1: (f"{name} {rest}\n{body}", True)})
    return Cell(number, _empty())


def _empty() -> ast.Module:
    return ast.Module(body=[], type_ignores=[])


def parsed(source: str) -> ast.Module | None:
    """`source` as Python; None where it is none."""
    try:
        return _parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _in_python(source: str) -> str:
    """`source` with its magics and commands as calls of `get_ipython()`; as it is where IPython does not understand it.

    IPython reads the whole cell anew for each of them, so a cell with very many is left to `_mended`.
    """
    signs = len(re.findall(r"^[ \t]*[%!?]|=[ \t]*[%!]|\?[ \t]*$|^[ \t]*(?:>>>|In \[)", source, re.M))
    if not signs or len(source) * signs > _MOST_WORK:
        return source
    try:
        # Imported here: few cells need it, and it takes a while.
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError, RecursionError, MemoryError, RuntimeError, IndexError, TypeError):
        return source


def _mended(source: str, number: int) -> Cell:
    """The cell `source` without the lines that are no Python; commands among them are kept.

    What an old Python, a template or a slip left there does not take the rest of the cell with it.
    """
    lines = source.split("\n")
    shell: dict[int, tuple[str, bool]] = {}
    bad: list[int] = []
    tries = max(4, min(_MOST_TRIES, _MOST_WORK // (len(source) + 1)))
    for at in range(len(lines)) if len(lines) > tries else ():
        # More than can be tried one by one: commands are known by their looks.
        if re.match(r"[ \t]*[%!][ \t]*[A-Za-z{/]", lines[at]):
            _take_command(lines, at, shell)
    seen: dict[int, int] = {}
    for at, line in enumerate(lines):
        # Python 2's way, which would take its whole try statement with it.
        if found := _OLD_EXCEPT.match(line):
            lines[at] = f"{found[1]} as {found[2]}:{line[found.end() :]}"
    for _ in range(tries):
        try:
            return Cell(number, _parse("\n".join(lines)), shell, bad)
        except SyntaxError as error:
            at = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
            if "unterminated triple-quoted" in (error.msg or ""):
                bad.append(at + 1)
                del lines[at:]
                lines = lines or [""]
                continue
            if error.msg == "unexpected indent" and at and at not in seen:
                # The line counts, as far in as the one before it.
                seen[at] = 0
                before = next((line for line in reversed(lines[:at]) if line.strip()), "")
                lines[at] = before[: len(before) - len(before.lstrip())] + lines[at].lstrip()
                continue
        except (ValueError, RecursionError, MemoryError):
            break
        seen[at] = seen.get(at, 0) + 1
        while seen[at] > 2 and at:
            # Mending this line did not help, so the fault lies before it.
            at -= 1
            seen[at] = seen.get(at, 0) + 1
        if not lines[at].strip() and seen[at] > 2:
            break
        if _take_command(lines, at, shell):
            continue
        if not _HELP.match(lines[at]) and at + 1 not in bad and lines[at].strip() not in ("", "pass"):
            bad.append(at + 1)
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines[at] = f"{indent}pass" if seen[at] == 1 else ""
    return Cell(number, _imports_alone(lines), shell, bad or [1])


def _take_command(lines: list[str], at: int, shell: dict[int, tuple[str, bool]]) -> bool:
    """Whether the line is a command; it is then taken out of `lines` with those that continue it."""
    if not (found := _COMMAND.match(lines[at])):
        return False
    text, end = [found[2]], at
    while lines[end].rstrip(" \t").endswith("\\") and end + 1 < len(lines):
        end += 1
        text.append(lines[end])
        lines[end] = ""
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    lines[at] = f"{indent}pass"
    shell[at + 1] = ("\n".join(text), True)
    return True


def _imports_alone(lines: list[str]) -> ast.Module:
    """The import statements among `lines` that stand on one line, outside of longer strings."""
    module = _empty()
    quote = ""
    for number, line in enumerate(lines, 1):
        for mark in re.findall(r'"""|\'\'\'', line):
            quote = "" if quote == mark else quote or mark
        bare = line.strip()
        if not quote and len(bare) < 2000 and bare.startswith(("import ", "from ")) and (tree := parsed(bare)):
            for statement in tree.body:
                statement.lineno = number
            module.body += tree.body
    return module
