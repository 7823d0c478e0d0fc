"""Vectors made anew with a fault at one write of it: the old ones, or the new ones, and then new.

    python -m tests.faults.reencodings [N] [SEED] [--kind fail|full|kill|power]

Each run is on a copy of one collection of photos and texts, with a snapshot; the faults are those
of `tests.faults.histories`, at writes spread evenly over all that there are. After it a fresh
process compares every row with what was there before, or with what a run without a fault made, to
the bit; checks all files; makes all anew once more, which must end with the latter; and restores
the snapshot.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import pickle
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from tests.faults.histories import _copy, _in_child, sorted_of
from tests.faults.injector import Injector, environment, is_available, lose_power

import placelens as pl
from placelens.ingest import reencode
from placelens.testing.fakes import HashEncoder

FAULTS = ("fail", "full", "kill", "power")
COLOURS = ("red", "green", "blue", "grey", "pink")
Rows = dict[str, Any]


def old() -> HashEncoder:
    """The encoder that the vectors come from."""
    return HashEncoder(16)


def new() -> HashEncoder:
    """The one that they are to come from."""
    return HashEncoder(24, hub_texts=("a red house", "the sea"), version=2)


def begin(folder: Path) -> Path:
    """A collection of photos in two files of the table, one of which is gone by now."""
    pictures = folder / "pictures"
    pictures.mkdir()
    made = pl.Collection.create(folder / "c.pl", encoder=old())
    for colour in COLOURS:
        Image.new("RGB", (40, 40), colour).save(pictures / f"{colour}.png")
        if colour == "green":
            made.add(pl.read_photos(pictures), workers=0)
            made.snapshot("before")
    made.add(pl.read_photos(pictures), workers=0)
    made.update(next(iter(made)), text="a red square")
    (pictures / "pink.png").unlink()
    return Path(made.path)


def again(folder: Path) -> pl.Collection:
    """Make all anew, a few items at a time."""
    reencode.STAGED_ROWS = 2
    photos = pl.Collection.open(folder)
    photos.reencode(new(), workers=0)
    return photos


def rows_of(photos: pl.Collection) -> Rows:
    """All that is stored, by id."""
    return {row["id"]: row for row in photos._table.dataset.to_table().to_pylist()}


def struck(folder: Path, fault: str, nth: int, work: Path) -> None:
    """Make all anew with a fault; may be killed."""
    injector = Injector()
    if fault in {"kill", "power"}:
        _copy(folder, work / "before")
        journal = os.open(work / "journal", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        injector.arm(folder, "kill", nth, journal=journal)
        again(folder)
        injector.disarm()
        return
    mode, error = {"fail": ("fail", errno.EIO), "full": ("fail_all", errno.ENOSPC)}[fault]
    injector.arm(folder, mode, nth, error=error)
    try:
        again(folder)
    except pl.PlacelensError:
        pass
    finally:
        injector.disarm()


def prepare(work: Path) -> None:
    """The collection, what it holds before and after, and how many writes are between."""
    start = begin(work)
    before = rows_of(pl.Collection.open(start))
    trial = Path(shutil.copytree(start, work / "trial.pl"))
    injector = Injector()
    injector.arm(trial, "count")
    after = rows_of(again(trial))
    n_operations = injector.disarm()
    (work / "states").write_bytes(pickle.dumps((before, after, n_operations)))


def aftermath(folder: Path, work: Path) -> None:
    """Compare what a fault has left; go on from there, to the end."""
    before, after, _ = pickle.loads((work / "states").read_bytes())
    photos = pl.Collection.open(folder)
    found = rows_of(photos)
    is_new = photos.fingerprint == new().fingerprint
    if found != (after if is_new else before):
        raise ValueError(f"LOST or WRONG, of {photos.fingerprint}: {sorted(found)}")
    if [hit.id for hit in photos.search(like=next(iter(found)))] == []:
        raise ValueError("nothing is found")
    _check(folder)
    photos = again(folder)
    if rows_of(photos) != after:
        raise ValueError("another run made something else")
    if photos.reencode(new(), workers=0).n_images or list(photos.snapshots()) != ["before"]:
        raise ValueError("something was left to do")
    _check(folder)
    photos.restore("before")
    if photos.fingerprint != old().fingerprint or len(photos) != 2:
        raise ValueError("the snapshot is not what it was")
    _check(folder)


def _check(folder: Path) -> None:
    health = pl.Collection.check(folder)
    if not health.is_sound:
        raise ValueError(f"UNSOUND: {[damage.what for damage in health.damage]}")


def run(n: int, seed: int, kinds: tuple[str, ...]) -> tuple[Counter[str], list[str]]:
    """Make all anew n times with a fault; counts of how they went, and what went wrong."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        code, said = _in_child(lambda: prepare(work), work)  # Lance is lost after a fork
        if code:
            return counts, [said]
        *_, n_operations = pickle.loads((work / "states").read_bytes())
        for number in range(n):
            fault, folder = kinds[number % len(kinds)], work / f"{number}.pl"
            nth = 1 + (number * n_operations // n + seed) % n_operations
            shutil.copytree(work / "c.pl", folder)

            def first(folder: Path = folder, fault: str = fault, nth: int = nth) -> None:
                struck(folder, fault, nth, work)

            def then(folder: Path = folder, fault: str = fault, number: int = number) -> None:
                if fault == "power" and (work / "journal").stat().st_size:
                    rng = random.Random(f"{seed} {number}")
                    lose_power(folder, work / "before", work / "journal", rng)
                aftermath(folder, work)

            steps: tuple[Callable[[], None], ...] = (first, then)
            code, said = _in_child(steps[0], work)
            counts[f"{fault}: struck"] += code == -9
            if code in (0, -9):
                code, said = _in_child(steps[1], work)
            counts[f"{fault}: ended {'well' if code == 0 else 'BADLY'}"] += 1
            if code:
                wrong.append(f"{fault} {number} at {nth} of {n_operations}: exit {code} {said}")
            shutil.rmtree(folder)
    return counts, wrong


def main(arguments: list[str]) -> int:
    """Run; print counts, and what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("n", nargs="?", type=int, default=200)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--kind", choices=FAULTS, action="append")
    given = parser.parse_args(arguments)
    if not is_available():
        sys.stdout.write("faults need Linux and a C compiler (cc)\n")
        return 2
    if "LD_PRELOAD" not in os.environ:
        command = [sys.executable, "-m", "tests.faults.reencodings", *arguments]
        os.execve(sys.executable, command, environment())
    counts, wrong = run(given.n, given.seed, tuple(given.kind or FAULTS))
    for each in wrong[:20]:
        sys.stdout.write(each + "\n")
    sys.stdout.write(json.dumps({"n": given.n, "seed": given.seed, **sorted_of(counts)}) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
