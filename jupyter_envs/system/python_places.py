"""Where Pythons are installed: the places of each tool, and when they last changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from jupyter_envs.system import conda_places
from jupyter_envs.system.paths import WINDOWS
from jupyter_envs.system.reading import read_head

# The Windows registry has no time of change that is cheap to ask.
WATCHABLE = not WINDOWS

_NAME = re.compile(r"(python|pypy)(\d(\.\d+)?t?)?(\.exe)?$", re.I)
_HOMEBREW = ("/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew")
_SYSTEM = ("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin", "/sbin", "/Library/Frameworks")


def search() -> list[tuple[str, str]]:
    """Path and source of each interpreter, one path for each file; shims, scripts and environments left out."""
    found: dict[object, tuple[str, str]] = {}
    for path, source in (*_of_tools(), *_of_library()):
        if os.path.isabs(path) and _usable(path) and (key := _identity(path)) not in found:
            found[key] = (_lasting(path), source)
    return list(found.values())


def source_of(path: str) -> str:
    """The source of the interpreter at `path`, told by where it lies."""
    real = os.path.realpath(path)
    for folder, source in ((pyenv_root(), "pyenv"), (uv_folder(), "uv")):
        if real.startswith(os.path.realpath(folder) + os.sep):
            return source
    if os.path.isdir(os.path.join(os.path.dirname(real) if WINDOWS else _prefix(real), "conda-meta")):
        return "conda"
    if re.search(r"/(Cellar|\.linuxbrew|homebrew)/", real):
        return "homebrew"
    return "system" if real.startswith(tuple(p + "/" for p in _SYSTEM)) else "path"


def named_python(path: str) -> bool:
    """Whether the file is called as interpreters are: nothing else is started to see what it is."""
    return re.match(r"(python|pypy|graalpy)[\d.]*(t|d|dm?|m)?(\.exe)?$", os.path.basename(path), re.I) is not None


def stamp() -> str:
    """A text that changes when an interpreter may have come or gone."""
    names = ("PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "ASDF_DATA_DIR", "CONDA_PREFIX", "RYE_PY_ROOT")
    parts = [f"{name}={os.environ.get(name)}" for name in names]
    folders = [p for p in os.environ.get("PATH", "").split(os.pathsep) if p]
    for top in (os.path.join(pyenv_root(), "versions"), uv_folder(), os.path.join(_asdf(), "installs", "python")):
        folders.append(top)
        folders += [os.path.join(child, "bin") for child in _children(top)]
    folders += [os.path.join(prefix, "bin") for prefix in conda_places.installations()]
    folders += [os.path.join(top, "bin") for top in _HOMEBREW]
    folders.append("/Library/Frameworks/Python.framework/Versions")
    parts += [f"{folder}:{_mtime(folder)}" for folder in dict.fromkeys(folders)]
    return "\n".join(parts)


def pyenv_root() -> str:
    """pyenv's folder, whether it exists or not."""
    return os.path.expanduser(os.environ.get("PYENV_ROOT") or "~/.pyenv")


def uv_folder() -> str:
    """The folder of the Pythons that uv downloads, whether it exists or not."""
    if told := os.environ.get("UV_PYTHON_INSTALL_DIR"):
        return os.path.expanduser(told)
    if WINDOWS:
        return os.path.join(os.environ.get("APPDATA") or os.path.expanduser("~\\AppData\\Roaming"), "uv", "python")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "uv", "python")


def _of_tools() -> Iterator[tuple[str, str]]:
    """What findpython lacks or looks for elsewhere: every interpreter in uv's folder, conda's, Homebrew's."""
    for child in _children(uv_folder()):
        # `cpython-3.12-…` beside `cpython-3.12.1-…` is a link to it, which lasts longer.
        for folder in (os.path.join(child, "bin"), child):
            yield from ((path, "uv") for path in _pythons(folder))
    # Of installations alone: to look what Python an environment has must not start what its maker put there.
    for prefix in conda_places.installations():
        yield os.path.join(prefix, "python.exe" if WINDOWS else "bin/python"), "conda"
    for top in _HOMEBREW:
        if os.path.isdir(os.path.join(top, "Cellar")):
            yield from (
                (path, "homebrew") for path in _pythons(os.path.join(top, "bin")) if "Cellar" in os.path.realpath(path)
            )


def _of_library() -> Iterator[tuple[str, str]]:
    """What findpython finds; its answers are paths alone here, so that it starts nothing."""
    # Imported here: it takes 40 ms, and a warm call does without.
    from findpython.providers import ALL_PROVIDERS

    # A relative folder on PATH means whatever folder this process is in; the library tells it by a whole path.
    on_path = {
        os.path.realpath(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if os.path.isabs(folder)
    }
    sources = {"pyenv": "pyenv", "uv": "uv", "winreg": "registry", "macos": "system", "path": None}
    # PATH last: another provider knows better where an interpreter is from.
    for name in sorted(ALL_PROVIDERS, key=lambda n: n == "path"):
        provider = ALL_PROVIDERS[name].create()
        if provider is None:
            continue
        try:
            for found in provider.find_pythons():
                path = os.fspath(found.executable)
                if name == "path" and os.path.realpath(os.path.dirname(path)) not in on_path:
                    continue
                if _NAME.match(os.path.basename(path)):
                    yield path, sources.get(name) or source_of(path)
        except OSError:
            continue


def _pythons(folder: str) -> list[str]:
    try:
        # The longest name last is `python3.12`, which tells most.
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder), key=len, reverse=True) if _NAME.match(n)]
    except OSError:
        return []


def _usable(path: str) -> bool:
    """Whether `path` may be an interpreter of its own: no shim, no script, no virtual environment's."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) == "shims" or "WindowsApps" in path:
        return False
    prefix = folder if WINDOWS and not folder.lower().endswith("scripts") else os.path.dirname(folder)
    if os.path.exists(os.path.join(prefix, "pyvenv.cfg")):
        return False
    try:
        return read_head(path, 2) != b"#!" and os.access(path, os.X_OK)
    except OSError:
        return False


def _identity(path: str) -> object:
    info = os.stat(path)
    # Windows' file systems may tell no inode.
    return (info.st_dev, info.st_ino) if info.st_ino else os.path.normcase(os.path.realpath(path))


def _lasting(path: str) -> str:
    """`path` with its links resolved, except those that outlive an upgrade of what they point to."""
    real = os.path.realpath(path)
    if "/Cellar/" in real and "/Cellar/" not in path:
        return path
    return real


def _prefix(python: str) -> str:
    return os.path.dirname(os.path.dirname(python))


def _asdf() -> str:
    return os.path.expanduser(os.environ.get("ASDF_DATA_DIR") or "~/.asdf")


def _children(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(e.path for e in entries if not e.name.startswith(".") and e.is_dir())
    except OSError:
        return []


def _mtime(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0
