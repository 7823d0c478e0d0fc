"""A small map as inline SVG: country outlines and numbered points; nothing is fetched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from placelens.types import Hit, Place

WIDTH, HEIGHT = 640, 320
# Those of the web page (web/src/styles/tokens.css) and of the demo's.
PLACE_COLOUR, MEANING_COLOUR = "#d9771e", "#3a57c4"
_MIN_SPAN_DEG = 0.02  # about 2 km: a single point still gets a map around it
_MARGIN = 1.25
_MAX_COSINE_STRETCH = 4.0


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the map shows: its centre, and pixels for each degree (or metre) either way."""

    centre: tuple[float, float]
    scale_x: float
    scale_y: float
    wraps: bool

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where a position falls, in pixels from the top left."""
        offset = x - self.centre[0]
        if self.wraps:
            offset = (offset + 180.0) % 360.0 - 180.0
        return (
            round(WIDTH / 2 + offset * self.scale_x, 1),
            round(HEIGHT / 2 - (y - self.centre[1]) * self.scale_y, 1),
        )


def svg_map(
    hits: Sequence[Hit],
    *,
    outlines: Iterable[Sequence[tuple[float, float]]] = (),
    near: Place | None = None,
) -> str:
    """An ``<svg>`` of the located hits by rank; "" when none has a place.

    ``outlines`` are rings of (lon, lat) in degrees drawn below the points.
    """
    located = [(hit, hit.item.place.lonlat) for hit in hits if hit.item.place is not None]
    if not located:
        return ""
    sphere = all(hit.item.place is None or hit.item.place.space == "sphere" for hit, _ in located)
    points = [lonlat for _, lonlat in located] + ([near.lonlat] if near else [])
    frame = _frame(points, wraps=sphere)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" '
        f'aria-label="map of {len(located)} hits" '
        'style="background:#dfe8ef;border-radius:6px;font:600 11px sans-serif">'
    ]
    parts += [_land(ring, frame) for ring in outlines] if sphere else []
    if near is not None:
        x, y = frame.pixel(*near.lonlat)
        parts.append(
            f'<path d="M{x - 7} {y}h14M{x} {y - 7}v14" stroke="{PLACE_COLOUR}" stroke-width="2"/>'
        )
    # Best last, so that it lies on top.
    parts += [_dot(hit, *frame.pixel(*lonlat)) for hit, lonlat in reversed(located)]
    return "".join([*parts, "</svg>"])


@cache
def country_rings() -> tuple[tuple[tuple[float, float], ...], ...]:
    """Outer rings of all countries in (lon, lat) degrees; about 0.5 s the first time."""
    from placelens.geo import outlines

    # Codes with a hyphen are states, whose land is their country's.
    codes = sorted(code for code in outlines.outline_codes() if "-" not in code)
    return tuple(
        tuple(map(tuple, ring.tolist())) for code in codes for ring in outlines.outer_rings(code)
    )


def _frame(points: Sequence[tuple[float, float]], *, wraps: bool) -> _Frame:
    """The smallest frame of the map's shape that holds the points, with a margin."""
    ys = [y for _, y in points]
    west, width = _span([x for x, _ in points], wraps=wraps)
    smallest = _MIN_SPAN_DEG if wraps else 10.0
    middle = (min(ys) + max(ys)) / 2
    # Degrees of longitude shrink towards the poles; without a limit the poles would be all map.
    stretch = min(_MAX_COSINE_STRETCH, 1 / max(math.cos(math.radians(middle)), 1e-9))
    stretch = stretch if wraps else 1.0
    span_x = max(width / stretch, smallest)
    span_y = max(max(ys) - min(ys), smallest)
    scale = min(WIDTH / span_x, HEIGHT / span_y) / _MARGIN
    return _Frame((west + width / 2, middle), scale / stretch, scale, wraps)


def _span(xs: Sequence[float], *, wraps: bool) -> tuple[float, float]:
    """Start and width of the narrowest interval around all xs; over the antimeridian if better."""
    ordered = sorted(xs)
    if not wraps:
        return ordered[0], ordered[-1] - ordered[0]
    gaps = [
        (following - current, number)
        for number, (current, following) in enumerate(
            zip(ordered, [*ordered[1:], ordered[0] + 360.0], strict=True)
        )
    ]
    widest, before = max(gaps)
    return ordered[(before + 1) % len(ordered)], 360.0 - widest


def _land(ring: Sequence[tuple[float, float]], frame: _Frame) -> str:
    """One outline as often as it is in view; "" when it is not.

    The ring is followed from its first point without jumps, so that land over the map's far side
    comes out in one piece, and is drawn again one turn further west and east where that shows.
    """
    turn = 360.0 * frame.scale_x
    pixels = [frame.pixel(*ring[0])]
    for position in ring[1:]:
        x, y = frame.pixel(*position)
        pixels.append((x - turn * round((x - pixels[-1][0]) / turn), y))
    ys = [y for _, y in pixels]
    if max(ys) < 0 or min(ys) > HEIGHT:
        return ""
    drawn = []
    for shift in (-turn, 0.0, turn):
        xs = [x + shift for x, _ in pixels]
        if max(xs) >= 0 and min(xs) <= WIDTH:
            path = "L".join(_thinned(zip(xs, ys, strict=True)))
            drawn.append(f'<path d="M{path}Z" fill="#f6f4ee" stroke="#b9c2c9" stroke-width=".7"/>')
    return "".join(drawn)


def _thinned(pixels: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Corners that lie a pixel or more from the last one drawn."""
    last = (math.inf, math.inf)
    for x, y in pixels:
        if abs(x - last[0]) >= 1 or abs(y - last[1]) >= 1:
            last = (x, y)
            yield f"{x:.0f} {y:.0f}"


def _dot(hit: Hit, x: float, y: float) -> str:
    dashed = ' stroke-dasharray="3 2"' if hit.item.place_source == "estimated" else ""
    return (
        f'<g><title>{hit.rank}. {escape(hit.item.title)}</title><circle cx="{x}" cy="{y}" r="9" '
        f'fill="{MEANING_COLOUR}" stroke="#fff" stroke-width="1.5"{dashed}/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" fill="#fff">{hit.rank}</text></g>'
    )
