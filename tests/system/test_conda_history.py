"""The history as conda writes it and as other clients wrote it; ours is what conda's own reader makes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_envs.system.conda_history import append, build_name, name_of, read, requested, state

# conda 4.3, conda 24.x, mamba 1.5 and micromamba 2, shortened.
OTHERS = """==> 2017-01-01 10:00:00 <==
# cmd: /opt/conda/bin/conda create -n x python=3.5 param>=1.5.1,<2.0
+defaults::openssl-1.0.2-0
+python-3.5.2-0
# install specs: python=3.5,param >=1.5.1,<2.0,jupyter
==> 2024-05-05 11:11:11 <==
# cmd: /opt/conda/bin/conda install numpy
# conda version: 24.5.0
-defaults::openssl-1.0.2-0
+defaults/linux-64::numpy-1.26.4-py312_0
+conda-forge/linux-64::openssl-3.0.0-h_1
# update specs: ['numpy', "pandas[version='>=2']", 'conda-forge::scipy']
==> 2024-06-06 12:12:12 <==
# cmd: micromamba remove scipy
# conda version: 3.8.0
# remove specs: ['scipy']
# neutered specs: ['numpy']
# update specs: ['virtual@']
"""


def write(prefix: Path, text: str) -> None:
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").write_text(text)


def test_what_others_wrote(tmp_path: Path) -> None:
    write(tmp_path, OTHERS)
    first, second, third = read(tmp_path)
    assert first.command == "/opt/conda/bin/conda create -n x python=3.5 param>=1.5.1,<2.0"
    assert first.update_specs == ["python=3.5", "param >=1.5.1,<2.0", "jupyter"]
    assert second.time == "2024-05-05 11:11:11"
    assert third.remove_specs == ["scipy"]
    everything = ["python", "param", "numpy", "pandas", "scipy", "openssl"]
    assert requested(tmp_path, everything) == {
        "python": "python=3.5",
        "param": "param >=1.5.1,<2.0",
        "numpy": "numpy",
        "pandas": "pandas[version='>=2']",
    }
    assert requested(tmp_path, ["numpy"]) == {"numpy": "numpy"}
    assert state(tmp_path) == {
        "python-3.5.2-0",
        "defaults/linux-64::numpy-1.26.4-py312_0",
        "conda-forge/linux-64::openssl-3.0.0-h_1",
    }


def test_the_format(tmp_path: Path) -> None:
    one = build_name("conda-forge", "linux-64", "numpy", "2.0", "py_0")
    two = build_name("conda-forge", "noarch", "six", "1.16", "py_0")
    append(tmp_path, command=["jupyter", "envs", "install"], installed=[two, one], update_specs=["numpy", "six"])
    append(tmp_path, command=["x"], installed=[one], remove_specs=["six"])
    text = (tmp_path / "conda-meta" / "history").read_text()
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text) == (
        "==> TIME <==\n"
        "# cmd: jupyter envs install\n"
        "# conda version: 3.8.0\n"
        "+conda-forge/linux-64::numpy-2.0-py_0\n"
        "+conda-forge/noarch::six-1.16-py_0\n"
        "# update specs: ['numpy', 'six']\n"
        "==> TIME <==\n"
        "# cmd: x\n"
        "# conda version: 3.8.0\n"
        "-conda-forge/noarch::six-1.16-py_0\n"
        "# remove specs: ['six']\n"
    )
    assert state(tmp_path) == {one}
    assert requested(tmp_path, ["numpy", "six"]) == {"numpy": "numpy"}


def test_another_name_of_a_channel_is_no_change(tmp_path: Path) -> None:
    append(tmp_path, command=["x"], installed=["defaults/linux-64::a-1-0"])
    append(tmp_path, command=["x"], installed=["pkgs/main/linux-64::a-1-0", "b::c-1-0"])
    assert read(tmp_path)[1].removed == []
    assert read(tmp_path)[1].added == ["b::c-1-0"]


def test_what_others_changed_is_written_down(tmp_path: Path) -> None:
    append(tmp_path, command=["x"], installed=["c::a-1-0", "c::b-1-0"])
    append(tmp_path, command=["x"], installed=["c::a-1-0", "c::d-1-0"])
    assert (read(tmp_path)[1].removed, read(tmp_path)[1].added) == (["c::b-1-0"], ["c::d-1-0"])


def test_credentials_stay_out(tmp_path: Path) -> None:
    secret = "https://me:pw12345678@host/t/tk12345678/ch"
    append(tmp_path, command=["i", "-c", secret], installed=[], update_specs=[f"{secret}::numpy"])
    text = (tmp_path / "conda-meta" / "history").read_text()
    assert "pw12345678" not in text
    assert "tk12345678" not in text


@pytest.mark.parametrize(
    "line",
    [
        "# update specs: [",
        "# update specs: __import__('os')",
        "# update specs: {'a'}",
        "# update specs:",
        "==>",
        "\x00",
        "+",
    ],
)
def test_torn_lines(tmp_path: Path, line: str) -> None:
    write(tmp_path, f"{line}\n==> now <==\n{line}\n# update specs: ['a']\n")
    assert requested(tmp_path, ["a"]) == {"a": "a"}


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("numpy", "numpy"),
        ("NumPy>=2", "numpy"),
        ("conda-forge/linux-64::ca-certificates==2024.2.2=hbcca054_0[md5=1]", "ca-certificates"),
        ("https://host/ch::r-base 4", "r-base"),
        ("https://host/ch/linux-64/ca-certificates-2024-h_0.conda#abc", "ca-certificates"),
        ("*[track_features=x]", None),
        ("https://host/nothing", None),
    ],
)
def test_names(spec: str, name: str | None) -> None:
    assert name_of(spec) == name
