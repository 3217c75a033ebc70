"""What counts as asked for after an import: what the lock says, else what nothing else in it needs."""

from __future__ import annotations

import json

import pytest

from jupyter_envs.engine import record
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.request import Change, Create, ImportText, Rollback
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer
from tests.engine.world import NO_KERNEL, bare, done
from tests.system.index_server import Index

ALL = {"app": "1.0", "base": "1.0", "lib": "1.0", "tool": "1.0"}
FROZEN = "".join(f"{name}==1.0\n" for name in ALL)


@pytest.fixture
def shop(index: Index) -> Index:
    """`app` needs `lib`, which needs `base`; `tool` needs `base`; of each there is a newer version."""
    for version in ("1.0", "2.0"):
        offer(index, "app", version, requires=["lib"], hashed=True)
        offer(index, "lib", version, requires=["base"], hashed=True)
        offer(index, "tool", version, requires=["base"], hashed=True)
        offer(index, "base", version, hashed=True)
    return index


def lock(shop: Index, **more: str) -> str:
    """A pylock of all four at 1.0; `more` is put into the entries of these names."""
    text = 'lock-version = "1.0"\ncreated-by = "test"\n'
    for name in ALL:
        file = f"{name}-1.0-py3-none-any.whl"
        digest = shop.answers[f"/simple/{name}/"][2].decode().split(f"{file}#sha256=")[1][:64]
        files = f'wheels = [{{ url = "{shop.url[:-7]}/files/{file}", hashes = {{ sha256 = "{digest}" }} }}]'
        text += f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{files}\n{more.get(name, "")}\n'
    return text


def made(engine: Engine, source: ImportText, *packages: str) -> str:
    request = Create(name="demo", from_=source, packages=list(packages), kernel=NO_KERNEL, pip=False)
    done(engine, engine.create(request))
    return engine.find("demo").prefix


def requested(engine: Engine) -> set[str]:
    return {package.name for package in engine.packages("demo") if package.requested}


def test_a_lock_that_says_nothing(engine: Engine, shop: Index) -> None:
    prefix = made(engine, ImportText(format="pylock.toml", text=lock(shop)))
    assert versions(prefix) == ALL
    assert requested(engine) == {"app", "tool"}
    assert "app==1.0" in engine.export("demo", "requirements-requested.txt").text
    assert "lib==1.0" not in engine.export("demo", "requirements-requested.txt").text


def test_a_lock_with_dependencies(engine: Engine, shop: Index) -> None:
    text = lock(shop, app='dependencies = [{ name = "lib" }, { name = "tool" }, { name = "base" }]')
    made(engine, ImportText(format="pylock.toml", text=text))
    assert requested(engine) == {"app"}


def test_our_own_lock_brings_it_along(engine: Engine, shop: Index) -> None:
    bare(engine)
    done(engine, engine.change("demo", Change(install=["app==1.0", "lib==1.0", "base==1.0", "tool==1.0"])))
    done(engine, engine.change("demo", Change(remove=["tool"])))
    written = {name: engine.export("demo", name).text for name in ("pylock.toml", "requirements-hashes.txt")}
    written["requirements.txt"] = engine.export("demo", "requirements.txt").text
    assert requested(engine) == {"app", "lib", "base"}
    for at, (name, text) in enumerate(written.items()):
        read = "pylock.toml" if name == "pylock.toml" else "requirements.txt"
        request = Create(name=f"again{at}", from_=ImportText(format=read, text=text), kernel=NO_KERNEL, pip=False)
        done(engine, engine.create(request))
        assert {p.name for p in engine.packages(f"again{at}") if p.requested} == {"app", "lib", "base"}, name


def test_everything_can_be_upgraded_after_a_lock(engine: Engine, shop: Index) -> None:
    prefix = made(engine, ImportText(format="pylock.toml", text=lock(shop)))
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(prefix) == dict.fromkeys(ALL, "2.0")
    assert requested(engine) == {"app", "tool"}


def test_what_a_project_limits_stays_limited(engine: Engine, shop: Index) -> None:
    text = """\
version = 1
requires-python = ">=3.8"
[[package]]
name = "demo"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "app" }, { name = "base" }]
[package.metadata]
requires-dist = [{ name = "app" }, { name = "base", specifier = "<2" }]
""" + "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "{shop.url}" }}\n{needs}\n'
        for name, needs in {
            "app": 'dependencies = [{ name = "lib" }]',
            "lib": 'dependencies = [{ name = "base" }]',
            "base": "",
        }.items()
    )
    prefix = made(engine, ImportText(format="uv.lock", text=text))
    assert requested(engine) == {"app", "base"}
    assert sorted(record.read_spec(prefix)["packages"]) == ["app", "base<2"]
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(prefix) == {"app": "2.0", "lib": "2.0", "base": "1.0"}


def test_a_frozen_list(engine: Engine, shop: Index) -> None:
    # Three of four are needed by another.
    shop.answers.pop("/simple/app/")
    offer(shop, "app", "1.0", "2.0", requires=["lib", "tool"], hashed=True)
    prefix = made(engine, ImportText(text=FROZEN))
    assert requested(engine) == {"app"}
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(prefix)["base"] == "2.0"


@pytest.mark.parametrize("text", ["lib==1.0\nbase==1.0\n", "app==1.0\nlib==1.0\n", "app\nlib\nbase\n"])
def test_a_list_that_somebody_wrote_asks_for_each_line(engine: Engine, shop: Index, text: str) -> None:
    prefix = made(engine, ImportText(text=text))
    assert record.read_spec(prefix)["packages"] == text.split()


def test_comments_of_a_compiled_list(engine: Engine, shop: Index) -> None:
    text = (
        "app==1.0\n    # via -r all.in\nbase==1.0\n    # via lib\nlib==1.0\n    # via\n    #   -r all.in\n    #   app\n"
    )
    made(engine, ImportText(text=text))
    assert requested(engine) == {"app", "lib"}


def test_what_is_typed_beside_a_lock(engine: Engine, shop: Index) -> None:
    offer(shop, "more", "1.0", hashed=True)
    made(engine, ImportText(format="pylock.toml", text=lock(shop)), "more")
    assert requested(engine) == {"app", "tool", "more"}


def test_a_lock_put_into_an_environment(engine: Engine, shop: Index) -> None:
    made = bare(engine)
    done(engine, engine.change("demo", Change(install=["base>=2", "app<9"])))
    done(engine, engine.change("demo", Change(from_=ImportText(format="pylock.toml", text=lock(shop)))))
    assert versions(made.prefix) == ALL
    # `base` was asked for before; the limit that the lock does not keep to is gone.
    assert record.read_spec(made.prefix)["packages"] == ["base", "app", "tool"]
    assert requested(engine) == {"app", "tool", "base"}
    done(engine, engine.change("demo", Change(upgrade_all=True)))
    assert versions(made.prefix) == dict.fromkeys(ALL, "2.0")


def test_rollback_brings_it_back(engine: Engine, shop: Index) -> None:
    prefix = made(engine, ImportText(format="pylock.toml", text=lock(shop)))
    done(engine, engine.change("demo", Change(install=["base"])))
    done(engine, engine.change("demo", Change(remove=["tool"])))
    assert requested(engine) == {"app", "base"}
    done(engine, engine.rollback("demo", Rollback(revision=1)))
    assert versions(prefix) == ALL
    assert requested(engine) == {"app", "tool"}


def test_a_pipfile_and_its_lock(engine: Engine, shop: Index) -> None:
    locked = {name: {"version": "==1.0"} for name in ALL}
    text = json.dumps({"_meta": {"pipfile-spec": 6, "requires": {}, "sources": []}, "default": locked, "develop": {}})
    pipfile = '[packages]\napp = "<2"\nlib = "*"\ntool = {version = "*", markers = "python_version < \'3\'"}\n'
    source = ImportText(format="Pipfile.lock", text=text, filename="Pipfile.lock", files={"Pipfile": pipfile})
    prefix = made(engine, source)
    assert sorted(record.read_spec(prefix)["packages"]) == ["app<2", "lib"]
    broken = ImportText(format="Pipfile.lock", text=text, filename="Pipfile.lock", files={"Pipfile": "[packages"})
    request = Create(name="again", from_=broken, kernel=NO_KERNEL, pip=False)
    done(engine, engine.create(request))
    assert {p.name for p in engine.packages("again") if p.requested} == {"app", "tool"}
