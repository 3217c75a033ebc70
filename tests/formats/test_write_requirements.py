from __future__ import annotations

from jupyter_envs.formats import requirements
from jupyter_envs.formats.base import Installed
from jupyter_envs.model.env import Package

PACKAGES = [
    Package(name="Zope", version="1.0", requested=False),
    Package(name="numpy", version="2.2.1", requested=True),
    Package(name="torch", version="2.5.0+cpu", requested=True),
    Package(name="old", version="1.0-dev-7x", requested=False),
    Package(name="tool", version="0.1", requested=True, editable=True, url="file:///home/me/tool"),
    Package(name="one", version="1.0", requested=None, url="https://me:pw@files.example/one-1.0.tar.gz"),
    Package(name="openssl", version="3.0", manager="conda"),
]


def test_all() -> None:
    assert requirements.write_all(Installed(PACKAGES, "3.12.1")) == (
        "# Python 3.12.1\n"
        "# Asked for: numpy, tool, torch\n"
        "# Not here, since pip does not install them: openssl\n"
        "numpy==2.2.1\n"
        "old===1.0-dev-7x\n"
        "one @ https://files.example/one-1.0.tar.gz\n"
        "-e file:///home/me/tool\n"
        "torch==2.5.0+cpu\n"
        "Zope==1.0\n"
    )


def test_requested() -> None:
    lines = requirements.write_requested(Installed(PACKAGES, None)).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "numpy==2.2.1",
        "one @ https://files.example/one-1.0.tar.gz",
        "-e file:///home/me/tool",
        "torch==2.5.0+cpu",
    ]
    assert lines[0] == "# Taken as asked for, since nothing is noted: one, openssl"


def test_what_is_written_is_read_again() -> None:
    read = requirements.read(requirements.write_all(Installed([p for p in PACKAGES if p.name != "old"], "3.12.1")))
    assert len(read.packages) == 5
    assert read.warnings == []


def test_nothing_installed() -> None:
    assert requirements.write_all(Installed([], None)) == "\n"
