"""How much is tried of what can be tried without end: ``PLACELENS_RUNS`` times the usual.

`make test` tries little of it, enough to see that something is broken; `make repeat` tries more,
since what goes wrong once in a hundred times wants a hundred times.
"""

import os

from hypothesis import settings

RUNS = int(os.environ.get("PLACELENS_RUNS", "1"))


def examples(usual: int, **given: int) -> settings:
    """As many examples, times the runs."""
    return settings(max_examples=usual * RUNS, **given)
