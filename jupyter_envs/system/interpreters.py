"""Which Pythons the machine has; each is run once, and what it told is kept."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from jupyter_envs.model.env import Interpreter
from jupyter_envs.model.errors import Failed, InvalidRequest, NoInterpreter, Unavailable
from jupyter_envs.system import python_places, pyvenv
from jupyter_envs.system.process import clean_environment, run
from jupyter_envs.system.reading import parse_json, read_json

MINIMUM = (3, 8)
NEWEST_TESTED = (3, 14)
_LIMIT = 15.0
_FREE_THREADED = " free-threaded"

# Runs on every Python since 2.7, without its site module.
_SCRIPT = """
import json, platform, sys
v = sys.version_info
ending = {"alpha": "a%d", "beta": "b%d", "candidate": "rc%d"}.get(v[3], "")
print(json.dumps({
    "version": "%d.%d.%d" % v[:3] + (ending % v[4] if ending else ""),
    "implementation": platform.python_implementation(),
    "architecture": platform.machine(),
    "bits": 64 if sys.maxsize > 2 ** 32 else 32,
    "free_threaded": "free-threading" in sys.version,
    "venv": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
    "base": getattr(sys, "_base_executable", None) or sys.executable,
}))
"""


class _Told(TypedDict, total=False):
    """What an interpreter said, or `error`; `stamp` is the file's mtime and size when it did."""

    stamp: list[int]
    error: str
    version: str
    implementation: str
    architecture: str
    venv: bool
    base: str


def find(cache: Path, refresh: bool = False) -> list[Interpreter]:
    """The interpreters of this machine, newest first; no virtual environment's, and none twice through links.

    What does not run is left out. Nothing is started when the file `cache` knows
    them all; `refresh` looks and asks anew.
    """
    kept = _load(cache)
    before = json.dumps(kept)
    places = [(path, source) for path, source in _places(kept, refresh) if os.path.exists(path)]
    told = _ask([path for path, _ in places], kept, refresh)
    if json.dumps(kept) != before:
        _save(cache, kept)
    found: dict[str, Interpreter] = {}
    for path, source in places:
        answer = told[path]
        if "error" not in answer and not answer["venv"]:
            found.setdefault(os.path.normcase(os.path.realpath(path)), _interpreter(answer, path, source))
    ordered = sorted(found.values(), key=_rank, reverse=True)
    best = next((i for i in ordered if _may_be_default(i)), None)
    return [msgspec.structs.replace(i, default=True) if i is best else i for i in ordered]


def probe(path: str, cache: Path) -> Interpreter:
    """The interpreter at `path`; of a virtual environment's, the one that it was made from.

    Raises:
        InvalidRequest: there is no Python at `path`, or it does not run.
    """
    kept = _load(cache)
    before = json.dumps(kept)
    for _ in range(3):
        if not os.path.isfile(path):
            answer = _Told(error="there is no such file")
        elif not python_places.named_python(path):
            answer = _Told(error="its name is no Python's")
        else:
            answer = _ask([path], kept, False)[path]
        if "error" in answer:
            raise InvalidRequest(
                f"{path} is not a Python that runs: {answer['error']}.",
                hint="Give the path of an interpreter; `interpreters` lists those that were found.",
                field="python",
            )
        if not answer["venv"]:
            break
        path = answer["base"]
    if json.dumps(kept) != before:
        _save(cache, kept)
    return _interpreter(answer, path, python_places.source_of(path))


def choose(wanted: str | None, found: list[Interpreter]) -> Interpreter:
    """The interpreter in `found` that `wanted` means: a version or the start of one, a path, or None for the default.

    A version takes the newest that fits; final releases of CPython come first.

    Raises:
        NoInterpreter: no Python of that version is here.
        InvalidRequest: a kernel cannot run on it (the message says why), or the path is not in `found`.
        Unavailable: none was asked for, and there is none at all that a kernel runs on.
    """
    if wanted is None:
        default = next((i for i in found if i.default), None) or next((i for i in found if i.supported), None)
        if default is None:
            raise Unavailable(
                f"No Python that a kernel runs on was found; {_listed(found)}.",
                hint=f"Install Python {MINIMUM[0]}.{MINIMUM[1]} or newer.",
                reason="no_interpreter",
                field="python",
            )
        return default
    if os.path.isabs(wanted):
        real = os.path.normcase(os.path.realpath(wanted))
        fitting = [i for i in found if os.path.normcase(os.path.realpath(i.path)) == real]
        if not fitting:
            raise InvalidRequest(f"{wanted} is not a Python that was found; {_listed(found)}.", field="python")
    else:
        fitting = [i for i in found if i.version == wanted or re.match(re.escape(wanted) + r"(?![0-9])", i.version)]
        fitting = sorted(fitting, key=lambda i: (i.supported, _ordinary(i), _rank(i)), reverse=True)
        if not fitting:
            _refuse_old(_numbers(wanted))
            raise NoInterpreter(
                f"There is no Python {wanted} on this machine; {_listed(found)}.",
                wanted,
                hint="Name one of these, or install the one you want.",
            )
    if not fitting[0].supported:
        raise InvalidRequest(fitting[0].reason or "A kernel does not run on it.", reason="too_old", field="python")
    return fitting[0]


def pick(wanted: str | None, cache: Path) -> Interpreter:
    """The interpreter that `wanted` means, as `choose` has it; a path outside what `find` knows is tried.

    Raises:
        NoInterpreter: none of that version is here.
        InvalidRequest: it is no Python, or a kernel cannot run on it.
        Unavailable: none was asked for, and there is none that a kernel runs on.
    """
    if wanted is not None and os.path.isabs(wanted):
        found = [probe(wanted, cache)]
        return choose(found[0].path, found)
    return choose(wanted, find(cache))


def _places(kept: dict[str, Any], refresh: bool) -> list[tuple[str, str]]:
    """Where Pythons are; looked up again when a folder that holds them changed."""
    watched = python_places.stamp()
    places = kept.get("places")
    if refresh or places is None or kept.get("watched") != watched or not python_places.WATCHABLE:
        places = [list(pair) for pair in python_places.search()]
        kept["places"], kept["watched"] = places, watched
    return [(path, source) for path, source in places]


def _ask(paths: list[str], kept: dict[str, Any], refresh: bool) -> dict[str, _Told]:
    """What each path's interpreter says, from `kept` or by running it, several at a time; `kept` is completed."""
    known: dict[str, _Told] = kept.setdefault("pythons", {})
    real = {path: os.path.realpath(path) for path in paths}
    stamps = {target: _stamp(target) for target in set(real.values())}
    waiting = [t for t, stamp in stamps.items() if refresh or known.get(t, {}).get("stamp") != stamp]
    if waiting:
        with ThreadPoolExecutor(max_workers=min(4, len(waiting)), thread_name_prefix="probe") as pool:
            for target, answer in zip(waiting, pool.map(_run, waiting), strict=True):
                answer["stamp"] = stamps[target]
                known[target] = answer
    answers = {path: known[target] for path, target in real.items()}
    for path, answer in answers.items():
        # A virtual environment's Python is a link to its base or a copy: without `site` it does not know itself.
        prefix = os.path.dirname(os.path.dirname(path))
        try:
            base = pyvenv.base_of(prefix, pyvenv.read(prefix))
        except (OSError, ValueError):
            continue
        if "error" not in answer:
            answers[path] = _Told(**{**answer, "venv": True, "base": base or real[path]})
    # A time limit may be the machine's fault: such an answer serves this call alone.
    for target in [t for t, answer in known.items() if "stamp" in answer and answer.get("error") == _SLOW]:
        del known[target]
    return answers


_SLOW = "it did not answer in time"


def _run(path: str) -> _Told:
    """`PYTHON -I -S -c SCRIPT`, and `PYTHON -E -s -S -c SCRIPT` for Python 2, which has no -I."""
    env = {k: v for k, v in clean_environment().items() if k != "__PYVENV_LAUNCHER__"}
    error = "it did not run"
    for flags in (["-I", "-S"], ["-E", "-s", "-S"]):
        try:
            done = run([path, *flags, "-c", _SCRIPT], env=env, timeout=_LIMIT)
        except Failed:
            return _Told(error=_SLOW)
        except OSError as caught:
            return _Told(error=caught.strerror or str(caught))
        try:
            said = parse_json(done.out.strip().splitlines()[-1])
            flavour = _FREE_THREADED if said["free_threaded"] else ""
            return _Told(
                version=str(said["version"]),
                implementation=str(said["implementation"]) + flavour,
                architecture=_architecture(str(said["architecture"]), said["bits"]),
                venv=bool(said["venv"]),
                base=str(said["base"]),
            )
        except (ValueError, KeyError, TypeError, IndexError):
            error = (done.err.strip().splitlines() or [f"it ended with code {done.code}"])[-1][:200]
    return _Told(error=error)


def _architecture(machine: str, bits: int) -> str:
    """`machine` as the interpreter sees itself: a 32-bit build on a 64-bit system is told as such."""
    name = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine.lower(), machine.lower())
    return {"x86_64": "x86", "arm64": "arm"}.get(name, name) if bits == 32 else name


def _interpreter(told: _Told, path: str, source: str) -> Interpreter:
    reason = _too_old(_numbers(told["version"]))
    return Interpreter(
        version=told["version"],
        implementation=told["implementation"],
        architecture=told["architecture"],
        path=path,
        source=source,
        supported=reason is None,
        reason=reason,
    )


def _too_old(numbers: tuple[int, ...]) -> str | None:
    if len(numbers) < 2 or numbers[:2] >= MINIMUM:
        return None
    asked, least = ".".join(map(str, numbers)), ".".join(map(str, MINIMUM))
    return f"Python {asked} is too old: kernels with a current ipykernel need {least} or newer."


def _refuse_old(numbers: tuple[int, ...]) -> None:
    if reason := _too_old((*numbers, 0) if numbers == (2,) else numbers):
        raise InvalidRequest(reason, reason="too_old", field="python")


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found.group().split("."))) if found else ()


def _final(interpreter: Interpreter) -> bool:
    return re.fullmatch(r"[\d.]+", interpreter.version) is not None


def _ordinary(interpreter: Interpreter) -> bool:
    return interpreter.implementation == "CPython" and _final(interpreter)


def _rank(interpreter: Interpreter) -> tuple[tuple[int, ...], bool, bool, int]:
    """Newest first; of one version the final release, CPython, and the source that changes least under a user."""
    order = ("path", "registry", "homebrew", "conda", "system", "uv", "pyenv")
    return (
        _numbers(interpreter.version),
        _final(interpreter),
        interpreter.implementation == "CPython",
        order.index(interpreter.source) if interpreter.source in order else 0,
    )


def _may_be_default(interpreter: Interpreter) -> bool:
    return interpreter.supported and _ordinary(interpreter) and _numbers(interpreter.version)[:2] <= NEWEST_TESTED


def _listed(found: Iterable[Interpreter]) -> str:
    here = list(dict.fromkeys(i.version for i in found if i.supported))
    return f"here are {', '.join(here[:12])}" if here else "none is here"


def _stamp(path: str) -> list[int]:
    try:
        info = os.stat(path)
    except OSError:
        return [0, 0]
    return [info.st_mtime_ns, info.st_size]


def _digest() -> str:
    return hashlib.sha256(_SCRIPT.encode()).hexdigest()[:12]


def _load(cache: Path) -> dict[str, Any]:
    """The kept answers; none when the file is missing, damaged, or of another version of the script."""
    try:
        kept = read_json(cache)
    except (OSError, ValueError):
        kept = None
    if not isinstance(kept, dict) or kept.get("script") != _digest() or not isinstance(kept.get("pythons"), dict):
        return {"script": _digest()}
    return kept


def _save(cache: Path, kept: dict[str, Any]) -> None:
    from jupyter_envs.system.files import atomic_write

    kept["pythons"] = {p: told for p, told in kept.get("pythons", {}).items() if os.path.exists(p)}
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(cache, json.dumps(kept))
    except OSError:
        # A read-only state folder costs time, not function.
        return
