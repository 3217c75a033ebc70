"""An index that a file names is asked once the user says so, and from then on for that environment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_envs.engine import record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.env import Own
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.model.request import Change, Create, ImportText, Inspect
from jupyter_envs.model.sources import Sources, check_sources
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, done, run
from tests.system.index_server import Index, serving


@pytest.fixture
def other(index: Index) -> Iterator[Index]:
    """An index that no setting names."""
    with serving() as server:
        yield server


def text(other: Index) -> str:
    return f"--extra-index-url {other.url}\none\nthree\n"


def create(other: Index, **more: list[str]) -> Create:
    source = ImportText(text=text(other))
    return Create(name="demo", manager="uv", from_=source, kernel=NO_KERNEL, pip=False, **more)


def versions(engine: Engine) -> dict[str, str]:
    return {p.name: p.version for p in engine.packages("demo")}


def test_an_index_of_a_file(engine: Engine, index: Index, other: Index) -> None:
    offer(index, "one", "1.0")
    offer(other, "one", "0.5")
    offer(other, "three", "3.0")
    seen = engine.inspect(Inspect(filename="requirements.txt", text=text(other)))
    assert seen.indexes == [other.url]
    assert (seen.create.indexes, other.asked) == ([], [])
    assert "consent" in " ".join(seen.warnings)

    refused = run(engine, engine.create(create(other)))
    assert refused.state == "failed"
    assert other.asked == [], "never without a yes"

    allowed = engine.inspect(Inspect(filename="requirements.txt", text=text(other), indexes=[other.url]))
    assert allowed.create.indexes == [other.url]
    assert "consent" not in " ".join(allowed.warnings)
    done(engine, engine.create(create(other, indexes=[other.url])))
    assert versions(engine) == {"one": "1.0", "three": "3.0"}, "the best version of both, as pip has it"

    # It is kept: an upgrade and an install ask it too, and nobody has to say so again.
    offer(other, "three", "3.1")
    offer(other, "four", "4.0")
    done(engine, engine.change("demo", Change(install=["four"], upgrade=["three"])))
    assert versions(engine) == {"one": "1.0", "three": "3.1", "four": "4.0"}
    own = Own(engine.find("demo").prefix)
    assert record.sources(own) == Sources(indexes=[other.url])
    for name in ("requirements.txt", "requirements-requested.txt", "requirements-hashes.txt"):
        written = engine.export("demo", name).text
        assert f"--extra-index-url {other.url}\n" in written
        assert "three==3.1" in written
    record.drop_sources(own)
    assert record.sources(own) == Sources()
    assert record.read_spec(own)["packages"]


def test_an_index_of_a_change(engine: Engine, index: Index, other: Index) -> None:
    offer(index, "one", "1.0")
    offer(other, "three", "3.0")
    done(engine, engine.create(Create(name="demo", manager="uv", packages=["one"], kernel=NO_KERNEL, pip=False)))
    assert run(engine, engine.change("demo", Change(install=["three"]))).state == "failed"
    plan = done(engine, engine.change("demo", Change(install=["three"], indexes=[other.url], dry_run=True)))
    assert [pin["name"] for pin in plan["plan"]["added"]] == ["three"]
    assert run(engine, engine.change("demo", Change(install=["three"]))).state == "failed", "a plan allows nothing"
    done(engine, engine.change("demo", Change(install=["three"], indexes=[other.url])))
    assert versions(engine) == {"one": "1.0", "three": "3.0"}


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@x.example/simple",
        "https://me@x.example/simple",
        "https://****@x.example/simple",
        "https://${TOKEN}@x.example/simple",
        "https://x.example/simple?token=secret",
        "-r x",
        "x.example",
        "file:///etc",
        "https://x.example/a b",
        "https://x.example/a --trusted-host x",
        "https://x.example/a\nb",
        "https://",
        "",
    ],
)
def test_what_is_no_address_to_keep(url: str) -> None:
    for sources in ([url], []), ([], [url]):
        with pytest.raises(InvalidRequest) as caught:
            check_sources(*sources)
        assert "secret" not in str(caught.value.message)
        assert caught.value.field in ("indexes[0]", "find_links[0]")
