from __future__ import annotations

import pytest

from jupyter_envs.formats import requirements
from jupyter_envs.formats.base import Given
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
        ("--requirement=/etc/passwd", "Nothing outside"),
        ("-r ../other.txt", "Nothing outside"),
        ("-r C:\\other.txt", "Nothing outside"),
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


def given(**files: str) -> Given:
    return Given(
        filename="requirements.txt", files={name.replace("__", "/") + ".txt": text for name, text in files.items()}
    )


def test_files_that_came_along() -> None:
    text = "one\n-r dev/tools.txt\n--constraint limits.txt\nfour\n"
    files = given(dev__tools="two\n-r more.txt\n", dev__more="three\n", limits="six<2\n")
    found = requirements.read(text, files)
    assert found.packages == ["one", "two", "three", "four"]
    assert [str(limit) for limit in found.limits()] == ["six<2"]


@pytest.mark.parametrize(
    ("tools", "message", "field"),
    [
        ("-r tools.txt", "includes itself", "from.text dev/tools.txt line 1"),
        ("two\n-r none.txt", "not handed in", "from.text dev/tools.txt line 2"),
        ("-r ../../out.txt", "outside", "from.text dev/tools.txt line 1"),
        ("--pre", "setting", "from.text dev/tools.txt line 1"),
        ("two\n\nthree four", "not a requirement", "from.text dev/tools.txt line 3"),
    ],
)
def test_a_fault_in_another_file_is_named(tools: str, message: str, field: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        requirements.read("one\n-r dev/tools.txt\n", given(dev__tools=tools))
    assert caught.value.field == field


def test_files_that_include_each_other_without_end() -> None:
    files = {f"f{n}": f"-r f{n + 1}.txt\n" for n in range(200)}
    with pytest.raises(InvalidRequest, match="include each other"):
        requirements.read("-r f0.txt\n", given(**files))
    # A file may come twice; one that doubles at each level would never end.
    files = {f"f{n}": f"-r f{n + 1}.txt\n" * 8 for n in range(9)}
    with pytest.raises(InvalidRequest):
        requirements.read("-r f0.txt\n", given(**files, f9="six\n" * 1000))


def test_hashes_are_for_all_where_the_file_says_so() -> None:
    line = "six==1.0 --hash=sha256:" + "0" * 64
    assert requirements.read(f"--require-hashes\n{line}\n").locked
    with pytest.raises(InvalidRequest, match="require-hashes"):
        requirements.read(f"--require-hashes\n{line}\nidna\n")
    assert "idna" in requirements.read(f"{line}\nidna\n").warnings[0]


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
