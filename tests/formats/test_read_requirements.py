from __future__ import annotations

import pytest

from jupyter_envs.formats import requirements
from jupyter_envs.model.errors import InvalidRequest


def packages(text: str) -> list[str]:
    return requirements.read(text).packages


def test_what_people_write() -> None:
    text = """\ufeff# what the thesis needs\r
numpy>=2   # arrays\r
pandas[excel] == 2.2.* ; python_version >= "3.10"\r
\r
   # indented
six @ https://files.example/six-1.0.tar.gz#sha256=00
https://files.example/one-1.0-py3-none-any.whl
-e git+https://git.example/me/tool.git@main#egg=tool
--editable=/home/me/project
scikit-learn \\
    >=1.4, \\
    <2
numpy>=2
"""
    assert packages(text) == [
        "numpy>=2",
        'pandas[excel] == 2.2.* ; python_version >= "3.10"',
        "six @ https://files.example/six-1.0.tar.gz#sha256=00",
        "https://files.example/one-1.0-py3-none-any.whl",
        "-e git+https://git.example/me/tool.git@main#egg=tool",
        "-e /home/me/project",
        "scikit-learn     >=1.4,     <2",
    ]


def test_hashes_are_kept() -> None:
    one, two = "sha256:" + "0" * 64, "sha512:" + "AB" * 64
    found = requirements.read(f"six==1.0 \\\n  --hash={one} \\\n  --hash {two}\nidna\n")
    assert found.packages == ["six==1.0", "idna"]
    assert [requirement.hashes for requirement in found.requirements()] == [(one, two.lower()), ()]
    assert not found.locked
    assert requirements.read(f"six==1.0 --hash={one}").locked


@pytest.mark.parametrize("digest", ["md5:" + "0" * 32, "sha256:00", "sha256:" + "g" * 64, "0" * 64, "-r"])
def test_what_is_no_hash_is_refused(digest: str) -> None:
    with pytest.raises(InvalidRequest, match="not a hash") as caught:
        requirements.read(f"idna\nsix==1.0 --hash={digest}\n")
    assert caught.value.field == "from.text line 2"


def test_nothing_asked_for() -> None:
    assert requirements.read("# nothing\n").warnings == ["The file asks for no package."]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("-r other.txt", "that file's lines"),
        ("-rother.txt", "that file's lines"),
        ("--requirement=/etc/passwd", "that file's lines"),
        ("-c limits.txt", "that file's lines"),
        ("--index-url https://x.example/", "configuration"),
        ("-ihttps://x.example/", "configuration"),
        ("--extra-index-url=https://x.example/", "configuration"),
        ("--find-links .", "configuration"),
        ("--pre", "configuration"),
        ("--no-binary :all:", "configuration"),
        ("--global-option=x", "Take the line out"),
        ("-", "Take the line out"),
        ("six --global-option=x", None),
        ("six; rm -rf /", None),
        ("./here", None),
        ("-e .", None),
        ("-e -r", None),
        ("https://x.example/${HOME}/a.whl", None),
        ("six\x0bidna", None),
        ("s" * 3000, None),
        ("a; " + "(" * 2000, None),
        ("file with blanks", None),
    ],
)
def test_refused_lines_are_named(line: str, hint: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        packages(f"idna\n\n{line}\nsix\n")
    assert caught.value.field == "from.text line 3"
    assert len(caught.value.message) < 300
    if hint:
        assert hint in (caught.value.hint or "")


def test_a_continued_line_counts_from_its_first() -> None:
    with pytest.raises(InvalidRequest) as caught:
        packages("idna\nsix \\\n  == \\\n  nonsense\n")
    assert caught.value.field == "from.text line 2"


def test_limits() -> None:
    with pytest.raises(InvalidRequest, match="more than 2000"):
        packages("\n".join(f"name{n}" for n in range(2001)))
    with pytest.raises(InvalidRequest, match="NUL"):
        packages("six\0")
    assert packages("# x\n" * 1_250_000 + "six") == ["six"]


def test_credentials_do_not_reach_the_message() -> None:
    with pytest.raises(InvalidRequest) as caught:
        packages("https://me:secret@x.example/a b.whl")
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"
