"""Compile what searches run, once, before several processes of tests would each compile it.

    python tools/compile_kernels.py

A minute where nothing is compiled yet, and a second where all is.
"""

from __future__ import annotations

from placelens.engine.indexes.kinds import KINDS

if __name__ == "__main__":
    for kind in KINDS.values():
        kind.warm()
