"""Run a notebook's code cells in a kernel, as `jupyter_client` starts any kernel."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

from msgspec import Struct

from jupyter_envs.model.errors import Failed
from jupyter_envs.system.reading import DOCUMENT, read_json

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.ipynb")
START_SECONDS = 60
CELL_SECONDS = 120


class Cell(Struct, frozen=True, kw_only=True):
    """A code cell that ran: its source, what it printed or returned, as text, whether it raised."""

    source: str
    output: str
    failed: bool


def run(kernel_name: str, path: str, tell: Callable[[Cell], None]) -> list[Cell]:
    """Run the code cells of the notebook at `path` in a new kernel, up to the first that raises.

    `tell` is called after each cell. The kernel is ended in every case.

    Raises:
        Failed: the kernel does not start or does not answer in time.
    """
    sources = _sources(path)
    cells: list[Cell] = []
    with _kernel(kernel_name) as client:
        for source in sources:
            cell = _execute(client, source)
            cells.append(cell)
            tell(cell)
            if cell.failed:
                break
    return cells


def _sources(path: str) -> list[str]:
    book = read_json(path, DOCUMENT)
    return ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]


@contextmanager
def _kernel(name: str) -> Iterator[BlockingKernelClient]:
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name=name)
    # What the kernel says on its own is of use only when it does not start.
    with _terminable(), TemporaryFile() as said:
        try:
            try:
                with _held():
                    manager.start_kernel(stdout=said, stderr=said)
                client: Any = manager.client()
                client.start_channels()
                client.wait_for_ready(timeout=START_SECONDS)
            except (OSError, RuntimeError, KeyError) as error:
                raise Failed(
                    f"The kernel {name} does not start: {error}",
                    hint="`jupyter envs repair` may mend it.",
                    detail=_text(said),
                ) from None
            try:
                yield client
            finally:
                client.stop_channels()
        finally:
            with _held():
                if manager.has_kernel:
                    manager.shutdown_kernel(now=True)
                manager.cleanup_resources()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM an interrupt, so that the kernel is ended then too."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _held() -> Iterator[None]:
    """Hold an interrupt back until the block has run: in between, jupyter_client loses the kernel that it started."""
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _execute(client: BlockingKernelClient, source: str) -> Cell:
    parts: list[str] = []
    failed = False

    def hook(message: dict[str, Any]) -> None:
        nonlocal failed
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "stream":
            parts.append(content["text"])
        elif kind in ("execute_result", "display_data"):
            parts.append(content["data"].get("text/plain", "") + "\n")
        elif kind == "error":
            failed = True
            parts.append("\n".join(content["traceback"]) + "\n")

    try:
        client.execute_interactive(source, allow_stdin=False, timeout=CELL_SECONDS, output_hook=hook)
    except TimeoutError:
        raise Failed(
            f"A cell took longer than {CELL_SECONDS} seconds.", hint="Try again on a quieter machine."
        ) from None
    return Cell(source=source, output="".join(parts), failed=failed)
