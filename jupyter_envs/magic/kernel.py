# The magics of a registered kernel: %envinstall, %envremove, %envrollback, %envlist, %envinfo, %envexport.
#
# A copy of this one file lies in each registered environment as `<prefix>/.jupyter-envs/magic.py`, where ipykernel
# runs it at start (`--IPKernelApp.exec_files=…`). So it holds to the standard library and IPython, on Python 3.8 too,
# and calls the command line through the interpreter that `owner.json` beside it records.
#
# ipykernel runs it in the user's namespace. Hence no docstring here, which would become the user's `__doc__`, and no
# annotated name at module level, which would become `__annotations__`. The block below runs the same code once more
# in a module of its own, which only the magics refer to, and leaves before anything of it is defined for the user;
# an exit without a code is a normal end to `safe_execfile`.
if __name__ == "__main__":
    (lambda run, code, module: (run(code, vars(module)), module.load(code.co_filename)))(  # type: ignore[func-returns-value] # noqa: PLC3002
        exec,
        __import__("sys")._getframe().f_code,  # noqa: SLF001
        __import__("types").ModuleType("jupyter_envs_magic"),
    )
    raise SystemExit

import contextlib
import html
import importlib
import importlib.util
import json
import os
import queue
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Said = dict[str, Any]

HOME = ".jupyter-envs"
REINSTALL = "Install jupyter_envs again and register this kernel anew with `jupyter envs kernel`."
# What the kernel was given for its own interpreter would send another one astray.
NOT_FOR_OTHERS = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV")
# Seconds: a change that ends sooner shows its result alone; the least time between two updates; what a cancelled
# command has to undo its work.
PATIENCE, PACE, GRACE = 0.4, 0.2, 30.0


class EnvsError(Exception):
    """A failure that a cell shows as its message alone; a headless run sees an error like any other."""

    def _render_traceback_(self) -> "list[str]":
        return str(self).splitlines() or ["It did not work."]


class OwnerError(Exception):
    """No jupyter_envs answers for this kernel; `ours` is whether one did when the kernel was registered."""

    def __init__(self, reason: str, ours: bool) -> None:
        super().__init__(reason)
        self.ours = ours


def load(file: "str | None" = None, shell: "Any" = None) -> None:
    """Register the magics with the running IPython, for the environment that `file` was copied into or `sys.prefix`."""
    if shell is None:
        from IPython import get_ipython

        shell = get_ipython()
    if shell is None:
        raise SystemExit("This file is run by a Jupyter kernel; see `jupyter envs --help` for the command line.")
    prefix = os.path.dirname(os.path.dirname(os.path.abspath(file))) if file else sys.prefix
    magics = Magics(shell, prefix)
    for name in ("envinstall", "envremove", "envrollback", "envlist", "envinfo", "envexport"):
        shell.register_magic_function(getattr(magics, name), "line", name)
    if importlib.util.find_spec("pip") is None:
        # IPython's own would say that there is no module pip, and not what to do.
        shell.register_magic_function(magics.pip, "line", "pip")


class Magics:
    """The line magics of one shell, for the environment at `prefix`."""

    def __init__(self, shell: "Any", prefix: str) -> None:
        self._shell = shell
        self._prefix = prefix

    def envinstall(self, line: str) -> None:
        """Install packages into the environment of this kernel.

        Usage: %envinstall [-U] [--pip] [-r FILE] [-e PATH] [-y] [--dry-run] [-q] PACKAGE...

            %envinstall numpy pandas
            %envinstall "pandas[excel]>=2" six==1.16.0
            %envinstall -U scikit-learn
            %envinstall -r requirements.txt
            %envinstall -e .

        A package is a name with or without extras and versions, a URL, or a path.
        In a conda environment conda brings it, or pip what no channel has.
        A copied command is understood too: pip install …, uv add …, poetry add …, conda install ….

        -U, --upgrade           take the newest version that fits
        --pip                   let pip bring it in a conda environment too
        -r, --requirement FILE  install what a requirements file lists
        -e, --editable PATH     install a project so that it follows its source
        -y, --yes               build what the file asks for, and use its addresses
        --index URL             also ask this index for the environment, from now on
        --find-links URL        also ask this page of links, from now on
        --dry-run               tell what would change, and change nothing
        -q, --quiet             say nothing unless a restart is due or it fails
        """
        words = line.split()
        if not words or "-h" in words or "--help" in words:
            print(_usage(self.envinstall))
            return
        # The command line reads what was typed: it has the one grammar for all that installs, and one table of names.
        argv = ["install-line", self._prefix, "--stream", "--by", "magic"]
        self._run(
            argv,
            Board(self._shell, "Installing " + _cut(line.strip()), quiet=False),
            "%pip install " + line.strip(),
            line,
        )

    def pip(self, line: str) -> None:
        """Run pip in the environment of this kernel, or what does its work there as long as it has none.

        Usage: %pip install PACKAGE...
        """
        importlib.invalidate_caches()
        if importlib.util.find_spec("pip") is None:
            argv = self._argv(["pip", "--"], "%envinstall pip")
        else:
            argv = [sys.executable, "-m", "pip"]
        quoted = subprocess.list2cmdline(argv) if os.name == "nt" else shlex.join(argv)
        self._shell.system(quoted + " " + line)
        print("Note: you may need to restart the kernel to use updated packages.")

    def envremove(self, line: str) -> None:
        """Remove packages from the environment of this kernel.

        Usage: %envremove [--dry-run] [-q] NAME...

        --dry-run    tell what would change, and change nothing
        -q, --quiet  say nothing unless a restart is due or it fails
        """
        asked = parse("%envremove", line, flags=("dry-run", "quiet", "yes", "help"))
        names = asked["words"]
        if asked["help"] or not names:
            print(_usage(self.envremove))
            return
        instead = "%pip uninstall -y " + " ".join(names)
        self._change("remove-packages", "Removing " + _cut(", ".join(names)), [], names, asked, instead)

    def envrollback(self, line: str) -> None:
        """Bring the environment of this kernel back to an earlier revision, or undo its last change.

        Usage: %envrollback [--dry-run] [-q] [REVISION]

        `jupyter envs history` and the environment's page list the revisions.

        --dry-run    tell what would change, and change nothing
        -q, --quiet  say nothing unless a restart is due or it fails
        """
        asked = parse("%envrollback", line, flags=("dry-run", "quiet", "help"))
        numbers = asked["words"]
        if asked["help"]:
            print(_usage(self.envrollback))
            return
        if len(numbers) > 1 or not all(re.match(r"[1-9][0-9]{0,8}\Z", number) for number in numbers):
            raise EnvsError("%envrollback takes the number of one revision, or nothing to undo the last change.")
        title = f"Going back to revision {numbers[0]}" if numbers else "Undoing the last change"
        self._change("rollback", title, [], numbers, asked, "%pip install NAME==VERSION")

    def envexport(self, line: str) -> None:
        """Write what the environment of this kernel holds as a file, or show it.

        Usage: %envexport [-f FORMAT] [FILE]

            %envexport
            %envexport -f pylock.toml pylock.toml

        -f, --format FORMAT  requirements.txt (the default), pylock.toml, or another that `jupyter envs` exports
        """
        asked = parse("%envexport", line, flags=("help",), values=("format",))
        if asked["help"]:
            print(_usage(self.envexport))
            return
        if len(asked["words"]) > 1:
            raise EnvsError("%envexport takes one file.")
        options = ["--format=" + (asked["format"] or ["requirements.txt"])[-1]]
        options += ["--output=" + os.path.abspath(os.path.expanduser(path)) for path in asked["words"]]
        answer = self._ask(["export", self._prefix, *options], "%pip freeze")
        if "path" in answer:
            print("Wrote {}.".format(_text(answer, "path")))
        else:
            print(clean(str(answer.get("text") or "\n".join(answer.get("files") or []))).rstrip())

    def envlist(self, line: str) -> None:
        """List the packages of the environment of this kernel.

        Usage: %envlist
        """
        asked = parse("%envlist", line, flags=("help",), words=False)
        if asked["help"]:
            print(_usage(self.envlist))
            return
        packages = self._ask(["show", self._prefix, "--packages"], "%pip list").get("packages") or []
        rows = [[_text(p, "name"), _text(p, "version"), "*" if p.get("requested") else ""] for p in packages]
        note = f"{len(rows)} packages; * was asked for, the others came along."
        _show(self._shell, *_table(["Package", "Version", ""], rows, note))

    def envinfo(self, line: str) -> None:
        """Describe the environment of this kernel.

        Usage: %envinfo
        """
        asked = parse("%envinfo", line, flags=("help",), words=False)
        if asked["help"]:
            print(_usage(self.envinfo))
            return
        answer = self._ask(["show", self._prefix], "%pip --version")
        env = answer.get("environment") or answer
        python = env.get("python") or {}
        count = env.get("package_count")
        rows = [
            ["Name", _text(env, "name")],
            ["Prefix", _text(env, "prefix") or self._prefix],
            ["Python", "{} {}".format(_text(python, "implementation"), _text(python, "version")).strip()],
            ["Manager", _text(env, "manager")],
            ["Packages", "" if count is None else str(count)],
            ["Kernels", ", ".join(_text(k, "display_name") for k in env.get("kernels") or [])],
        ]
        rows += [["Problem", _text(problem, "message")] for problem in env.get("problems") or []]
        _show(self._shell, *_table([], rows, ""))

    def _change(
        self, verb: str, title: str, options: "list[str]", words: "list[str]", asked: "Said", instead: str
    ) -> None:
        if asked["dry-run"]:
            title, options = title + " (dry run)", [*options, "--dry-run"]
        board = Board(self._shell, title, asked["quiet"], asked["dry-run"])
        self._run([verb, self._prefix, "--stream", "--by", "magic", *options, "--", *words], board, instead)

    def _run(self, args: "list[str]", board: "Board", instead: str, line: str = "") -> None:
        """Run `args` of our command line, with `line` as its input, and show what comes of it."""
        argv = self._argv(args, instead)
        before = Snapshot()
        job = run(argv, board, line)
        result = job.get("result") or {}
        plan = result.get("plan") or {}
        stale = [] if board.dry_run else before.refresh(plan)
        if stale or not board.quiet:
            board.end(*_outcome(plan, stale, board.dry_run, board.notes))

    def _ask(self, args: "list[str]", instead: str) -> "Said":
        argv = self._argv([*args, "--json"], instead)
        process = _start(argv, subprocess.PIPE)
        try:
            out, err = process.communicate()
        except KeyboardInterrupt:
            _signal(process, hard=True)
            raise EnvsError("Cancelled.") from None
        answer = _json(out)
        if process.returncode == 0 and answer is not None and "error" not in answer:
            return answer
        raise EnvsError(_explained((answer or {}).get("error"), _lines(err)))

    def _argv(self, args: "list[str]", instead: str) -> "list[str]":
        try:
            return owner(self._prefix) + args
        except OwnerError as missing:
            meanwhile = "Until then, `{}` works here." if missing.ours else "To do it with pip instead: `{}`"
            raise EnvsError(public(f"{missing}\n{meanwhile.format(instead)}")) from None


def owner(prefix: str) -> "list[str]":
    """The start of our command line for the environment at `prefix`: interpreter and main file.

    Raises:
        OwnerError: nothing is recorded for this environment, or what is recorded is no longer there.
    """
    home = os.path.join(prefix, HOME)
    if not os.path.isdir(home):
        raise OwnerError(
            f"jupyter_envs does not look after the environment of this kernel ({prefix}) and changes nothing there.\n"
            "The magics work in kernels that it registered: see `jupyter envs create` and `jupyter envs kernel`, "
            "or the environments panel.",
            ours=False,
        )
    try:
        recorded = _json(_content(os.path.join(home, "owner.json"), 100_000)) or {}
        found = [os.fspath(recorded["python"]), os.fspath(recorded["main"])]
        gone = [path for path in found if not os.path.isfile(path)]
    except (OSError, ValueError, KeyError, TypeError):
        raise OwnerError(
            "The record of the jupyter_envs behind this kernel is gone.\n" + REINSTALL, ours=True
        ) from None
    if gone:
        raise OwnerError(f"The jupyter_envs behind this kernel is gone: there is no {gone[0]}.\n{REINSTALL}", ours=True)
    return found


def parse(
    magic: str, line: str, flags: "Sequence[str]" = (), values: "Sequence[str]" = (), words: bool = True
) -> "Said":
    """The `line` of a magic: each flag as a bool, each value option as a list of texts, and `words`.

    Raises:
        EnvsError: an option is not known or lacks its value, a quote is open, or words are not wanted.
    """
    asked: Said = dict.fromkeys(flags, False)
    asked.update({value: [] for value in values}, words=[])
    known = {"-" + name[0]: name for name in (*flags, *values) if name != "dry-run"}
    pending = _split(magic, line)
    while pending:
        word = pending.pop(0)
        if not word.startswith("-") or word == "-":
            asked["words"].append(word)
            continue
        option, attached, value = word.partition("=") if word.startswith("--") else (word[:2], word[2:], word[2:])
        name = option[2:] if option.startswith("--") else known.get(option, "")
        if name in values:
            if not attached:
                if not pending:
                    raise EnvsError(f"{magic} {option} needs a value behind it.")
                value = pending.pop(0)
            asked[name].append(value)
        elif name in flags and not attached:
            asked[name] = True
        else:
            listed = sorted(known) + sorted("--" + name for name in (*flags, *values))
            raise EnvsError("{} does not know {}. It knows {}.".format(magic, clean(word), ", ".join(listed)))
    if asked["words"] and not words:
        raise EnvsError(f"{magic} takes no names. See `{magic}?`.")
    return asked


def _split(magic: str, line: str) -> "list[str]":
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    # A URL may hold "#egg=", so only a word that starts with "#" opens a comment; a Windows path holds backslashes.
    lexer.commenters = ""
    if sys.platform == "win32":
        lexer.escape = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise EnvsError(f"{magic} cannot read this line: {str(error).lower()}.") from None
    comment = next((at for at, word in enumerate(words) if word.startswith("#")), len(words))
    return words[:comment]


class Board:
    """The output of one change: progress that updates in place, then the outcome in the same place."""

    def __init__(self, shell: "Any", title: str, quiet: bool, dry_run: bool = False) -> None:
        self.begun = False
        self.quiet = quiet
        self.dry_run = dry_run
        self.notes: list[str] = []
        self._shell = shell
        self._title = public(title)
        self._handle: Any = None
        self._next = time.monotonic() + PATIENCE
        self._progress: Said = {}
        self._line = ""
        self._news = True

    def asked(self, asked: "Said") -> None:
        """Take over how the command line understood the line."""
        self.quiet, self.dry_run = bool(asked.get("quiet")), bool(asked.get("dry_run"))
        self.notes = [public(str(note)) for note in asked.get("notes") or []]
        more = " (dry run)" if self.dry_run else ""
        self._title = "Installing " + _cut(public(_text(asked, "what"))) + more

    def job(self, job: "Said") -> None:
        self.begun = True
        self._progress = job.get("progress") or {}
        self._news = True

    def line(self, line: "Said") -> None:
        self._line = _cut(clean(_text(line, "text")).strip())
        self._news = True

    def tick(self) -> None:
        """Show the news, but not too often."""
        if not self._news or self.quiet or time.monotonic() < self._next:
            return
        self._news, self._next = False, time.monotonic() + PACE
        phase, fraction = _phase(self._progress), self._progress.get("fraction")
        if not _in_notebook(self._shell):
            if self._handle != phase:
                print(f"{self._title}: {phase}")
            self._handle = phase
            return
        percent = f" ({fraction:.0%})" if isinstance(fraction, (int, float)) else ""
        text = f"{self._title}: {phase}{percent}\n{self._line}".rstrip()
        value = f' value="{fraction:.3f}"' if percent else ""
        markup = (
            '<div><div>{0}</div><div><progress max="1"{1} aria-label="{0}"></progress> {2}{3}</div>'
            '<div style="opacity:.7"><code>{4}</code></div></div>'
        ).format(html.escape(self._title), value, html.escape(phase), percent, html.escape(self._line))
        self._publish(text, markup)

    def end(self, text: str, markup: str) -> None:
        """The outcome, in the place of the progress."""
        if _in_notebook(self._shell):
            self._publish(text, markup)
        else:
            print(text)

    def stopped(self, word: str) -> None:
        """Leave no running bar above an error."""
        if _in_notebook(self._shell) and self._handle is not None:
            text = f"{self._title}: {word}"
            self._publish(text, f"<div>{html.escape(text)}</div>")

    def _publish(self, text: str, markup: str) -> None:
        from IPython.display import display

        bundle = {"text/plain": text, "text/html": markup}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def run(argv: "list[str]", board: Board, line: str = "") -> "Said":
    """Run our command line, which reads `line`, and show on `board` what it streams. Returns the ended job.

    An interrupt of the kernel cancels the job, a second one ends the command at once.

    Raises:
        EnvsError: it failed or was cancelled.
    """
    ended: Said = {}
    refused: Said | None = None
    noise: list[str] = []
    interrupts, deadline, idle = 0, 0.0, 0
    with tempfile.TemporaryFile() as errors:
        process = _start(argv, errors, line)
        lines: queue.Queue[bytes | None] = queue.Queue()
        # A thread reads, since a blocking read cannot be interrupted on Windows.
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        try:
            while True:
                try:
                    try:
                        raw = lines.get(timeout=PACE)
                    except queue.Empty:
                        # A stray child may hold the pipe open when the command itself has ended.
                        idle = idle + 1 if process.poll() is not None else 0
                        if idle > 1:
                            break
                        if interrupts and time.monotonic() > deadline:
                            _signal(process, hard=True)
                        board.tick()
                        continue
                    if raw is None:
                        process.wait()
                        break
                    said = _json(raw)
                    if said is None:
                        noise = noise[-50:] + _lines(raw)
                    elif "done" in said:
                        ended = said["done"]
                    elif "error" in said:
                        refused = said["error"]
                    elif "asked" in said:
                        board.asked(said["asked"])
                    elif "job" in said:
                        board.job(said["job"])
                    elif "line" in said:
                        board.line(said["line"])
                    board.tick()
                except KeyboardInterrupt:
                    interrupts += 1
                    deadline = time.monotonic() + GRACE
                    board.line({"text": "Cancelling…"})
                    _signal(process, hard=interrupts > 1)
        finally:
            if process.poll() is None:
                _signal(process, hard=True)
                process.wait()
        # The end of it: an error tells itself there.
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 65536))
        noise += _lines(errors.read())
    state = ended.get("state")
    if state == "succeeded":
        return ended
    if interrupts:
        board.stopped("cancelled")
        if state == "cancelled":
            raise EnvsError("Cancelled; the environment is as it was.")
        if not board.begun:
            raise EnvsError("Cancelled before anything was changed.")
        raise EnvsError("Stopped before it was undone. The next change of this environment puts it in order first.")
    board.stopped("cancelled" if state == "cancelled" else "failed")
    raise EnvsError(_explained(ended.get("error") or refused, noise))


def _start(argv: "list[str]", errors: "Any", line: str = "") -> "subprocess.Popen[bytes]":
    environ = {key: value for key, value in os.environ.items() if key.upper() not in NOT_FOR_OTHERS}
    environ["PYTHONIOENCODING"] = "utf-8"
    # A group of its own, so that the interrupt of the kernel's group does not reach it beside our own signal.
    own_group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
        own_group = {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    stdin = subprocess.PIPE if line else subprocess.DEVNULL
    try:
        process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=errors, env=environ, **own_group)
    except OSError as error:
        raise EnvsError(clean(f"{argv[0]} does not start: {error.strerror}.\n{REINSTALL}")) from None
    if process.stdin is not None:
        # It may have ended already; why is then read from its errors.
        with contextlib.suppress(OSError), process.stdin:
            process.stdin.write(line.encode("utf-8", "replace"))
    return process


def _read(pipe: "Any", lines: "queue.Queue[bytes | None]") -> None:
    with pipe:
        for raw in pipe:
            lines.put(raw)
    lines.put(None)


def _signal(process: "subprocess.Popen[bytes]", hard: bool) -> None:
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill() if hard else process.send_signal(signal.CTRL_BREAK_EVENT)
    elif hard:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.terminate()


class Snapshot:
    """What this process has loaded from the environment, taken before a change."""

    def __init__(self) -> None:
        self._real: dict[str, str] = {}
        self._sites = sorted({self._resolved(os.path.join(path, "")) for path in _site_folders()})
        self._pth = self._pth_files()
        self._files: dict[str, str] = {}
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str):
                file = self._resolved(file)
                if file.startswith(tuple(self._sites)) and os.path.exists(file):
                    self._files[name] = file

    def refresh(self, plan: "Said") -> "list[str]":
        """Let this process import what is new. Returns the loaded modules whose files `plan` changed or removed."""
        for site, name in sorted(self._pth_files() - self._pth):
            _add_pth(site, name)
        importlib.invalidate_caches()
        changed = {_normal(_text(pin, "name")) for pin in plan.get("changed") or []}
        touched: set[str] = set()
        for site in self._sites if changed else ():
            touched.update(self._resolved(path) for path in _recorded(site, changed))
        stale = {name for name, file in self._files.items() if file in touched or not os.path.exists(file)}
        return sorted({_outermost(name, stale) for name in stale}, key=str.lower)

    def _resolved(self, file: str) -> str:
        folder, name = os.path.split(file)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return os.path.normcase(os.path.join(self._real[folder], name))

    def _pth_files(self) -> "set[tuple[str, str]]":
        return {(site, name) for site in self._sites for name in _names(site) if name.endswith(".pth")}


def _site_folders() -> "list[str]":
    import sysconfig

    paths = sysconfig.get_paths()
    return [path for path in (paths.get("purelib"), paths.get("platlib")) if path]


def _add_pth(site: str, name: str) -> None:
    import site as site_module

    # As the interpreter does at its start: an editable install is importable only through its .pth file.
    add = getattr(site_module, "addpackage", None)
    if add is not None:
        add(site, name, None)


def _recorded(site: str, distributions: "set[str]") -> "Iterable[str]":
    for entry in _names(site):
        stem, kind = os.path.splitext(entry)
        if kind != ".dist-info" or _normal(stem.split("-")[0]) not in distributions:
            continue
        try:
            # path,hash,size: a path with a comma stands in quotes and is no module
            listed = _lines(_content(os.path.join(site, entry, "RECORD"), 50_000_000))
            relative = [line.split(",")[0] for line in listed]
        except OSError:
            continue
        for path in relative:
            if not path.startswith(("..", '"')):
                yield os.path.join(site, *path.split("/"))


def _outermost(name: str, among: "set[str]") -> str:
    parts = name.split(".")
    return next(".".join(parts[:n]) for n in range(1, len(parts) + 1) if ".".join(parts[:n]) in among)


def _names(folder: str) -> "list[str]":
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _outcome(plan: "Said", stale: "Sequence[str]", dry_run: bool, notes: "Sequence[str]" = ()) -> "tuple[str, str]":
    added, changed, removed = (plan.get(key) or [] for key in ("added", "changed", "removed"))
    rows = [["+", _text(pin, "name"), _text(pin, "version")] for pin in added]
    rows += [["~", _text(pin, "name"), "{} → {}".format(_text(pin, "from"), _text(pin, "to"))] for pin in changed]
    rows += [["-", _text(pin, "name"), _text(pin, "version")] for pin in removed]
    if not rows:
        return _note(" ".join(["Nothing would change." if dry_run else "Nothing to change.", *notes]))
    parts = (("added", added), ("changed", changed), ("removed", removed))
    counts = ", ".join(f"{len(pins)} {word}" for word, pins in parts if pins)
    head = "{}{}.".format("Would be: " if dry_run else "", counts)
    if dry_run and plan.get("download_size"):
        head += " To download: {}.".format(_bytes(plan["download_size"]))
    warnings = [*notes, *(clean(str(said)) for said in plan.get("warnings") or [])]
    head = " ".join([head[0].upper() + head[1:], *warnings])
    text, markup = _table([], rows, head)
    if not stale:
        return text, markup
    names = ", ".join(clean(name) for name in stale)
    state = "is loaded as it was" if len(stale) == 1 else "are loaded as they were"
    advice = f"Restart the kernel: {names} {state} before this change."
    return text + "\n" + advice, markup + f"<p><strong>{html.escape(advice)}</strong></p>"


def _note(text: str) -> "tuple[str, str]":
    return text, f"<p>{html.escape(text)}</p>"


def _table(head: "list[str]", rows: "list[list[str]]", note: str) -> "tuple[str, str]":
    lines = ([head] if head else []) + rows
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))] if lines else []
    texts = ["  ".join(cell.ljust(widths[at]) for at, cell in enumerate(line)).rstrip() for line in lines]

    def markup(cells: "list[str]", tag: str) -> str:
        opened = f'<{tag} style="text-align:left">'
        return "<tr>{}</tr>".format("".join(opened + html.escape(cell) + f"</{tag}>" for cell in cells))

    body = ([markup(head, "th")] if head else []) + [markup(row, "td") for row in rows]
    # Counts stand above what they count, the legend of a list below it.
    text_note, html_note = ([note], [f"<div>{html.escape(note)}</div>"]) if note else ([], [])
    table = ["<table>{}</table>".format("".join(body))]
    if head:
        return "\n".join(texts + text_note), "".join(table + html_note)
    return "\n".join(text_note + texts), "".join(html_note + table)


def _show(shell: "Any", text: str, markup: str) -> None:
    Board(shell, "", quiet=False).end(text, markup)


def _in_notebook(shell: "Any") -> bool:
    return getattr(shell, "kernel", None) is not None


def _phase(progress: "Said") -> str:
    phase = clean(_text(progress, "phase")) or "starting"
    done, total, unit = progress.get("done"), progress.get("total"), progress.get("unit")
    if done is None or total is None:
        return phase
    if unit == "bytes":
        return f"{phase}, {_bytes(done)} of {_bytes(total)}"
    return clean("{}, {} of {} {}".format(phase, done, total, unit or "")).rstrip()


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _explained(error: "Said | None", noise: "list[str]") -> str:
    if not error:
        tail = ["  " + line for line in noise[-15:]]
        return clean("\n".join(["jupyter_envs ended without an answer.", *tail, REINSTALL]))
    said = _text(error, "message").strip()
    detail = ["  " + line for line in _text(error, "detail").splitlines()[-40:] if line.strip() != said]
    parts = [_text(error, "message") or "It did not work.", *detail, _text(error, "hint")]
    return clean("\n".join(part for part in parts if part))


def _usage(function: "Callable[..., Any]") -> str:
    text = function.__doc__ or ""
    return "\n".join(line[8:] if line.startswith(" " * 8) else line for line in text.splitlines()).strip()


def _json(raw: bytes) -> "Said | None":
    try:
        said = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _content(path: str, limit: int) -> bytes:
    """The content of the regular file `path`, at most `limit` bytes; a pipe or a device would hold the kernel.

    Raises:
        OSError: it cannot be read, or is something else.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return os.read(descriptor, limit)
    finally:
        os.close(descriptor)


def _lines(raw: bytes) -> "list[str]":
    return raw.decode("utf-8", "replace").splitlines()


def _text(holder: "Said", key: str) -> str:
    value = holder.get(key)
    return "" if value is None else clean(str(value))


def _cut(text: str, width: int = 100) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def clean(text: str) -> str:
    """`text` without control characters but line ends and tabs: names come from outside and may reach a terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)


def public(text: str) -> str:
    """`text`, cleaned, without the credentials of its URLs: a variable in the cell may have brought them."""
    return re.sub(r"://[^/\s]*@", "://****@", clean(text))
