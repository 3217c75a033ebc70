"""Stands in for the command line: plays the steps of ``steps.json`` beside it, and notes how it was called."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

HERE = Path(__file__).parent


def main() -> int:
    called = {"argv": sys.argv[1:], "environ": dict(os.environ), "cwd": os.getcwd(), "stdin": sys.stdin.read()}
    (HERE / "called.json").write_text(json.dumps(called), encoding="utf-8")
    code = 0
    for step in json.loads((HERE / "steps.json").read_text(encoding="utf-8")):
        ((kind, value),) = step.items()
        if kind == "say":
            print(json.dumps(value), flush=True)
        elif kind == "raw":
            print(value, flush=True)
        elif kind == "err":
            print(value, file=sys.stderr, flush=True)
        elif kind == "sleep":
            time.sleep(value)
        elif kind == "run":
            subprocess.run(value, check=True, capture_output=True)
        elif kind == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print(json.dumps({"job": {"progress": {"phase": "not listening"}}}), flush=True)
            time.sleep(value)
        elif kind == "cancel":
            until_signal(value)
            code = 130
        elif kind == "exit":
            code = value
    return code


def until_signal(job: dict[str, object]) -> None:
    """Wait for a signal to end, as a job does that is then undone."""
    signals: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    signal.signal(signal.SIGTERM, note)
    signal.signal(signal.SIGINT, note)
    print(json.dumps({"job": job}), flush=True)
    while not signals:
        time.sleep(0.01)
    time.sleep(0.3)
    (HERE / "signals.json").write_text(json.dumps(signals), encoding="utf-8")
    print(json.dumps({"done": {**job, "state": "cancelled"}}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
