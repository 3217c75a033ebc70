"""What the tests' channels hold, and how they are made."""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.system import interpreters
from tests.channel import pythons, wheels
from tests.channel.package import PLACEHOLDER, File, Package, text, write, write_index
from tests.channel.pythons import Python

HERE = Path(__file__).parent
SUBDIR = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}.get(platform.machine()) if sys.platform == "linux" else None


class NoPython(Exception):
    """There is no CPython here from which a channel can be made."""


def choose() -> list[Python]:
    """The Python that runs the tests and the one of the nearest other minor version, if the machine has any.

    Raises:
        NoPython: none of this machine will do.
    """
    own = pythons.look(sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        usable = [i for i in interpreters.find(Path(folder, "interpreters.json")) if i.supported]
    minor = sys.version_info.minor
    near = sorted(
        (found for i in usable if i.implementation == "CPython" and (found := pythons.look(i.path))),
        key=lambda python: (abs(int(python.short[2:]) - minor), -int(python.short[2:])),
    )
    first = own or (near[0] if near else None)
    if first is None or SUBDIR is None:
        raise NoPython("no CPython here can be made a conda package")
    return [first, *[python for python in near if python.short != first.short][:1]]


def build(folder: Path) -> list[str]:
    """Make the channels ``main`` and ``extra`` in `folder`; return their versions of Python.

    Raises:
        NoPython: as `choose`.
        wheels.Unreachable: the package index does not answer.
    """
    chosen = choose()
    assert SUBDIR
    first = chosen[0]
    main, extra = folder / "main", folder / "extra"
    with tempfile.TemporaryDirectory(dir=folder) as work:
        for number, python in enumerate(chosen):
            tree = Path(work, python.short)
            wheels.install(python, tree, "ipykernel", "pip", *(["numpy", "six==1.17.0"] if number == 0 else []))
            write(pythons.package(python), main, SUBDIR)
            for package in wheels.packages(tree, python):
                write(package, main, SUBDIR)
        old = wheels.install(first, Path(work, "old"), "six==1.16.0", alone=True)
        for package in wheels.packages(old, first):
            write(package, main, SUBDIR)
        write(_shell_kernel(first, Path(work, first.short)), main, SUBDIR)
    for package in _made_up():
        write(package, main, SUBDIR)
    write(_small("1.0"), main, SUBDIR, old_format=True)
    write(_small("3.0"), extra, SUBDIR)
    for channel in (main, extra):
        write_index(channel, SUBDIR, "noarch")
    return [python.version for python in chosen]


def _small(version: str) -> Package:
    """A pure Python package of one module and one command, both called `small`."""
    info = f"site-packages/small-{version}.dist-info"
    code = f"VERSION = {version!r}\n\n\ndef main():\n    print(VERSION)\n"
    about = f"Metadata-Version: 2.1\nName: small\nVersion: {version}\n"
    return Package(
        name="small",
        version=version,
        build="py_0",
        noarch="python",
        depends=["python >=3.8"],
        entry_points=["small = small:main"],
        summary="One module and one command",
        files={
            "site-packages/small.py": text(code),
            f"{info}/METADATA": text(about),
            f"{info}/INSTALLER": text("conda"),
            f"{info}/RECORD": text(f"small.py,,\n{info}/METADATA,,\n{info}/INSTALLER,,\n{info}/RECORD,,\n"),
        },
    )


def _activated(version: str) -> Package:
    """Variables by script, by file and into PATH; version 2.0 no longer sets DEMO_OLD."""
    old = "export DEMO_OLD=yes\n" if version == "1.0" else ""
    script = (
        f'export DEMO_VERSION={version}\nexport DEMO_HOME="$CONDA_PREFIX/share/demo"\n{old}'
        'export PATH="$CONDA_PREFIX/share/demo/bin:$PATH"\necho "demo is set up"\n'
    )
    return Package(
        name="demo-activate",
        version=version,
        noarch="generic",
        summary="Sets variables on activation",
        files={
            "etc/conda/activate.d/demo.sh": text(script),
            "etc/conda/deactivate.d/demo.sh": text("unset DEMO_VERSION DEMO_HOME DEMO_OLD\n"),
            "etc/conda/env_vars.d/demo.json": text(json.dumps({"DEMO_FROM_JSON": "yes", "DEMO_PRICE": "5 ${USD} $$"})),
            "share/demo/version.txt": text(f"{version}\n"),
            "share/demo/bin/demo-tool": text(f"#!/bin/sh\necho demo-tool {version}\n", 0o755),
        },
    )


def _made_up() -> Iterator[Package]:
    """Small packages that each show one thing."""
    yield _small("2.0")
    yield _activated("1.0")
    yield _activated("2.0")
    # Two that cannot be together, one that nothing can satisfy.
    yield Package("needs-old", "1.0", {}, depends=["small <2"], noarch="generic", summary="Wants the old small")
    yield Package("needs-new", "1.0", {}, depends=["small >=2"], noarch="generic", summary="Wants the new small")
    yield Package("needs-missing", "1.0", {}, depends=["no-such-package"], noarch="generic", summary="Cannot be had")
    # Builds for a GPU, as those of PyTorch: the better one asks for a virtual package.
    yield Package("needs-cuda", "1.0", {}, depends=["__cuda >=11"], noarch="generic", summary="For a GPU alone")
    for build, number, needs in (("cpu_0", 0, []), ("cuda_1", 1, ["__cuda >=11"])):
        marker = {"share/accel/build.txt": text(f"{build}\n")}
        yield Package("accel", "1.0", marker, depends=needs, build=build, number=number, summary="With and without GPU")
    # No Python in it, and a program that knows its prefix.
    where = text(f"#!/bin/sh\necho {PLACEHOLDER}\n", 0o755)
    yield Package("where-am-i", "1.0", {"bin/where-am-i": where}, noarch="generic", summary="Tells its prefix")


def _shell_kernel(python: Python, tree: Path) -> Package:
    """A kernel of another language whose environment has no Python: `python` of this machine runs it."""
    home = f"{PLACEHOLDER}/share/shell-kernel/kernel.py"
    spec = {
        "argv": [f"{PLACEHOLDER}/bin/shell-kernel", "{connection_file}"],
        "display_name": "Shell",
        "language": "sh",
        "interrupt_mode": "signal",
        "env": {"SHELL_KERNEL": "from its own spec"},
        "metadata": {"made_by": "shell-kernel"},
    }
    needed = wheels.private(tree, "zmq", *(folder.name for folder in tree.glob("pyzmq.libs")))
    return Package(
        name="shell-kernel",
        version="1.0",
        summary="A kernel that runs shell commands",
        files={
            "bin/shell-kernel": text(f'#!/bin/sh\nexec "{python.executable}" -I -B "{home}" "$@"\n', 0o755),
            "share/shell-kernel/kernel.py": File((HERE / "shell_kernel.py").read_bytes()),
            **{f"share/shell-kernel/site/{name}": file for name, file in needed.items()},
            "share/jupyter/kernels/shell/kernel.json": text(json.dumps(spec, indent=1)),
            "share/jupyter/kernels/shell/logo-svg.svg": text('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        },
    )
