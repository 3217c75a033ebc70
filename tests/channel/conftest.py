from __future__ import annotations

from tests.channel.fixture import channel, channel_server

__all__ = ["channel", "channel_server"]
