"""The explicit lock of conda."""

from __future__ import annotations

from pathlib import Path

import pytest
from rattler import Subdir

from jupyter_envs.formats import explicit
from jupyter_envs.formats.base import ALONE, Given, Installed
from jupyter_envs.model.conda import Exact
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest

DATA = Path(__file__).with_name("data")
HERE = str(Subdir.current())
TOP = "https://conda.example.org/conda-forge"
MD5, SHA = "d7c89558ba9fa0495403155b64376d81", "0" * 63 + "a"
# The three forms of a hash: MD5 bare, SHA-256 with its name, none.
TEXT = f"""\
# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: {HERE}
@EXPLICIT
{TOP}/{HERE}/_libgcc_mutex-0.1-conda_forge.tar.bz2#{MD5}
{TOP}/{HERE}/python-3.12.7-hc5c86c4_0_cpython.conda#sha256:{SHA.upper()}

{TOP}/noarch/tzdata-2024b-hc8b5060_0.conda
"""


def refusal(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        explicit.read(text, ALONE)
    return caught.value


def test_read() -> None:
    found = explicit.read(TEXT.replace("\n", "\r\n"), ALONE)
    assert found.archives == [
        Exact(url=f"{TOP}/{HERE}/_libgcc_mutex-0.1-conda_forge.tar.bz2", md5=MD5),
        Exact(url=f"{TOP}/{HERE}/python-3.12.7-hc5c86c4_0_cpython.conda", sha256=SHA),
        Exact(url=f"{TOP}/noarch/tzdata-2024b-hc8b5060_0.conda"),
    ]
    assert found.exact
    assert found.python == "3.12.7"
    assert found.packages == []
    assert found.warnings == ["1 of 3 archives have no hash; whatever lies at their address is taken."]


@pytest.mark.parametrize(("file", "kind"), [("md5", "md5"), ("sha256", "sha256")])
def test_what_conda_wrote(file: str, kind: str) -> None:
    """Of conda 26.7.0; only the channel's address is another."""
    text = (DATA / f"conda-26.7.0-explicit-{file}.txt").read_text().replace("linux-64", HERE)
    found = explicit.read(text, ALONE)
    assert len(found.archives) == 5
    assert all(getattr(archive, kind) for archive in found.archives)
    assert found.python == "3.11.7"
    assert found.warnings == []
    lines = {
        line.replace("#sha256:", "#") for line in explicit.write(Installed([], archives=found.archives)).splitlines()
    }
    assert {line for line in text.splitlines() if not line.startswith("# created-by")} <= lines


def test_other_forms() -> None:
    """micromamba writes the hash bare; an address may hold a port or a token; a channel may be a folder."""
    text = (
        f"@EXPLICIT\nhttp://127.0.0.1:8000/t/tk/main/noarch/a-1-0.conda#{SHA}\n"
        f"file:///srv/my%20channel/noarch/b_c-1.0-py_0.tar.bz2#md5:{MD5}\n"
    )
    first, second = explicit.read(text, ALONE).archives
    assert (first.sha256, second.md5) == (SHA, MD5)


def test_nothing() -> None:
    assert explicit.read("@EXPLICIT\n", ALONE).warnings == ["The file lists no package."]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "from.text"),
        ("# @EXPLICIT\n", "from.text"),
        (f"{TOP}/noarch/a-1-0.conda\n@EXPLICIT\n", "from.text line 1"),
        ("@EXPLICIT\n\nnumpy=2\n", "from.text line 3"),
        ("@EXPLICIT\n--yes\n", "from.text line 2"),
        ("@EXPLICIT\n/srv/noarch/a-1-0.conda\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1.conda\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1-0.zip\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/../noarch/a-1-0.conda\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1-0.conda extra\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1-0.conda#123\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1-0.conda#{SHA}0\n", "from.text line 2"),
        (f"@EXPLICIT\n{TOP}/noarch/a-1-0.conda\n{TOP}/noarch/A-2-0.conda\n", "from.text line 3"),
        (f"@EXPLICIT\n{TOP}/{'x' * 3000}/a-1-0.conda\n", "from.text line 2"),
    ],
)
def test_refused(text: str, field: str) -> None:
    error = refusal(text)
    assert error.field == field
    assert error.hint


def test_a_lock_of_another_machine() -> None:
    other = "win-64" if HERE != "win-64" else "osx-arm64"
    error = refusal(f"@EXPLICIT\n{TOP}/{other}/a-1-0.conda\n")
    assert error.reason == "other_platform"
    assert other in error.message
    assert HERE in error.message


def test_no_secret_is_repeated() -> None:
    assert "hunter2" not in refusal("@EXPLICIT\nhttps://ada:hunter2@example.org/x\n").message


def test_too_many() -> None:
    assert "2000" in refusal("@EXPLICIT\n" + "".join(f"{TOP}/noarch/p{n}-1-0.conda\n" for n in range(2001))).message


def test_what_is_written_is_read() -> None:
    archives = explicit.read(TEXT, ALONE).archives
    packages = [Package(name=name, version="1", manager="conda") for name in ("_libgcc_mutex", "python", "tzdata")]
    text = explicit.write(Installed(packages=packages, archives=archives))
    assert explicit.read(text, ALONE).archives == sorted(archives, key=lambda archive: archive.url)
    assert f"# platform: {HERE}" in text
    assert "Not here" not in text


def test_what_cannot_be_locked_is_told() -> None:
    packages = [Package(name="six", version="1"), Package(name="odd", version="1", manager="conda")]
    text = explicit.write(Installed(packages=packages))
    assert "# Not here, since pip installed them: six" in text
    assert "1 packages" in text
    assert explicit.read(text, ALONE).archives == []


@pytest.mark.timeout(60)
def test_five_megabytes() -> None:
    for piece in (f"{TOP}/noarch/p-1-0.conda\n", "a", "-", "/a-", "@EXPLICIT\n"):
        text = "@EXPLICIT\n" + piece * (5_000_000 // len(piece))
        if piece == "@EXPLICIT\n":
            assert explicit.read(text, ALONE).archives == []
        else:
            assert refusal(text).hint


@pytest.mark.parametrize("step", ["..", "%2e%2e", ".%2E", "%2e", "a%2f..", "..%5c", "..\\", "%252e%252e", "a?b=", "a#"])
def test_an_address_that_leads_elsewhere_than_it_reads(step: str) -> None:
    assert "line 2" in (refusal(f"@EXPLICIT\n{TOP}/{step}/noarch/p-1-0.conda\n").field or "")


def test_what_was_asked_for_is_told_without_secrets() -> None:
    specs = {"python": "python=3.12", "tzdata": "https://ada:hunter2@example.org/t/hunter2/x::tzdata >=2024"}
    archives = explicit.read(TEXT, ALONE).archives
    text = explicit.write(Installed(packages=[], archives=archives, specs=specs))
    assert "hunter2" not in text
    assert explicit.read(text, ALONE).asked == ["python=3.12", "https://example.org/x::tzdata >=2024"]


def test_pips_part_beside_it() -> None:
    lock = f"""\
lock-version = "1.0"
created-by = "somebody"
[[packages]]
name = "six"
version = "1.16.0"
wheels = [{{ url = "https://index.example/six-1.16.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA}" }} }}]
"""
    found = explicit.read(TEXT, Given(files={explicit.PIP_PART: lock, "pylock.toml": "not ours"}))
    assert found.packages == ["six==1.16.0"]
    assert found.hashes == {"six==1.16.0": (f"sha256:{SHA}",)}
    assert len(found.archives) == 3
