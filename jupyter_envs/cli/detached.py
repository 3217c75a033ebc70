"""What goes on after the command line has answered."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from jupyter_envs.engine import own_files
from jupyter_envs.system.paths import MAIN
from jupyter_envs.system.process import clean_environment

if TYPE_CHECKING:
    from jupyter_envs.engine.settings import Settings

# Nobody waits for them: without a reference each would be warned of.
_started: list[subprocess.Popen[bytes]] = []


def separate(settings: Settings) -> None:
    """`OUR-PYTHON MAIN own-files --gently`: part the files that environments share after the jobs of this process.

    In a session of its own, with nothing of ours open, so that neither a terminal nor a pipe waits for its end.
    """
    if not own_files.left(settings.state):
        return
    argv = [sys.executable, MAIN, "own-files", "--gently", "--settings", settings.options()]
    nothing = subprocess.DEVNULL
    try:
        _started.append(
            subprocess.Popen(
                argv,
                stdin=nothing,
                stdout=nothing,
                stderr=nothing,
                env=clean_environment(),
                cwd=os.path.abspath(os.sep),
                start_new_session=True,
            )
        )
    except OSError:
        pass  # the next job, or server, does it
