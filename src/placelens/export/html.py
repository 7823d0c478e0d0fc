"""Hits as a picture grid with a map: one piece of HTML that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape

from placelens.export.evidence import evidence_text
from placelens.export.svg_map import MEANING_COLOUR, PLACE_COLOUR, country_rings, svg_map
from placelens.export.text_table import because, score_or_time
from placelens.geo.units import format_distance
from placelens.types import Hit, Place, ScoreTerm

_CARD = (
    "width:180px;border:1px solid #d5dade;border-radius:6px;overflow:hidden;"
    "background:#fff;color:#1b1f23;font:12px/1.35 sans-serif"
)


def hits_html(
    hits: Sequence[Hit],
    thumbnail: Callable[[Hit], bytes | None],
    *,
    notes: Sequence[str] = (),
    near: Place | None = None,
) -> str:
    """A map of the located hits above a grid of cards, as one ``<div>``.

    ``thumbnail`` gives a hit's JPEG, or None when it has no picture. ``notes`` stand above it all,
    ``near`` is marked on the map.
    """
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    if not hits:
        return f"<div>{said}<p>No hits.</p></div>"
    on_globe = any(hit.item.place and hit.item.place.space == "sphere" for hit in hits)
    located = svg_map(hits, outlines=country_rings() if on_globe else (), near=near)
    picture = f'<div style="max-width:760px;margin:0 0 8px">{located}</div>' if located else ""
    cards = "".join(hit_card(hit, thumbnail(hit)) for hit in hits)
    return (
        f'<div>{said}{picture}<div style="display:flex;flex-wrap:wrap;gap:8px">{cards}</div></div>'
    )


def hit_card(hit: Hit, jpeg: bytes | None) -> str:
    """One hit: picture or text, score, the score's split as a bar, distance."""
    title = escape(hit.item.title)
    if jpeg:
        source = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
        top = (
            f'<img alt="{title}" src="{source}" '
            'style="width:100%;height:120px;object-fit:cover;display:block">'
        )
    else:
        text = escape((hit.item.text or hit.item.title)[:220])
        top = f'<div style="height:112px;padding:4px 8px;overflow:hidden">{text}</div>'
    facts = [score_or_time(hit)]
    if hit.distance_m is not None:
        facts.append(format_distance(hit.distance_m))
    if hit.item.place_source == "estimated":
        facts.append("estimated position")
    if hit.evidence:
        facts.append(evidence_text(hit.evidence))
    return (
        f'<div style="{_CARD}">{top}{_bar(hit)}<div style="padding:4px 8px">'
        f"<b>{hit.rank}. {title}</b><br>{escape(' · '.join(filter(None, facts)))}</div></div>"
    )


def _bar(hit: Hit) -> str:
    """The terms' shares of the score as coloured segments; the numbers in the tooltip."""
    total = sum(abs(term.contribution) for term in hit.terms)
    if total == 0:
        return ""
    segments = "".join(_segment(term, total) for term in hit.terms)
    return f'<div title="{escape(because(hit))}" style="display:flex;height:5px">{segments}</div>'


def _segment(term: ScoreTerm, total: float) -> str:
    share = 100 * abs(term.contribution) / total
    faded = ";opacity:.35" if term.contribution < 0 else ""
    colour = PLACE_COLOUR if term.kind == "place" else MEANING_COLOUR
    return f'<span style="width:{share:.1f}%;background:{colour}{faded}"></span>'
