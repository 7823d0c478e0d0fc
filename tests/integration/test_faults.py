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


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_histories_with_faults_lose_nothing():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.histories", str(10 * RUNS), "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    ended = {kind: counts.get(f"{kind}: ended well") for kind in ("fail", "short", "full")}
    assert ended == dict.fromkeys(ended, 2 * RUNS)
    # All four of the first ten are; some changes write nothing.
    assert counts["kill: struck"] + counts["power: struck"] >= 3 * RUNS


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_a_migration_with_a_fault_leaves_one_format_or_the_other():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.histories", "10", "0", "--migrations"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert (counts["kill: struck"], counts["power: struck"]) == (2, 2)


@pytest.mark.skipif(not is_available(), reason="faults need Linux and a C compiler")
def test_vectors_made_anew_with_a_fault_are_the_old_ones_or_the_new_ones():
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.reencodings", str(8 * RUNS), "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    ended = {kind: counts.get(f"{kind}: ended well") for kind in ("fail", "full", "kill", "power")}
    assert ended == dict.fromkeys(ended, 2 * RUNS)
    assert (counts["kill: struck"], counts["power: struck"]) == (2 * RUNS, 2 * RUNS)


def test_damaged_files_give_no_wrong_answer_and_no_crash():
    results = flips.run(20 * RUNS, seed=20)
    bad = [result for result in results if str(result["outcome"]).isupper()]
    assert not bad, bad
    assert {"right", "repaired"} <= {result["outcome"] for result in results}
