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
    explain: bool,
    explain_to: Path | None,
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
        The rank of the hit to say it of, and nothing else; None for all hits.
    explain, explain_to
        Whether to say it of all, and where to draw it.
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
    if explain_to is not None:
        _draw(hits, explain_to, force=printing["force"])
    if explain and hits:
        say("\n\n".join(str(hits.explain(hit.rank)) for hit in hits))
    else:
        print_hits(hits, format=format, output=output, **printing)
    if not hits:
        notice(why_no_hits(opened))
    elif hits.cursor and format == "table":
        notice(f"more with {more}")


def _draw(hits: Hits, folder: Path, *, force: bool) -> None:
    """Write the pictures of hits that have one, named by their ranks."""
    from placelens.cli.console import notice
    from placelens.errors import InputError
    from placelens.export.explained import explained_picture

    shown = [hit.rank for hit in hits if hits.thumbnail(hit) is not None]
    if folder.exists() and not force and any((folder / _name(rank)).exists() for rank in shown):
        raise InputError(f"{folder} holds such pictures already; give --force to replace them")
    folder.mkdir(parents=True, exist_ok=True)
    for rank in shown:
        explained_picture(hits.explain(rank)).save(folder / _name(rank))
    notice(f"{len(shown)} pictures in {folder}")


def _name(rank: int) -> str:
    return f"hit-{rank:03}.png"
