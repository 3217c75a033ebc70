"""The parsers' tests try many inputs; how long one takes on a busy machine says nothing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
