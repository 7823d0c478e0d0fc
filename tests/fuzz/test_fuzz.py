"""A few of the inputs that ``make fuzz`` breaks, and that it sees what goes wrong."""

import math
import os
import random
import signal
import time
from pathlib import Path

import pytest
from tests.fuzz import pictures
from tests.fuzz.running import try_in_processes, try_numbers
from tests.fuzz.targets import TARGETS

N = 6_000


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_but_readings_and_reasons(name):
    n = max(60, round(N * TARGETS[name][1]))
    tried = try_numbers(name, seed=20, first=0, last=n)
    assert not tried.failures
    # Some are read still, or else the mutations would be too coarse to show much.
    assert tried.read > 0


def test_shares_are_of_one_million():
    assert math.isclose(sum(share for _, share in TARGETS.values()), 1)


def goes_wrong(rng: random.Random) -> bool:
    """Four of twenty end badly, each in its own way."""
    number = ORDER[rng.getstate()]
    if number == 3:
        raise ValueError("escaped")
    if number == 7:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 11:
        time.sleep(3_600)
    if number == 15:
        os._exit(3)
    return True


HERE = "tests.fuzz.test_fuzz:goes_wrong"
ORDER = {random.Random(f"{HERE}/0/{number}").getstate(): number for number in range(20)}


def test_a_crash_and_a_hang_are_known_by_their_numbers():
    tried = try_in_processes(HERE, 0, 20, n_processes=1, hang_s=5, chunk=8)
    ends = dict(failure.rpartition("number ")[2].split(": ", 1) for failure in tried.failures)
    assert ends.keys() == {"3", "7", "11", "15"}
    assert ends["3"].endswith("ValueError: escaped\n")
    assert (ends["7"], ends["11"], ends["15"]) == ("SIGSEGV", "it hung", "exit 3")
    assert tried.n == 20


@pytest.mark.parametrize(("name", "data"), pictures.corpus(), ids=lambda value: str(value)[:10])
def test_the_pictures_that_are_broken_were_whole(name: str, data: bytes) -> None:
    if Path(name).suffix not in (".dng", ".nef", ".orf", ".cr2", ".raf"):
        assert pictures.check(name, data)
