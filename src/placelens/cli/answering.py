"""What the commands that search print of an answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.results import Hits


def print_answer(
    hits: Hits,
    opened: Collection,
    *,
    near: str | None,
    decay: str | None,
    mu: float,
    why: int | None,
    format: str,
    output: Path | None,
    more: str,
    **printing: Any,
) -> None:
    """Print what was understood, then why one hit is there, or all of them.

    Parameters
    ----------
    near, decay, mu
        As they were written.
    why
        The rank of the hit to say it of; None for all hits.
    more
        How to ask for the next page.
    printing
        Further arguments of `placelens.cli.output.print_hits`.
    """
    from placelens.cli.console import notice, say
    from placelens.cli.output import print_hits
    from placelens.cli.search_notes import notes_before, why_no_hits

    for note in notes_before(hits, near=near, decay=decay, mu=mu, space=opened.space):
        notice(note)
    if why is not None:
        say(str(hits.explain(why)))
        return
    print_hits(hits, format=format, output=output, **printing)
    if not hits:
        notice(why_no_hits(opened))
    elif hits.cursor and format == "table":
        notice(f"more with {more}")
