"""Damage every kind of file of a collection, one at a time: no wrong answer, and no crash.

    python -m tests.faults.flips [N] [SEED]

Each case copies one collection, damages one file of the copy (a bit, a stretch of zeros, a cut, an
empty file, no file), opens it and asks. What may come out is the right answers or a PlacelensError;
`Collection.check` must then find what is wrong, wherever it matters. Cases run in a process of
their own, so that a crash is seen.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

import placelens as pl
from placelens.engine.indexes.kinds import registered
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds

N_ITEMS, DIM = 1_500, 24
# As if so few items were many: the cases are many as well.
EARLY = GMRTreeKind(Thresholds(grow_from=1_000))
# Lance neither reads the first two to answer, nor do we; the last holds nothing.
UNREAD = ("items.lance/_transactions/", "items.lance/_versions/latest_version_hint", "write.lock")
KINDS = ("bit", "zeros", "cut", "empty", "gone")


def make(folder: Path) -> None:
    """A collection with a tree, items beside it, deletions, a snapshot, an estimated place."""
    rng = np.random.default_rng(0)
    photos = pl.Collection.create(folder, dim=DIM)
    ids = [f"x{i}" for i in range(N_ITEMS)]
    lat, lon = rng.uniform(-60, 60, N_ITEMS), rng.uniform(-170, 170, N_ITEMS)
    photos.add_vectors(ids, rng.normal(size=(N_ITEMS, DIM)), lat=lat, lon=lon)
    photos.snapshot("first")
    photos.compact()
    photos.add_vectors(["late", "later"], rng.normal(size=(2, DIM)), lat=[1, 2], lon=[2, 3])
    photos.delete(["x7", "x900", "later"])
    photos.update("x8", text="changed")
    photos.accept(photos.propose("x9", pl.Place(lat=5, lon=6), radius_m=40).id)


def answers(folder: Path) -> list[object]:
    """What a user sees of a collection."""
    photos = pl.Collection.open(folder)
    rng = np.random.default_rng(1)
    found: list[object] = [len(photos), sorted(photos.snapshots())]
    for mu, engine in ((0.0, None), (0.5, None), (1.0, None), (0.5, "gmrtree"), (0.5, "scan")):
        near = pl.Place(lat=float(rng.uniform(-50, 50)), lon=float(rng.uniform(-150, 150)))
        hits = (
            photos.search(vector=rng.normal(size=DIM), near=near, mu=mu, decay="gauss:500km", k=8)
            if engine is None
            else photos.search(
                vector=rng.normal(size=DIM), near=near, mu=mu, decay="linear", k=8, engine=engine
            )
        )
        found.append([(hit.id, hit.score) for hit in hits])
    found.append([proposal.to_dict() for proposal in photos.proposals()])
    for name in ("x3", "x8", "x9", "late"):
        found.append((photos.get(name).to_dict(), photos.vector(name).tolist()))
    found.append([item.id for item in photos.items()][-20:])
    found.append(photos.points()[1][:50].tolist())
    return json.loads(json.dumps(found))


def files_of(folder: Path) -> list[Path]:
    """All files, by name."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def damage(path: Path, kind: str, rng: random.Random) -> str:
    """Damage a file; what was done, in words. Nothing when the file cannot be damaged so."""
    content = path.read_bytes()
    if kind == "gone":
        path.unlink()
        return "removed"
    if not content:
        return ""
    at = rng.randrange(len(content))
    if kind == "bit":
        changed = bytearray(content)
        changed[at] ^= 1 << rng.randrange(8)
        new, what = bytes(changed), f"bit at {at}"
    elif kind == "zeros":
        n = min(len(content) - at, rng.choice((8, 512, 4096)))
        new, what = content[:at] + bytes(n) + content[at + n :], f"{n} zeros at {at}"
    else:
        new, what = (b"", "emptied") if kind == "empty" else (content[:at], f"cut at {at}")
    if new == content:
        return ""
    path.unlink()  # the copy shares it with the original
    path.write_bytes(new)
    return what


def case(base: Path, expected: list[object], seed: int, work: Path) -> dict[str, object]:
    """Damage one file of a copy; what came of it."""
    rng = random.Random(seed)
    folder = work / "c.pl"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder, copy_function=os.link)
    ledger = folder / "checksums.txt"  # the only file that is changed in place
    ledger.unlink()
    shutil.copy(base / ledger.name, ledger)
    files = files_of(folder)
    kinds = sorted({_kind_of(file) for file in files})
    name = rng.choice([f for f in files if _kind_of(f) == kinds[seed % len(kinds)]])
    what = damage(folder / name, rng.choice(KINDS), rng)
    result: dict[str, object] = {"file": name.as_posix(), "damage": what, "seed": seed}
    if not what:
        return result | {"outcome": "nothing done"}
    try:
        outcome = "right" if answers(folder) == expected else "WRONG"
    except pl.PlacelensError as error:
        outcome, result["error"] = "refused", f"{type(error).__name__}: {error}"[:300]
    except Exception as error:
        outcome, result["error"] = "RAW", f"{type(error).__name__}: {error}"[:300]
    unread = name.as_posix().startswith(UNREAD)
    health = pl.Collection.check(folder)
    if not unread and health.is_sound and outcome == "right":
        # What is noted last may be lost without a trace, but then its files have no checksum.
        outcome = "told" if health.n_unknown else _without_it(folder, what)
    if outcome == "refused":
        outcome = _after_repair(folder, result)
    return result | {"outcome": outcome}


def _without_it(folder: Path, what: str) -> str:
    """A file that is gone may be of an old version, which nobody keeps."""
    if what != "removed":
        return "UNSEEN"
    try:
        photos = pl.Collection.open(folder)
        photos.restore("first")
        return "right" if len(photos) == N_ITEMS else "UNSEEN"
    except pl.PlacelensError:
        return "UNSEEN"


def _after_repair(folder: Path, result: dict[str, object]) -> str:
    """Whether what `repair` leaves can be read, and be written to."""
    try:
        pl.Collection.repair(folder)
        photos = pl.Collection.open(folder)
        n = len(photos)
        photos.add_vectors(["new"], np.ones((1, DIM)))
        if len(photos) != n + 1 or not pl.Collection.check(folder).is_sound:
            return "NOT REPAIRED"
        return "repaired" if n else "repaired, empty"
    except pl.PlacelensError as error:
        result["repair"] = f"{type(error).__name__}: {error}"[:300]
        return "NOT REPAIRED"
    except Exception as error:
        result["repair"] = f"{type(error).__name__}: {error}"[:300]
        return "RAW"


def _kind_of(file: Path) -> str:
    """Arrays by name, the files of a table by folder."""
    parts = file.parts
    if parts[0] == "index":
        return "/".join((parts[0], parts[-1]))
    return "/".join(parts[:-1]) or parts[0]


def run(n: int, seed: int) -> list[dict[str, object]]:
    """Outcomes of ``n`` cases, in processes that are started anew after a crash."""
    with tempfile.TemporaryDirectory() as name, registered(EARLY):
        work = Path(name)
        make(work / "base.pl")
        (work / "expected.json").write_text(json.dumps(answers(work / "base.pl")))
        results: list[dict[str, object]] = []
        while len(results) < n:
            first = seed + len(results)
            child = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "tests.faults.flips",
                    "--cases",
                    name,
                    str(first),
                    str(n - len(results)),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            lines = [json.loads(line) for line in child.stdout.splitlines()]
            results += lines
            if child.returncode:
                results.append(
                    {
                        "outcome": "CRASH",
                        "seed": seed + len(results),
                        "error": f"{child.returncode}: {child.stderr[-500:]}",
                    }
                )
        return results


def main(arguments: list[str]) -> int:
    """Run; print a table, and each case that went wrong."""
    if arguments[:1] == ["--cases"]:
        work, first, n = Path(arguments[1]), int(arguments[2]), int(arguments[3])
        expected = json.loads((work / "expected.json").read_text())
        with registered(EARLY):
            for seed in range(first, first + n):
                result = case(work / "base.pl", expected, seed, work)
                sys.stdout.write(json.dumps(result) + "\n")
                sys.stdout.flush()
        return 0
    n = int(arguments[0]) if arguments else 2_000
    results = run(n, int(arguments[1]) if len(arguments) > 1 else 0)
    counts = Counter(str(result["outcome"]) for result in results)
    bad = [result for result in results if str(result["outcome"]).isupper()]
    for result in bad[:50]:
        sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.write(f"{n} cases, seed {arguments[1:] or 0}: {dict(counts)}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
