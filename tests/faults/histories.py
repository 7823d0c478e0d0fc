"""Histories of changes with a fault in each, compared with a model: nothing lost, nothing wrong.

    python -m tests.faults.histories [N] [SEED] [--kind fail|short|full|kill|power] [--migrations]

A history makes a collection and changes it: add, replace, delete, update, add a feature, compact,
snapshot, drop, restore, reopen. Every other begins with a collection of format 1, and migrates it;
with ``--migrations`` each does, and that is all it does.
At one write of it a fault strikes:

fail    the write fails with EIO; the call must raise and have changed nothing
short   half is written, and the rest fails with ENOSPC
full    this write and all later ones fail with ENOSPC, until the disk has room again
kill    kill -9; what was acknowledged must be there, and the call that was cut off wholly or not
power   kill -9, and what was not synced may be lost or torn (injector.lose_power)

After it a fresh process opens the collection, compares every item and snapshot with the model,
checks all files, and goes on writing. Histories run in forked children, so that a crash is seen.
What a disk takes for its own syncs is not what is tried: ``TMPDIR=/dev/shm`` spares it.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import errno
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests.faults import version_1
from tests.faults.injector import Injector, environment, is_available, lose_power

import placelens as pl
from placelens.types import Feature

DIM = 4
N_STEPS = 12
FAULTS = ("fail", "short", "full", "kill", "power")

Items = dict[str, tuple[int, str | None]]  # the seed of the vector, and the text


class Model:
    """What a collection must hold."""

    def __init__(self) -> None:
        self.items: Items = {}
        self.snapshots: dict[str, Items] = {}

    def state(self) -> dict[str, Any]:
        """Plain JSON types, to compare."""
        return {
            "items": {name: list(value) for name, value in sorted(self.items.items())},
            "snapshots": sorted(self.snapshots),
        }


Step = tuple[Callable[[Model], None], Callable[[pl.Collection], Any]]


def begin(folder: Path, seed: int, *, is_old: bool) -> Model:
    """Make a collection: a new one, or one of format 1 with some items."""
    model = Model()
    if not is_old:
        pl.Collection.create(folder, dim=DIM)
        return model
    model.items = {f"old-{i}": (seed + i, None) for i in range(10)}
    vectors = np.array([_vector(of_item) for of_item, _ in model.items.values()])
    version_1.write(folder, list(model.items), vectors)
    return model


def steps(seed: int, n_steps: int, model: Model) -> Iterator[Step]:
    """The changes of a history: what each does to a model, and to a collection."""
    rng = random.Random(seed)
    if model.items:  # of an old collection
        yield (lambda m: None, lambda c: pl.Collection.migrate(c.path))
    for number in range(n_steps):
        names = sorted(model.items)
        kept = sorted(model.snapshots)
        choices = ["add", "add", "compact", "snapshot", "feature"]
        choices += ["replace", "delete", "delete", "update"] if names else []
        choices += ["restore", "drop"] if kept else []
        step = _step(rng.choice(choices), number, names, kept, rng)
        step[0](model)
        yield step


def _step(kind: str, number: int, names: list[str], kept: list[str], rng: random.Random) -> Step:
    some = rng.sample(names, min(len(names), rng.randint(1, 5)))
    new = [f"n{number}-{i}" for i in range(rng.choice((1, 3, 40)))]
    seeds = {name: rng.randrange(10**6) for name in (*new, *some)}
    if kind == "add":
        return (
            lambda m: m.items.update({name: (seeds[name], None) for name in new}),
            lambda c: c.add_vectors(new, [_vector(seeds[name]) for name in new]),
        )
    if kind == "replace":
        return (
            lambda m: m.items.update({name: (seeds[name], None) for name in some}),
            lambda c: c.add_vectors(
                some, [_vector(seeds[name]) for name in some], on_conflict="replace"
            ),
        )
    if kind == "delete":
        return (
            lambda m: [m.items.pop(name) for name in some] and None,
            lambda c: c.delete(some),
        )
    if kind == "update":
        name, text = some[0], f"text {number}"
        return (
            lambda m: m.items.update({name: (m.items[name][0], text)}),
            lambda c: c.update(name, text=text),
        )
    if kind == "snapshot":
        name = f"s{number}"
        return (
            lambda m: m.snapshots.update({name: copy.deepcopy(m.items)}),
            lambda c: c.snapshot(name),
        )
    if kind == "feature":
        return (lambda m: None, lambda c: _add_feature(c, f"number_{number}"))
    if kind == "compact":
        return (lambda m: None, lambda c: c.compact(keep=timedelta(0)))
    name = rng.choice(kept)
    if kind == "restore":
        return (
            lambda m: setattr(m, "items", copy.deepcopy(m.snapshots[name])),
            lambda c: c.restore(name),
        )
    return (lambda m: m.snapshots.pop(name) and None, lambda c: c.drop_snapshot(name))


def _add_feature(photos: pl.Collection, name: str) -> None:
    with photos._table.writing():
        photos._table.add_features([Feature(name=name, kind="number")])


def _vector(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(size=DIM)
    return vector / np.linalg.norm(vector)


def state_of(folder: Path) -> dict[str, Any]:
    """What a collection holds, as `Model.state` tells it; vectors are compared at once."""
    photos = pl.Collection.open(folder)
    items = {item.id: item for item in photos.items()}
    if len(items) != len(photos):
        raise ValueError("an id is there twice")
    return {
        "items": {name: [photos.vector(name).tolist(), items[name].text] for name in sorted(items)},
        "snapshots": sorted(photos.snapshots()),
    }


def matches(found: dict[str, Any], model: dict[str, Any]) -> bool:
    """Whether a collection holds what a model says."""
    if found["snapshots"] != model["snapshots"] or list(found["items"]) != list(model["items"]):
        return False
    return all(
        text == model["items"][name][1]
        and np.allclose(vector, _vector(model["items"][name][0]), atol=1e-6)
        for name, (vector, text) in found["items"].items()
    )


def history(folder: Path, seed: int, fault: str, work: Path, *, migrations: bool = False) -> None:
    """Run a history with a fault; raises when something is wrong. May be killed."""
    rng = random.Random(f"{seed} fault")
    injector = Injector()
    model = begin(folder, seed, is_old=migrations or seed % 2 == 1)
    plan = list(steps(seed, 0 if migrations else N_STEPS, copy.deepcopy(model)))
    photos = pl.Collection.open(folder)
    struck = rng.randrange(len(plan))
    for number, (change, act) in enumerate(plan):
        if rng.random() < 0.2:
            photos = pl.Collection.open(folder)
        after = copy.deepcopy(model)
        change(after)
        if number != struck:
            act(photos)
            model = after
            continue
        states = [model.state(), after.state()]
        (work / "states.json").write_text(json.dumps(states))
        n = _operations(folder, act, work)
        if n == 0:
            act(photos)
            model = after
            continue
        nth = rng.randint(1, n)
        if fault in {"kill", "power"}:
            _copy(folder, work / "before")
            journal = os.open(work / "journal", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            injector.arm(folder, "kill", nth, journal=journal)
            act(photos)
            injector.disarm()
            model = after  # fewer operations than before: nothing struck
            continue
        mode, error = {
            "fail": ("fail", errno.EIO),
            "short": ("short", errno.ENOSPC),
            "full": ("fail_all", errno.ENOSPC),
        }[fault]
        injector.arm(folder, mode, nth, error=error)
        try:
            act(photos)
            done = True
        except pl.PlacelensError:
            done = False
        finally:
            injector.disarm()
        model = after if done else model
        _compare(folder, [model.state()])
        if not done:  # the disk has room again
            if len(pl.Collection.open(folder)) != len(photos):
                raise ValueError("the collection that failed sees other items")
            act(photos)
            model = after
    _compare(folder, [model.state()])


def _operations(folder: Path, act: Callable[[pl.Collection], Any], work: Path) -> int:
    """How many operations on files a change makes, tried on a copy."""
    trial = work / "trial.pl"
    shutil.rmtree(trial, ignore_errors=True)
    shutil.copytree(folder, trial)
    injector = Injector()
    photos = pl.Collection.open(trial)
    len(photos)
    injector.arm(trial, "count")
    act(photos)
    return injector.disarm()


def _copy(folder: Path, target: Path) -> None:
    """A copy that shares the bytes of all files but the one that is changed in place."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, copy_function=os.link)
    (target / "checksums.txt").unlink()
    shutil.copy(folder / "checksums.txt", target / "checksums.txt")


def _compare(folder: Path, states: list[dict[str, Any]]) -> None:
    found = state_of(folder)
    if not any(matches(found, state) for state in states):
        raise ValueError(
            f"LOST or WRONG: snapshots {found['snapshots']} items {list(found['items'])[:5]}; "
            f"expected one of {[(s['snapshots'], list(s['items'])[:5]) for s in states]}"
        )
    health = pl.Collection.check(folder)
    if not health.is_sound:
        raise ValueError(f"UNSOUND: {[damage.what for damage in health.damage]}")


def aftermath(folder: Path, seed: int, fault: str, work: Path) -> None:
    """Compare what a kill has left with the model before and after the change; go on writing."""
    if fault == "power":
        lose_power(folder, work / "before", work / "journal", random.Random(f"{seed} power"))
    _compare(folder, json.loads((work / "states.json").read_text()))
    pl.Collection.migrate(folder)
    photos = pl.Collection.open(folder)
    n = len(photos)
    photos.add_vectors(["after"], [_vector(1)])
    photos.compact(keep=timedelta(0))
    if len(pl.Collection.open(folder)) != n + 1:
        raise ValueError("what was written after the kill is not there")
    if not pl.Collection.check(folder).is_sound:
        raise ValueError("UNSOUND after the kill")


def _in_child(run: Callable[[], None], work: Path) -> tuple[int, str]:
    """The exit status of a function in a forked child, and what it raised."""
    report = work / "report"
    report.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        code = 0
        try:
            run()
        except BaseException:
            report.write_text(traceback.format_exc())
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), report.read_text() if report.exists() else ""


def run(
    n: int, seed: int, kinds: tuple[str, ...], *, migrations: bool = False
) -> tuple[Counter[str], list[str]]:
    """Run histories; counts of how they went, and what went wrong."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(seed, seed + n):
        fault = kinds[number % len(kinds)]
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            folder = work / "c.pl"
            code, said = _in_child(
                lambda: history(folder, number, fault, work, migrations=migrations),  # noqa: B023
                work,
            )
            if code == -9:
                counts[f"{fault}: struck"] += 1
                code, said = _in_child(lambda: aftermath(folder, number, fault, work), work)  # noqa: B023
            outcome = "well" if code == 0 else "BADLY"
            counts[f"{fault}: ended {outcome}"] += 1
            if code:
                wrong.append(f"{fault} {number}: exit {code} {said}")
    return counts, wrong


def main(arguments: list[str]) -> int:
    """Run; print counts, and what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("n", nargs="?", type=int, default=10_000)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--kind", choices=FAULTS, action="append")
    parser.add_argument("--migrations", action="store_true")
    given = parser.parse_args(arguments)
    if not is_available():
        sys.stdout.write("faults need Linux and a C compiler (cc)\n")
        return 2
    if "LD_PRELOAD" not in os.environ:
        again = [sys.executable, "-m", "tests.faults.histories", *arguments]
        os.execve(sys.executable, again, environment())
    with contextlib.suppress(KeyboardInterrupt):
        counts, wrong = run(
            given.n, given.seed, tuple(given.kind or FAULTS), migrations=given.migrations
        )
        for each in wrong[:20]:
            sys.stdout.write(each + "\n")
        sys.stdout.write(json.dumps({"n": given.n, "seed": given.seed, **sorted_of(counts)}) + "\n")
        return 1 if wrong else 0
    return 130


def sorted_of(counts: Counter[str]) -> dict[str, int]:
    """Counts by name."""
    return dict(sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
