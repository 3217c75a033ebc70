"""Distributions of the package index, installed by uv, as conda packages."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import io
import subprocess
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.system.process import clean_environment
from tests.channel.package import PLACEHOLDER, File, Package, text
from tests.channel.pythons import Python

_LEFT_OUT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
_BESIDE = ("share", "etc", "include")
_SCRIPT = """#!{python}
import sys
from {module} import {first}
if __name__ == "__main__":
    sys.exit({function}())
"""


class Unreachable(Exception):
    """The package index does not answer."""


def install(python: Python, folder: Path, *requirements: str, alone: bool = False) -> Path:
    """Install `requirements` for `python` into `folder`, without what they need if `alone`.

    Raises:
        Unreachable: there is no index to install from.
    """
    uv = UvPip()
    wanted = folder.with_suffix(".txt")
    wanted.write_text("\n".join(requirements))
    argv = uv.install_argv(python.executable, str(wanted), exact=alone)
    argv += ["--target", str(folder), "--only-binary", ":all:", "--link-mode", "copy"]
    ran = subprocess.run(argv, env=uv.environment(clean_environment()), capture_output=True, text=True, timeout=250)
    if ran.returncode:
        gone = ("error sending request", "dns error", "Could not connect", "timed out", "Network")
        if any(word in ran.stderr for word in gone):
            raise Unreachable(ran.stderr.strip().splitlines()[-1])
        raise RuntimeError(ran.stderr)
    return folder


def packages(folder: Path, python: Python) -> Iterator[Package]:
    """A package for each distribution in `folder`: noarch where it is pure, else for `python` alone."""
    found = sorted(distributions(path=[str(folder)]), key=lambda dist: dist.name.lower())
    # The name in the channel is the one that the project gives itself, as in conda-forge.
    names = {canonicalize_name(dist.name): dist.name.lower() for dist in found}
    for dist in found:
        yield _package(dist, folder, python, names)


def private(folder: Path, *tops: str) -> dict[str, File]:
    """The files of the folders `tops` of `folder`, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): File(path.read_bytes(), path.stat().st_mode & 0o777)
        for top in tops
        for path in sorted((folder / top).rglob("*"))
        if path.is_file()
    }


def _package(dist: Distribution, folder: Path, python: Python, names: dict[str, str]) -> Package:
    about = dist.metadata
    tags = [line for line in (dist.read_text("WHEEL") or "").splitlines() if line.startswith("Tag:")]
    pure = all(line.endswith("-any") for line in tags)
    site = "site-packages" if pure else f"lib/python{python.short}/site-packages"
    info = next(f"{p.parts[0]}" for p in dist.files or () if p.parts[0].endswith(".dist-info"))
    files, record = {}, io.StringIO()
    rows = csv.writer(record, lineterminator="\n")

    def add(inside: str, data: bytes, mode: int) -> None:
        beside = inside.split("/", 1)[0] in _BESIDE
        files[inside if beside else f"{site}/{inside}"] = File(data, mode)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([f"../../../{inside}" if beside else inside, f"sha256={digest}", len(data)])

    for listed in dist.files or ():
        # Scripts are made from the entry points.
        if listed.parts[0] == "bin" or (listed.parts[0] == info and listed.name in _LEFT_OUT):
            continue
        source = folder / listed
        add(listed.as_posix(), source.read_bytes(), source.stat().st_mode & 0o777)
    add(f"{info}/INSTALLER", b"conda", 0o644)
    rows.writerow([f"{info}/RECORD", "", ""])
    files[f"{site}/{info}/RECORD"] = File(record.getvalue().encode())
    scripts = _scripts(dist)
    needs = [f"python {about['Requires-Python'] or ''}".strip()] if pure else [f"python {python.short}.*"]
    if not pure:
        for line in scripts:
            name, _, target = (part.strip() for part in line.partition("="))
            module, _, function = target.partition(":")
            first = function.split(".")[0]
            script = _SCRIPT.format(python=f"{PLACEHOLDER}/bin/python", module=module, first=first, function=function)
            files[f"bin/{name}"] = text(script, 0o755)
    return Package(
        name=dist.name.lower(),
        version=dist.version,
        build="pyhd8ed1ab_0" if pure else f"py{python.short.replace('.', '')}h0_0",
        files=files,
        depends=[spec.replace(" ", "", spec.count(" ") - 1) for spec in [*needs, *_needs(dist, python, names)]],
        noarch="python" if pure else None,
        entry_points=scripts if pure else (),
        summary=about["Summary"] or "",
        license=about.get("License-Expression") or "other",
    )


def _needs(dist: Distribution, python: Python, names: dict[str, str]) -> Iterator[str]:
    """What `dist` requires for `python` without extras, as conda writes it."""
    where = {"python_version": python.short, "python_full_version": python.version, "extra": ""}
    for line in dist.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(where):
            name = names.get(canonicalize_name(requirement.name), requirement.name.lower())
            yield f"{name} {str(requirement.specifier).replace('===', '==')}".strip()


def _scripts(dist: Distribution) -> list[str]:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(dist.read_text("entry_points.txt") or "")
    if not parser.has_section("console_scripts"):
        return []
    return [f"{name.strip()} = {target.split('[')[0].strip()}" for name, target in parser.items("console_scripts")]
