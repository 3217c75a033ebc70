"""What one line asks for that somebody typed where it takes effect, as behind ``%envinstall``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jupyter_envs.formats import tooloptions
from jupyter_envs.formats.base import ALONE, listed
from jupyter_envs.formats.installs import Installs
from jupyter_envs.formats.installwords import is_path
from jupyter_envs.formats.notebook import texts
from jupyter_envs.formats.shell import Command, Word, commands
from jupyter_envs.formats.tooloptions import Options, parts, words
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.redact import redact

FIELD = "line"
# pip's options, and our own.
_OURS = Options(
    tooloptions.PIP.values | {"--index"}, tooloptions.PIP.flags | {"--pip", "--file-indexes"}, abbreviations=False
)
# Options that change nothing of what comes into an environment of ours.
_WITHOUT_EFFECT = words(
    "-v --verbose --user --no-cache-dir --no-cache --cache-dir --break-system-packages --no-input --no-color"
    " --progress-bar --disable-pip-version-check --no-python-version-warning --no-warn-script-location"
    " --no-warn-conflicts --root-user-action --require-virtualenv --timeout --retries --compile --system --strict"
    " --compile-bytecode --dev -d -D --no-sync --no-interaction --upgrade-strategy --prefer-binary --color"
    " --no-progress --native-tls --link-mode -G --group --optional --no-self --no-ansi --ansi -c --channel"
)
_TAKEN = words(
    "-r --requirement --requirements --file -e --editable -U --upgrade -q --quiet -y --yes --dry-run --pip"
    " --file-indexes --index --find-links -f -i --index-url --extra-index-url"
)


class Typed(Installs):
    """The packages, files and options of one line.

    Unlike a notebook of somebody else, its user has the folders and files that it names: `local` are
    projects of the machine, each a path or ``-e PATH``, and `files` those behind ``-r``. `allowed` are
    the indexes, and `links` the pages, that options of our own allow. In a conda environment names are match
    specs, unless a command of pip's or ``--pip`` says otherwise. What would be left out of a
    notebook is refused here, since nobody looks at it before it is done.
    """

    def __init__(self, *, by_conda: bool = False) -> None:
        super().__init__(ALONE)
        self.by_conda = by_conda
        self._specs = False
        self.local: dict[str, None] = {}
        self.files: dict[str, None] = {}
        self.allowed: dict[str, None] = {}
        self.links: dict[str, None] = {}
        self.options: set[str] = set()

    def read(self, line: str) -> None:
        """Take `line`: names, requirements and options, or a command of pip, uv, conda, Poetry, Pipenv, pdm, pixi.

        Raises:
            InvalidRequest: a part of it cannot be taken as it stands.
        """
        line = texts.unprompted(line)
        if texts.IMPORT.match(line):
            raise self._code(line)
        tool = texts.is_command(line)
        found = [command for command in commands(line) if command.words]
        if len(found) > 1:
            raise InvalidRequest(
                "This is more than one command.",
                hint="Install with one line each; put a requirement that holds ; or | in quotes.",
                field=FIELD,
            )
        for command in found:
            if tool:
                self.take(Command(command.words))
                if not (self.found or self.system):
                    self.leave(f"`{redact(' '.join(word.text for word in command.words[:3]))}` installs nothing.")
            else:
                named = command.words
                self._install(named[1:] if len(named) > 1 and named[0].text == "install" else named, _OURS)
        self._refuse()

    @property
    def notes(self) -> list[str]:
        """Sentences on what was read in another way than written."""
        return list(self._notes)

    def leave(self, sentence: str) -> None:
        raise InvalidRequest(sentence, hint="Nothing was changed.", field=FIELD)

    def _install(
        self, arguments: Sequence[Word], options: Options, reading: Callable[[str], str] | None = None
    ) -> None:
        if arguments and arguments[-1].text in options.values:
            self.leave(f"{arguments[-1].text} lacks what belongs behind it.")
        for option, value in parts(arguments, options, {}):
            if option:
                self._note_option(option, ours=options is _OURS)
            if options is _OURS and option in ("--index", "--find-links"):
                (self.allowed if option == "--index" else self.links)[value.text] = None
        self._specs = self.by_conda and options is _OURS and "--pip" not in self.options
        super()._install(arguments, options, reading)

    def _requirement(self, word: Word, *, upgrade: bool, reading: Callable[[str], str] | None = None) -> None:
        if not self._specs or not word.whole or is_path(word.text):
            super()._requirement(word, upgrade=upgrade, reading=reading)
        elif word.text.strip():
            # A match spec, or a requirement that pip brings; the solver has the last word.
            self.packages[word.text] = word.text.strip()

    def _conda_specs(self, arguments: Sequence[Word], options: Options) -> None:
        for option, _ in parts(arguments, options, {}):
            if option:
                self._note_option(option, ours=False)
        super()._conda_specs(arguments, options)

    def _note_option(self, option: str, *, ours: bool) -> None:
        if option in ("-y", "--yes") and not ours:
            # conda does not ask then; here it would mean that a file may have code run.
            return
        if option in _TAKEN | _WITHOUT_EFFECT:
            self.options.add(option)
        else:
            self.unknown[option] = None

    def _local(self, text: str) -> None:
        self.local[text] = None

    def _file(self, word: Word, *, limits: bool = False) -> None:
        if not word.whole:
            self._variable(word)
        if limits:
            self.leave("Constraints are read in a requirements file alone: write -c FILE in it, and name it with -r.")
        self.files[word.text] = None

    def _refuse(self) -> None:
        """Refuse what is left: options that are not taken over, indexes without consent, the system's packages."""
        if options := dict.fromkeys([*self.left, *self.unknown]):
            self.leave(f"These options are not taken here: {listed(options)}.")
        asked = {redact(address) for address in (*self.allowed, *self.links)}
        if told := [address for address in (*self.indexes, *self.find_links) if address not in asked]:
            raise InvalidRequest(
                f"It names an index of packages that is not asked without your consent: {listed(told)}.",
                hint="Allow it for this environment with --index URL, a page of links with --find-links URL: "
                "`%envinstall --index URL NAME`. Those of pip's and uv's configuration are asked anyway.",
                field=FIELD,
                reason="index_consent",
            )
        if self.system:
            self.leave(f"{listed(self.system)}: packages of the system do not come into an environment.")

    @staticmethod
    def _code(line: str) -> InvalidRequest:
        read = texts.read_commands(line)
        names = [*read.packages, *read.guesses]
        return InvalidRequest(
            "This is a line of Python, and no list of packages.",
            hint=f"What it imports comes with: {listed(names)}."
            if names
            else "It imports nothing that a package brings.",
            field=FIELD,
        )
