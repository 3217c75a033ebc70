"""Random and hostile pairs of a script block and a lock: what is installed was approved, and nobody else was asked."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from jupyter_envs.engine.engine import Engine
from jupyter_envs.formats.carried import Carried, write
from jupyter_envs.model.carry import Rebuild, Rebuilding
from jupyter_envs.model.errors import EnvsError
from jupyter_envs.system.metadata import versions
from tests.engine.wheels import offer, offer_source, wheel
from tests.engine.world import NO_KERNEL, Engines, run
from tests.system.index_server import Index

EMPTY = json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
# Under these paths lies what no index has: whoever asks for one of them asks an address.
ELSEWHERE = "/elsewhere/"


@pytest.fixture
def shop(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Index:
    offer(index, "base", "1.0", "2.0", hashed=True)
    offer(index, "a", "1.0", "1.1", hashed=True, requires=["base>=1"])
    offer(index, "b-c", "1.0", hashed=True, extras={"more": ["extra"]})
    offer(index, "extra", "1.0", hashed=True)
    offer(index, "mine", "9.0", hashed=True)
    offer(index, "needs-mine", "1.0", hashed=True, requires=["mine"])
    offer_source(index, "src", "1.0", tmp_path_factory.mktemp("ran") / "ran")
    offer(index, "needs-src", "1.0", hashed=True, requires=["src"])
    top = index.url.removesuffix("/simple")
    hidden = f"{top}{ELSEWHERE}hidden-1.0-py3-none-any.whl"
    offer(index, "leads", "1.0", hashed=True, requires=[f"hidden @ {hidden}"])
    for name, requires in (("hidden", []), ("seen", [f"hidden @ {hidden}"]), ("a", ["base"])):
        file, raw = wheel(name, "1.0", requires=requires)
        index.answers[f"{ELSEWHERE}{file}"] = (200, "application/octet-stream", raw)
    return index


NAMES = ["base", "a", "A", "b_c", "B.c", "extra", "mine", "needs-mine", "src", "needs-src", "leads", "nowhere"]
PLAIN = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "", "[more]"]),
    st.sampled_from(["", "", "", "==1.0", ">=1", "<2", "===1.0", "!=1.0", ">9"]),
    st.sampled_from(["", "", "", "; python_version < '3'", "; python_version >= '3'", "; extra == 'x'"]),
)
ADDRESSES = st.sampled_from(
    [
        "seen @ {top}/elsewhere/seen-1.0-py3-none-any.whl",
        "hidden @ {top}/elsewhere/hidden-1.0-py3-none-any.whl",
        "a @ {top}/elsewhere/a-1.0-py3-none-any.whl",
        "src @ {top}/files/src-1.0.tar.gz",
    ]
)
# With one of these nothing is made at all.
HOSTILE = st.sampled_from(
    [
        "{top}/elsewhere/hidden-1.0-py3-none-any.whl",
        "x @ file:///etc/passwd",
        "x @ {top}/${{HOME}}/x-1.0-py3-none-any.whl",
        "-e /tmp",
        "--index-url={top}/elsewhere",
        "a --index-url {top}/elsewhere",
    ]
)
LINES = st.builds(
    lambda some, more: [*some, *more],
    st.lists(st.one_of(PLAIN, ADDRESSES), min_size=1, max_size=3),
    st.one_of(st.just([]), st.just([]), st.just([]), st.just([]), st.lists(HOSTILE, min_size=1, max_size=1)),
)
PINS = st.sampled_from(
    [
        *(
            f"{name}==1.0"
            for name in ("base", "a", "b-c", "extra", "needs-mine", "src", "needs-src", "leads", "nowhere")
        ),
        *("base==2.0", "a==1.1", "mine==9.0", "@mine", "@hidden", "@a"),
    ]
)


def lock(index: Index, pins: list[str], wrong: bool) -> str:
    top = index.url.removesuffix("/simple")
    found = ['lock-version = "1.0"\ncreated-by = "x"\n']
    for pin in pins:
        name, _, version = pin.partition("==")
        if name == "@mine":
            found.append('[[packages]]\nname = "mine"\ndirectory = { path = "/home/me/mine" }\n')
            continue
        place = ELSEWHERE if name.startswith("@") else "/files/"
        file = wheel(name.lstrip("@"), version or "1.0")[0]
        raw = index.answers.get(f"{place}{file}", (0, "", b""))[2]
        digest = "0" * 64 if wrong else hashlib.sha256(raw).hexdigest()
        files = f'{{ url = "{top}{place}{file}", hashes = {{ sha256 = "{digest}" }} }}'
        kind = f"archive = {files}" if name.startswith("@") else f'version = "{version}"\nwheels = [{files}]'
        found.append(f'[[packages]]\nname = "{name.lstrip("@")}"\n{kind}\n')
    return "".join(found)


@pytest.mark.slow
def test_installed_is_approved(engines: Engines, shop: Index) -> None:
    engine = engines()
    top = shop.url.removesuffix("/simple")
    ends: set[str] = set()

    # Each example takes an installer's time: what fails is shown as it was found, and each end has one of its own.
    @settings(
        max_examples=36,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
    )
    @example(lines=["a", "-e /tmp"], pins=None, wrong=False, exact=None, yes=True)
    @example(lines=["nowhere"], pins=None, wrong=False, exact=None, yes=True)
    @example(lines=["needs-src"], pins=None, wrong=False, exact=None, yes=False)
    @example(
        lines=["needs-src", "seen @ {top}/elsewhere/seen-1.0-py3-none-any.whl"],
        pins=None,
        wrong=False,
        exact=None,
        yes=True,
    )
    @example(lines=["a"], pins=["base==1.0", "a==1.0", "extra==1.0"], wrong=True, exact=True, yes=True)
    @given(
        lines=LINES,
        pins=st.one_of(st.none(), st.lists(PINS, max_size=4, unique=True)),
        wrong=st.booleans(),
        exact=st.sampled_from([None, None, True, False]),
        yes=st.sampled_from([True, True, False]),
    )
    def holds(lines: list[str], pins: list[str] | None, wrong: bool, exact: bool | None, yes: bool) -> None:
        # What an example approved is no approval of the next one's.
        engine.notebooks.revoke([each.name for each in engine.notebooks.approved()])
        shop.asked.clear()
        wished = [line.format(top=top) for line in lines]
        text = write(EMPTY, Carried(wished, lock=None if pins is None else lock(shop, pins, wrong and len(pins) > 2)))
        ends.add(once(engine, shop, text, exact=exact, yes=yes))

    holds()
    assert ends >= {"refused", "unsolvable", "not approved", "made"}


def once(engine: Engine, shop: Index, text: str, *, exact: bool | None, yes: bool) -> str:
    """Look, approve all that is listed where `yes`, and make it; how that ended."""
    approve: set[str] = set()
    build: set[str] = set()

    def asked() -> set[str]:
        return {path for path, _ in shop.asked if path.startswith(ELSEWHERE) or path.endswith(".tar.gz")}

    def request(**more: Any) -> Rebuild:
        wanted = {"approve": sorted(approve), "build": sorted(build), "exact": exact, "name": "demo", **more}
        return Rebuild(notebook=text, filename="x.ipynb", kernel=NO_KERNEL, pip=False, **wanted)

    for _ in range(6):
        try:
            job = run(engine, engine.notebooks.rebuild(request(dry_run=True)))
        except EnvsError:
            assert not asked()
            return "refused"
        allowed = {name.partition("-1.0")[0] for name in approve}
        strange = {path for path in asked() if path.rpartition("/")[2].partition("-1.0")[0] not in allowed}
        assert not strange, f"asked without a yes: {strange}"
        if job.error:
            return job.error.reason or job.error.kind
        told = msgspec.convert((job.result or {})["rebuild"], Rebuilding)
        if told.complete:
            break
        if not yes:
            refused = run(engine, engine.notebooks.rebuild(request()))
            assert refused.error is not None
            assert not any(each.managed for each in engine.environments())
            return "not approved"
        approve |= {package.name for package in told.packages}
        build |= {package.name for package in told.packages if package.builds}
    else:
        return "never complete"
    approve |= {package.name for package in told.packages}
    job = run(engine, engine.notebooks.rebuild(request(plan=told.plan, exact=told.exact)))
    if job.error:
        assert not any(each.managed for each in engine.environments())
        return job.error.reason or job.error.kind
    there = versions(engine.find("demo").prefix)
    assert there == {package.name: package.version for package in told.packages}
    run(engine, engine.remove("demo"))
    return "made"
