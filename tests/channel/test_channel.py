"""The channels of the tests are real ones: rattler solves and installs from them, and what it installs runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.channel import build
from tests.channel.fixture import Channel
from tests.channel.package import PLACEHOLDER
from tests.channel.server import ChannelServer

TOP = Path(__file__).resolve().parents[2]


def install(prefix: Path, pkgs: Path, channel: str, *specs: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "tests.channel.install", str(prefix), str(pkgs), channel, *specs]
    return subprocess.run(argv, capture_output=True, text=True, timeout=200, cwd=TOP)


def installed(channel: Channel, prefix: Path, *specs: str) -> Path:
    ran = install(prefix, channel.pkgs, channel.url, *specs)
    assert ran.returncode == 0, ran.stderr
    return prefix


def said(*argv: str, **more: Any) -> str:
    ran = subprocess.run(argv, capture_output=True, text=True, timeout=100, **more)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def index(channel: Channel, subdir: str) -> dict[str, Any]:
    read = json.loads((channel.folder / "main" / subdir / "repodata.json").read_text())
    return {**read["packages"], **read["packages.conda"]}


def test_the_index_tells_the_truth(channel: Channel) -> None:
    for subdir in ("noarch", build.SUBDIR):
        assert subdir
        for file, record in index(channel, subdir).items():
            raw = (channel.folder / "main" / subdir / file).read_bytes()
            assert record["size"] == len(raw)
            assert record["sha256"] == hashlib.sha256(raw).hexdigest()
            assert record["md5"] == hashlib.md5(raw).hexdigest()
            assert record["subdir"] == subdir


def test_what_there_is(channel: Channel) -> None:
    records = [*index(channel, "noarch").values(), *index(channel, str(build.SUBDIR)).values()]
    versions: dict[str, set[str]] = {}
    for record in records:
        versions.setdefault(record["name"], set()).add(record["version"])
    assert {"ipykernel", "numpy", "pip", "shell-kernel", "needs-cuda", "demo-activate"} <= set(versions)
    assert versions["python"] == set(channel.pythons)
    assert {"1.0", "2.0"} == versions["small"]
    assert len(versions["six"]) == 2


@pytest.mark.slow
def test_python_and_its_packages_run_anywhere(channel: Channel, tmp_path: Path) -> None:
    specs = (f"python {channel.python}.*", "ipykernel", "numpy", "pip", "six <1.17", "small")
    prefix = installed(channel, tmp_path / "somewhere" / "env", *specs)
    code = (
        "import sys, numpy, zmq, six, sysconfig; print(sys.prefix, six.__version__, sysconfig.get_config_var('prefix'))"
    )
    told = said(f"{prefix}/bin/python", "-I", "-c", code)
    assert told == f"{prefix} 1.16.0 {prefix}"
    assert said(f"{prefix}/bin/small") == "2.0"
    assert str(prefix) in said(f"{prefix}/bin/pip", "--version")
    assert said(f"{prefix}/bin/numpy-config", "--version")
    maps = said(f"{prefix}/bin/python", "-c", "print(open('/proc/self/maps').read())")
    libraries = {line.split()[-1] for line in maps.splitlines() if "libpython" in line}
    assert all(library.startswith(str(prefix)) for library in libraries)
    files = [path for path in prefix.rglob("*") if path.is_file() and path.parent.name != "conda-meta"]
    held = [path for path in files if PLACEHOLDER.encode() in path.read_bytes()]
    assert held == []


@pytest.mark.slow
def test_the_other_python(channel: Channel, tmp_path: Path) -> None:
    if len(channel.pythons) < 2:
        pytest.skip("this machine has one Python only")
    prefix = installed(channel, tmp_path / "env", f"python =={channel.pythons[1]}", "ipykernel")
    told = said(f"{prefix}/bin/python", "-c", "import ipykernel.kernelapp, platform; print(platform.python_version())")
    assert told == channel.pythons[1]


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        (["needs-old", "needs-new"], ["needs-old", "needs-new", "small"]),
        (["needs-missing"], ["no-such-package"]),
        (["needs-cuda"], ["__cuda"]),
    ],
)
def test_what_cannot_be(channel: Channel, tmp_path: Path, specs: list[str], words: list[str]) -> None:
    ran = install(tmp_path / "env", tmp_path / "pkgs", channel.url, *specs)
    assert ran.returncode
    assert all(word in ran.stderr for word in words), ran.stderr


def test_a_build_without_a_gpu(channel: Channel, tmp_path: Path) -> None:
    prefix = installed(channel, tmp_path / "env", "accel", "small ==1.0", "where-am-i")
    assert (prefix / "share/accel/build.txt").read_text() == "cpu_0\n"
    assert said(f"{prefix}/bin/where-am-i") == str(prefix)


@pytest.mark.slow
def test_the_kernel_that_needs_no_python(channel: Channel, tmp_path: Path) -> None:
    from jupyter_client.manager import KernelManager

    prefix = installed(channel, tmp_path / "env", "shell-kernel")
    assert not (prefix / "bin/python").exists()
    spec = json.loads((prefix / "share/jupyter/kernels/shell/kernel.json").read_text())
    assert spec["argv"] == [f"{prefix}/bin/shell-kernel", "{connection_file}"]
    data = tmp_path / "data"
    shutil.copytree(prefix / "share/jupyter/kernels", data / "kernels")
    manager = KernelManager(kernel_name="shell")
    manager.kernel_spec_manager.kernel_dirs = [str(data / "kernels")]
    manager.start_kernel(env={**os.environ, "PLANET": "earth"})
    client = manager.client()
    client.start_channels()
    heard: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        heard.append(message["content"].get("text", message["content"].get("ename", "")))

    try:
        client.wait_for_ready(120)
        reply = client.execute_interactive('echo "$PLANET $SHELL_KERNEL"', timeout=120, output_hook=hear)
        assert reply["content"]["status"] == "ok"
        assert "earth from its own spec\n" in heard
        client.execute("echo up; sleep 100")
        while client.get_iopub_msg(120)["content"].get("text") != "up\n":
            pass
        manager.interrupt_kernel()
        assert client.get_shell_msg(120)["content"]["ename"] == "Interrupt"
        reply = client.execute_interactive("exit 3", timeout=120, output_hook=hear)
        assert reply["content"]["evalue"] == "exit code 3"
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
        content: bytes = answer.read()
        return content


def test_over_http(channel: Channel, channel_server: ChannelServer, tmp_path: Path) -> None:
    ran = install(tmp_path / "env", tmp_path / "pkgs", channel_server.url, "where-am-i")
    assert ran.returncode == 0, ran.stderr
    assert any(path.endswith("where-am-i-1.0-0.conda") for path in channel_server.asked)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(channel_server.top + "/../../etc/passwd")
    assert caught.value.code == 404


@pytest.mark.parametrize("fault", [500, 404, "cut", "other"])
def test_a_server_that_fails(channel: Channel, channel_server: ChannelServer, tmp_path: Path, fault: int | str) -> None:
    channel_server.faults[r"where-am-i.*\.conda$"] = fault
    ran = install(tmp_path / "env", tmp_path / "pkgs", channel_server.url, "where-am-i")
    assert ran.returncode, fault
    assert not (tmp_path / "env/bin/where-am-i").exists()


def test_a_private_server(channel_server: ChannelServer) -> None:
    page = "/main/noarch/repodata.json"
    channel_server.user = "ada:secret"
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(channel_server.top + page)
    assert caught.value.code == 401
    assert b"repodata_version" in get(channel_server.top + page, Authorization="Basic YWRhOnNlY3JldA==")
    channel_server.user, channel_server.token = None, "tk-1"
    with pytest.raises(urllib.error.HTTPError):
        get(channel_server.top + page)
    assert b"repodata_version" in get(f"{channel_server.top}/t/tk-1{page}")


def test_a_slow_server(channel_server: ChannelServer) -> None:
    channel_server.faults["repodata"] = "stall"
    page = channel_server.url + "/noarch/repodata.json"
    with urllib.request.urlopen(page, timeout=0.5) as answer, pytest.raises(TimeoutError):
        answer.read()
