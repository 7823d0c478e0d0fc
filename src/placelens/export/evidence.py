"""Why a hit was found, for people: the one renderer of evidence as text, and the one as HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from placelens.display import visible
from placelens.geo.units import format_distance
from placelens.types import PHRASES, Evidence, Hit, Item, ScoreTerm

# Less of a reading is not worth a word.
LEAST_SHARE = 0.01
# Differences of scores below this are not worth a sign.
LEAST_DIFFERENCE = 0.0005
# Of the phrases of a query, in the order in which they stand in it: apart for most eyes, the
# colour-blind among them (after Okabe and Ito 2008).
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#f0e442")
_REST_COLOUR = "#999999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a hit ranks where it does; made when asked for, from what the collection holds then.

    Attributes
    ----------
    hit : the hit, its score split into terms.
    above : the hit that ranks just before it; None for the best, and where it is not known.
    evidence : what speaks for each term, ``of`` its label; of concepts, for all of them.
    thumbnail : the item's small JPEG, on which regions are drawn; None where there is none.
    """

    hit: Hit
    above: Hit | None = None
    evidence: tuple[Evidence, ...] = ()
    thumbnail: bytes | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "hit": self.hit.to_dict(),
            "above": None if self.above is None else self.above.to_dict(),
            "evidence": [entry.to_dict() for entry in self.evidence],
        }

    def __str__(self) -> str:
        return explanation_text(self)

    def _repr_html_(self) -> str:
        return explanation_html(self)


def evidence_text(evidence: Iterable[Evidence]) -> str:
    """Evidence in one line: ``church 72%, old town 20%``."""
    return ", ".join(
        entry.label if entry.share is None else f"{entry.label} {entry.share:.0%}"
        for entry in evidence
    )


def read_as(evidence: Sequence[Evidence]) -> str | None:
    """In words, what the things asked with were taken for; None when nothing was.

    Examples
    --------
    >>> read_as([Evidence(kind="reading", label="church", share=0.72, of="a spire")])
    'read as church 72%'
    """
    of: dict[str | None, list[Evidence]] = {}
    for entry in evidence:
        if entry.kind == "reading":
            own = of.setdefault(entry.of, [])
            if entry.share is None or entry.share >= LEAST_SHARE:
                own.append(entry)
    if not of:
        return None
    if len(of) == 1:
        return f"read as {evidence_text(next(iter(of.values())))}"
    return "read as " + "; ".join(f"{label}: {evidence_text(own)}" for label, own in of.items())


def explanation_text(explanation: Explanation) -> str:
    """An explanation as lines: the sum that the score is, what speaks for it, the hit above."""
    hit = explanation.hit
    score = "" if hit.score is None else f"  {hit.score:.3f}"
    lines = [f"{hit.rank}. {visible(' '.join(hit.item.title.split()))}{score}"]
    rows = [(term.kind, _sum(term), _what(term, hit)) for term in hit.terms]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for kind, written, what in rows:
        lines.append(f"   {kind.ljust(widths[0])}  {written.ljust(widths[1])}  {what}".rstrip())
    for term, own in _by_term(explanation.evidence):
        if any(entry.contribution is not None for entry in own):
            lines += [f"   {visible(term)}", *(f"      {line}" for line in _account(own, hit.item))]
        else:
            lines.append(f"   {visible(term)}: {visible(evidence_text(own))}")
    if explanation.above is not None:
        lines.append(f"   {_below(hit, explanation.above)}")
    return "\n".join(lines)


def explanation_html(explanation: Explanation) -> str:
    """An explanation as a table: one row a term, then what speaks for it, then the hit above."""
    hit = explanation.hit
    rows = "".join(
        f"<tr><td>{escape(term.kind)}</td><td>{escape(_sum(term))}</td>"
        f"<td>{escape(_what(term, hit))}</td></tr>"
        for term in hit.terms
    )
    notes = "".join(
        f"<p>{escape(term)}</p>{_account_html(own, hit.item)}"
        if any(entry.contribution is not None for entry in own)
        else f"<p>{escape(term)}: {escape(evidence_text(own))}</p>"
        for term, own in _by_term(explanation.evidence)
    )
    if explanation.above is not None:
        notes += f"<p>{escape(_below(hit, explanation.above))}</p>"
    score = "" if hit.score is None else f" {hit.score:.3f}"
    title = escape(hit.item.title)
    shown = _picture_html(explanation)
    return f"<div><b>{hit.rank}. {title}</b>{score}{shown}<table>{rows}</table>{notes}</div>"


def colours_of(evidence: Sequence[Evidence]) -> list[str]:
    """A colour for each entry: phrases have theirs by where they stand in the words.

    So a phrase has one colour in all hits of a query.

    Examples
    --------
    >>> boat = Evidence(kind="phrase", label="boat", span=(6, 10))
    >>> red = Evidence(kind="phrase", label="red", span=(2, 5))
    >>> colours_of([boat, red, Evidence(kind="rest", label="the rest")])
    ['#56b4e9', '#e69f00', '#999999']
    """
    spans = sorted({entry.span for entry in evidence if entry.span is not None})
    order = {span: COLOURS[at % len(COLOURS)] for at, span in enumerate(spans)}
    return [
        order[entry.span]
        if entry.span is not None
        else COLOURS[0]
        if entry.kind == "region"
        else _REST_COLOUR
        for entry in evidence
    ]


def _account(evidence: Sequence[Evidence], item: Item) -> list[str]:
    """A line for each part: its name, its share, what it adds to the score, where it is."""
    rows = [
        (
            visible(entry.label),
            "" if entry.share is None else f"{entry.share:.0%}",
            "" if entry.contribution is None else f"{entry.contribution:+.3f}",
            _where(entry, item),
        )
        for entry in evidence
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        (label.ljust(widths[0]), share.rjust(widths[1]), gives.rjust(widths[2]), where)
        for label, share, gives, where in rows
    ]
    return ["  ".join(line).rstrip() for line in lines]


def _where(entry: Evidence, item: Item) -> str:
    """In which part of the picture it is, where it speaks for the hit."""
    is_there = entry.box is not None and (entry.share or 0.0) >= LEAST_SHARE
    if not (is_there and entry.box and item.width and item.height):
        return ""
    where = place_in_words(entry.box, (item.width, item.height))
    seen = entry.detected
    return where if seen is None else f"{where}: {visible(seen.label)}, {seen.score:.0%} sure"


def place_in_words(box: tuple[int, int, int, int], size: tuple[int, int]) -> str:
    """In which ninth of a picture of a width and a height the middle of a box is.

    Examples
    --------
    >>> place_in_words((500, 0, 600, 100), (600, 400)), place_in_words((0, 0, 90, 30), (90, 30))
    ('top right', 'middle')
    """
    left, top, right, bottom = box
    words = [
        _third((top + bottom) / 2 / size[1], "top", "bottom"),
        _third((left + right) / 2 / size[0], "left", "right"),
    ]
    return " ".join(word for word in words if word) or "middle"


def _third(share: float, first: str, last: str) -> str:
    return first if share < 1 / 3 else last if share > 2 / 3 else ""


def _account_html(evidence: Sequence[Evidence], item: Item) -> str:
    rows = "".join(
        f'<tr><td><span style="color:{colour}">&#9632;</span> {escape(entry.label)}</td>'
        f"<td>{'' if entry.share is None else f'{entry.share:.0%}'}</td>"
        f"<td>{'' if entry.contribution is None else f'{entry.contribution:+.3f}'}</td>"
        f"<td>{escape(_where(entry, item))}</td></tr>"
        for entry, colour in zip(evidence, colours_of(evidence), strict=True)
    )
    return f"<table>{rows}</table>"


def _picture_html(explanation: Explanation) -> str:
    """The thumbnail with a frame around each region that has a box."""
    item, thumbnail = explanation.hit.item, explanation.thumbnail
    if thumbnail is None or not item.width or not item.height:
        return ""
    frames = ""
    for entry, colour in zip(explanation.evidence, colours_of(explanation.evidence), strict=True):
        if entry.box is not None:
            left, top, right, bottom = entry.box
            place = (
                f"left:{100 * left / item.width:.1f}%;top:{100 * top / item.height:.1f}%;"
                f"width:{100 * (right - left) / item.width:.1f}%;"
                f"height:{100 * (bottom - top) / item.height:.1f}%"
            )
            frames += (
                f'<span title="{escape(entry.label)}" style="position:absolute;{place};'
                f'border:3px solid {colour};box-sizing:border-box"></span>'
            )
    data = base64.b64encode(thumbnail).decode()
    return (
        '<div style="position:relative;display:inline-block">'
        f'<img src="data:image/jpeg;base64,{data}" alt="{escape(item.title)}">{frames}</div>'
    )


def _sum(term: ScoreTerm) -> str:
    return f"{term.weight:.2f} x {term.value:.3f} = {term.contribution:.3f}"


def _what(term: ScoreTerm, hit: Hit) -> str:
    if term.kind == "place":
        if hit.distance_m is None:
            return "has no place"
        return f"{format_distance(hit.distance_m)} from {visible(term.label)}"
    cosine = "" if term.cosine is None else f" (cosine {term.cosine:.3f})"
    if term.kind == PHRASES:
        return f"how much some part of it fits {visible(term.label)!r}{cosine}"
    if term.cosine is not None and term.correction:
        lost = f"{'less' if term.correction > 0 else 'plus'} {abs(term.correction):.3f}"
        cosine = f" (cosine {term.cosine:.3f}, {lost} for how near it is to any query)"
    by = f", by its {hit.matched}" if hit.matched is not None and term.cosine is not None else ""
    return f"how much it fits {visible(term.label)!r}{by}{cosine}"


def _by_term(evidence: Sequence[Evidence]) -> list[tuple[str, list[Evidence]]]:
    """What speaks for each term, or, of all of them, what kind of thing."""
    of: dict[str, list[Evidence]] = {}
    for entry in evidence:
        of.setdefault(entry.of or f"{entry.kind}s in common", []).append(entry)
    return list(of.items())


def _below(hit: Hit, above: Hit) -> str:
    """By how much, and through what, a hit is behind the one that ranks before it."""
    if hit.score is None or above.score is None:
        return f"listed after {above.rank}"
    if hit.score == above.score:
        return f"level with {above.rank}, which came first"
    differences = [
        (term.contribution - other.contribution, term)
        for term, other in zip(hit.terms, above.terms, strict=False)
        if term.kind == other.kind
    ]
    parts = [
        f"{term.kind} {difference:+.3f}"
        for difference, term in sorted(differences, key=lambda pair: pair[0])
        if abs(difference) >= LEAST_DIFFERENCE
    ]
    through = f": {', '.join(parts)}" if parts else ""
    return f"{above.score - hit.score:.3f} below {above.rank}{through}"
