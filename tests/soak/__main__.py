"""Search a server over many connections while another process writes: no wrong answer, no leak.

    python -m tests.soak [--minutes M] [--clients N] [--items I]

Makes a collection, starts ``placelens serve`` on it at a free port of 127.0.0.1, a writer beside,
and searches over N connections. Each answer is compared with what a plain scan of what is known to
be in the collection at that time would give; at the end, on one version, with the engine's own
scan, and all files are checked. Prints JSON; ends with 1 when an answer was wrong or no answer, or
memory or descriptors of the server grew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tests.soak.clients import Seen, search_until
from tests.soak.model import GOES, IS_THERE, TOLERANCE, Items, Plan, Query, times_at
from tests.soak.writer import add

import placelens as pl

MOST_MINUTES, MOST_CLIENTS, PASSING_PER_S = 600, 900, 500
STARTS_WITHIN_S = 300
SAMPLE_EVERY_S = 0.5
GROWTH, GROWTH_MB, GROWTH_FILES = 1.05, 20, 20
"""Memory is flat when its median in the last third of the time is at most this many times that in
the second third, and so many megabytes; the first third is for warming up. Descriptors likewise."""


def soak(folder: Path, *, seconds: float, n_clients: int, n_items: int) -> dict[str, Any]:
    """Run; what was found, with ``is_well`` and whether memory is ``flat``."""
    plan = Plan(n_items, int(seconds * PASSING_PER_S))
    path, items = folder / "soak.pl", Items(plan)
    times = times_at(folder / "times", plan)
    _make(path, plan, items)
    with _serving(path) as (server, port), _sampling(server.pid) as samples:
        writing = _start_writer(folder, plan, seconds)
        start = time.monotonic()
        seen = asyncio.run(search_until(start + seconds, port, n_clients, plan, items, times))
        searched_s = time.monotonic() - start
        said, complaint = writing.communicate(timeout=STARTS_WITHIN_S)
        is_up = server.poll() is None
    found = _told(seen, searched_s) | {"written": json.loads(said or "{}")}
    found |= _flatness(samples) | _at_the_end(path, plan, items, times)
    found["is_well"] = (
        is_up and writing.returncode == 0 and not complaint and not found["wrong"]
        and found["statuses"].keys() <= {"200", "closed while it waited"}
        and found["unlike_scan"] == 0
        and found["is_sound"] and found["items_as_written"]
    )  # fmt: skip
    return {"clients": n_clients, "items": n_items, "complaint": complaint[-2000:], **found}


def _make(path: Path, plan: Plan, items: Items) -> None:
    """The collection with the items that stay; compaction builds a tree of many."""
    collection = pl.Collection.create(path, dim=items.vectors.shape[1])
    for start in range(0, plan.n_kept, 10_000):
        add(collection, items, np.arange(start, min(start + 10_000, plan.n_kept)))
    collection.compact()
    collection.close()


@contextmanager
def _serving(path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server as people start it, on a free port."""
    command = [sys.executable, "-c", "from placelens.cli.main import run; run()"]
    command += ["serve", str(path), "--port", "0"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            port = re.search(r":(\d+)/", line)
            if port is None:
                raise RuntimeError(f"the server did not start: {line!r}")
            yield server, int(port[1])
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _start_writer(folder: Path, plan: Plan, seconds: float) -> subprocess.Popen[str]:
    files = folder / "soak.pl", folder / "times"
    told = map(str, (*files, plan.n_kept, plan.n_passing, seconds))
    command = [sys.executable, "-m", "tests.soak.writer", *told]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


@contextmanager
def _sampling(pid: int) -> Iterator[list[tuple[float, int]]]:
    """Megabytes of its own and open descriptors of a process, until told to stop; on Linux."""
    samples: list[tuple[float, int]] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_EVERY_S):
            try:
                status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                n_files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            except OSError:
                return
            own = re.search(r"RssAnon:\s*(\d+) kB", status)
            samples.append((int(own[1]) / 1024 if own else 0.0, n_files))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def _told(seen: Seen, seconds: float) -> dict[str, Any]:
    took_ms = 1_000 * np.percentile(seen.took_s or [0.0], [50, 99, 100])
    return {
        "searches": len(seen.took_s), "per_s": round(len(seen.took_s) / seconds, 1),
        "seconds": round(seconds, 1), "statuses": dict(seen.statuses), "wrong": len(seen.wrong),
        "wrong_examples": seen.wrong[:5],
        "ms": dict(zip(("p50", "p99", "most"), took_ms.round().tolist(), strict=True)),
    }  # fmt: skip


def _flatness(samples: list[tuple[float, int]]) -> dict[str, Any]:
    """Medians over the thirds of the time, and whether the last is like the second."""
    thirds = np.array_split(np.array(samples or [(0.0, 0)]), 3)
    medians = [np.median(third, axis=0) if len(third) else np.zeros(2) for third in thirds]
    (_, _), (megabytes, files), (last_megabytes, last_files) = medians
    return {
        "server_mb": [round(float(median[0]), 1) for median in medians],
        "server_files": [int(median[1]) for median in medians],
        "flat": bool(
            last_megabytes <= GROWTH * megabytes + GROWTH_MB and last_files <= files + GROWTH_FILES
        ),
    }


def _at_the_end(path: Path, plan: Plan, items: Items, times: np.ndarray) -> dict[str, Any]:
    """The whole collection against what was written, and the engine against its scan."""
    collection = pl.Collection.open(path)
    rng = np.random.default_rng(plan.seed + 1)
    unlike = 0
    for _ in range(100):
        asked = Query(items, rng).arguments()
        found, scanned = (
            [hit.score for hit in collection.search(**asked, engine=engine)]  # type: ignore[arg-type]
            for engine in (None, "scan")
        )
        unlike += not np.allclose(found, scanned, rtol=0, atol=TOLERANCE)
    there = np.flatnonzero(np.isfinite(times[:, IS_THERE]) & np.isinf(times[:, GOES]))
    expected = {str(row) for row in (*range(plan.n_kept), *(there + plan.n_kept))}
    return {
        "unlike_scan": unlike,
        "items_as_written": set(collection) == expected,
        "is_sound": pl.Collection.check(path).is_sound,
    }


def main(arguments: list[str]) -> int:
    """Run, and print what was found."""
    parser = argparse.ArgumentParser(prog="tests.soak", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--items", type=int, default=20_000)
    given = parser.parse_args(arguments)
    if not (0 < given.minutes <= MOST_MINUTES and 0 < given.clients <= MOST_CLIENTS):
        parser.error(f"at most {MOST_MINUTES} minutes and {MOST_CLIENTS} clients")
    with tempfile.TemporaryDirectory() as folder:
        found = soak(
            Path(folder),
            seconds=60 * given.minutes,
            n_clients=given.clients,
            n_items=given.items,
        )
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0 if found["is_well"] and found["flat"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
