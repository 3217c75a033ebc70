"""``python -m tests.bench [NAME …]``: print the figures of each, in one run."""

from __future__ import annotations

import argparse
import importlib

NAMES = (
    "create",
    "imports",
    "many",
    "listing",
    "loop",
    "start",
    "conda",
    "magic",
    "panel",
    "page",
    "lab",
    "card",
    "history",
    "idle",
    "kill",
    "contract",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which; all by default")
    parser.add_argument("--rounds", type=int, default=5, help="how often each thing is done (default 5)")
    given = parser.parse_args()
    for name in given.names or NAMES:
        importlib.import_module(f"tests.bench.{name}").measure(given.rounds)


if __name__ == "__main__":
    main()
