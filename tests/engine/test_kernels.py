"""Kernelspecs: what is in them, what they are called, whose they are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from jupyter_envs.engine import kernels, shims
from jupyter_envs.engine.engine import Engine
from jupyter_envs.model.errors import Conflict, InvalidRequest
from jupyter_envs.model.request import Clone, Create, KernelRequest, Register, Update
from tests.engine.wheels import offer
from tests.engine.world import bare, done
from tests.system.index_server import Index


@pytest.fixture
def index(index: Index) -> Index:
    """What makes an environment a kernel in the eyes of a picker, in no time."""
    offer(index, "ipykernel", "7.0", files={"ipykernel/resources/logo-32x32.png": "png", "ipykernel/__init__.py": ""})
    offer(index, "pip", "25.0")
    return index


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "data" / "kernels"


def spec(folder: Path, name: str = "demo") -> Any:
    return json.loads((folder / name / "kernel.json").read_text())


def make(engine: Engine, name: str = "demo", display: str | None = None) -> str:
    done(engine, engine.create(Create(name=name, pip=False, kernel=KernelRequest(display_name=display))))
    return engine.find(name).prefix


def foreign(folder: Path, name: str, display: str, **more: Any) -> bytes:
    (folder / name).mkdir(parents=True)
    content = {"argv": ["/usr/bin/python3"], "display_name": display, "language": "python", **more}
    (folder / name / "kernel.json").write_text(json.dumps(content))
    return (folder / name / "kernel.json").read_bytes()


def shown(engine: Engine) -> list[str]:
    return [kernel.display_name for environment in engine.environments() for kernel in environment.kernels]


def test_what_is_written(engine: Engine, index: Index, folder: Path) -> None:
    prefix = make(engine)
    content = spec(folder)
    python = os.path.join(prefix, "bin", "python")
    assert content["argv"] == [
        *(python, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
        f"--IPKernelApp.exec_files={prefix}/.jupyter-envs/magic.py",
    ]
    assert content["env"] == {
        "VIRTUAL_ENV": prefix,
        "VIRTUAL_ENV_PROMPT": "demo",
        "PATH": os.pathsep.join([f"{prefix}/bin", f"{folder.parent.parent}/state/pip", "${PATH}"]),
        **shims.INSIDE,
    }
    assert content["metadata"]["jupyter_envs"] == {
        "id": engine.find("demo").id,
        "manager": "uv",
        "prefix": prefix,
        "revision": 1,
        "kernel": "python",
        "made_name": "Python (demo)",
    }
    assert content["metadata"]["debugger"] is True
    assert Path(prefix, ".jupyter-envs", "magic.py").exists()
    assert (folder / "demo" / "logo-32x32.png").read_text() == "png"


def test_a_prefix_with_a_dollar_sign(engine: Engine, index: Index, folder: Path, tmp_path: Path) -> None:
    """jupyter_client expands ${…} in the variables of a spec."""
    from string import Template

    prefix = tmp_path / "a ${HOME} b" / "env"
    done(engine, engine.create(Create(prefix=str(prefix), pip=False)))
    (name,) = os.listdir(folder)
    env = spec(folder, name)["env"]
    assert Template(env["VIRTUAL_ENV"]).safe_substitute(HOME="wrong") == str(prefix)
    path = Template(env["PATH"]).safe_substitute(HOME="wrong", PATH="/bin")
    assert path == f"{prefix}/bin:{engine.settings.state}/pip:/bin"


def test_names_in_pickers_differ(engine: Engine, index: Index, folder: Path, home: Path) -> None:
    theirs = foreign(folder, "other", "Python (demo)")
    first = make(engine)
    assert spec(folder)["display_name"] == f"Python (demo) – {os.path.dirname(first).replace(str(home), '~')}"
    make(engine, "mine", "Analysis")
    make(engine, "yours", "Analysis")
    assert len(set(shown(engine))) == 3
    assert spec(folder, "yours")["display_name"].startswith("Analysis – ")
    done(engine, engine.create(Create(prefix=str(home / "p1" / "same"), pip=False)))
    done(engine, engine.create(Create(prefix=str(home / "p2" / "same"), pip=False)))
    names = shown(engine)
    assert len(set(names)) == len(names)
    assert any("~/p2" in name for name in names)
    assert (folder / "other" / "kernel.json").read_bytes() == theirs


def test_three_of_one_name_and_one_folder(engine: Engine, index: Index) -> None:
    """All of them in one root: the folder alone would not tell them apart."""
    for name in ("a", "b", "c"):
        make(engine, name, "Analysis")
    assert len(set(shown(engine))) == 3


def test_names_of_others_are_not_taken(engine: Engine, index: Index, folder: Path) -> None:
    theirs = foreign(folder, "Demo", "Theirs")
    make(engine)
    assert (folder / "Demo" / "kernel.json").read_bytes() == theirs
    (ours,) = [path.parent.name for path in folder.glob("*/kernel.json") if path.parent.name != "Demo"]
    assert ours == engine.find("demo").id
    make(engine, "python3")
    assert not (folder / "python3").exists()


def test_a_broken_spec_of_somebody_is_no_obstacle(engine: Engine, index: Index, folder: Path) -> None:
    (folder / "broken").mkdir(parents=True)
    (folder / "broken" / "kernel.json").write_text("{")
    (folder / "list").mkdir()
    (folder / "list" / "kernel.json").write_text("[]")
    foreign(folder, "odd", "Odd", metadata=[1])
    foreign(folder, "odder", "Odder", metadata={"jupyter_envs": "x"})
    make(engine)
    assert [kernel.name for kernel in engine.find("demo").kernels] == ["demo"]
    assert kernels.prune() == []


def test_unregister_and_register_again(engine: Engine, index: Index, folder: Path) -> None:
    make(engine, display="My analysis")
    assert engine.unregister("demo").kernels == []
    assert not (folder / "demo").exists()
    with pytest.raises(Conflict) as caught:
        engine.unregister("demo")
    assert caught.value.reason == "no_kernel"
    done(engine, engine.register("demo", Register()))
    assert spec(folder)["display_name"] == "My analysis"
    done(engine, engine.register("demo", Register()))
    assert spec(folder)["display_name"] == "My analysis"
    done(engine, engine.register("demo", Register(display_name="Other")))
    assert spec(folder)["display_name"] == "Other"
    assert len(list(folder.iterdir())) == 1


def test_register_installs_what_a_kernel_needs(engine: Engine, index: Index, folder: Path) -> None:
    bare(engine)
    result = done(engine, engine.register("demo", Register()))
    assert [pin["name"] for pin in result["plan"]["added"]] == ["ipykernel"]
    assert result["environment"]["kernels"][0]["name"] == "demo"
    assert engine.history("demo")[0].action == "kernel"
    assert spec(folder)["metadata"]["jupyter_envs"]["revision"] == 2


def test_another_display_name(engine: Engine, index: Index, folder: Path) -> None:
    make(engine)
    done(engine, engine.update("demo", Update(display_name="  Zahlen & Daten <b>  ")))
    assert spec(folder)["display_name"] == "Zahlen & Daten <b>"
    for wrong in ("", " ", "a\nb", "a\u202eb", "\0"):
        with pytest.raises(InvalidRequest) as caught:
            engine.update("demo", Update(display_name=wrong))
        assert caught.value.field == "display_name"


def test_the_kernel_follows_a_rename(engine: Engine, index: Index, folder: Path) -> None:
    old = make(engine, display="Mine")
    done(engine, engine.update("demo", Update(name="moved")))
    moved = engine.find("moved")
    assert [(k.name, k.display_name) for k in moved.kernels] == [("demo", "Mine")], "notebooks know it by its name"
    content = spec(folder)
    assert content["argv"][0] == f"{moved.prefix}/bin/python"
    assert content["env"]["VIRTUAL_ENV"] == moved.prefix
    assert content["metadata"]["jupyter_envs"]["id"] == moved.id
    assert old not in json.dumps(content)
    assert not os.path.exists(old)


def test_a_made_name_follows_a_rename(engine: Engine, index: Index, folder: Path) -> None:
    make(engine)
    done(engine, engine.update("demo", Update(name="moved")))
    assert spec(folder)["display_name"] == "Python (moved)"
    engine.unregister("moved")
    done(engine, engine.update("moved", Update(name="third")))
    done(engine, engine.register("third", Register()))
    assert shown(engine) == ["Python (third)"]
    # One that somebody wrote into the file himself is his.
    path = folder / engine.find("third").kernels[0].name / "kernel.json"
    path.write_text(path.read_text().replace("Python (third)", "By hand", 1))
    done(engine, engine.update("third", Update(name="fourth")))
    assert shown(engine) == ["By hand"]


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({"kernelspec.py": 'return {\n  "kernel_protocol_version": "5.5",\n}', "_version.py": "x = 1"}, "5.5"),
        ({"kernelspec.py": "x = 1", "_version.py": "kernel_protocol_version_info = (5, 3)\n"}, "5.3"),
        ({"_version.py": "kernel_protocol_version = '{}'\n"}, None),
        ({}, None),
    ],
)
def test_the_version_of_the_messages(
    engine: Engine, index: Index, folder: Path, files: dict[str, str], version: str | None
) -> None:
    offer(index, "ipykernel", "8.0", files={f"ipykernel/{name}": text for name, text in files.items()})
    make(engine)
    assert spec(folder).get("kernel_protocol_version") == version


def test_a_prefix_that_path_cannot_hold(engine: Engine, index: Index, tmp_path: Path) -> None:
    """What stands behind the colon would be a folder of PATH of its own."""
    (tmp_path / "a:b").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a:b")
    for prefix in (tmp_path / "x:y", tmp_path / "a:b" / "env", tmp_path / "link" / "env"):
        with pytest.raises(InvalidRequest) as caught:
            engine.create(Create(prefix=str(prefix), pip=False))
        assert caught.value.reason == "unusable_prefix"
        assert not prefix.exists()
    theirs = bare(engine, "theirs").prefix
    shutil.copytree(theirs, tmp_path / "a:b" / "theirs", symlinks=True)
    with pytest.raises(InvalidRequest) as caught:
        engine.register(str(tmp_path / "a:b" / "theirs"), Register(adopt=True))
    assert caught.value.reason == "unusable_prefix"


def test_a_copy_has_a_kernel_of_its_own(engine: Engine, index: Index, folder: Path) -> None:
    make(engine, display="Mine")
    done(engine, engine.clone("demo", Clone(name="copy")))
    assert sorted(os.listdir(folder)) == ["copy", "demo"]
    assert spec(folder, "copy")["argv"][0].startswith(engine.find("copy").prefix)
    assert spec(folder, "copy")["display_name"] == "Python (copy)"
    assert spec(folder)["display_name"] == "Mine"


def test_removed_with_its_environment(engine: Engine, index: Index, folder: Path) -> None:
    make(engine)
    theirs = foreign(folder, "other", "Other")
    done(engine, engine.remove("demo"))
    assert os.listdir(folder) == ["other"]
    assert (folder / "other" / "kernel.json").read_bytes() == theirs


def test_stale_specs_of_ours_are_pruned(engine: Engine, index: Index, folder: Path, home: Path) -> None:
    gone, here = make(engine, "gone"), make(engine, "here")
    foreign(folder, "theirs", "Theirs", argv=[f"{gone}/bin/python"])
    elsewhere = foreign(folder, "unmounted", "U", metadata={"jupyter_envs": {"prefix": str(home / "disk" / "env")}})
    linked = home / "linked"
    linked.mkdir()
    (linked / "kernel.json").write_text(json.dumps({"metadata": {"jupyter_envs": {"prefix": gone}}}))
    (folder / "link").symlink_to(linked)
    shutil.rmtree(gone)
    assert [each.name for each in kernels.gone()] == ["gone", "unmounted"]
    assert kernels.prune() == ["gone"]
    assert [each.name for each in kernels.gone()] == ["unmounted"]
    assert sorted(os.listdir(folder)) == ["here", "link", "theirs", "unmounted"]
    assert (linked / "kernel.json").exists()
    assert (folder / "unmounted" / "kernel.json").read_bytes() == elsewhere
    assert kernels.prune(unmounted=True) == ["unmounted"]
    assert os.path.exists(here)


def test_others_see_the_spec(engine: Engine, index: Index) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    prefix = make(engine)
    found = KernelSpecManager().get_kernel_spec("demo")
    assert found.argv[0] == f"{prefix}/bin/python"
    assert found.display_name == "Python (demo)"
