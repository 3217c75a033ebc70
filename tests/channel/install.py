"""Installs with rattler, in a process of its own: `python -m tests.channel.install PREFIX PKGS CHANNEL SPEC…`."""

from __future__ import annotations

import asyncio
import os
import sys


async def main(prefix: str, pkgs: str, channel: str, *specs: str) -> None:
    from rattler import Gateway, VirtualPackage, install, solve

    gateway = Gateway(cache_dir=f"{prefix}.index")
    detected = [virtual.into_generic() for virtual in VirtualPackage.detect()]
    records = await solve([channel], list(specs), gateway=gateway, virtual_packages=detected)
    await install(records, prefix, cache_dir=pkgs, show_progress=False)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    # Its threads may outlive the interpreter's end, which then aborts.
    sys.stdout.flush()
    os._exit(0)
