"""A kernel to talk to, and an environment whose command line plays a part."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from jupyter_envs.magic import kernel as magic

FAKE = Path(__file__).with_name("fake_cli.py")


@dataclass
class Outcome:
    """What a frontend shows for a cell: outputs in order, an updated one at its first place."""

    status: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    updates: int = 0
    payload: list[dict[str, Any]] = field(default_factory=list)
    error: list[str] = field(default_factory=list)
    ename: str = ""

    @property
    def text(self) -> str:
        return "\n".join(out.get("text") or out.get("data", {}).get("text/plain", "") for out in self.outputs)

    @property
    def html(self) -> str:
        return "\n".join(out.get("data", {}).get("text/html", "") for out in self.outputs)


class Session:
    """A running kernel, used as a notebook uses it."""

    def __init__(self, argv: list[str], cwd: Path, env: dict[str, str] | None = None) -> None:
        self.manager = KernelManager()
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="test", language="python")
        self.log = cwd / "kernel.log"
        with self.log.open("w") as log:
            self.manager.start_kernel(cwd=str(cwd), env={**os.environ, **(env or {})}, stdout=log, stderr=log)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def run(self, code: str, interrupt_on: str | None = None, again_on: str | None = None) -> Outcome:
        """Run `code` to its end; interrupt the kernel once an output holds `interrupt_on`, then `again_on`."""
        interrupts = [text for text in (interrupt_on, again_on) if text]
        outcome, places = Outcome(), dict[str, dict[str, Any]]()

        def listen(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream" and outcome.outputs and outcome.outputs[-1].get("name") == content["name"]:
                outcome.outputs[-1]["text"] += content["text"]
            elif kind in ("stream", "display_data", "execute_result"):
                outcome.outputs.append(content)
                if shown_as := content.get("transient", {}).get("display_id"):
                    places[shown_as] = content
            elif kind == "update_display_data":
                outcome.updates += 1
                places[content["transient"]["display_id"]]["data"] = content["data"]
            elif kind == "error":
                outcome.error, outcome.ename = content["traceback"], content["ename"]
            if interrupts and interrupts[0] in outcome.text:
                interrupts.pop(0)
                self.manager.interrupt_kernel()

        reply = self.client.execute_interactive(
            code, output_hook=listen, allow_stdin=False, timeout=120, stop_on_error=False
        )
        outcome.status = reply["content"]["status"]
        outcome.payload = reply["content"].get("payload", [])
        return outcome

    def value(self, expression: str) -> Any:
        """The JSON value of `expression`, leaving no name behind."""
        reply = self.client.execute(
            "", silent=True, user_expressions={"it": f"__import__('json').dumps({expression})"}, reply=True, timeout=120
        )
        text = reply["content"]["user_expressions"]["it"]["data"]["text/plain"]
        return json.loads(ast.literal_eval(text))

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()


@dataclass
class Fake:
    """An environment whose recorded command line plays given steps."""

    prefix: Path

    @property
    def home(self) -> Path:
        return self.prefix / ".jupyter-envs"

    def plays(self, *steps: dict[str, Any]) -> None:
        (self.home / "steps.json").write_text(json.dumps(steps), encoding="utf-8")
        for name in ("called.json", "signals.json"):
            (self.home / name).unlink(missing_ok=True)

    def record(self, python: str = sys.executable, main: str | None = None) -> None:
        owner = {"python": python, "main": main or str(self.home / FAKE.name), "version": "1"}
        (self.home / "owner.json").write_text(json.dumps(owner), encoding="utf-8")

    @property
    def called(self) -> dict[str, Any] | None:
        path = self.home / "called.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    @property
    def signals(self) -> list[int]:
        return json.loads((self.home / "signals.json").read_text(encoding="utf-8"))


def fake_environment(folder: Path) -> Fake:
    fake = Fake(folder / "env")
    fake.home.mkdir(parents=True)
    shutil.copy(magic.__file__, fake.home / "magic.py")
    shutil.copy(FAKE, fake.home)
    fake.record()
    return fake


def argv(magic_file: Path | None) -> list[str]:
    """As the kernelspec of a registered environment has it."""
    start = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return start + ([f"--IPKernelApp.exec_files={magic_file}"] if magic_file else [])
