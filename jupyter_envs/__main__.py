"""The command line as ``python -m jupyter_envs``, or by this file's path, which is how a kernel's magic calls it."""

import os
import sys

if not __package__:
    # Run by path, Python puts this folder first, where model, server and so on would hide other packages.
    # Its parent takes that place only where it is not on the path yet: site-packages must not come
    # before the standard library.
    _here = os.path.dirname(os.path.abspath(__file__))
    _parent = os.path.dirname(_here)
    sys.path[:] = [p for p in sys.path if not p or os.path.realpath(p) != os.path.realpath(_here)]
    if os.path.realpath(_parent) not in {os.path.realpath(p) for p in sys.path if p}:
        sys.path.insert(0, _parent)

from jupyter_envs.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
