from __future__ import annotations

from tests.channel.fixture import channel, channel_server
from tests.engine.world import engine, engines, home, index, pythons

__all__ = ["channel", "channel_server", "engine", "engines", "home", "index", "pythons"]
