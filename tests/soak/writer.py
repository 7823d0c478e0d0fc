"""The process that writes: adds, moves, deletes, merges files, takes and drops snapshots.

python -m tests.soak.writer PATH TIMES N_KEPT N_PASSING SECONDS
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
from tests.soak.model import COMES, GOES, HAS_MOVED, IS_GONE, IS_THERE, MOVES, Items, Plan, times_at

import placelens as pl

BATCH, MOST_THERE = 50, 1_000
KEPT_VERSIONS = timedelta(seconds=20)
SNAPSHOT_EVERY, COMPACT_EVERY, MOST_SNAPSHOTS = 15, 25, 3


def add(collection: pl.Collection, items: Items, rows: np.ndarray) -> None:
    """Add items in their first place."""
    lat, lon = items.places[0][rows].T
    collection.add_vectors(
        [str(row) for row in rows], items.vectors[rows], lat=lat, lon=lon,
        text=["first"] * len(rows), attributes=[{"half": int(items.half[row])} for row in rows],
    )  # fmt: skip


def write(path: Path, plan: Plan, times: np.ndarray, seconds: float) -> Counter[str]:
    """Write until the time is over, or all items have come; how often what was done."""
    items, collection = Items(plan), pl.Collection.open(path)
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    for start in range(0, plan.n_passing, BATCH):
        new = np.arange(start, min(start + BATCH, plan.n_passing))
        times[new, COMES] = time.monotonic()
        add(collection, items, new + plan.n_kept)
        times[new, IS_THERE] = time.monotonic()
        done["added"] += len(new)
        for number in new[::10]:
            lat, lon = items.places[1][plan.n_kept + number]
            times[number, MOVES] = time.monotonic()
            place = pl.Place(lat=float(lat), lon=float(lon))
            collection.update(str(plan.n_kept + number), place=place, text="moved")
            times[number, HAS_MOVED] = time.monotonic()
            done["moved"] += 1
        old = new - MOST_THERE
        if old[0] >= 0:
            times[old, GOES] = time.monotonic()
            done["deleted"] += collection.delete([str(plan.n_kept + number) for number in old])
            times[old, IS_GONE] = time.monotonic()
        turn = start // BATCH + 1
        if turn % SNAPSHOT_EVERY == 0:
            _snapshot(collection, turn)
            done["snapshots"] += 1
        if turn % COMPACT_EVERY == 0:
            collection.compact(keep=KEPT_VERSIONS)
            done["compacted"] += 1
        if time.monotonic() > end:
            break
    return done


def _snapshot(collection: pl.Collection, turn: int) -> None:
    """Take one, and drop the oldest."""
    collection.snapshot(f"turn-{turn:06d}")
    for name in sorted(collection.snapshots())[:-MOST_SNAPSHOTS]:
        collection.drop_snapshot(name)


def main(arguments: list[str]) -> None:
    """Write, and print as JSON what was done."""
    path, times, n_kept, n_passing, seconds = arguments
    plan = Plan(int(n_kept), int(n_passing))
    done = write(Path(path), plan, times_at(Path(times), plan), float(seconds))
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
