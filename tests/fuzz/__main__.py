"""Break inputs at random: nothing but a reading, a reason in words, or a refusal may come of them.

    python -m tests.fuzz [N] [SEED] [--target NAME] [--number I] [--processes P]

N inputs in all, a million by default, are made from a seed: pictures, metadata, tables and rasters
with changed bytes and values, what people type, and requests by the API's own description. They are
tried in processes of their own, so that a crash or a hang is seen; counts are printed as JSON, a
line a target. ``--number`` shows one input of a target again, in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from tests.fuzz.running import Tried, try_in_processes
from tests.fuzz.targets import TARGETS, generator, target_of

HANG_S = 60.0
"""Far above what any input takes on a machine that does other things as well."""


def main(arguments: list[str]) -> int:
    """Run; 1 when something came out that may not."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__.split("\n")[0])
    parser.add_argument("n", nargs="?", type=int, default=1_000_000)
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--number", type=int)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    names = given.target or list(TARGETS)
    if given.number is not None:
        for name in names:
            was_read = target_of(name)(generator(name, given.seed, given.number))
            sys.stdout.write(f"{name}: {'read' if was_read else 'refused'}\n")
        return 0
    shares = {name: TARGETS[name][1] for name in names}
    whole, start = Tried(), time.monotonic()
    for name, share in shares.items():
        n = round(given.n * share / sum(shares.values()))
        tried = try_in_processes(name, given.seed, n, n_processes=given.processes, hang_s=HANG_S)
        _print(name, tried)
        whole.add(tried)
    for failure in whole.failures:
        sys.stdout.write(failure + "\n")
    _print("all", whole, seed=given.seed, wall_s=round(time.monotonic() - start))
    return 1 if whole.failures else 0


def _print(name: str, tried: Tried, **more: object) -> None:
    told = {
        "target": name, "n": tried.n, "read": tried.read, "failures": len(tried.failures),
        "cpu_s": round(tried.seconds, 1), "slowest_s": round(tried.slowest_s, 3), **more,
    }  # fmt: skip
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
