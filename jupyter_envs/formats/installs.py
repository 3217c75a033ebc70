"""What install commands ask for: pip, uv, conda, Poetry, Pipenv, pdm and pixi, as a person types or pastes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from jupyter_envs.backends.conda_spec import check_spec
from jupyter_envs.formats import requirements, tooloptions
from jupyter_envs.formats.base import FIELD, Given, Read, listed
from jupyter_envs.formats.installwords import (
    FILES,
    INDEXES,
    LEFT,
    LIMITS,
    NAME,
    SYSTEM,
    bare,
    behind,
    is_path,
    joined,
    module_of,
    of_poetry,
    program,
    verb_of,
)
from jupyter_envs.formats.shell import Command, Word, commands
from jupyter_envs.formats.tooloptions import Options, parts
from jupyter_envs.model.check import check_requirement
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.dist_info import normalise
from jupyter_envs.system.redact import redact

_DEEPEST = 4
_MOST_NOTES = 40
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*|py", re.I)
_PIP = re.compile(r"pip[\d.]*|pip-[\d.]+|easy_install", re.I)
_CONDA = ("conda", "mamba", "micromamba")


class Installs:
    """The outcome of install commands, one after the other.

    `given` holds the files that ``-r`` may name. `packages` are requirements by their distribution's
    name, `conda` match specs by theirs; `channels` and `indexes` are what the commands name; `notes`
    are sentences for the reader, about what was left out or taken in another way than written.
    """

    def __init__(self, given: Given) -> None:
        self._given = given
        # The folder that the commands run in, seen from the file's own; None where it is not known.
        self.folder: str | None = ""
        self.packages: dict[str, str] = {}
        self.conda: dict[str, str] = {}
        self.channels: dict[str, None] = {}
        self.indexes: dict[str, None] = {}
        self.find_links: dict[str, None] = {}
        self.constraints: dict[str, None] = {}
        self.hashes: dict[str, tuple[str, ...]] = {}
        self.system: dict[str, None] = {}
        self.found = False
        self._read: set[tuple[str, bool]] = set()
        self.left: dict[str, None] = {}
        self.unknown: dict[str, None] = {}
        self._conda_tools: dict[str, None] = {}
        self._notes: dict[str, None] = {}

    def run(self, text: str, *, persistent: bool = False) -> None:
        """Take the commands of the shell text `text`; `persistent` keeps the folder that it changes to."""
        before = self.folder
        for command in commands(text):
            self.take(command)
        if not persistent:
            self.folder = before

    def take(self, command: Command, depth: int = 0) -> None:
        """Take one command."""
        words = bare(command.words)
        if not words or depth > _DEEPEST:
            return
        name = program(words[0])
        rest = words[1:]
        installs, self.found = self.found, False
        if name == "cd":
            self._cd(rest)
        elif name in ("bash", "sh", "zsh", "dash", "su") and (inner := behind("-c", rest)):
            for each in commands(inner):
                self.take(each, depth + 1)
        elif _PIP.fullmatch(name):
            self._pip(rest, easy=name.startswith("easy"))
        elif _PYTHON.fullmatch(name) or (not words[0].whole and module_of(rest)):
            self._python(rest, depth)
        elif name in _CONDA:
            self._of_conda(name, rest, depth)
        elif name == "uv":
            self._uv(rest, depth)
        elif name in ("poetry", "pipenv", "pdm", "rye", "pixi", "hatch"):
            self._project(name, rest, depth)
        elif name in ("pipx", "uvx"):
            self._tool(name, rest)
        elif name in SYSTEM:
            self._system(name, rest)
        if self.found and command.versions:
            shown = listed(command.versions)
            self.note(f"Without quotes the shell takes {shown} for a redirection into a file; it is read as a version.")
        self.found = self.found or installs

    def note(self, sentence: str) -> None:
        """Keep `sentence` for the reader, once."""
        if len(self._notes) < _MOST_NOTES:
            self._notes[sentence] = None

    def leave(self, sentence: str) -> None:
        """Keep `sentence` for the reader, which tells what is left out."""
        self.note(sentence)

    @property
    def notes(self) -> list[str]:
        """The sentences for the reader."""
        found = list(self._notes)
        if self._conda_tools:
            found.append(f"It installs by conda ({listed(self._conda_tools)}), so this is a conda environment.")
        for addresses, option in ((self.indexes, "--index"), (self.find_links, "--find-links")):
            if addresses:
                found.append(
                    f"It names an index of packages that is not asked without your consent: {listed(addresses)}."
                    f" Allow it with {option} URL, or tick it."
                )
        if self.system:
            found.append(
                "What the system's own installer brings is no package of Python and is left out:"
                f" {listed(self.system)}."
            )
        if self.left:
            found.append(f"These options of its install commands are not taken over: {listed(self.left)}.")
        if self.unknown:
            found.append(f"These options of its install commands are not known here: {listed(self.unknown)}.")
        return found

    def _cd(self, rest: Sequence[Word]) -> None:
        words = [word for word in rest if not word.text.startswith("-") and word.text != "/d"]
        if not words or not words[0].whole or self.folder is None:
            self.folder = None
            return
        path = posixpath.normpath(posixpath.join(self.folder, words[0].text.replace("\\", "/")))
        self.folder = None if path.startswith(("/", "~")) or ":" in path else path

    def _python(self, rest: Sequence[Word], depth: int) -> None:
        """`python -m MODULE …` as the module's command; a setup.py as its folder."""
        if found := module_of(rest):
            module, arguments = found
            if module in ("pip", "uv", "conda", "pipenv", "poetry", "pipx", "easy_install", "pdm"):
                self.take(Command([Word(module), *arguments]), depth + 1)
            return
        if len(rest) > 1 and rest[0].text.endswith("setup.py") and rest[1].text in ("install", "develop"):
            self.found = True
            self._local(rest[0].text)

    def _pip(self, rest: Sequence[Word], *, easy: bool = False, options: Options = tooloptions.PIP) -> None:
        verb, arguments = ("install", list(rest)) if easy else verb_of(rest, options)
        if verb in ("uninstall", "remove"):
            self._remove(arguments, options)
        elif verb == "install":
            self.found = True
            self._install(arguments, options)
        elif verb == "sync":
            self.found = True
            for part in parts(arguments, options, self.unknown):
                if not part.option:
                    self._file(part.value)

    def _install(
        self, arguments: Sequence[Word], options: Options, reading: Callable[[str], str] | None = None
    ) -> None:
        upgrade = False
        words: list[Word] = []
        for option, value in parts(arguments, options, self.unknown):
            if not option:
                words.append(value)
            elif option in FILES:
                self._file(value)
            elif option in LIMITS:
                self._file(value, limits=True)
            elif option in ("-f", "--find-links"):
                self.find_links[redact(value.text)] = None
            elif option in INDEXES:
                self.indexes[redact(value.text)] = None
            elif option in ("-e", "--editable") and value.text:
                self._location(value, editable=True)
            elif option in LEFT or (option == "-m" and options is tooloptions.UV_ADD):
                self.left[option] = None
            elif option in ("-U", "--upgrade", "-I", "--ignore-installed", "--force-reinstall"):
                upgrade = True
        for word in joined(words):
            self._requirement(word, upgrade=upgrade, reading=reading)

    def _uv(self, rest: Sequence[Word], depth: int) -> None:
        verb, arguments = verb_of(rest, tooloptions.UV)
        if verb == "pip":
            self._pip(arguments, options=tooloptions.UV_PIP)
        elif verb == "add":
            self.found = True
            self._install(arguments, tooloptions.UV_ADD)
        elif verb == "remove":
            self._remove(arguments, tooloptions.UV_ADD)
        elif verb == "run":
            self._behind_run(arguments, tooloptions.UV, depth)
        elif verb == "tool":
            self._tool("uv tool", arguments)

    def _project(self, tool: str, rest: Sequence[Word], depth: int) -> None:
        options = {
            "poetry": tooloptions.POETRY,
            "pipenv": tooloptions.PIPENV,
            "pixi": tooloptions.PIXI,
        }.get(tool, tooloptions.PDM)
        verb, arguments = verb_of(rest, options)
        if verb == "run":
            self._behind_run(arguments, options, depth)
        elif verb in ("remove", "uninstall"):
            self._remove(arguments, options)
        elif verb == "add" and tool == "pixi":
            self.found = True
            by_pip = any(word.text == "--pypi" for word in arguments)
            taken = self._install if by_pip else self._conda_specs
            taken(arguments, options)
            if not by_pip:
                self._conda_tools["pixi"] = None
        elif (verb == "add" and tool in ("poetry", "pdm", "rye")) or (verb == "install" and tool == "pipenv"):
            self.found = True
            self._install(arguments, options, of_poetry if tool == "poetry" else None)

    def _behind_run(self, arguments: Sequence[Word], options: Options, depth: int) -> None:
        """`uv run pip install …`: the command behind the options."""
        at = next((part.value for part in parts(arguments, options, {}) if not part.option), None)
        if at is not None:
            start = next(place for place, word in enumerate(arguments) if word is at)
            self.take(Command(list(arguments[start:])), depth + 1)

    def _tool(self, tool: str, rest: Sequence[Word]) -> None:
        verb, arguments = verb_of(rest, tooloptions.UV)
        names = [part.value.text for part in parts(arguments, tooloptions.UV, {}) if not part.option]
        if verb == "install" and names:
            self.found = True
            self.leave(f"{tool} installs a tool in an environment of its own; it is left out: {listed(names)}.")

    def _system(self, tool: str, rest: Sequence[Word]) -> None:
        words = [word.text for word in rest if not word.text.startswith("-") or word.text in SYSTEM[tool]]
        if any(word in SYSTEM[tool] for word in words[:1]):
            self.system.update(dict.fromkeys(words[1:]))

    def _of_conda(self, tool: str, rest: Sequence[Word], depth: int) -> None:
        verb, arguments = verb_of(rest, tooloptions.CONDA)
        if verb == "run":
            self._behind_run(arguments, tooloptions.CONDA, depth)
        elif verb in ("remove", "uninstall"):
            self._remove(arguments, tooloptions.CONDA, self.conda)
        elif verb in ("install", "create", "update", "upgrade"):
            self.found = True
            self._conda_tools[tool] = None
            self._conda_specs(arguments, tooloptions.CONDA)
        elif verb == "env":
            files = [word.text for word in arguments if word.text.endswith((".yml", ".yaml"))]
            self.found = True
            self._conda_tools[f"{tool} env"] = None
            self.leave(f"It takes an environment from {listed(files or ['environment.yml'])}: read that file for it.")
        elif verb == "config" and (channel := behind("channels", arguments)):
            self._channel(Word(channel))

    def _conda_specs(self, arguments: Sequence[Word], options: Options) -> None:
        words: list[Word] = []
        for option, value in parts(arguments, options, self.unknown):
            if option in ("-c", "--channel"):
                self._channel(value)
            elif option in FILES:
                self.leave(f"conda reads the file {listed([value.text])!r}, which is not read here.")
            elif not option:
                words.append(value)
        for word in joined(words, conda=True):
            if not word.whole:
                self._variable(word)
                continue
            if word.text.endswith((".yml", ".yaml", ".txt")):
                self.leave(f"conda reads the file {listed([word.text])!r}, which is not read here.")
                continue
            try:
                spec = check_spec(word.text.strip(","), FIELD)
            except InvalidRequest as error:
                self._refused(word.text, error)
                continue
            if spec.name not in _CONDA and spec.name != "base":
                self.conda[spec.name] = spec.text

    def _channel(self, value: Word) -> None:
        if value.whole and value.text and value.text.isprintable() and not value.text.startswith("-"):
            self.channels[value.text] = None

    def _remove(self, arguments: Sequence[Word], options: Options, among: dict[str, str] | None = None) -> None:
        self.found = True
        for option, value in parts(arguments, options, {}):
            found = NAME.match(value.text)
            if not option and found:
                (self.packages if among is None else among).pop(normalise(found[0]), None)

    def _requirement(self, word: Word, *, upgrade: bool, reading: Callable[[str], str] | None = None) -> None:
        text = word.text.strip()
        if not word.whole:
            self._variable(word)
            return
        if not text:
            return
        if is_path(text):
            self._local(text)
            return
        try:
            text = reading(text) if reading else text
            if slip := re.fullmatch(r"([A-Za-z][\w.-]*(?:\[[\w.,-]*\])?)=(\d[\w.*+!]*)", text):
                self.note(f"{listed([text])!r} has one '=', as conda writes it; it is read as '=='.")
                text = f"{slip[1]}=={slip[2]}"
            text = text.rstrip(",;")
            found = check_requirement(text, FIELD)
        except InvalidRequest as error:
            self._refused(word.text, error)
            return
        key = found.name or found.line
        bare = found.name is not None and normalise(found.line) == found.name
        if bare and not upgrade and key in self.packages:
            return
        if key in self.packages:
            del self.packages[key]
        self.packages[key] = str(found)

    def _location(self, word: Word, *, editable: bool) -> None:
        """What stands behind ``-e``: an address is taken, a folder is told of."""
        if not word.whole:
            self._variable(word)
        elif "://" in word.text:
            try:
                found = check_requirement(f"-e {word.text}" if editable else word.text, FIELD)
            except InvalidRequest as error:
                self._refused(word.text, error)
                return
            # What a file of somebody else's names is installed as it is, not to be edited.
            self.packages[found.line] = found.line
        else:
            self._local(f"-e {word.text}")

    def _local(self, text: str) -> None:
        self.leave(f"pip installs a project from a folder or file beside it ({listed([text])}), which is left out.")

    def _variable(self, word: Word) -> None:
        self.leave(f"{redact(listed([word.text]))!r} is only known when it runs, and is left out.")

    def _refused(self, text: str, error: InvalidRequest) -> None:
        shown = redact(text if len(text) <= 80 else text[:79] + "…")
        reason = redact(error.message) if shown not in error.message else error.message
        self.leave(f"{listed([shown])!r} is left out: {reason}")

    def _file(self, word: Word, *, limits: bool = False) -> None:
        """Take the requirements of the file that ``-r`` names, or the limits of one behind ``-c``."""
        name = word.text
        if not word.whole:
            self._variable(word)
            return
        own = posixpath.dirname(self._given.filename)
        inside = None if self.folder is None or "://" in name else posixpath.join(own, self.folder, "commands")
        try:
            if inside is None:
                raise InvalidRequest(f"{listed([name])!r} lies elsewhere.", hint="", field=FIELD)
            given = Given(filename=inside, files=self._given.files, folder=self._given.folder)
            path = given.within(name, "")
            if (path, limits) in self._read:
                return
            self._read.add((path, limits))
            if path not in self._given.files:
                raise InvalidRequest(f"{listed([name])!r} was not handed in.", hint="", field=FIELD)
            read = requirements.read(
                self._given.files[path], Given(filename=path, files=self._given.files, folder=self._given.folder)
            )
        except InvalidRequest as error:
            reason = redact(error.message)
            self.leave(f"It installs what the file {redact(listed([name]))} lists, which is not read: {reason}")
            return
        self._of_file(read, limits=limits)

    def _of_file(self, read: Read, *, limits: bool) -> None:
        self.indexes.update(dict.fromkeys(read.indexes))
        self.find_links.update(dict.fromkeys(read.find_links))
        for warning in read.warnings:
            self.note(warning)
        if limits:
            self.constraints.update(dict.fromkeys(read.packages))
            return
        self.hashes.update(read.hashes)
        self.constraints.update(dict.fromkeys(read.constraints))
        for line in read.packages:
            name = check_requirement(line, FIELD).name or line
            self.packages.pop(name, None)
            self.packages[name] = line
