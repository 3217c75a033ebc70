"""Measurements against what a user would otherwise do; run ``python -m tests.bench``, nothing is asserted."""
