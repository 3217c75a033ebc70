from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from index_server import serving

from jupyter_envs.backends.uv import uv
from jupyter_envs.model.errors import Unavailable
from jupyter_envs.system import pipconf

PLACES = pipconf._files
UNIX = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the places differ")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / ".config" / "pip").mkdir(parents=True)
    return folder


@pytest.fixture
def environ(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without any setting; of pip's files, those that a test writes are read and no others."""
    monkeypatch.setattr(pipconf, "_files", lambda env: [path for path in PLACES(env) if path.startswith(str(tmp_path))])
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PATH": os.environ["PATH"],
        "PIP_CONFIG_FILE": str(home / "named.conf"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_NO_CONFIG": "1",
    }


def configure(environ: dict[str, str], text: str) -> None:
    Path(environ["PIP_CONFIG_FILE"]).write_text(text)


def test_nothing_set_gives_nothing(environ: dict[str, str]) -> None:
    environ["PIP_CONFIG_FILE"] = os.devnull
    assert pipconf.uv_environment(environ) == {}
    assert pipconf.uv_arguments(environ) == []


def test_each_option_becomes_its_variable(environ: dict[str, str], tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("")
    client = tmp_path / "client.pem"
    client.write_text("")
    wheels = tmp_path / "a, b"
    wheels.mkdir()
    configure(
        environ,
        f"""
[global]
index-url = https://me:secret@mirror.example/simple
extra_index_url =
    https://one.example/simple
    https://two.example/simple
trusted-host = one.example two.example:8443
cert = {bundle}
client-cert = {client}
proxy = proxy.example:3128
timeout = 33.5
retries = 7
keyring-provider = subprocess
[install]
pre = yes
find-links = {wheels.as_uri()}
no-binary = six,Zope.Interface
only-binary = :none:,a,:all:
""",
    )
    assert pipconf.uv_environment(environ) == {
        "UV_DEFAULT_INDEX": "https://me:secret@mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": wheels.as_uri().replace(",", "%2C"),
        "UV_INSECURE_HOST": "one.example two.example:8443",
        "UV_PRERELEASE": "allow",
        "UV_KEYRING_PROVIDER": "subprocess",
        "UV_HTTP_RETRIES": "7",
        "UV_HTTP_TIMEOUT": "33",
        "SSL_CERT_FILE": str(bundle),
        "SSL_CLIENT_CERT": str(client),
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
        "ALL_PROXY": "http://proxy.example:3128",
    }
    assert pipconf.uv_arguments(environ) == [
        *("--no-binary", "six", "--no-binary", "zope-interface"),
        *("--only-binary", ":all:"),
    ]


@UNIX
def test_user_files_legacy_first(environ: dict[str, str], home: Path) -> None:
    del environ["PIP_CONFIG_FILE"]
    (home / ".pip").mkdir()
    (home / ".pip" / "pip.conf").write_text("[global]\nindex-url = https://old.example/\ntimeout = 5\n")
    (home / ".config" / "pip" / "pip.conf").write_text("[global]\nindex-url = https://new.example/\n")
    found = pipconf.settings(environ)
    assert (found.addresses["index-url"], found.options["timeout"]) == (["https://new.example/"], "5")


def test_install_section_wins_over_global_and_the_environment_over_both(environ: dict[str, str]) -> None:
    configure(environ, "[install]\nindex-url = https://b.example/\n[global]\nindex-url = https://a.example/\n")
    assert pipconf.settings(environ).addresses["index-url"] == ["https://b.example/"]
    environ["PIP_PYPI_URL"] = "https://c.example/"
    assert pipconf.settings(environ).addresses["index-url"] == ["https://c.example/"]
    environ["PIP_PYPI_URL"] = ""
    assert pipconf.settings(environ).addresses["index-url"] == ["https://b.example/"], "an empty variable says nothing"


@UNIX
def test_the_places_are_those_of_pip(environ: dict[str, str], home: Path, tmp_path: Path) -> None:
    pytest.importorskip("pip")
    environ["XDG_CONFIG_DIRS"] = f"{tmp_path / 'one'}:{tmp_path / 'two'}"
    for named in (None, str(home / "not-there.conf"), str(home / "there.conf")):
        (home / "there.conf").write_text("")
        environ.pop("PIP_CONFIG_FILE", None)
        if named:
            environ["PIP_CONFIG_FILE"] = named
        done = subprocess.run(
            [sys.executable, "-m", "pip", "config", "debug"], env=environ, capture_output=True, text=True, check=True
        )
        told = dict(re.findall(r"^(\w+):\n((?:  .*\n?)*)", done.stdout, re.M))
        paths = [
            path
            for kind in ("global", "user", "site", "env")
            for path in re.findall(r"(/\S+), exists", told.get(kind, ""))
        ]
        assert list(PLACES(environ)) == paths


def test_what_uv_was_told_wins(environ: dict[str, str]) -> None:
    configure(environ, "[global]\nindex-url = https://a.example/\nextra-index-url = https://b.example/\ntimeout = 9\n")
    environ.update(UV_INDEX_URL="https://uv.example/", UV_REQUEST_TIMEOUT="4")
    assert pipconf.uv_environment(environ) == {
        "UV_INDEX": "https://b.example/",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    environ["UV_INDEX"] = "https://more.example/"
    assert pipconf.uv_environment(environ) == {}


@UNIX
def test_uv_toml_wins(environ: dict[str, str], home: Path) -> None:
    del environ["UV_NO_CONFIG"]
    (home / ".config" / "uv").mkdir()
    (home / ".config" / "uv" / "uv.toml").write_text(
        '[[index]]\nurl = "https://uv.example/simple"\ndefault = true\n[pip]\nextra-index-url = ["https://x.example"]\n'
    )
    configure(environ, "[global]\nindex-url = https://a.example/\nextra-index-url = https://b.example/\npre = true\n")
    assert pipconf.uv_environment(environ) == {"UV_PRERELEASE": "allow"}
    environ["UV_NO_CONFIG"] = "true"
    assert pipconf.uv_environment(environ)["UV_DEFAULT_INDEX"] == "https://a.example/"


def test_missing_local_folders_are_left_out_but_never_a_missing_default(
    environ: dict[str, str], tmp_path: Path
) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.mkdir()
    environ["PIP_FIND_LINKS"] = f"{gone} {there} {gone.as_uri()}"
    environ["PIP_EXTRA_INDEX_URL"] = gone.as_uri()
    # Without it another index would be asked than the user chose.
    environ["PIP_INDEX_URL"] = gone.as_uri()
    assert pipconf.uv_environment(environ) == {
        "UV_DEFAULT_INDEX": gone.as_uri(),
        "UV_FIND_LINKS": there.as_uri(),
    }


def test_no_index(environ: dict[str, str], tmp_path: Path) -> None:
    environ.update(PIP_NO_INDEX="1", PIP_INDEX_URL="https://a.example/", PIP_FIND_LINKS=str(tmp_path))
    assert pipconf.uv_environment(environ) == {"UV_FIND_LINKS": tmp_path.as_uri()}
    assert pipconf.uv_arguments(environ) == ["--no-index"]


@pytest.mark.parametrize("text", ["index-url = https://me:secret@x.example\n", "[global\n", "[global]\na=1\na=2\n"])
def test_a_file_that_pip_refuses_is_not_passed_over(environ: dict[str, str], text: str) -> None:
    configure(environ, text)
    with pytest.raises(Unavailable) as caught:
        pipconf.uv_environment(environ)
    assert environ["PIP_CONFIG_FILE"] in caught.value.message
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


def test_a_flag_that_is_no_flag(environ: dict[str, str]) -> None:
    environ["PIP_NO_INDEX"] = "ture"
    with pytest.raises(Unavailable, match="no-index"):
        pipconf.uv_arguments(environ)


def test_arguments_never_start_another_option(environ: dict[str, str]) -> None:
    environ["PIP_NO_BINARY"] = "--index-url=x, ;id,six"
    assert pipconf.uv_arguments(environ) == ["--no-binary", "six"]


def test_fingerprint_follows_the_indexes_and_not_the_password(environ: dict[str, str]) -> None:
    plain = pipconf.fingerprint(environ)
    assert re.fullmatch(r"[0-9a-f]{12}", plain)
    environ["PIP_INDEX_URL"] = "https://me:one@a.example/simple"
    first = pipconf.fingerprint(environ)
    environ["PIP_INDEX_URL"] = "https://me:two@a.example/simple"
    assert pipconf.fingerprint(environ) == first != plain
    environ["PIP_TIMEOUT"] = "99"
    assert pipconf.fingerprint(environ) == first
    environ["PIP_NO_BINARY"] = "six"
    assert pipconf.fingerprint(environ) != first


def install(environ: dict[str, str], tmp_path: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Real uv, with what pip is told and nothing else."""
    env = {**environ, **pipconf.uv_environment(environ)}
    venv = tmp_path / "venv"
    if not venv.exists():
        subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, venv], env=env, check=True)
    argv = [uv(), "pip", "install", "--python", str(venv), *pipconf.uv_arguments(environ), *names]
    return subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True)


def installed(tmp_path: Path) -> set[str]:
    return {path.name.removesuffix(".dist-info") for path in tmp_path.glob("venv/**/*.dist-info")}


def test_uv_installs_from_the_indexes_of_pip(environ: dict[str, str], tmp_path: Path) -> None:
    with serving() as main, serving() as other:
        main.user = "me:se cret"
        main.add("jetest_one", "1.0")
        main.add("jetest_two", "1.0")
        main.answers["/simple/jetest-one/"] = main.answers.pop("/simple/jetest_one/")
        main.answers["/simple/jetest-two/"] = main.answers.pop("/simple/jetest_two/")
        # pip takes the newest of all indexes, wherever an older one stands.
        other.add("jetest_two", "2.0")
        other.answers["/simple/jetest-two/"] = other.answers.pop("/simple/jetest_two/")
        url = main.url.replace("//", "//me:se%20cret@")
        configure(environ, f"[global]\nindex-url = {url}\nextra-index-url = {other.url}\n  file:///not/there\n")
        done = install(environ, tmp_path, "jetest-one", "jetest-two")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path) == {"jetest_one-1.0", "jetest_two-2.0"}


def test_uv_installs_from_folders_alone(environ: dict[str, str], tmp_path: Path) -> None:
    from index_server import file_name, wheel

    folder = tmp_path / "my, wheels"
    folder.mkdir()
    (folder / file_name("jetest_one", "3.0")).write_bytes(wheel("jetest_one", "3.0"))
    configure(environ, f"[install]\nno-index = true\nfind-links = {folder.as_uri()}\n  {tmp_path / 'gone'}\n")
    done = install(environ, tmp_path, "jetest-one")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path) == {"jetest_one-3.0"}


def test_uv_with_what_this_machine_has(tmp_path: Path) -> None:
    """Whatever pip is told here, uv takes it and looks for a package; without a network it says so itself."""
    done = install(dict(os.environ), tmp_path, "--dry-run", "jetest-one==0.0.0")
    assert "jetest-one" in done.stderr
    assert "Failed to parse" not in done.stderr
    assert "Failed to read" not in done.stderr
