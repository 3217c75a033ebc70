"""What was approved of a notebook is what is installed: nothing else of its block, its locks and what they need."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_envs.backends.uvpip import UvPip
from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.carry import Rebuild, Rebuilding
from jupyter_envs.model.errors import InvalidRequest
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, offer_source, wheel
from tests.engine.world import NO_KERNEL, done, run
from tests.system.index_server import Index

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
HEAD = 'lock-version = "1.0"\ncreated-by = "somebody"\n'


def rebuild(text: str, **more: Any) -> Rebuild:
    wanted = {"filename": "report.ipynb", "kernel": NO_KERNEL, "pip": False, **more}
    return Rebuild(notebook=text, **wanted)


def asking(*lines: str, lock: str | None = None, juv: str | None = None) -> str:
    notebook = json.loads(write(EMPTY, Carried(list(lines), lock=lock)))
    if juv is not None:
        notebook["metadata"]["uv.lock"] = juv
    return json.dumps(notebook)


def told(engine: Engine, text: str, **more: Any) -> Rebuilding:
    result = done(engine, engine.notebooks.rebuild(rebuild(text, dry_run=True, **more)))
    return msgspec.convert(result["rebuild"], Rebuilding)


def made(engine: Engine, text: str, **more: Any) -> dict[str, str]:
    """What is installed after a yes to all of the list; it must be that list."""
    settled = told(engine, text, **more)
    assert settled.complete
    names = [package.name for package in settled.packages]
    wanted = {"approve": names, "plan": settled.plan, "exact": settled.exact, **more}
    result = done(engine, engine.notebooks.rebuild(rebuild(text, **wanted)))
    there = versions(result["environment"]["prefix"])
    assert there == {package.name: package.version for package in settled.packages}
    return there


def refusal(engine: Engine, text: str, **more: Any) -> str:
    """The reason why nothing is made."""
    job = run(engine, engine.notebooks.rebuild(rebuild(text, **more)))
    assert job.error is not None
    assert not any(each.managed for each in engine.environments())
    return job.error.reason


def lock(index: Index, *pins: str) -> str:
    """A lock of the wheels `pins` that `index` offers, each with its hash."""
    entries = []
    for pin in pins:
        name, _, version = pin.partition("==")
        file, raw = wheel(name, version)
        url = f"{index.url.removesuffix('/simple')}/files/{file}"
        offered = index.answers.get(f"/files/{file}", (0, "", raw))[2]
        digest = hashlib.sha256(offered).hexdigest()
        entries.append(
            f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
            f'wheels = [{{ url = "{url}", hashes = {{ sha256 = "{digest}" }} }}]\n'
        )
    return HEAD + "".join(entries)


@pytest.fixture
def shop(index: Index) -> Index:
    offer(index, "base", "1.0", "2.0", hashed=True)
    offer(index, "a", "1.0", hashed=True, requires=["base>=1"])
    offer(index, "extra", "1.0", hashed=True)
    return index


@pytest.mark.parametrize(
    ("lines", "why"),
    [(["base", "extra"], "extra is not in the lock"), (["base>=2"], "base is 1.0 in the lock"), (["a"], "a is not")],
)
def test_a_block_that_the_lock_does_not_hold(engine: Engine, shop: Index, lines: list[str], why: str) -> None:
    text = asking(*lines, lock=lock(shop, "base==1.0"))
    settled = told(engine, text)
    assert (settled.exact, settled.has_lock) == (False, False)
    assert why in settled.warnings[0]
    there = made(engine, text)
    assert there["base"] == "2.0"
    with pytest.raises(InvalidRequest, match=why):
        engine.notebooks.rebuild(rebuild(text, exact=True, name="other"))


def test_the_block_alone_never_adds_to_the_lock(engine: Engine, shop: Index) -> None:
    # A marker that does not hold here, and another spelling of the name.
    text = asking("Base", "extra; python_version < '3'", lock=lock(shop, "base==1.0"))
    assert told(engine, text).exact
    assert made(engine, text) == {"base": "1.0"}


def test_an_address_of_the_block_is_not_fetched_beside_the_lock(engine: Engine, shop: Index, tmp_path: Path) -> None:
    url = offer_source(shop, "evil", "1.0", tmp_path / "ran")
    text = asking("base", f"evil @ {url}", lock=lock(shop, "base==1.0"))
    settled = told(engine, text)
    assert not settled.complete
    assert {p.name: p.builds for p in settled.packages} == {"base": False, "evil": True}
    assert refusal(engine, text, approve=["base"]) == "approval_needed"
    # A yes to the name is none to the code.
    assert refusal(engine, text, approve=["base", "evil"]) == "approval_needed"
    assert not (tmp_path / "ran").exists()
    assert url.rpartition("/files/")[2] not in str([path for path, _ in shop.asked])
    known = told(engine, text, approve=["base", "evil"], build=["evil"])
    assert known.complete
    assert [(p.name, p.builds) for p in known.packages] == [("base", False), ("evil", True)]
    assert made(engine, text, approve=["base", "evil"], build=["evil"]) == {"base": "2.0", "evil": "1.0"}
    assert (tmp_path / "ran").exists()
    # What runs code is asked each time.
    assert [p.name for p in told(engine, text, approve=["evil"], build=["evil"]).packages if not p.approved] == ["evil"]


def test_what_an_index_has_as_source_alone(engine: Engine, shop: Index, tmp_path: Path) -> None:
    offer_source(shop, "src", "1.0", tmp_path / "ran")
    offer(shop, "c", "1.0", requires=["src"])
    text = asking("c")
    settled = told(engine, text)
    assert not settled.complete
    assert [p.name for p in settled.packages if p.builds] == ["src"]
    assert refusal(engine, text, approve=["c", "src"]) == "approval_needed"
    assert not (tmp_path / "ran").exists()
    assert made(engine, text, approve=["c", "src"], build=["src"]) == {"c": "1.0", "src": "1.0"}


def test_an_address_that_an_approved_one_needs(engine: Engine, shop: Index) -> None:
    top = shop.url.removesuffix("/simple")
    for name, requires in (("hidden", []), ("seen", [f"hidden @ {top}/hidden/hidden-1.0-py3-none-any.whl"])):
        file, raw = wheel(name, "1.0", requires=requires)
        shop.answers[f"/{name}/{file}"] = (200, "application/octet-stream", raw)
    text = asking(f"seen @ {top}/seen/seen-1.0-py3-none-any.whl")
    assert [p.name for p in told(engine, text).packages] == ["seen"]
    second = told(engine, text, approve=["seen"])
    assert not second.complete
    assert {p.name for p in second.packages} == {"hidden", "seen"}
    assert not any(path.startswith("/hidden/") for path, _ in shop.asked)
    assert made(engine, text, approve=["seen", "hidden"]) == {"seen": "1.0", "hidden": "1.0"}


def test_a_folder_of_the_lock_never_becomes_a_project_of_an_index(engine: Engine, shop: Index) -> None:
    offer(shop, "mine", "9.0", hashed=True)
    held = lock(shop, "base==1.0") + '[[packages]]\nname = "mine"\ndirectory = { path = "/home/me/mine" }\n'
    # The block names it, or something that the block needs does.
    offer(shop, "needs-mine", "1.0", hashed=True, requires=["mine"])
    for line in ("mine", "needs-mine"):
        job = run(engine, engine.notebooks.rebuild(rebuild(asking("base", line, lock=held), dry_run=True)))
        assert job.error is not None
        assert "mine is a folder" in job.error.message
    assert made(engine, asking("base", lock=held)) == {"base": "1.0"}


def test_of_two_locks_the_one_that_fits_counts(engine: Engine, shop: Index) -> None:
    juv = f"""\
version = 1
requires-python = ">=3.8"
[manifest]
requirements = [{{ name = "base" }}]
[[package]]
name = "base"
version = "2.0"
source = {{ registry = "{shop.url}" }}
"""
    text = asking("base>=2", lock=lock(shop, "base==1.0"), juv=juv)
    settled = told(engine, text)
    assert (settled.exact, settled.has_lock) == (True, True)
    assert made(engine, text) == {"base": "2.0"}
    assert (
        "extra is not in the lock" in told(engine, asking("extra", lock=lock(shop, "base==1.0"), juv=juv)).warnings[0]
    )


def test_a_lock_without_what_an_extra_brings(engine: Engine, shop: Index) -> None:
    offer(shop, "x", "1.0", hashed=True, extras={"more": ["extra"]})
    text = asking("x[more]", lock=lock(shop, "x==1.0"))
    settled = told(engine, text)
    assert not settled.exact
    assert "lacks" in settled.warnings[0]
    assert made(engine, text) == {"x": "1.0", "extra": "1.0"}


def test_another_file_under_a_locked_version_is_not_taken(engine: Engine, shop: Index) -> None:
    """The lock's own file is there too: what came beside it is of nobody's approval."""
    held = lock(shop, "extra==1.0")
    file, raw = wheel("extra", "1.0", files={"extra.py": "VERSION = 'other'\n"})
    shop.answers[f"/files/{file}.other/{file.replace('1.0', '1.0-1')}"] = (200, "application/octet-stream", raw)
    link = f'<a href="/files/{file}.other/{file.replace("1.0", "1.0-1")}">{file.replace("1.0", "1.0-1")}</a>'
    page = shop.answers["/simple/extra/"]
    shop.answers["/simple/extra/"] = (200, "text/html", page[2] + link.encode())
    settled = told(engine, asking("extra", lock=held))
    assert len(settled.packages[0].hashes) == 1
    assert settled.packages[0].hashes[0].removeprefix("sha256:") in held
    made(engine, asking("extra", lock=held))


def test_what_changed_after_the_look_is_asked_anew(engine: Engine, shop: Index) -> None:
    text = asking("extra")
    settled = told(engine, text)
    offer(shop, "extra", "1.1", hashed=True)
    names = [p.name for p in settled.packages]
    assert refusal(engine, text, approve=names, plan=settled.plan) == "approval_needed"
    assert made(engine, text) == {"extra": "1.1"}


def test_the_kernel_that_comes_beside_it_is_listed(engine: Engine, shop: Index) -> None:
    offer(shop, "ipykernel", "7.0", hashed=True, requires=["base"])
    text = asking("extra")
    settled = told(engine, text, kernel=type(NO_KERNEL)())
    assert {p.name: p.approved for p in settled.packages} == {"base": True, "extra": False, "ipykernel": True}
    held = told(engine, asking("base", lock=lock(shop, "base==1.0")), kernel=type(NO_KERNEL)())
    assert {p.name: p.version for p in held.packages} == {"base": "1.0", "ipykernel": "7.0"}


def test_hashes_are_told(engine: Engine, shop: Index) -> None:
    settled = told(engine, asking("extra"))
    page = shop.answers["/simple/extra/"][2].decode()
    assert settled.packages[0].hashes[0].replace(":", "=") in page
    assert settled.plan.startswith("sha256:")


def test_what_an_installer_brings_beside_the_set_is_not_kept(
    engine: Engine, shop: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an installer does: one that resolves by itself brings what nobody approved."""
    text = asking("base", lock=lock(shop, "base==1.0"))
    names = [p.name for p in told(engine, text).packages]
    argv = UvPip.install_argv

    def resolving(self: UvPip, python: str, requirements: str, **options: Any) -> list[str]:
        options.pop("hashed", None)
        return [*argv(self, python, requirements, **options), "a"]

    monkeypatch.setattr(UvPip, "install_argv", resolving)
    assert refusal(engine, text, approve=names) == "not_as_approved"
