"""What Python code imports and which commands it runs, from its syntax tree; nothing is run."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jupyter_envs.formats.shell import Word

_RUNNERS = {
    "run",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "getoutput",
    "getstatusoutput",
    "create_subprocess_exec",
}
_SHELL_RUNNERS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell", "run_line_magic"}
_MOST_VALUES = 200


class Import(NamedTuple):
    """A module by its dotted name; `optional` where a try, an if or a function holds the import."""

    module: str
    optional: bool = False
    checking: bool = False


class Text(NamedTuple):
    """A command line for a shell; `ipython` puts its values in first, `persistent` keeps a change of folder."""

    text: str
    ipython: bool = False
    persistent: bool = False


class Argv(NamedTuple):
    """A command as its words."""

    words: tuple[Word, ...]


Event = Import | Text | Argv


@dataclass
class Values:
    """Names that code gives literal values to: one text each, or several in a loop or from calls of a function."""

    texts: dict[str, str] = field(default_factory=dict)
    several: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[Word]] = field(default_factory=dict)
    _parameters: dict[str, list[str]] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)

    def learn(self, tree: ast.Module) -> None:
        """Note what the statements of `tree` say; a name with two values has none."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self._assign(node.targets[0].id, node.value)
            elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
                self._several(node.target.id, self._strings(node.iter))
            elif isinstance(node, ast.FunctionDef):
                self._parameters[node.name] = [argument.arg for argument in node.args.args]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = self._parameters.get(node.func.id, [])
                for name, value in zip(names, node.args, strict=False):
                    given = self._strings(value) or _texts([value])
                    if isinstance(value, ast.Name):
                        given = self.several.get(value.id, [])
                    self._several(name, given)

    def _assign(self, name: str, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str | int | float):
            text = str(value.value)
            if name in self._lost or self.texts.setdefault(name, text) != text:
                self._lost.add(name)
                del self.texts[name]
        elif strings := self._strings(value):
            self.lists[name] = [Word(text) for text in strings]
        else:
            self._lost.add(name)
            self.texts.pop(name, None)

    def _several(self, name: str, texts: Sequence[str]) -> None:
        found = self.several.setdefault(name, [])
        found += [text for text in texts if text not in found][: _MOST_VALUES - len(found)]

    def _strings(self, node: ast.expr) -> list[str]:
        if isinstance(node, ast.Name):
            return [word.text for word in self.lists.get(node.id, [])]
        if isinstance(node, ast.Dict):
            return _texts(node.keys)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return _texts(node.elts)
        return []


def events(tree: ast.Module, values: Values) -> Iterator[tuple[int, Event]]:
    """What `tree` imports and runs, with the line, in the order in which it is written."""
    found: list[tuple[int, int, Event]] = []
    stack: list[tuple[ast.AST, bool, bool]] = [(node, False, False) for node in tree.body]
    while stack:
        node, optional, checking = stack.pop()
        line, column = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        if isinstance(node, ast.Import):
            found += [(line, column, Import(alias.name, optional, checking)) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found += [
                (line, column, Import(f"{node.module}.{alias.name}".removesuffix(".*"), optional, checking))
                for alias in node.names
            ]
        elif isinstance(node, ast.Call):
            found += [(line, column, each) for each in _of_call(node, values, optional)]
        for name, part in ast.iter_fields(node):
            inner = optional or _guards(node, name)
            types = checking or (isinstance(node, ast.If) and name == "body" and _is_checking(node.test))
            children = part if isinstance(part, list) else [part]
            stack += [(child, inner, types) for child in children if isinstance(child, ast.AST)]
    found.sort(key=lambda each: each[:2])
    for line, _, event in found:
        yield line, event


def _guards(node: ast.AST, part: str) -> bool:
    """Whether `part` of `node` may not run, or its failure may be caught."""
    if isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
        return part in ("body", "handlers", "orelse")
    if isinstance(node, ast.If):
        always = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return part in ("body", "orelse") and not always and not _is_main(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and part == "body"


def _is_main(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"


def _is_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _of_call(node: ast.Call, values: Values, optional: bool) -> Iterator[Event]:
    name = _name(node.func)
    last = name.rpartition(".")[2]
    arguments = node.args
    texts = [_text(argument) for argument in arguments]
    if last in ("__import__", "import_module") and texts and texts[0]:
        if not texts[0].startswith("."):
            yield Import(texts[0], optional)
    elif name == "os.chdir" and arguments:
        yield Text(f"cd {shlex.quote(texts[0])}" if texts[0] else "cd", persistent=True)
    elif name.startswith("get_ipython.") or name in ("ip.system", "ip.run_line_magic", "ip.run_cell_magic"):
        yield from _of_ipython(last, texts)
    elif name.startswith("pip.") and last == "main" and arguments:
        for words in _words(arguments[0], values):
            yield Argv((Word("pip"), *words))
    elif (
        last in _RUNNERS | _SHELL_RUNNERS
        and arguments
        and name.split(".")[0]
        in (
            *("subprocess", "os", "sp", "commands", "asyncio", "run", "check_call", "check_output", "call", "Popen"),
            *("system", "popen", "getoutput"),
        )
    ):
        literal = _literal(arguments[0], values)
        if last == "create_subprocess_exec":
            first: ast.expr = ast.List(elts=list(arguments), ctx=ast.Load())
            yield from (Argv(words) for words in _words(first, values))
        elif literal is not None:
            yield from (Text(text) for text in literal)
        else:
            yield from (Argv(words) for words in _words(arguments[0], values))


def _of_ipython(method: str, texts: Sequence[str | None]) -> Iterator[Event]:
    if method in ("system", "getoutput", "system_raw", "system_piped") and texts and texts[0]:
        yield Text(texts[0], ipython=True)
    elif method in ("run_line_magic", "magic", "run_cell_magic") and texts and texts[0]:
        words = [text or "" for text in texts]
        name, _, behind = words[0].lstrip("%").partition(" ")
        rest = " ".join([behind, *words[1:2]]).strip()
        if method == "run_cell_magic":
            if name in ("bash", "sh", "system", "sx") and len(words) > 2:
                yield Text(words[2])
        elif name in ("pip", "conda", "mamba", "micromamba", "uv"):
            yield Text(f"{name} {rest}", ipython=True)
        elif name == "envinstall":
            yield Text(f"pip install {rest}", ipython=True)
        elif name == "cd":
            yield Text(f"cd {rest}", ipython=True, persistent=True)
        elif name in ("sx", "system"):
            yield Text(rest, ipython=True)
        elif name in ("load_ext", "reload_ext") and all(part.isidentifier() for part in rest.split(".")):
            yield Import(rest)
        elif name in ("time", "timeit", "prun"):
            yield from _of_statement(rest)


def _of_statement(text: str) -> Iterator[Event]:
    """What a statement behind %time runs."""
    from jupyter_envs.formats.notebook.cells import parsed

    if text.startswith("!"):
        yield Text(text[1:], ipython=True)
    elif tree := parsed(text):
        yield from (event for _, event in events(tree, Values()))


def _name(node: ast.expr) -> str:
    """The dotted name of what is called; a call on the way counts as its function: ``get_ipython().system``."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            break
    return ".".join([node.id if isinstance(node, ast.Name) else "", *reversed(parts)])


def _literal(node: ast.expr, values: Values) -> list[str] | None:
    """The texts that `node` may be, variables of a loop filled in; None where it is no text."""
    pieces = _pieces(node)
    if pieces is None:
        return None
    loops = [name for name in pieces if isinstance(name, ast.Name) and values.several.get(name.id)]
    filled: list[Mapping[str, str]] = [{}]
    if loops:
        filled = [{loops[0].id: text} for text in values.several[loops[0].id]]
    return ["".join(_piece(piece, {**values.texts, **more}) for piece in pieces) for more in filled]


def _piece(piece: str | ast.expr, texts: Mapping[str, str]) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, ast.Name) and piece.id in texts:
        return texts[piece.id]
    name = _name(piece)
    # The shell reader knows a dollar for what is not known here.
    return "python" if name == "sys.executable" else f"${{{name.replace('.', '_') or 'value'}}}"


def _pieces(node: ast.expr) -> list[str | ast.expr] | None:
    """The parts of a text: of a constant, an f-string, a sum, a ``%`` or a ``.format``; None for anything else."""
    if (text := _text(node)) is not None:
        return [text]
    if isinstance(node, ast.JoinedStr):
        return [part.value if isinstance(part, ast.FormattedValue) else (_text(part) or "") for part in node.values]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [
            _pieces(side) or ([side] if isinstance(side, ast.Name | ast.Attribute) else None)
            for side in (node.left, node.right)
        ]
        if any(isinstance(side, list) and any(isinstance(piece, str) for piece in side) for side in sides):
            return [piece for side in sides for piece in (side or [node])]
        return None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and (text := _text(node.left)):
        behind = list(node.right.elts) if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled(text.split("%s"), behind)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        text = _text(node.func.value)
        return _filled(text.split("{}"), node.args) if text else None
    return None


def _filled(texts: Sequence[str], values: Sequence[ast.expr]) -> list[str | ast.expr]:
    found: list[str | ast.expr] = [texts[0]]
    for text, value in zip(texts[1:], [*values, *[ast.Constant(value=None)] * len(texts)], strict=False):
        literal = _text(value)
        found += [value if literal is None else literal, text]
    return found


def _words(node: ast.expr, values: Values) -> Iterator[tuple[Word, ...]]:
    """The argv that `node`, a list, may be; one for each value of a loop's variable."""
    if isinstance(node, ast.Call):
        # "pip install six".split(), shlex.split("…")
        inner = (
            node.args[0]
            if _name(node.func).endswith("shlex.split") and node.args
            else getattr(node.func, "value", None)
        )
        texts = _literal(inner, values) if inner is not None and _name(node.func).endswith("split") else None
        for text in texts or []:
            yield tuple(Word(part, "${" not in part) for part in text.split())
        return
    parts = _elements(node)
    if parts is None:
        return
    loops = [part.id for part in parts if isinstance(part, ast.Name) and values.several.get(part.id)]
    filled: list[Mapping[str, str]] = [{}]
    if loops:
        filled = [{loops[0]: text} for text in values.several[loops[0]]]
    for more in filled:
        words: list[Word] = []
        for part in parts:
            if isinstance(part, ast.Starred):
                names = values.lists.get(part.value.id) if isinstance(part.value, ast.Name) else None
                inner_parts = _elements(part.value)
                if names is None and inner_parts is not None:
                    names = [Word(each) for each in _texts(inner_parts)]
                words += names if names is not None else [Word(f"*{_name(part.value)}", whole=False)]
                continue
            filling = {**values.texts, **more}
            literal = _literal(part, Values(texts=filling))
            text = literal[0] if literal else _piece(part, filling)
            words.append(Word(text, "${" not in text))
        yield tuple(words)


def _elements(node: ast.expr) -> list[ast.expr] | None:
    """The elements of a list, a tuple, or a sum of them, in which a name counts as a list."""
    if isinstance(node, ast.List | ast.Tuple):
        return list(node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _elements(node.left), _elements(node.right)
        if left is None and right is None:
            return None
        sides = [
            found if found is not None else [ast.Starred(value=side, ctx=ast.Load())]
            for found, side in ((left, node.left), (right, node.right))
        ]
        return [*sides[0], *sides[1]]
    return None


def _text(node: object) -> str | None:
    """The text that `node` is as it stands."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _texts(nodes: Iterable[object]) -> list[str]:
    return [text for node in nodes if (text := _text(node)) is not None]
