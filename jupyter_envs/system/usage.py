"""How much of the disk folders take, files that several of them share by hard links told apart."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

Path = str | os.PathLike[str]


class Usage(NamedTuple):
    """Bytes on disk, by allocated blocks, a hard-linked file once; `exclusive` is what comes free on deletion."""

    size: int
    exclusive: int


def usage(
    groups: Mapping[str, Iterable[Path]], check: Callable[[str], None] | None = None
) -> tuple[dict[str, Usage], int]:
    """The usage of each group of folders, and the bytes that all of them take together.

    No link is followed; a folder that is one of another group is left to that.
    `check` is called with the group's name for each folder that is read; it may raise.
    """
    placed = {name: [os.fspath(path) for path in paths] for name, paths in groups.items()}
    everywhere = {path for paths in placed.values() for path in paths}
    seen: set[tuple[int, int]] = set()
    found: dict[str, Usage] = {}
    total = 0
    for name, paths in placed.items():
        size = exclusive = 0
        # Of each file with several links: how many of them lie here, how many there are, its bytes.
        linked: dict[tuple[int, int], list[int]] = {}
        stack = list(paths)
        while stack:
            folder = stack.pop()
            if check:
                check(name)
            for info, path in _entries(folder):
                bytes_ = _allocated(info)
                if stat.S_ISDIR(info.st_mode):
                    if path in everywhere:
                        continue
                    stack.append(path)
                elif info.st_nlink > 1:
                    key = (info.st_dev, info.st_ino)
                    if key in linked:
                        linked[key][0] += 1
                    else:
                        linked[key] = [1, info.st_nlink, bytes_]
                        size += bytes_
                    continue
                size += bytes_
                exclusive += bytes_
        within = sum(bytes_ for here, links, bytes_ in linked.values() if here == links)
        across = {key: bytes_ for key, (here, links, bytes_) in linked.items() if here < links}
        exclusive += within
        total += exclusive + sum(bytes_ for key, bytes_ in across.items() if key not in seen)
        seen.update(across)
        found[name] = Usage(size, exclusive)
    return found, total


def reclaimable(*folders: Path, check: Callable[[str], None] | None = None) -> int:
    """The bytes that come free when `folders` are deleted; a file that has a link elsewhere stays."""
    return usage({"": folders}, check)[0][""].exclusive


def _entries(folder: str) -> Iterable[tuple[os.stat_result, str]]:
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                try:
                    yield entry.stat(follow_symlinks=False), entry.path
                except OSError:
                    continue
    except OSError:
        return


def _allocated(info: os.stat_result) -> int:
    # Windows has no st_blocks.
    return int(getattr(info, "st_blocks", -(-info.st_size // 512))) * 512
