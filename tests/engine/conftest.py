from __future__ import annotations

from tests.engine.world import engine, engines, home, index, pythons

__all__ = ["engine", "engines", "home", "index", "pythons"]
