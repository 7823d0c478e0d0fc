"""Hits as a plain text table, as ``repr`` shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from placelens.display import visible
from placelens.export.evidence import evidence_text
from placelens.geo.units import format_distance
from placelens.types import Hit

_TITLE_WIDTH = 44


def text_table(hits: Sequence[Hit], *, ids: bool = False) -> str:
    """One line a hit: rank, score, distance, title, the terms' shares, and the id if wanted.

    Of a list, which has no scores, the times. With ids, as in a pipe, titles are whole.
    """
    if not hits:
        return "no hits"
    is_list = hits[0].score is None
    rows = [(*heads(hits), "title", "" if is_list else "because", "id" if ids else "")]
    for hit in hits:
        title = visible(" ".join(hit.item.title.split()))
        rows.append(
            (
                *facts(hit),
                title if ids or len(title) <= _TITLE_WIDTH else title[: _TITLE_WIDTH - 1] + "…",
                visible(because(hit)),
                visible(hit.id) if ids else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column < 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            if width
        ).rstrip()
        for row in rows
    )


def heads(hits: Sequence[Hit]) -> tuple[str, str, str]:
    """What `facts` are called; "" for a column that a list has nothing for."""
    if hits[0].score is not None:
        return ("rank", "score", "distance")
    is_placed = any(hit.distance_m is not None for hit in hits)
    return ("rank", "taken", "distance" if is_placed else "")


def facts(hit: Hit) -> tuple[str, str, str]:
    """Rank, score or time, and distance, as a table has them."""
    away = "" if hit.distance_m is None else format_distance(hit.distance_m)
    return (str(hit.rank), score_or_time(hit), away)


def score_or_time(hit: Hit) -> str:
    """What a hit was ranked by; of a list, when it was taken."""
    if hit.score is not None:
        return f"{hit.score:.3f}"
    return f"{hit.item.time:%Y-%m-%d %H:%M}" if hit.item.time else ""


def because(hit: Hit) -> str:
    """The score as its sum: ``0.41 place + 0.27 text - 0.05 text 'snow'``.

    A term is named by its label where the kind alone would leave open which one is meant. In a
    collection of concepts, those shared follow: ``(church 72%, old town 20%)``.
    """
    kinds = Counter(term.kind for term in hit.terms)
    written = ""
    for term in hit.terms:
        sign = "-" if term.contribution < 0 else "+"
        name = term.kind if kinds[term.kind] == 1 else f"{term.kind} {_short(term.label)!r}"
        lead = f" {sign} " if written else sign.strip("+")
        written += f"{lead}{abs(term.contribution):.2f} {name}"
    return f"{written} ({evidence_text(hit.evidence)})" if hit.evidence else written


def _short(label: str) -> str:
    return label if len(label) <= 20 else f"{label[:19]}…"
