"""A stand-in for a conda client: it notes how it was called, changes a few records, and prints what conda prints.

The outputs are those of conda 26.8 with ``--json``, shortened.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> int:
    argv = sys.argv[1:]
    here = Path(__file__).parent
    specs = [Path(argv[argv.index("--file") + 1]).read_text()] if "--file" in argv else []
    with open(here / "calls.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"argv": argv, "specs": specs, "json": os.environ.get("CONDA_JSON")}) + "\n")
    answer = here / "answer.json"
    if answer.exists():
        print(answer.read_text())
        return 1
    prefix = Path(argv[argv.index("--prefix") + 1])
    linked = {"name": "six", "version": "1.17.0", "build_string": "0", "channel": "conda-forge", "platform": "noarch"}
    print('{"fetch":"six-1.17.0 | 12 KB","finished":false,"maxval":1,"progress":0.5}\0')
    print('{"fetch":"six-1.17.0 | 12 KB","finished":true,"maxval":1,"progress":1}\0')
    if "--dry-run" not in argv:
        meta = prefix / "conda-meta"
        meta.mkdir(parents=True, exist_ok=True)
        if argv[0] == "remove":
            for name in argv[argv.index("--") + 1 :]:
                for record in meta.glob(f"{name}-*.json"):
                    record.unlink()
        else:
            (meta / "six-1.17.0-0.json").write_text(json.dumps({**linked, "build": "0", "subdir": "noarch"}))
    actions = {"FETCH": [{**linked, "size": 12433}], "LINK": [linked], "PREFIX": str(prefix)}
    actions = {"UNLINK": [linked]} if argv[0] == "remove" else actions
    print(json.dumps({"success": True, "dry_run": "--dry-run" in argv, "actions": actions}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
