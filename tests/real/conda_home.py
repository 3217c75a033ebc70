"""A home whose conda settings name the tests' channel and a shared package cache, with no conda installed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.channel.fixture import Channel


def settle_conda(monkeypatch: pytest.MonkeyPatch, home: Path, channel: Channel, **more: Any) -> Path:
    """Write ``.condarc`` into the folder `home`, which HOME names already; return the folder of named environments.

    `more` are further settings, such as ``channels``.
    """
    for name in list(os.environ):
        if name.startswith(("CONDA", "MAMBA", "RATTLER", "_CONDA", "_CE_")):
            monkeypatch.delenv(name)
    # What lies in the usual places of this machine is nobody's business here.
    monkeypatch.setattr("jupyter_envs.system.conda_places.tops", list)
    monkeypatch.setattr("jupyter_envs.system.conda_clients.tops", list)
    envs = home / "conda" / "envs"
    said = {"channels": [channel.url], "pkgs_dirs": [str(channel.pkgs)], "envs_dirs": [str(envs)], **more}
    (home / ".condarc").write_text(yaml.safe_dump(said))
    return envs
