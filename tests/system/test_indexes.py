from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_server import Index, file_name, serving

from jupyter_envs.backends.uv import uv
from jupyter_envs.model.errors import NotFound, Unavailable
from jupyter_envs.system import indexes

JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture
def index() -> Iterator[Index]:
    with serving() as found:
        yield found


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


def ask(name: str, environ: dict[str, str], index: Index | str, limit: float = 10) -> list[str]:
    url = index if isinstance(index, str) else index.url
    return indexes.versions(name, {"PIP_INDEX_URL": url, **environ}, lambda: pytest.fail("not asked"), limit)


def test_html(index: Index, environ: dict[str, str]) -> None:
    index.add("demo", "1.9", "1.10", "2.0rc1", "0.5", yanked=("0.5",))
    assert ask("demo", environ, index) == ["2.0rc1", "1.10", "1.9"]
    assert JSON in index.asked[0][1]["Accept"]


def test_json(index: Index, environ: dict[str, str]) -> None:
    names = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "demo-0.9.zip", "demo-0.1.exe", "other-7.0.tar.gz", "-"]
    files = [{"filename": name, "yanked": False} for name in names]
    files += [{"filename": "demo-1.1.tar.gz", "yanked": "oops"}]
    index.answers["/simple/demo/"] = (200, JSON, json.dumps({"files": files}).encode())
    assert ask("demo", environ, index) == ["1.0", "0.9"]


def test_all_yanked_is_known_without_versions(index: Index, environ: dict[str, str]) -> None:
    index.add("demo", "1.0", yanked=("1.0",))
    assert ask("demo", environ, index) == []


def test_all_indexes_of_pip_are_merged_and_uv_stops_at_the_first(index: Index, environ: dict[str, str]) -> None:
    index.add("demo", "1.0")
    with serving() as other:
        other.add("demo", "2.0")
        assert ask("demo", {**environ, "PIP_EXTRA_INDEX_URL": other.url}, index) == ["2.0", "1.0"]
        assert ask("demo", {**environ, "UV_INDEX": f"own={other.url}"}, index) == ["2.0"]
        assert ask("demo", {**environ, "UV_INDEX": other.url}, "http://127.0.0.1:9/simple") == ["2.0"]


def test_folders(environ: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "simple" / "demo"
    page.mkdir(parents=True)
    (page / "index.html").write_text('<a href="../../files/demo-1.0.tar.gz#sha256=0">demo</a>')
    links = tmp_path / "links"
    links.mkdir()
    (links / file_name("demo", "3.0")).write_text("")
    environ["PIP_FIND_LINKS"] = str(links)
    assert ask("demo", environ, (tmp_path / "simple").as_uri()) == ["3.0", "1.0"]
    assert ask("demo", {**environ, "PIP_NO_INDEX": "yes"}, "http://127.0.0.1:9/") == ["3.0"]
    with pytest.raises(NotFound):
        ask("other", {**environ, "PIP_FIND_LINKS": ""}, (tmp_path / "simple").as_uri())


def test_credentials_from_the_url_and_from_netrc(index: Index, environ: dict[str, str], tmp_path: Path) -> None:
    index.user = "me:p@ss"
    index.add("demo", "1.0")
    assert ask("demo", environ, index.url.replace("//", "//me:p%40ss@")) == ["1.0"]
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password p@ss\n")
    assert ask("demo", environ, index) == ["1.0"]


def test_credentials_stay_with_their_server(index: Index, environ: dict[str, str]) -> None:
    with serving() as other:
        other.add("demo", "1.0")
        index.moved["/simple/demo/"] = f"{other.url}/demo/"
        assert ask("demo", environ, index.url.replace("//", "//me:secret@")) == ["1.0"]
    assert "Authorization" in index.asked[0][1]
    assert "Authorization" not in other.asked[0][1]


def test_a_redirect_reads_no_file(index: Index, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "page").write_text('<a href="demo-1.0.tar.gz">x</a>')
    index.moved["/simple/demo/"] = (tmp_path / "page").as_uri()
    with pytest.raises(Unavailable):
        ask("demo", environ, index)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, "text/html", b""), "index_refused"),
        ((500, "text/html", b""), "index_unusable"),
        ((200, JSON, b"{"), "index_unusable"),
        ((200, JSON, b'{"files": [3]}'), "index_unusable"),
    ],
)
def test_bad_answers(index: Index, environ: dict[str, str], answer: tuple[int, str, bytes], reason: str) -> None:
    index.answers["/simple/demo/"] = answer
    with pytest.raises(Unavailable) as caught:
        ask("demo", environ, index.url.replace("//", "//me:secret@"))
    assert caught.value.reason == reason
    assert "secret" not in repr(caught.value.__dict__)


def test_no_network(environ: dict[str, str]) -> None:
    with pytest.raises(Unavailable) as caught:
        ask("demo", environ, "http://me:secret@127.0.0.1:9/simple")
    assert caught.value.reason == "index_unreachable"
    assert caught.value.hint
    assert "secret" not in repr(caught.value.__dict__)
    with pytest.raises(Unavailable):
        ask("demo", environ, "http://[::1/simple")


def test_the_time_limit(index: Index, environ: dict[str, str]) -> None:
    index.hold = threading.Event()
    with pytest.raises(Unavailable, match="in time"):
        ask("demo", environ, index, limit=0.3)


def test_not_found(index: Index, environ: dict[str, str]) -> None:
    with pytest.raises(NotFound, match="demo"):
        ask("demo", environ, index)


def test_a_proxy_of_pip_is_used(index: Index, environ: dict[str, str]) -> None:
    index.answers["http://index.invalid/simple/demo/"] = (200, "text/html", b'<a href="demo-1.0.tar.gz">x</a>')
    environ["PIP_PROXY"] = f"127.0.0.1:{index.port}"
    assert ask("demo", environ, "http://index.invalid/simple") == ["1.0"]


def test_uv_tells_its_own_index() -> None:
    assert indexes.ask_uv(uv()).public.startswith("https://")
