"""The demo's page: one HTML file with everything inline, which needs no network and no server."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from placelens.demo.hit_rates import DECAY, TOPS, HitRate
from placelens.export.svg_map import country_rings
from placelens.geo.decay import Decay
from placelens.geo.units import format_distance
from placelens.results import Hits
from placelens.types import Hit, Place, ScoreTerm

__all__ = ["Answer", "demo_page"]

MAP_WIDTH, MAP_HEIGHT = 1000, 440
_NORTHMOST = 84.0
_SOUTHMOST = -60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question that the page shows: its hits with their pictures, and the example's picture."""

    direction: str
    question: str
    hits: Hits
    thumbnails: Mapping[str, bytes | None]
    example: bytes | None = None


def demo_page(
    answers: Sequence[Answer], rates: Sequence[HitRate], *, facts: str, command: str
) -> str:
    """The page as text.

    Parameters
    ----------
    answers : the questions to show.
    rates : what the table says.
    facts : a line on what was indexed.
    command : what opens the web app on the same collection.
    """
    style = files("placelens.demo").joinpath("page.css").read_text(encoding="utf-8")
    sections = "".join(_section(number, answer) for number, answer in enumerate(answers, start=1))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>placelens on Blue Marble</title><style>{style}</style></head><body>"
        "<header><h1>placelens <span>on the Blue Marble</span></h1>"
        "<p>NASA's picture of the Earth, cut into tiles that carry their place as a photo does, "
        "searched by what they show <em>and</em> where they are. Everything ran on this machine: "
        f"{escape(facts)}.</p>"
        f"<p class=command><code>{escape(command)}</code> opens the web app on this collection.</p>"
        f"</header><main>{_map(answers)}{sections}{_rates(rates)}</main>"
        "<footer>Imagery: NASA Visible Earth, Blue Marble (public domain). Outlines: Natural Earth "
        "(public domain). Place names: GeoNames (CC BY 4.0).</footer></body></html>\n"
    )


def _section(number: int, answer: Answer) -> str:
    """One question: what was understood, the example, and the hits in order."""
    hits = answer.hits
    mentions = hits.understood.mentions if hits.understood else ()
    places = "understood: " + ", ".join(mention.describe() for mention in mentions)
    notes = [note for note in (places if mentions else None, hits.doubt) if note]
    note = "".join(f"<p class=note>{escape(text)}</p>" for text in notes)
    example = ""
    if answer.example:
        example = f"<figure class=example>{_img(answer.example, 'the example')}</figure>"
    cards = "".join(_card(hit, answer.thumbnails.get(hit.id), number) for hit in hits)
    return (
        f'<section id="q{number}" class=q{number}><h2><b>{number}</b> {escape(answer.question)}'
        f"<small>{escape(answer.direction)}</small></h2>{note}"
        f"<div class=row>{example}<div class=grid>{cards}</div></div></section>"
    )


def _card(hit: Hit, jpeg: bytes | None, number: int) -> str:
    """A hit: its picture or text, its score split in terms, its distance."""
    title = escape(hit.item.title)
    look = (
        _img(jpeg, hit.item.title)
        if jpeg
        else f"<blockquote>{escape(hit.item.text or '')}</blockquote>"
    )
    distance = f"{format_distance(hit.distance_m)} away" if hit.distance_m is not None else ""
    bars = "".join(
        f'<i class={_part(term)} style="width:{max(0.0, 100 * term.contribution):.1f}%"></i>'
        for term in hit.terms
    )
    split = " ".join(
        f"<span class={_part(term)}>{_part(term)} {term.contribution:.2f}</span>"
        for term in hit.terms
    )
    return (
        f"<article><div class=look>{look}<b class=rank>{hit.rank}</b></div>"
        f"<h3>{title}</h3><div class=bar>{bars}</div>"
        f"<p><strong>{hit.score:.2f}</strong> = {split}<span class=far>{distance}</span></p>"
        "</article>"
    )


def _part(term: ScoreTerm) -> str:
    """Which half of the score a term belongs to."""
    return "place" if term.kind == "place" else "meaning"


def _img(jpeg: bytes, alt: str) -> str:
    data = b64encode(jpeg).decode("ascii")
    return f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'


def _rates(rates: Sequence[HitRate]) -> str:
    """The table of hit rates, chance beside them."""
    head = "".join(f"<th>top {k}</th>" for k in TOPS)
    rows = []
    for rate in rates:
        what = {0.0: "meaning alone", 1.0: "place alone"}.get(rate.mu, "both")
        percents = [round(100 * rate.top[k]) for k in TOPS]
        cells = "".join(f'<td><i style="width:{p}%"></i><b>{p} %</b></td>' for p in percents)
        rows.append(
            f"<tr{' class=both' if 0 < rate.mu < 1 else ''}><th>{rate.direction}</th>"
            f"<td>{what}, mu = {rate.mu:g}</td>{cells}</tr>"
        )
        if rate.mu == 1.0:
            chance = "".join(f"<td>{100 * rate.chance[k]:.1f} %</td>" for k in TOPS)
            rows.append(
                f"<tr class=chance><th></th><td>a random order, {rate.n_queries} queries</td>"
                f"{chance}</tr>"
            )
    return (
        "<section class=rates><h2>How often is the right one found?</h2><p>Each landscape's text "
        "asks for a tile that shows it, and the other way round; tiles ask for other tiles of "
        "their landscape. Every question is asked <em>near a point 1,000 km from the truth</em> "
        f"({escape(Decay.parse(DECAY).describe())}), so that the nearest is seldom the right one; "
        "there are far fewer texts than tiles, so place alone gets further among texts.</p>"
        f"<table><thead><tr><th></th><th></th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></section>"
    )


def _map(answers: Sequence[Answer]) -> str:
    """The Earth with every question's hits, in the questions' colours."""
    marks = []
    for number, answer in reversed(list(enumerate(answers, start=1))):
        for hit in reversed(answer.hits):
            if hit.item.place is not None:
                marks.append(_mark(hit, hit.item.place, number))
    return (
        f'<section class=map><svg viewBox="0 0 {MAP_WIDTH} {MAP_HEIGHT}" role="img" '
        f'aria-label="Where the hits of all questions lie"><path class=land d="{_land()}"/>'
        f"{''.join(marks)}</svg></section>"
    )


def _mark(hit: Hit, place: Place, number: int) -> str:
    x, y = _pixel(*place.lonlat)
    label = escape(f"{hit.rank}. {hit.item.title}")
    return (
        f'<a href="#q{number}" class=q{number}><circle cx="{x}" cy="{y}" '
        f'r="{8 if hit.rank == 1 else 4.5}"><title>{label}</title></circle>'
        + (f'<text x="{x}" y="{y}" dy=".35em">{number}</text>' if hit.rank == 1 else "")
        + "</a>"
    )


@cache
def _land() -> str:
    """All countries as one SVG path, with corners that share a pixel left out."""
    paths = []
    for ring in country_rings():
        corners = list(dict.fromkeys(_pixel(*lonlat) for lonlat in ring if lonlat[1] > _SOUTHMOST))
        if len(corners) > 3:
            paths.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z")
    return "".join(paths)


def _pixel(lon: float, lat: float) -> tuple[float, float]:
    """Where a position falls, to half a pixel."""
    x = (lon + 180.0) / 360.0 * MAP_WIDTH
    y = (_NORTHMOST - lat) / (_NORTHMOST - _SOUTHMOST) * MAP_HEIGHT
    return round(2.0 * x) / 2.0, round(2.0 * y) / 2.0
