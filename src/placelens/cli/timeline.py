"""``placelens timeline``: how many items are from each month or day."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from placelens.cli import options
from placelens.cli.limits import Limits, takes_filters

# Of the period that most items are from.
_LONGEST = 40


@takes_filters
def command(
    *,
    collection: options.CollectionArgument,
    by: Annotated[Literal["month", "day"], typer.Option(help="What to count by.")] = "month",
    limits: Limits,
    as_json: options.JsonOption = False,
) -> None:
    """Show how many items are from each month or day: of all, or of what passes the limits."""
    from placelens.cli.console import notice, print_facts, print_json
    from placelens.collection import Collection

    opened = Collection.open(collection)
    timeline = opened.timeline(by=by, **limits)
    for note in opened.mistyped(limits["where"] or {}):
        notice(note)
    if as_json:
        print_json(timeline.to_dict())
        return
    counts = {each.period: each.n_items for each in timeline.periods}
    if timeline.n_undated:
        counts["undated"] = timeline.n_undated
    if not counts:
        notice("nothing in the collection passes the limits")
        return
    most = max(counts.values())
    width = len(f"{most:,}")
    print_facts(
        [(name, f"{n:>{width},}  {'#' * -(-_LONGEST * n // most)}") for name, n in counts.items()]
    )
