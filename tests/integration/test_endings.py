"""How processes end: 0 or the documented code, however loaded the machine, and never an abort.

A thread that is still in native code when the interpreter ends aborts the process (code 134), now
and then; so every command is started and ended many times, several at once: as often as
``PLACELENS_RUNS`` says (``make repeat``), and imports, which start the most threads, twice that.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.effort import RUNS
from tests.integration.machine import COMMANDS, Home

from placelens.folders import cache_folder

pytestmark = [pytest.mark.repeated, pytest.mark.slow]

# More than processors, so that threads are held up at any moment.
AT_ONCE = 2 * (os.cpu_count() or 1)
# Beside those in the table: ends that are not a success.
CODES = {
    "search c.pl --time someday": 1,
    "show c.pl no-such-item": 1,
    "index only-broken --to d.pl": 1,
    # Once, test_cli runs these.
    "stats no-such.pl": 1,
    "search": 2,
    "no-such-command": 2,
}
# A single run says little of how threads end, and test_privacy has one of every command, of which
# it asks the same: fewer runs than many are of the one that has the most threads, several at once.
MANY = [name for name in COMMANDS if name not in ("snapshot", "train")]
WITH_THREADS = ["index"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A machine with a collection, and a photo beside it that cannot be read."""
    home = Home(tmp_path_factory.mktemp("machine"))
    home.add_photos()
    for name in ("index", "snapshot", "index more", "quantize", "search and save"):
        assert home.run(*shlex.split(COMMANDS[name])).returncode == 0
    (home.work / "only-broken").mkdir()
    (home.work / "only-broken" / "a.jpg").write_bytes(b"not a picture")
    return home


def ends_of(home: Home, arguments: str, runs: int) -> set[tuple[int, str]]:
    """Codes, with what was said where it is not 0, of many runs at once, each on its own copy."""

    def run(number: int) -> tuple[int, str]:
        work = Path(shutil.copytree(home.work, home.root / f"run{number}"))
        try:
            ended = home.run(*shlex.split(arguments), cwd=work)
        finally:
            shutil.rmtree(work)
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, ended.stderr if ended.returncode else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return set(pool.map(run, range(runs)))


@pytest.mark.parametrize("name", MANY if RUNS > 1 else WITH_THREADS)
def test_commands_end_well(home: Home, name: str) -> None:
    runs = 2 * RUNS if name.startswith("index") else RUNS
    assert ends_of(home, COMMANDS[name], runs) == {(0, "")}


@pytest.mark.parametrize("arguments", CODES if RUNS > 1 else [*CODES][:3])
def test_errors_end_with_their_code(home: Home, arguments: str) -> None:
    assert {code for code, _ in ends_of(home, arguments, RUNS)} == {CODES[arguments]}


def test_an_import_by_processes_ends_well(home: Home) -> None:
    assert ends_of(home, "index photos --to e.pl --workers 2", RUNS) == {(0, "")}


@pytest.mark.parametrize(("ended_by", "code"), [("SIGINT", 0), ("SIGTERM", -signal.SIGTERM)])
def test_a_server_ends_at_once_while_it_is_getting_ready(
    home: Home, ended_by: str, code: int
) -> None:
    for _ in range(RUNS):
        with subprocess.Popen(
            home.command("serve", "c.pl", "--port", "0", mode="serving"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=home.env,
            cwd=home.work,
        ) as process:
            assert process.stdout is not None
            assert re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            process.send_signal(getattr(signal, ended_by))
            _, said = process.communicate(timeout=600)
        assert process.returncode == code, said
        assert "Traceback" not in said


def test_a_script_of_ones_own_ends_well(home: Home) -> None:
    """Threads of a build, of a search and of a session: all are awaited."""
    # Kernels take half a minute to compile, so those that other tests use are taken.
    home.env["PLACELENS_CACHE"] = str(cache_folder())
    script = (
        "import numpy as np, placelens as pl\n"
        "from placelens.engine.indexes.kinds import KINDS\n"
        "from placelens.index.gmr_kind import GMRTreeKind\n"
        "from placelens.index.kind import Thresholds\n"
        "KINDS['gmrtree'] = GMRTreeKind(Thresholds(grow_from=300, most_loose=100))\n"
        "towns = pl.Collection.create('v.pl', dim=16)\n"
        "rng = np.random.default_rng(0)\n"
        "for n in range(4):\n"
        "    ids = [f'{n}-{i}' for i in range(200)]\n"
        "    towns.add_vectors(ids, rng.normal(size=(200, 16)), lat=[1.0] * 200, lon=[2.0] * 200)\n"
        "    towns.search(vector=np.ones(16), near='1,2')\n"
        "pl.Collection.open('c.pl').search('a red square')\n"
    )
    for runs in dict.fromkeys((1, RUNS)):  # the first compiles what is not there yet
        assert ends_of(home, shlex.join(["-c", script]), runs) == {(0, "")}


def test_the_manual_names_the_codes(repo: Path) -> None:
    manual = (repo / "docs" / "cli.md").read_text(encoding="utf-8")
    for code in {0, 130, 141, 143, *CODES.values()}:
        assert f"| {code} |" in manual
    assert sys.platform == "win32" or 128 + signal.SIGTERM == 143
