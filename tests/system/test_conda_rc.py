"""conda's settings: every place, its order, its flags, and what is no setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_envs.system import conda_rc
from jupyter_envs.system.conda_rc import load


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with every place of a configuration: etc, root, xdg, home, env."""
    monkeypatch.setattr(conda_rc, "_SYSTEM", (str(tmp_path / "etc"), str(tmp_path / "var")))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_nothing_configured(places: Path) -> None:
    rc = load({})
    assert rc.channels == ["conda-forge"]
    assert rc.channel_priority == "flexible"
    assert (rc.files, rc.problems, rc.offline, rc.ssl_verify) == ([], [], False, True)


def test_every_place_in_its_order(places: Path) -> None:
    ordered = [
        "etc/.condarc",
        "etc/condarc",
        "etc/condarc.d/a.yml",
        "etc/condarc.d/b.yaml",
        "var/.condarc",
        "root/.condarc",
        "root/condarc.d/x.yml",
        "xdg/conda/condarc",
        "home/.config/conda/.condarc",
        "home/.conda/condarc",
        "home/.conda/condarc.d/z.yml",
        "home/.condarc",
        "home/.mambarc",
        "env/.condarc",
        "mine.yml",
    ]
    for name in ordered:
        put(places / name, f"channels: ['{name}']\nremote_max_retries: {ordered.index(name)}\n")
    put(places / "etc/condarc.d/notes.txt", "channels: [never]")
    environ = {
        "XDG_CONFIG_HOME": str(places / "xdg"),
        "CONDARC": str(places / "mine.yml"),
        "CONDA_CHANNELS": "first, second",
    }
    rc = load(environ, prefix=str(places / "env"), root=str(places / "root"))
    assert rc.files == [str(places / name) for name in ordered]
    assert rc.channels == ["first", "second", *reversed(ordered)]
    assert rc.remote_max_retries == len(ordered) - 1


def test_the_environment_in_question_stands_for_the_active_one(places: Path) -> None:
    put(places / "active/.condarc", "offline: true")
    put(places / "env/.condarc", "offline: false")
    assert load({"CONDA_PREFIX": str(places / "active")}).offline
    assert not load({"CONDA_PREFIX": str(places / "active")}, prefix=str(places / "env")).offline


def test_lists_maps_and_values(places: Path) -> None:
    put(
        places / "etc/condarc",
        "channels: [a, b]\ncustom_channels: {x: http://one, y: http://two}\n"
        "ssl_verify: false\nchannel_priority: true\n",
    )
    put(
        places / "home/.condarc",
        "channels:\n- b\n- c\n- nodefaults\ncustom_channels:\n  y: http://three\nssl_verify: ~/ca.pem\n"
        "channel_priority: strict\npinned_packages: [numpy <2]\nproxy_servers: {https: 'http://me:pw@proxy:1'}\n"
        "custom_multichannels:\n  all: [a, b]\ncreate_default_packages: [ipykernel]\n",
    )
    rc = load({})
    assert rc.channels == ["b", "c", "a"]
    assert rc.custom_channels == {"x": "http://one", "y": "http://three"}
    assert rc.ssl_verify == str(places / "home/ca.pem")
    assert rc.channel_priority == "strict"
    assert rc.pinned_packages == ["numpy <2"]
    assert rc.custom_multichannels == {"all": ["a", "b"]}
    assert rc.proxy_servers == {"https": "http://me:pw@proxy:1"}
    assert rc.create_default_packages == ["ipykernel"]
    assert rc.problems == []


def test_flags(places: Path) -> None:
    put(
        places / "etc/condarc",
        "channel_priority: strict  #!final\nchannels:\n- company  #!top\n- fallback  #!bottom\n"
        "- common\noffline: false\n",
    )
    put(places / "home/.condarc", "channel_priority: disabled\nchannels: [mine, fallback]\noffline: true\n")
    rc = load({"CONDA_CHANNEL_PRIORITY": "flexible"})
    assert rc.channel_priority == "strict"
    assert rc.channels == ["company", "mine", "common", "fallback"]
    assert rc.offline


def test_variables(places: Path) -> None:
    environ = {
        "CONDA_ENVS_PATH": f"{places}/one:{places}/two".replace(":", conda_rc.os.pathsep),
        "CONDA_PKGS_DIRS": f"{places}/pkgs,{places}/more",
        "CONDA_PINNED_PACKAGES": "numpy <2 & scipy",
        "CONDA_OFFLINE": "yes",
        "CONDA_SSL_VERIFY": "False",
        "CONDA_REMOTE_READ_TIMEOUT_SECS": "12.5",
        "CONDA_CHANNEL_ALIAS": "http://${SERVER}/",
        "SERVER": "host",
        "CONDA_DEFAULT_ENV": "base",
        "CONDA_CUSTOM_CHANNELS": "no map in a variable",
    }
    rc = load(environ)
    assert rc.envs_dirs == [f"{places}/one", f"{places}/two"]
    assert rc.pkgs_dirs == [f"{places}/pkgs", f"{places}/more"]
    assert rc.pinned_packages == ["numpy <2", "scipy"]
    assert (rc.offline, rc.ssl_verify, rc.remote_read_timeout_secs) == (True, False, 12.5)
    assert rc.channel_alias == "http://host/"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("channels: {a: b}", "channels"),
        ("channel_priority: sometimes", "channel_priority"),
        ("offline: perhaps", "offline"),
        ("custom_channels: [a]", "custom_channels"),
        ("remote_max_retries: many", "remote_max_retries"),
        ("proxy_servers: {https: [secret]}", "proxy_servers"),
        ("channels: [secret", "condarc"),
        ("- secret", "no mapping"),
        ("a: &a [*a]", "aliases"),
    ],
)
def test_what_cannot_be_used_is_told_without_its_value(places: Path, text: str, told: str) -> None:
    put(places / "home/.condarc", text)
    rc = load({})
    assert len(rc.problems) == 1
    assert told in rc.problems[0]
    assert "secret" not in rc.problems[0]
    assert rc.channels == ["conda-forge"]


def test_other_settings_and_empty_ones_are_passed_over(places: Path) -> None:
    put(places / "home/.condarc", "always_yes: true\nchannels:\nauto_activate_base: false\n1: 2\n")
    assert load({}).problems == []
    assert load({}).channels == ["conda-forge"]
