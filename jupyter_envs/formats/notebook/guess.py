"""What a notebook needs where it declares nothing: what its cells install, then what they import."""

from __future__ import annotations

import posixpath
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache

from jupyter_envs.formats import modules
from jupyter_envs.formats.base import MOST_PACKAGES, Given, Read, listed
from jupyter_envs.formats.installs import Installs
from jupyter_envs.formats.installwords import named_files
from jupyter_envs.formats.notebook import cells as reading
from jupyter_envs.formats.notebook.cells import Cell
from jupyter_envs.formats.notebook.code import Argv, Import, Text, Values, events
from jupyter_envs.formats.shell import Command, commands, interpolated
from jupyter_envs.system.dist_info import normalise

Event = Import | Text | Argv
# What every kernel of Python has, since ipykernel brings it.
_OF_KERNEL = {"ipython", "ipykernel", "pip"}
# conda's packages that bring what has another name with pip.
_BY_CONDA = {
    "pytorch": ("torch",),
    "pytorch-gpu": ("torch",),
    "pytorch-cpu": ("torch",),
    "opencv": ("opencv-python",),
    "py-opencv": ("opencv-python",),
    "pytables": ("tables",),
    "matplotlib-base": ("matplotlib",),
    "seaborn-base": ("seaborn",),
    "tensorflow-gpu": ("tensorflow",),
    "tensorflow-base": ("tensorflow",),
    "faiss": ("faiss-cpu",),
    "msgpack-python": ("msgpack",),
    "protobuf": ("protobuf",),
    "python-graphviz": ("graphviz",),
    "libgdal": ("gdal",),
    "dask-core": ("dask",),
    "ray-default": ("ray",),
    "xgboost-cpu": ("xgboost",),
    "py-xgboost": ("xgboost",),
    "pyqt": ("pyqt5",),
    "lxml": ("lxml",),
    "graph-tool-base": ("graph-tool",),
}
# IPython's own extensions, which %load_ext names.
_EXTENSIONS = {"autoreload", "storemagic"}


def guessed(sources: Sequence[str], given: Given, *, what: str = "notebook", plain: bool = False) -> Read:
    """What the code `sources` install and import.

    `plain` tells of code in which each function is a cell of its own, as marimo writes it: an import in it
    is no less needed for that.
    """
    read = _cells(tuple(sources))
    installs = Installs(given)
    imported: dict[str, bool] = {}
    checking: dict[str, None] = {}
    written = [cell.written for cell in read if cell.written]
    for event in _events(read):
        if isinstance(event, Import):
            if event.checking:
                checking[event.module] = None
            else:
                imported[event.module] = imported.get(event.module, True) and event.optional
        elif isinstance(event, Argv):
            installs.take(Command(list(event.words)))
        else:
            installs.run(event.text, persistent=event.persistent)
    choice = _Choice(installs, _own(given, written), given.python)
    for module, optional in imported.items():
        choice.take(module, optional and not plain)
    notes = [*installs.notes, *choice.notes(checking)]
    broken = [f"cell {cell.number}, line {cell.lines[0]}" for cell in read if cell.lines]
    if broken:
        notes.append(f"Some lines are not Python and are left out ({listed(broken)}).")
    if sum(map(len, sources)) > reading.MOST_CODE:
        notes.append(f"Only the first {reading.MOST_CODE} characters of its code are read.")
    packages = list(installs.packages.values())[:MOST_PACKAGES]
    names = list(choice.names)[: MOST_PACKAGES - len(packages)]
    conda = list(installs.conda.values())[:MOST_PACKAGES]
    if packages or names or conda:
        notes.insert(
            0,
            f"The {what} does not declare what it needs (PEP 723); this is a guess from what its cells"
            f" install and import: {listed([*conda, *packages, *names])}.",
        )
    elif not installs.found and not choice.left and not checking:
        notes.insert(0, f"The {what} names no package that is not part of Python.")
    return Read(
        packages=packages,
        guesses=names,
        conda=conda,
        channels=list(installs.channels) if conda else [],
        constraints=list(installs.constraints),
        hashes={line: digests for line, digests in installs.hashes.items() if line in packages},
        indexes=list(installs.indexes),
        find_links=list(installs.find_links),
        warnings=notes,
    )


def mentioned(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files that the install commands of `sources` name, and the top-level modules that they import."""
    files: dict[str, None] = {}
    tops: dict[str, None] = {}
    for event in _events(_cells(tuple(sources))):
        if isinstance(event, Import):
            tops[event.module.partition(".")[0]] = None
        elif isinstance(event, Argv):
            files.update(dict.fromkeys(named_files(Command(list(event.words)))))
        else:
            for command in commands(event.text):
                files.update(dict.fromkeys(named_files(command)))
    return list(files), [top for top in tops if top not in sys.stdlib_module_names]


@lru_cache(maxsize=8)
def _cells(sources: tuple[str, ...]) -> list[Cell]:
    left = reading.MOST_CODE
    found = []
    for number, source in enumerate(sources, 1):
        if left > 0:
            found.append(reading.read(source[:left], number))
        left -= len(source)
    return found


def _events(read: Iterable[Cell]) -> Iterable[Event]:
    """Everything that the cells import and run, in their order, IPython's values put in."""
    read = list(read)
    values = Values()
    for cell in read:
        values.learn(cell.tree)
    texts = {"sys.executable": "python", **values.texts}
    texts |= {name: " ".join(shlex.quote(word.text) for word in words) for name, words in values.lists.items()}
    for cell in read:
        found: list[tuple[int, Event]] = list(events(cell.tree, values))
        found += [(line, _shell(text, ipython)) for line, (text, ipython) in cell.shell.items()]
        found.sort(key=lambda each: each[0])
        for _, event in found:
            if not isinstance(event, Text):
                yield event
                continue
            looped = [
                name for name in values.several if event.ipython and f"{{{name}}}" in event.text and name not in texts
            ]
            for value in values.several[looped[0]] if looped else [""]:
                more = {looped[0]: value} if looped else {}
                text = interpolated(event.text, {**texts, **more}) if event.ipython else event.text
                yield event._replace(text=text)


def _shell(text: str, ipython: bool) -> Text:
    """A command that stands in a cell by itself; %cd, and cd without a sign, hold for the lines after it too."""
    if ipython and re.match(r"envinstall\b", text):
        text = f"pip install {text[10:]}"
    return Text(text, ipython, persistent=bool(ipython and re.match(r"cd\b", text)))


def _own(given: Given, written: Iterable[str]) -> set[str]:
    """The modules that lie beside the notebook, or that a cell writes there."""
    base = posixpath.dirname(given.filename)
    found = set()
    for path in (*given.files, *(posixpath.join(base, path) for path in written)):
        if base and not path.startswith(f"{base}/"):
            continue
        inside = path[len(base) + 1 :] if base else path
        top, parted, rest = inside.partition("/")
        if not parted and top.endswith((".py", ".so", ".pyd", ".ipynb")):
            found.add(top.partition(".")[0])
        elif rest.endswith((".py", ".so", ".pyd")):
            found.add(top)
    return found


class _Choice:
    """The distributions of the imported modules that no command installs."""

    def __init__(self, installs: Installs, own: set[str], python: str | None) -> None:
        self._own = own
        self._python = python
        self._named = {normalise(name) for name in installs.packages} | {normalise(name) for name in installs.conda}
        for name in installs.conda:
            self._named.update(_BY_CONDA.get(name, ()))
        for line in installs.packages.values():
            if "://" in line:
                self._named.add(_of_address(line))
        self.names: dict[str, None] = {}
        self.left: dict[str, str] = {}
        self._optional: dict[str, None] = {}

    def take(self, module: str, optional: bool) -> None:
        """Choose what brings `module`, unless it is the user's own, Python's, or named already."""
        top = module.partition(".")[0]
        if top in self._own or top in _EXTENSIONS or top in ("__main__", "__future__"):
            return
        gone = modules.removed(top, self._python) if self._python else None
        if top in sys.stdlib_module_names | modules.REMOVED.keys() and gone is None:
            return
        known = gone or modules.known(module)
        names = known.distributions if known else (modules.distribution_of(module),)
        if not names:
            assert known
            self.left[top if known.note else module] = known.note
            return
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", names[0]):
            return
        if any(name in self._named or name in _OF_KERNEL for name in names) or normalise(top) in self._named:
            return
        self.names[names[0]] = None
        if optional:
            self._optional[names[0]] = None
        elif names[0] in self._optional:
            del self._optional[names[0]]

    def notes(self, checking: Iterable[str]) -> list[str]:
        """Sentences on what was left out, and on what may not be needed."""
        found = [f"{listed([module])}: {note}" for module, note in list(self.left.items())[:8] if note]
        silent = [module for module, note in self.left.items() if not note]
        if silent:
            found.append(f"No package of the index brings these modules: {listed(silent)}.")
        if self._optional:
            found.append(
                f"Imported only in a try, an if or a function, and so perhaps not needed: {listed(self._optional)}."
            )
        if types := [name for name in checking if name.partition(".")[0] not in sys.stdlib_module_names]:
            found.append(f"Imported for type checkers alone, and left out: {listed(types)}.")
        return found


def _of_address(line: str) -> str:
    """The name that the project at an address most likely has."""
    if found := re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?@", line):
        return normalise(found[1])
    if found := re.search(r"[#&]egg=([\w.-]+)", line):
        return normalise(found[1])
    path = re.split(r"[#?]", line)[0].rstrip("/")
    last = path.rpartition("/")[2].partition("@")[0]
    return normalise(re.sub(r"\.git\Z|(?s:-\d.*)|\.(?:zip|tar\.gz)\Z", "", last))
