"""Short versions of ``make faults``: failing writes, kills, losses of power, and damaged files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.effort import RUNS
from tests.faults import flips
from tests.faults.injector import is_available

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.repeated
# How many times each kind of fault strikes: of a few, each sort of step is in `make repeat` only.
EACH = 1 if RUNS == 1 else 2 * RUNS


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_histories_with_faults_lose_nothing():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.histories", str(5 * EACH), "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    ended = {kind: counts.get(f"{kind}: ended well") for kind in ("fail", "short", "full")}
    assert ended == dict.fromkeys(ended, EACH)
    # Both of the first five are; some changes write nothing.
    assert counts["kill: struck"] + counts["power: struck"] >= 1.5 * EACH


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_a_migration_with_a_fault_leaves_one_format_or_the_other():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.histories", str(5 * EACH), "0", "--migrations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert (counts["kill: struck"], counts["power: struck"]) == (EACH, EACH)


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_vectors_made_anew_with_a_fault_are_the_old_ones_or_the_new_ones():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.reencodings", str(4 * EACH), "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    ended = {kind: counts.get(f"{kind}: ended well") for kind in ("fail", "full", "kill", "power")}
    assert ended == dict.fromkeys(ended, EACH)
    assert (counts["kill: struck"], counts["power: struck"]) == (EACH, EACH)


def test_damaged_files_give_no_wrong_answer_and_no_crash():
    results = flips.run(20 * RUNS, seed=20)
    bad = [result for result in results if str(result["outcome"]).isupper()]
    assert not bad, bad
    assert {"right", "repaired"} <= {result["outcome"] for result in results}
