"""10,000 made-up requests to a real server: how many of its answers are not as its OpenAPI document says."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.server import contract

CASES = 10_000


def measure(rounds: int) -> None:
    """Print what came of CASES requests or more; `rounds` is of no use here."""
    del rounds
    total = failures = 0
    begun = time.monotonic()
    seed = 1
    with tempfile.TemporaryDirectory() as name, contract.server(top := Path(name)) as url:
        while total < CASES:
            found = contract.check(url, top, examples=60, seed=seed)
            total, failures, seed = total + found.cases, failures + found.failures, seed + 1
            if found.failures:
                print(found.text)
    print(f"contract: {total} requests in {time.monotonic() - begun:.0f} s, {failures} failures")
