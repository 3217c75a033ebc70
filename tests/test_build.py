"""The build brings the panel, or an installation says why it is missing; nothing is published without it."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
hatch_build = pytest.importorskip("hatch_build")

REPO = Path(__file__).resolve().parents[1]


def required(root: Path) -> list[str]:
    hook = hatch_build.PanelHook(str(root), {}, None, None, "", "wheel")
    return [str(each) for each in hook.dependencies()]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("SKIP_JUPYTER_BUILDER", raising=False)
    return folder


@pytest.mark.parametrize(
    ("reported", "brings"),
    [("v20.20.2", False), ("v24.1.0", False), ("v18.19.0", True), ("no version", True), ("", True)],
)
def test_node_is_fetched_by_the_version_on_path(tmp_path: Path, path: Path, reported: str, brings: bool) -> None:
    node = path / "node"
    node.write_text(f"#!/bin/sh\necho '{reported}'\n")
    node.chmod(0o755)
    assert (required(tmp_path) == ["pip"]) is brings


def test_without_any_node(tmp_path: Path, path: Path) -> None:
    assert required(tmp_path) == ["pip"]


def test_a_built_panel_needs_none(tmp_path: Path, path: Path) -> None:
    for target in hatch_build.TARGETS:
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / target).touch()
    assert required(tmp_path) == []


@pytest.mark.parametrize(
    ("commands", "installs"),
    [
        ([["/v/bin/python", "/v/bin/pip", "install", "."]], True),
        ([["python3", "-m", "pip", "install", "-e", "."]], True),
        ([["/usr/bin/uv", "pip", "install", "."]], True),
        ([["bash", "-c", "x"], ["pip3.11", "install", "."]], True),
        ([["pip", "wheel", "."], ["bash", "install"]], False),
        ([["python", "-m", "build", "--wheel"]], False),
        ([["uv", "build"], ["uv", "run", "x"]], False),
        ([["bash"], ["make", "install"]], False),
    ],
)
def test_only_an_installation_goes_on_without_the_panel(
    monkeypatch: pytest.MonkeyPatch, commands: list[list[str]], installs: bool
) -> None:
    monkeypatch.setattr(hatch_build, "_ancestors", lambda: commands)
    monkeypatch.delenv("PIP_BUILD_TRACKER", raising=False)
    assert hatch_build._installing() is installs


class Refusing(BaseHTTPRequestHandler):
    """A registry that has nothing."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that no system knows, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate, and it is not here")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    argv = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    argv += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(argv, check=True, capture_output=True)
    with file.open("a") as both:
        both.write(Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def registry(certificate: Path) -> Iterator[str]:
    """The address of a registry with that certificate."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def closed() -> str:
    """The address of a registry that refuses connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the project that git knows, without what was built from them."""
    if not (REPO / ".git").exists():
        pytest.skip("this is no clone")
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (REPO / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPO / name, folder / name)
    return folder


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """A new virtual environment that sees the packages of this one, but not the project."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    packages = subprocess.run(
        [folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    here = [entry for entry in sys.path if entry.endswith("site-packages")]
    Path(packages, "others.pth").write_text("\n".join(here))
    return folder


def surroundings(home: Path, venv: Path, **more: str) -> dict[str, str]:
    """Variables with an empty HOME, in which nothing was fetched before."""
    home.mkdir(exist_ok=True)
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "jupyter_envs_config.json").write_text('{"Settings": {"templates": false}}')
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER_", "npm_", "NODE_", "YARN_"))}
    for name in ("SKIP_JUPYTER_BUILDER", "PYTHONPATH", "CI"):
        kept.pop(name, None)
    kept.update(
        HOME=str(home),
        PATH=f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        VIRTUAL_ENV=str(venv),
        JUPYTER_CONFIG_DIR=str(home / "config"),
        UV_CACHE_DIR=os.environ.get("UV_CACHE_DIR") or os.path.expanduser("~/.cache/uv"),
    )
    return kept | more


def pip(verb: list[str], clone: Path, venv: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = [venv / "bin" / "python", "-m", "pip", *verb, "-v", "--no-deps", "--no-build-isolation", "."]
    return subprocess.run(argv, cwd=clone, env=env, capture_output=True, text=True, timeout=200)


def without_node(tmp_path: Path) -> str:
    """A PATH with what a build may need, Node left out."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "bash", "git", "uname", "env"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return str(folder)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["refused", "certificate", "no node"])
def test_the_first_command_goes_on_to_the_end_of_the_demo(
    fault: str, clone: Path, venv: Path, tmp_path: Path, closed: str, request: pytest.FixtureRequest
) -> None:
    more, says = {"YARN_NPM_REGISTRY_SERVER": closed}, "npm registry cannot be reached"
    if fault == "certificate":
        more, says = {"YARN_NPM_REGISTRY_SERVER": request.getfixturevalue("registry")}, "does not trust the certificate"
    elif fault == "no node":
        more, says = {"PATH": without_node(tmp_path), "PIP_NO_INDEX": "1"}, "Node.js 20 or newer is not on this machine"
        more["PIP_FIND_LINKS"] = str(tmp_path)
    env = surroundings(tmp_path / "home", venv, **more)
    done = pip(["install"], clone, venv, env)
    assert done.returncode == 0, done.stdout + done.stderr
    command = f"cd {clone} && {venv}/bin/python"
    for text in ("WITHOUT its panel", says, command):
        assert text in done.stdout + done.stderr
    listed = subprocess.run(
        [venv / "bin" / "python", "-m", "jupyterlab.labextensions", "list"], env=env, capture_output=True, text=True
    )
    shown = re.sub(r"\s+", " ", listed.stdout + listed.stderr)
    assert "jupyter-envs" in shown
    assert "THE PANEL IS MISSING" in shown
    assert says in shown
    if fault == "refused":
        env = surroundings(tmp_path / "home", venv)
        demo = subprocess.run([venv / "bin" / "jupyter-envs", "demo"], env=env, capture_output=True, text=True)
        assert demo.returncode == 0, demo.stderr
        assert says in demo.stdout
        assert command in demo.stdout


@pytest.mark.slow
def test_a_registry_whose_certificate_the_system_trusts_is_asked(
    clone: Path, venv: Path, tmp_path: Path, registry: str, certificate: Path
) -> None:
    trusted = f"{certificate}.crt"
    env = surroundings(tmp_path / "home", venv, YARN_NPM_REGISTRY_SERVER=registry, SSL_CERT_FILE=trusted)
    done = pip(["install"], clone, venv, env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "404" in done.stdout + done.stderr, "it was reached, and has nothing"
    assert "does not trust" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_wheel_to_publish_is_refused(clone: Path, venv: Path, tmp_path: Path, closed: str) -> None:
    env = surroundings(tmp_path / "home", venv, YARN_NPM_REGISTRY_SERVER=closed)
    done = pip(["wheel", "-w", str(tmp_path / "out")], clone, venv, env)
    assert done.returncode != 0
    assert "npm registry cannot be reached" in done.stdout + done.stderr
    assert not list((tmp_path / "out").glob("jupyter_envs*")) if (tmp_path / "out").exists() else True


def test_the_notice_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_envs.system import panel

    monkeypatch.setattr(panel, "jupyter_path", lambda *parts: [str(tmp_path.joinpath(*parts))])
    assert "No extension of JupyterLab" in panel.missing_panel().why
    folder = tmp_path / "labextensions" / "jupyter-envs"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"jupyter_envs": {"why": "No Node.", "command": "pip"}}))
    assert panel.missing_panel() == panel.MissingPanel("No Node.", "pip")
    (folder / "package.json").write_text(json.dumps({"name": "jupyter-envs"}))
    assert panel.missing_panel() is None
    for damaged in ("[]", "{", '{"jupyter_envs": 3}'):
        (folder / "package.json").write_text(damaged)
        assert "cannot be read" in panel.missing_panel().why
