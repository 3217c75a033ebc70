"""Record what installers print when they fail: `python -m tests.backends.failures.record FOLDER [TOOL…]`.

Each situation is made for real, on an index of this machine with packages that cannot be
had in one way or another. Ports, paths of this machine and times are replaced.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.backends.failures.packages import BUILDS, Server, serving


class Scene:
    """A folder, an environment on `python`, and an index."""

    def __init__(self, top: Path, tool: str, python: str, state: Server, url: str) -> None:
        self.top, self.tool, self.state, self.url = top, tool, state, url
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "POETRY_", "PIPENV_"))}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.home = top / "home"
        self.home.mkdir()
        self.env.update(HOME=str(self.home), NO_COLOR="1", COLUMNS="200", PIP_CONFIG_FILE=os.devnull)
        self.env["PIP_CACHE_DIR"] = str(top / "pip-cache")
        self.venv = top / "env"
        subprocess.run([python, "-m", "venv", self.venv], check=True)
        self.python = self.venv / "bin" / "python"
        if tool == "pip" and (newer := os.environ.get("NEWER_PIP")):
            subprocess.run([self.python, "-m", "pip", "install", "-q", newer], check=True)
        self.hashed = False
        self.more: list[str] = []

    def install(self, *lines: str) -> list[str]:
        file = self.top / "requirements.txt"
        file.write_text("\n".join(lines) + "\n")
        if self.tool == "uv":
            argv = ["uv", "pip", "install", "--python", str(self.python), "--default-index", self.url]
            self.env.update(UV_CACHE_DIR=str(self.top / "uv-cache"), UV_NO_PROGRESS="1", UV_PYTHON_DOWNLOADS="never")
            # The build's own needs come from a folder, so that only what is meant fails.
        else:
            argv = [str(self.python), "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
            argv += ["--retries", "1", "-i", self.url]
        if os.environ.get("BUILD_WHEELS"):
            argv += ["--find-links", os.environ["BUILD_WHEELS"]]
        return [*argv, *(["--require-hashes"] if self.hashed else []), *self.more, "-r", str(file)]

    def project(self, *lines: str, python: str = ">=3.9") -> list[str]:
        if self.tool == "poetry":
            listed = ", ".join(json.dumps(line) for line in lines)
            (self.top / "pyproject.toml").write_text(
                f'[project]\nname = "thesis"\nversion = "0.1"\nrequires-python = "{python}"\n'
                f"dependencies = [{listed}]\n[tool.poetry]\npackage-mode = false\n"
                f'[[tool.poetry.source]]\nname = "local"\nurl = "{self.url}"\npriority = "primary"\n'
            )
            self.env["POETRY_VIRTUALENVS_IN_PROJECT"] = "true"
            return [os.environ["POETRY"], "install", "--no-interaction"] if self.more else [
                os.environ["POETRY"], "lock", "--no-interaction"
            ]  # fmt: skip
        packages = "\n".join(
            f'{json.dumps(line.split("=")[0])} = "{line[len(line.split("=")[0]) :] or "*"}"' for line in lines
        )
        (self.top / "Pipfile").write_text(
            f'[[source]]\nurl = "{self.url}"\nverify_ssl = true\nname = "local"\n\n[packages]\n{packages}\n'
        )
        self.env.update(PIPENV_NOSPIN="1", PIPENV_IGNORE_VIRTUALENVS="1", PIPENV_VENV_IN_PROJECT="1", CI="1")
        return [os.environ["PIPENV"], "lock"]


def _user(scene: Scene) -> list[str]:
    scene.state.user = "bm8="
    scene.url = scene.url.replace("://", "://ada:wrong@")
    return scene.install("good")


def _status(code: int) -> Callable[[Scene], list[str]]:
    def made(scene: Scene) -> list[str]:
        scene.state.status = code
        return scene.install("good")

    return made


def _url(url: str) -> Callable[[Scene], list[str]]:
    def made(scene: Scene) -> list[str]:
        scene.url = url
        return scene.install("good")

    return made


def _broken_settings(scene: Scene) -> list[str]:
    if scene.tool == "uv":
        (scene.home / ".config" / "uv").mkdir(parents=True)
        (scene.home / ".config" / "uv" / "uv.toml").write_text("[[index]\nurl = 3\n")
    else:
        scene.env.pop("PIP_CONFIG_FILE")
        (scene.home / ".config" / "pip").mkdir(parents=True)
        (scene.home / ".config" / "pip" / "pip.conf").write_text("index-url = x\n[global\n")
    return scene.install("good")


def _unwritable_cache(scene: Scene) -> list[str]:
    argv = scene.install("good")
    (scene.top / "uv-cache").write_text("a file where the folder should be")
    return argv


def _full(scene: Scene) -> list[str]:
    argv = scene.install("good")
    small = scene.top / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=True)
    scene.env["UV_CACHE_DIR"] = str(small / "cache")
    scene.env["TMPDIR"] = str(small)
    return argv


def _hashes(*lines: str) -> Callable[[Scene], list[str]]:
    def made(scene: Scene) -> list[str]:
        scene.hashed = True
        return scene.install(*lines)

    return made


def _offline(scene: Scene) -> list[str]:
    scene.more = ["--offline"]
    return scene.install("good")


def _managed(scene: Scene) -> list[str]:
    argv = scene.install("good")
    place = subprocess.run(
        [scene.python, "-c", "import sys, sysconfig; print(sysconfig.get_path('stdlib', vars={'base': sys.prefix}))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    Path(place).mkdir(parents=True, exist_ok=True)
    return argv


def _no_binary(scene: Scene) -> list[str]:
    scene.more = ["--only-binary", ":all:"]
    return scene.install("raises-anything")


def _read_only(scene: Scene) -> list[str]:
    argv = scene.install("good")
    for folder in scene.venv.glob("lib/python*/site-packages"):
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
    return argv


def _lines(*lines: str) -> Callable[[Scene], list[str]]:
    return lambda scene: scene.install(*lines)


SITUATIONS: dict[str, Callable[[Scene], list[str]]] = {
    "not-found": _lines("no-such-project-xyz"),
    "dependency-not-found": _lines("wants-missing"),
    "no-version": _lines("good==99"),
    "conflict": _lines("wants-old", "wants-new"),
    "conflict-deep": _lines("deep-old", "base==2.0"),
    "newer-python": _lines("newer-python"),
    "other-python": _lines("other-python"),
    "other-python-pinned": _lines("other-python==1.0"),
    "other-machine": _lines("other-machine"),
    "other-abi": _lines("other-abi==1.0"),
    "only-beta": _lines("only-beta>=1"),
    "withdrawn": _lines("withdrawn>=1"),
    **{name: _lines(name) for name in BUILDS},
    "no-binary": _no_binary,
    "damaged": _lines("damaged"),
    "other-hash": _lines("other-hash"),
    "hash-missing": _hashes("good==1.0"),
    "hash-differs": _hashes("good==1.0 --hash=sha256:" + "1" * 64),
    "wrong-password": _user,
    "forbidden": _status(403),
    "server-error": _status(500),
    "too-many-requests": _status(429),
    "unreachable": _url("http://127.0.0.1:9/simple"),
    "unknown-host": _url("http://packages.invalid/simple"),
    "settings-broken": _broken_settings,
    "cache-unwritable": _unwritable_cache,
    "disk-full": _full,
    "read-only": _read_only,
    "git-not-found": _lines("thing @ git+file:///no/such/repository.git"),
    "url-not-found": lambda scene: scene.install(
        f"thing @ {scene.url.replace('/simple', '/files/thing-1.0-py3-none-any.whl')}"
    ),
    "folder-not-found": _lines("thing @ file:///no/such/folder"),
    "invalid-line": _lines("good=>1.0"),
}
PROJECT_SITUATIONS: dict[str, Callable[[Scene], list[str]]] = {
    "not-found": lambda scene: scene.project("no-such-project-xyz"),
    "no-version": lambda scene: scene.project("good==99"),
    "conflict": lambda scene: scene.project("wants-old", "wants-new"),
    "other-python": lambda scene: scene.project("other-python"),
    "raises-anything": lambda scene: scene.project("raises-anything"),
}


def _project_with(change: Callable[[Scene], None]) -> Callable[[Scene], list[str]]:
    def made(scene: Scene) -> list[str]:
        change(scene)
        return scene.project("good")

    return made


def _set(name: str, value: object) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene.state if hasattr(scene.state, name) else scene, name, value)


PROJECT_SITUATIONS |= {
    "wrong-password": _project_with(_set("user", "bm8=")),
    "server-error": _project_with(_set("status", 500)),
    "unreachable": _project_with(_set("url", "http://127.0.0.1:9/simple")),
    "unknown-host": _project_with(_set("url", "http://packages.invalid/simple")),
}


def version(tool: str, scene: Scene) -> str:
    argv = {
        "uv": ["uv", "--version"],
        "pip": [str(scene.python), "-m", "pip", "--version"],
        "poetry": [os.environ.get("POETRY", "poetry"), "--version"],
        "pipenv": [os.environ.get("PIPENV", "pipenv"), "--version"],
    }[tool]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+(?:\.\d+)+", text)
    assert found
    return found[0]


def main() -> None:
    out, tools = Path(sys.argv[1]), sys.argv[2:] or ["uv", "pip", "poetry", "pipenv"]
    out.mkdir(exist_ok=True)
    python = os.environ.get("PYTHON", sys.executable)
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    certificate = Path(tempfile.mkdtemp()) / "both.pem"
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(certificate), "-out", f"{certificate}.crt"]
    subprocess.run(argv, check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + Path(f"{certificate}.crt").read_text())
    for tool in tools:
        situations = dict(SITUATIONS if tool in ("uv", "pip") else PROJECT_SITUATIONS)
        situations["certificate"] = (lambda scene: scene.install("good")) if tool in ("uv", "pip") else (
            lambda scene: scene.project("good")
        )  # fmt: skip
        if tool == "uv":
            situations["offline"] = _offline
        for name, situation in situations.items():
            if only and name not in only:
                continue
            top = Path(tempfile.mkdtemp(prefix="record-"))
            with serving(certificate if name == "certificate" else None) as (state, url):
                scene = Scene(top, tool, python, state, url)
                argv = situation(scene)
                done = subprocess.run(
                    argv, cwd=top, env=scene.env, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL
                )
                port = re.search(r":(\d+)/", url)
                assert port
                text = f"{done.stdout}\n{done.stderr}".strip()
                for where in (str(top), os.path.realpath(top)):
                    text = text.replace(where, "/home/me/thesis")
                text = text.replace(f":{port[1]}", ":8080").replace(os.path.expanduser("~"), "/home/me")
                text = re.sub(r"/tmp/[\w.-]+", "/home/me/tmp", text)
                for mounted in (top / "small", *scene.venv.glob("lib/python*/site-packages")):
                    subprocess.run(["umount", "-l", mounted], capture_output=True)
                print(tool, name, done.returncode, text.splitlines()[-1:] if text else "", flush=True)
                if done.returncode:
                    (out / f"{tool}-{version(tool, scene)}-{name}.txt").write_text(text + "\n")
            shutil.rmtree(top, ignore_errors=True)


if __name__ == "__main__":
    main()
