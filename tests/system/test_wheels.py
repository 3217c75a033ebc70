import functools
import http.server
import threading

import pytest

from jupyter_envs.system import wheels


@pytest.fixture
def site(tmp_path):
    (tmp_path / "a-1.0-py3-none-any.whl").write_bytes(b"x" * 1234)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_sizes_come_from_the_lock_the_disk_or_the_server(site, tmp_path):
    lock = {
        "packages": [
            {"name": "told", "wheels": [{"url": "http://127.0.0.1:9/t.whl", "size": 77}]},
            {"name": "asked", "wheels": [{"url": f"{site}/a-1.0-py3-none-any.whl"}]},
            {"name": "here", "wheels": [{"url": (tmp_path / "a-1.0-py3-none-any.whl").as_uri()}]},
            {"name": "gone", "wheels": [{"url": f"{site}/nothing.whl"}]},
            {"name": "shut", "sdist": {"url": "http://127.0.0.1:9/s.tar.gz"}},
            {"name": "folder"},
        ]
    }
    assert wheels.sizes(lock, {}) == {"told": 77, "asked": 1234, "here": 1234}


def test_a_lock_of_nothing():
    assert wheels.sizes({}, {}) == {}
