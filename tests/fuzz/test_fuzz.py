"""A few of the inputs that ``make fuzz`` breaks, and that it sees what goes wrong."""

import math
from pathlib import Path

import pytest
from tests.fuzz import pictures
from tests.fuzz.ends_badly import HERE
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


def test_a_crash_is_known_by_its_number_and_the_others_are_tried():
    tried = try_in_processes(f"{HERE}:goes_wrong", 0, 20, n_processes=1, hang_s=math.inf)
    ends = dict(failure.rpartition("number ")[2].split(": ", 1) for failure in tried.failures)
    assert ends.keys() == {"3", "7", "15"}
    assert ends["3"].endswith("ValueError: escaped\n")
    assert (ends["7"], ends["15"]) == ("SIGSEGV", "exit 3")
    assert tried.n == 20


def test_a_hang_is_ended_and_known_by_its_number():
    name = f"{HERE}:hangs"
    tried = try_in_processes(name, 0, 1, n_processes=1, hang_s=0.2)
    assert tried.failures == [f"{name}, seed 0, number 0: it hung"]


@pytest.mark.parametrize(("name", "data"), pictures.corpus(), ids=lambda value: str(value)[:10])
def test_the_pictures_that_are_broken_were_whole(name: str, data: bytes) -> None:
    if Path(name).suffix not in (".dng", ".nef", ".orf", ".cr2", ".raf"):
        assert pictures.check(name, data)
