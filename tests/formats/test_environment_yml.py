"""environment.yml: what is read, what is written, and that the one gives the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_envs.formats import environment_yml, explicit, registry
from jupyter_envs.formats.base import ALONE, Given, Installed, Read
from jupyter_envs.model.env import Package
from jupyter_envs.model.errors import InvalidRequest

DATA = Path(__file__).with_name("data")
# What conda 26.7.0 wrote of one environment; only the channel's address is another.
EXPORTED = (DATA / "conda-26.7.0-env-export.yml").read_text()
FROM_HISTORY = (DATA / "conda-26.7.0-env-export-from-history.yml").read_text()
# As a person writes it.
WRITTEN = """\
name: course
channels:
- conda-forge
- nodefaults
dependencies:
- python=3.10        # what the lab has
- numpy >=1.20,<2
- conda-forge::scipy
- "pandas[version='>=2']"
- r-base
- pip
- pip:
  - -r requirements.txt
  - plotly>=5; python_version >= "3.8"
  - small @ git+https://example.org/small.git
"""


def read(text: str, **given: object) -> Read:
    return environment_yml.read(text, Given(**given) if given else ALONE)  # type: ignore[arg-type]


def refusal(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(text)
    return caught.value


def test_an_export() -> None:
    found = read(EXPORTED)
    assert found.name == "demo"
    assert found.prefix == "/home/ada/envs/demo"
    assert found.channels == ["https://conda.example.org/main"]
    assert found.conda == [
        "demo-activate=2.0=0",
        "pip=26.3=pyhd8ed1ab_0",
        "python=3.11.7=0_cpython",
        "small=1.0=py_0",
        "where-am-i=1.0=0",
    ]
    assert found.packages == ["six==1.16.0"]
    assert found.variables == {"A": "b", "C": "5 $X"}
    assert found.python == "3.11.7"
    assert found.warnings == []


def test_an_export_from_history() -> None:
    found = read(FROM_HISTORY)
    assert found.conda == ["where-am-i", "small[version='<2']", "demo-activate", "python=3.11"]
    assert found.packages == []


def test_what_a_person_writes() -> None:
    found = read(WRITTEN, filename="environment.yml", files={"requirements.txt": "six==1.16\n"})
    assert found.channels == ["conda-forge"]
    assert found.conda == [
        "python=3.10",
        "numpy >=1.20,<2",
        "conda-forge::scipy",
        "pandas[version='>=2']",
        "r-base",
        "pip",
    ]
    assert found.packages == [
        "six==1.16",
        'plotly>=5; python_version >= "3.8"',
        "small @ git+https://example.org/small.git",
    ]
    assert found.python == "3.10"


def test_pip_inside_with_hashes() -> None:
    found = read(f"dependencies:\n- pip:\n  - six==1.16 --hash=sha256:{'0' * 64}\n")
    assert found.hashes == {"six==1.16": (f"sha256:{'0' * 64}",)}


@pytest.mark.parametrize(
    ("spec", "python"),
    [
        ("python=3.11", "3.11"),
        ("python ==3.11.4", "3.11.4"),
        ("python=3.11.*", "3.11"),
        ("python=3.11.4=h955ad1f_0", "3.11.4"),
        ("python >=3.9", None),
        ("python", None),
        ("python-dateutil=2.8", None),
    ],
)
def test_the_python_that_is_pinned(spec: str, python: str | None) -> None:
    assert read(f"dependencies: [{spec!r}]").python == python


def test_what_is_not_understood_is_named() -> None:
    found = read("name: a\nplatforms: [linux-64]\ncategory: dev\ndependencies:\n- six\n- npm:\n  - left-pad\n")
    assert found.unknown == ["platforms", "category", "dependencies/npm"]
    assert found.conda == ["six"]


@pytest.mark.parametrize("text", ["", "name: x\n", "dependencies:\n", "dependencies: []\nchannels:\nvariables:\n"])
def test_nothing_asked_for(text: str) -> None:
    found = read(text)
    assert (found.conda, found.packages) == ([], [])
    assert found.warnings == ["The file asks for no package."]


def test_an_odd_line_of_channels() -> None:
    assert read("channels: conda-forge\n").channels == ["conda-forge"]
    assert read("channels: [a, b, a]\n").channels == ["a", "b"]


def test_path_is_nobodys_to_set() -> None:
    found = read("variables:\n  PATH: /x\n  A: ''\n")
    assert found.variables == {"A": ""}
    assert "PATH" in found.warnings[0]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("- six\n", "from.text line 1"),
        ("dependencies: six\n", "from.text line 1"),
        ("dependencies:\n- six\n- --yes\n", "from.text line 3"),
        ("dependencies:\n- [six]\n", "from.text line 2"),
        ("dependencies:\n- six\n- numpy >==2\n", "from.text line 3"),
        ("dependencies:\n- https://example.org/noarch/six-1-0.conda\n", "from.text line 2"),
        ("dependencies:\n- __cuda\n", "from.text line 2"),
        ("dependencies:\n- pip: [six, '-r x.txt']\n", "from.text line 3"),
        ("dependencies:\n- pip:\n    six: 1\n", "from.text"),
        ("dependencies:\n- |\n  six\n  numpy\n", "from.text line 2"),
        ("channels:\n- -c\n", "from.text line 2"),
        ("channels:\n- {a: b}\n", "from.text line 2"),
        ("variables:\n- A\n", "from.text line 2"),
        ("variables:\n  A B: x\n", "from.text line 2"),
        ("name: [a]\n", "from.text line 1"),
        ("a: *x\n", "from.text line 1"),
    ],
)
def test_refused(text: str, field: str) -> None:
    error = refusal(text)
    assert error.field == field
    assert error.hint


def test_too_many() -> None:
    assert "2000" in refusal("dependencies:\n" + "".join(f"- p{n}\n" for n in range(2001))).message


INSTALLED = Installed(
    name="analysis",
    python="3.12.7",
    channels=["conda-forge", "https://conda.example.org/lab"],
    packages=[
        Package(name="requests", version="2.32.3", requested=True),
        Package(name="charset-normalizer", version="3.4.0", requested=False),
        Package(name="python", version="3.12.7", build="hc5c86c4_0_cpython", manager="conda"),
        Package(name="numpy", version="2.1.3", build="py312h58c1407_0", manager="conda"),
        Package(name="_libgcc_mutex", version="0.1", build="conda_forge", manager="conda"),
    ],
    specs={"python": "python=3.12", "numpy": "numpy[version='>=2']"},
    variables={"VERSION": "3.10", "NOTE": "yes: no # 'x'"},
)


def installed(found: Read, **more: object) -> Installed:
    """What is there once `found`, an export of everything, has been installed."""
    conda = [
        Package(name=name, version=version, build=build, manager="conda")
        for name, version, build in (spec.split("=") for spec in found.conda)
    ]
    pip = [Package(name=name, version=version) for name, version in (line.split("==") for line in found.packages)]
    about = {"name": found.name, "channels": found.channels, "variables": found.variables, **more}
    return Installed(packages=[*pip, *reversed(conda)], **about)  # type: ignore[arg-type]


def without_place(text: str) -> str:
    """Where an environment lies says nothing on another machine, and is not written here."""
    return re.sub("(?m)^prefix: .*\n", "", text).replace("name: /home/ada/envs/demo", "name: demo")


def test_written_as_conda_does() -> None:
    assert environment_yml.write_all(installed(read(EXPORTED))) == without_place(EXPORTED)


def test_written_from_history_as_conda_does() -> None:
    """But for the order, and for what pip brought, which conda leaves out."""
    specs = {re.split(r"[=\[]", spec)[0]: spec for spec in read(FROM_HISTORY).conda}
    text = environment_yml.write_requested(installed(read(EXPORTED), specs=specs))
    assert text.replace("  - pip:\n      - six==1.16.0\n", "").splitlines() == sorted(
        without_place(FROM_HISTORY).splitlines(), key=text.splitlines().index
    )


def test_odd_values() -> None:
    text = environment_yml.write_all(INSTALLED)
    assert read(text).variables == INSTALLED.variables
    assert "  VERSION: '3.10'\n" in text


def test_write_what_was_asked_for() -> None:
    found = read(environment_yml.write_requested(INSTALLED))
    assert found.conda == ["numpy[version='>=2']", "python=3.12"]
    assert found.packages == ["requests==2.32.3"]


def test_what_is_written_is_read() -> None:
    text = environment_yml.write_all(INSTALLED)
    found = read(text)
    assert (found.name, found.channels) == (INSTALLED.name, list(INSTALLED.channels))
    assert environment_yml.write_all(installed(found)) == text


def test_an_empty_environment() -> None:
    text = environment_yml.write_all(Installed(packages=[], name="3.10"))
    assert text == "name: '3.10'\nchannels: []\ndependencies: []\n"


ANCHORS = """
base: &base {channels: &ch [conda-forge, nodefaults]}
<<: *base
pins: [&py python=3.11]
dependencies: [*py, &six six, {pip: [&pip idna, "attrs"]}]
again: *ch
"""


def test_anchors_and_merged_keys() -> None:
    found = environment_yml.read(ANCHORS)
    assert (found.conda, found.packages) == (["python=3.11", "six"], ["idna", "attrs"])
    assert (found.channels, found.python) == (["conda-forge"], "3.11")
    assert found.unknown == ["base", "pins", "again"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{% set v = 1 %}\nname: x\ndependencies: [python={{ v }}]\n", "template"),
        ("name: {{ NAME }}\ndependencies: [six]\n", "template"),
        ("package: {name: x}\nrequirements: {host: [python]}\ndependencies: []\n", "recipe"),
        ("apiVersion: v2\nname: app\ndependencies:\n  - {name: cache, version: 17.x, repository: x}\n", "another tool"),
        ("dependencies:\n  - name: cache\n    version: 17.x\n", "another tool"),
        ("name: app\ndependencies:\n  flutter: 1\n", "another tool"),
        ("dependencies:\n  - role: common\n    vars: {a: b}\n", "another tool"),
        ("name: app\ndependencies: {a: 1}\ndev_dependencies: {b: 2}\n", "another tool"),
    ],
)
def test_what_is_no_environment_says_what_it_is(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        environment_yml.read(text)


def test_options_and_files_of_the_pip_part() -> None:
    text = """
dependencies:
  - python=3.10
  - pip:
      - --find-links https://wheels.example/torch.html
      - "--extra-index-url https://x.example/simple"
      - --pre
      - -r tools/a.txt
      - --requirement=b.txt
      - -c c.txt
      - -e git+https://h.example/a/tool.git#egg=tool
      - timm
"""
    files = {"environment.yml": text, "tools/a.txt": "six\n", "b.txt": "idna\n", "c.txt": "six<2\n"}
    assert list(environment_yml.included(text)) == ["tools/a.txt", "b.txt", "c.txt"]
    found = environment_yml.read(text, Given(filename="environment.yml", files=files))
    assert found.packages == ["six", "idna", "tool @ git+https://h.example/a/tool.git", "timm"]
    assert (found.constraints, found.conda) == (["six<2"], ["python=3.10"])
    assert found.find_links == ["https://wheels.example/torch.html"]
    assert found.indexes == ["https://x.example/simple"]
    assert "--pre" in " ".join(found.warnings)


def test_what_another_system_needs_is_left_out_and_told() -> None:
    here = explicit.platform().partition("-")[0]
    names = {"win": "vs2015_runtime=14.16=h5_1", "linux": "_libgcc_mutex=0.1=main", "osx": "appnope=0.1.2"}
    entries = "".join(f"  - {spec}\n" for spec in [*names.values(), "vc4-tools", "m2r=1.0"])
    found = environment_yml.read(f"dependencies:\n{entries}")
    assert found.conda == [names[here], "vc4-tools", "m2r=1.0"]
    assert "another system" in found.warnings[0]


def test_json_of_conda() -> None:
    text = '{"name": "x", "channels": ["defaults"], "dependencies": ["python=3.11", {"pip": ["six"]}], "prefix": "/x"}'
    assert registry.sniff("env.json", text) is environment_yml.ALL
    found = environment_yml.read(text)
    assert (found.conda, found.packages, found.channels) == (["python=3.11"], ["six"], ["defaults"])
