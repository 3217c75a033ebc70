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
        "tool @ git+https://git.example/me/tool.git@main",
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
        ("six; rm -rf /", None),
        ("numpy=1.2", "Did you mean numpy==1.2?"),
        ("numpy=1.2=py38_0", "conda list"),
        ("./here", None),
        ("https://x.example/${home}/a.whl", "capitals"),
        ("/wheels/${HOME}/a.whl", None),
        ("-e .", None),
        ("-e -r", None),
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


SETTINGS = [
    ("--pre", "--pre"),
    ("--no-binary :all:", "--no-binary :all:"),
    ("--only-binary=:all:", "--only-binary :all:"),
    ("--trusted-host index.example", "--trusted-host index.example"),
    ("--prefer-binary", "--prefer-binary"),
    ("--prefer-b", "--prefer-binary"),
    ("--use-feature fast-deps", "--use-feature fast-deps"),
    ("--no-index", "--no-index"),
    ("--global-option=x", "--global-option x"),
    ("--something-new value of it", "--something-new value of it"),
    ("-", "-"),
    ("idna --prefer-binary", "--prefer-binary"),
    ("idna --config-settings=a=b -C c=d", "--config-settings a=b, --config-settings c=d"),
    ('idna --global-option="--no user"', "--global-option --no user"),
]


@pytest.mark.parametrize(("line", "told"), SETTINGS)
def test_a_setting_is_told_and_refuses_nothing(line: str, told: str) -> None:
    found = requirements.read(f"six\n{line}\n")
    assert [name for name in found.packages if name != "idna"] == ["six"]
    assert any(told in warning for warning in found.warnings)
    assert not found.indexes
    assert not found.find_links


@pytest.mark.parametrize(
    ("line", "indexes", "links"),
    [
        ("--index-url https://x.example/simple", ["https://x.example/simple"], []),
        ("-i https://x.example/simple", ["https://x.example/simple"], []),
        ("-ihttps://x.example/simple", ["https://x.example/simple"], []),
        ("--extra-index-url=https://x.example/simple", ["https://x.example/simple"], []),
        ("--extra-index https://x.example/simple", ["https://x.example/simple"], []),
        (
            "--index-url 'https://x.example/a' --extra-index-url https://x.example/b --pre",
            ["https://x.example/a", "https://x.example/b"],
            [],
        ),
        ("-f https://x.example/wheels.html", [], ["https://x.example/wheels.html"]),
        ("idna --find-links https://x.example/wheels.html", [], ["https://x.example/wheels.html"]),
        ("-i https://me:secret@x.example/simple", ["https://****@x.example/simple"], []),
        ("-i https://${TOKEN}@x.example/simple", ["https://****@x.example/simple"], []),
        ("-i https://me:${TOKEN}@x.example/simple", ["https://****@x.example/simple"], []),
    ],
)
def test_an_index_is_told_without_its_password(line: str, indexes: list[str], links: list[str]) -> None:
    found = requirements.read(f"six\n{line}\n")
    assert found.packages[0] == "six"
    assert (found.indexes, found.find_links) == (indexes, links)
    said = " ".join(found.warnings)
    assert "consent" in said
    assert "secret" not in said
    assert "TOKEN" not in said


@pytest.mark.parametrize(
    ("line", "package"),
    [
        ("-e git+https://h.example/a/tool.git@v1#egg=tool", "tool @ git+https://h.example/a/tool.git@v1"),
        (
            "-e git+ssh://git@h.example/a/tool.git@v1#egg=tool[x]&subdirectory=src",
            "tool[x] @ git+ssh://git@h.example/a/tool.git@v1#subdirectory=src",
        ),
        ("--editable=git+https://h.example/a/tool.git", "git+https://h.example/a/tool.git"),
        ("-e git+https://h.example/a/tool.git#egg=tool-dev", "tool @ git+https://h.example/a/tool.git"),
        ("-e git+git@h.example:a/tool.git#egg=tool", "tool @ git+ssh://git@h.example/a/tool.git"),
        ("git+git@h.example:a/tool.git@v1", "git+ssh://git@h.example/a/tool.git@v1"),
        ("git@h.example:a/tool.git", "git+ssh://git@h.example/a/tool.git"),
        ("git+ssh://git@h.example:a/tool.git", "git+ssh://git@h.example/a/tool.git"),
        ("tool @ git+ssh://git@h.example:a/tool.git", "tool @ git+ssh://git@h.example/a/tool.git"),
        ("git+ssh://git@h.example:2222/a/tool.git", "git+ssh://git@h.example:2222/a/tool.git"),
        ("git+https://${A_TOKEN}@h.example/a.git@v1", "git+https://${A_TOKEN}@h.example/a.git@v1"),
        ("tool @ https://${A_TOKEN}@h.example/a-1.zip", "tool @ https://${A_TOKEN}@h.example/a-1.zip"),
    ],
)
def test_repositories(line: str, package: str) -> None:
    found = requirements.read(f"{line}\n")
    assert found.packages == [package]
    plain = line.startswith("git+ssh://git@h.example:2222")
    assert bool(found.warnings) != plain


@pytest.mark.parametrize("line", ["-e hg+https://h.example/a#egg=a", "svn+ssh://h.example/a", "git+git://h.example/a"])
def test_other_repositories_are_left_out_and_told(line: str) -> None:
    found = requirements.read(f"six\n{line}\n")
    assert found.packages == ["six"]
    assert "only git" in found.warnings[0]


@pytest.mark.parametrize(
    ("line", "packages", "told"),
    [
        ("python==3.8.10", [], "interpreter"),
        ("Python>=3.8", [], "interpreter"),
        ("pkg-resources==0.0.0", [], "Debian"),
        ("pkg_resources==0.0.0", [], "Debian"),
        ("os", [], "standard library"),
        ("distutils", [], "standard library"),
        ("dataclasses; python_version < '3.7'", ["dataclasses; python_version < '3.7'"], ""),
        ("cv2", ["cv2"], "opencv-python"),
        ("sklearn", ["sklearn"], "scikit-learn"),
        ("numpy @ file:///croot/numpy_1690232220950/work", ["numpy"], "conda built"),
        ("numpy @ file:///C:/ci/numpy_1690232220950/work", ["numpy"], "conda built"),
        ("numpy @ file:///home/conda/feedstock_root/build_artifacts/numpy_1/work", ["numpy"], "conda built"),
        ("numpy @ file:///tmp/build/80754af9/numpy_1/work", ["numpy"], "conda built"),
        ("mine @ file:///home/nobody/at/all/mine", [], "machine that the file comes from"),
        ("-e file:.", None, ""),
    ],
)
def test_names_that_no_index_has(line: str, packages: list[str] | None, told: str) -> None:
    folder = "/work-of-somebody"
    found = requirements.read(f"idna\n{line}\n", Given(filename="requirements.txt", folder=folder))
    assert found.packages == ["idna", *([f"-e {folder}"] if packages is None else packages)]
    assert told in " ".join(found.warnings)
    assert bool(found.warnings) == bool(told)
