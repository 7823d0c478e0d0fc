"""``placelens timeline``: how many items are from each month."""

from __future__ import annotations

from placelens.cli import options
from placelens.cli.limits import Limits, takes_filters

# Of the month that most items are from.
_LONGEST = 40


@takes_filters
def command(
    *, collection: options.CollectionArgument, limits: Limits, as_json: options.JsonOption = False
) -> None:
    """Show how many items are from each month: of all, or of what passes the limits."""
    from placelens.cli.console import notice, print_facts, print_json
    from placelens.collection import Collection

    opened = Collection.open(collection)
    timeline = opened.timeline(**limits)
    for note in opened.mistyped(limits["where"] or {}):
        notice(note)
    if as_json:
        print_json(timeline.to_dict())
        return
    counts = {month.month: month.n_items for month in timeline.months}
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
