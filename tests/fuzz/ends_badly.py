"""Targets for the test of the processes: what they try crashes, hangs, or escapes."""

from __future__ import annotations

import os
import random
import signal
import time

from tests.fuzz.targets import generator


def hangs(rng: random.Random) -> bool:
    """Never ends."""
    while True:
        time.sleep(1)


def goes_wrong(rng: random.Random) -> bool:
    """Of the first twenty, 3, 7 and 15 end badly, each in its own way."""
    number = _ORDER[rng.getstate()]
    if number == 3:
        raise ValueError("escaped")
    if number == 7:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 15:
        os._exit(3)
    return True


HERE = "tests.fuzz.ends_badly"
_ORDER = {generator(f"{HERE}:goes_wrong", 0, number).getstate(): number for number in range(20)}
