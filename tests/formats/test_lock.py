"""The lock file of a revision: a pylock, and back."""

from __future__ import annotations

import pytest

from jupyter_envs.formats import lock
from jupyter_envs.model.lock import Lock, Locked, LockedFile, changes
from jupyter_envs.system import toml

WHEEL = LockedFile(
    name="a-1.0-py3-none-any.whl", url="https://host/a-1.0-py3-none-any.whl", size=7, hashes=["sha256:ab"]
)
SDIST = LockedFile(name="b-1.0.tar.gz", url="https://host/b-1.0.tar.gz", hashes=["sha256:cd"])
EVERY = Lock(
    python="3.12.4",
    packages=[
        Locked(name="a", version="1.0", files=[WHEEL], content="sha256:0f"),
        Locked(name="b", version="1.0", files=[SDIST]),
        Locked(name="c", version="2", url="git+https://host/c.git@0123456789abcdef0123456789abcdef01234567"),
        Locked(name="d", version="2", url="git+ssh://git@host/d.git@0123456789#subdirectory=x"),
        Locked(name="e", version="1", url="file:///home/me/e", editable=True),
        Locked(name="f", version="1", url="file:///home/me/f", content="sha256:1f"),
        Locked(
            name="g",
            version="1",
            url="https://host/g-1.zip#subdirectory=y",
            files=[LockedFile(name="g-1.zip", url="https://host/g-1.zip", hashes=["sha256:ef"])],
        ),
        Locked(name="h", version="3", manager="conda", build="h0_0", url="https://c/h-3-h0_0.conda"),
        Locked(name="i", version="1.0"),
    ],
)


def test_there_and_back() -> None:
    assert lock.read(lock.write(EVERY)) == EVERY
    assert lock.read(lock.write(Lock())) == Lock()


def test_it_is_a_pylock() -> None:
    """The fields are those of PEP 751, also where `Locked` has one for several."""
    document = toml.parse(lock.write(EVERY))
    assert document["lock-version"] == "1.0"
    assert document["requires-python"] == "==3.12.*"
    entries = {entry["name"]: entry for entry in document["packages"]}
    assert entries["a"]["wheels"] == [
        {"name": WHEEL.name, "url": WHEEL.url, "size": 7, "hashes": {"sha256": "ab"}},
    ]
    assert entries["b"]["sdist"]["hashes"] == {"sha256": "cd"}
    assert entries["c"]["vcs"] == {
        "type": "git",
        "url": "https://host/c.git",
        "commit-id": "0123456789abcdef0123456789abcdef01234567",
    }
    assert entries["d"]["vcs"]["subdirectory"] == "x"
    assert entries["e"]["directory"] == {"path": "/home/me/e", "editable": True}
    assert entries["g"]["archive"] == {"url": "https://host/g-1.zip", "hashes": {"sha256": "ef"}, "subdirectory": "y"}
    assert "h" not in entries


def test_what_is_held_to_a_hash() -> None:
    held = {package.name: package.hashed for package in EVERY.packages}
    assert [name for name, yes in held.items() if not yes] == ["h", "i"]
    assert not EVERY.complete


@pytest.mark.parametrize(
    "text", ["", "= broken", "packages = 1", "packages = [1]", "[[packages]]\nversion = '1'", "tool = 1\npackages = []"]
)
def test_what_is_no_lock(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a lock file|TOML|[Ii]nvalid"):
        lock.read(text)


def test_what_leads_from_one_to_the_other() -> None:
    before = Lock(packages=[Locked(name=n, version="1", content=c) for n, c in (("a", "x"), ("b", None), ("c", "z"))])
    after = Lock(
        packages=[
            Locked(name="a", version="1", content="y"),
            Locked(name="b", version="1", content="y"),
            Locked(name="d", version="1", url="file:///d"),
        ]
    )
    plan = changes(before, after)
    assert [(c.name, c.from_, c.to) for c in plan.changed] == [("a", "1", "1")], "other files of the same version"
    assert [pin.name for pin in plan.added] == ["d"]
    assert [pin.name for pin in plan.removed] == ["c"]
    assert changes(after, after).empty
