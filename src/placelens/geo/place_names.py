"""Place names inside a query: "baroque church near Prague", "temples in Peru".

The grammar is small and conservative: a relation ("near", "in", "within 5 km of", ...) must be
followed at once by a name that the gazetteer knows, or by ``lat,lon``. A name counts when

- it is written as a name, with capitals (or in a script without them), is not one of the words
  in ``stop_names.NEVER``, and is not the start of a longer name ("near Lyon Cathedral");
- or it is written in small letters, is the main name of a town above 100,000 people, of a
  country or of a US state, is not also an English word (``stop_names.WORDS``), and ends the phrase
  ("in tokyo", but not "in tokyo bay"). In a query whose words all have capitals a capital says
  nothing, and this rule holds as well.

Of places that share a name the most populous is taken; "Paris, Texas" picks another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from placelens.errors import CoordinateError
from placelens.geo import countries
from placelens.geo.gazetteer import Gazetteer, PlaceChoice, town_radius_m
from placelens.geo.names import fold
from placelens.geo.regions import AnyOf, Circle, Region
from placelens.geo.stop_names import LOWER_CASE_ALTERNATES, NEVER, WORDS
from placelens.geo.understood import PlaceMention, Relation, Understood
from placelens.geo.units import parse_distance_m
from placelens.types import Place

__all__ = ["PlaceMention", "Understood", "parse_query", "read_near"]

NEAR_DECAY = "gauss:25km"
"""For "near" a town; 25 km is a day's outing, where the value is 0.61."""

MIN_LOWER_CASE_POPULATION = 100_000

_WORD = re.compile(
    r"['’‘]?(?:[^\W_]|[\u0300-\u036f])+(?:[-'’‘.‐–/](?:[^\W_]|[\u0300-\u036f])+)*\.?"
)
_MAX_WORDS = 6
_CONNECTORS = frozenset(
    {
        "a", "am", "an", "and", "auf", "aux", "bei", "d", "da", "das", "de", "del", "della", "der",
        "di", "do", "dos", "du", "e", "el", "en", "es", "et", "i", "im", "in", "l", "la", "las",
        "le", "les", "los", "lès", "na", "nad", "of", "on", "sobre", "sous", "sur", "the", "und",
        "upon", "van", "von", "y",
    }
)  # fmt: skip
"""Words within a name that are written small: Frankfurt am Main, Rio de Janeiro."""

_FOLLOWERS = frozenset(
    {
        "after", "along", "and", "around", "as", "at", "before", "beside", "between", "by",
        "close", "during", "for", "from", "in", "inside", "near", "next", "not", "on", "or",
        "over", "seen", "showing", "since", "through", "to", "under", "until", "when", "where",
        "while", "with", "within", "without",
    }
)  # fmt: skip
"""Words that end a place name written in small letters."""

_UNITS = {
    "kilometer": "km", "kilometre": "km", "kms": "km", "kilometers": "km", "kilometres": "km",
    "meter": "m", "metre": "m", "meters": "m", "metres": "m", "mile": "mi", "miles": "mi",
}  # fmt: skip
_RELATION = re.compile(
    r"""(?<![\w-])(?:(?:taken|located|situated|somewhere|photographed)\s+)?
    (?:
      (?:(?:within|less\s+than|under|up\s+to|at\s+most|no\s+more\s+than)\s+)?
      (?P<number>\d+(?:\.\d+)?)\s*
      (?P<unit>km|kms|kilomet(?:er|re)s?|mi|miles?|m|met(?:er|re)s?)\s+
      (?:away\s+from|from|of|around)
      |
      (?P<near>near(?:by|\s+to)?|close\s+to|next\s+to|around|not\s+far\s+from
        |in\s+the\s+(?:vicinity|area|surroundings|neighbou?rhood)\s+of)
      |
      (?P<in>in|inside(?:\s+of)?|within|throughout|across)
    )\s+""",
    re.IGNORECASE | re.VERBOSE,
)
_LEAD = re.compile(
    r"""(?:the\s+)?(?:(?:city|town|state|country|island|cent(?:er|re)|outskirts|suburbs|streets
      |north|south|east|west)\s+of\s+(?:the\s+)?)?
    (?:(?:(?:north|south|east|west)(?:ern)?|central|rural|downtown)\s+)?""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that may stand between the relation and the name: "in the south of France"."""

_LATLON = re.compile(r"(?P<lat>[-+]?\d+\.\d+)\s*,\s*(?P<lon>[-+]?\d+\.\d+)(?!\w)")
_QUALIFIER_GAP = re.compile(r"\s*[,(]\s*|\s+")
_LIST_GAP = re.compile(r"\s*,?\s+(?:and|or|&)\s+|\s*,\s*", re.IGNORECASE)


def parse_query(text: str, gazetteer: Gazetteer) -> Understood:
    """Take the place names out of a query and make place terms of them.

    "near" a town or point: a place term at its centre, decay ``gauss:25km``. "near" a country,
    state or region: a place term at its middle that is 1 within the circle of the same area and
    falls with half that circle's radius beyond. "within 5 km of": a place term with that scale,
    and a circle that nothing may leave. "in" a country, state or region: it is the filter. "in" a
    town: a circle of ``town_radius_m`` is the filter, and a place term with that scale. Several
    "in" joined by "and" or "or" are alternatives; a wider place beside a town ("near Kyoto in
    Japan") tells which town is meant, and filters where nothing narrower does.

    Examples
    --------
    >>> understood = parse_query("baroque church near Prague at night", Gazetteer())
    >>> understood.text
    'baroque church at night'
    >>> understood.describe()
    'near Prague, Czechia; decay gauss:25km'
    >>> parse_query("a man in black near water", Gazetteer()).mentions
    ()
    """
    found: list[_Found] = []
    position = 0
    while match := _RELATION.search(text, position):
        places = _read_places(text, match, gazetteer)
        position = match.end() if not places else places[-1].end
        if not places:
            # The next relation may lie within what this one took for an introduction.
            position = match.start() + 1
        found += places
    found = _one_near(found)
    mentions = _settled([place.mention for place in found])
    near, decay = _place_term(mentions)
    return Understood(
        text=_without(text, [(place.start, place.end) for place in found]),
        mentions=mentions,
        near=near,
        decay=decay,
        region=_region(mentions, gazetteer),
    )


def read_near(name: str, gazetteer: Gazetteer) -> tuple[PlaceMention, Place, str]:
    """The place that a name (or ``lat,lon``) given on its own means, and how its nearness falls.

    Raises
    ------
    QueryError
        If there is no place of that name.
    """
    choices = (gazetteer.resolve(name), *gazetteer.find(name)[1:])
    mention = PlaceMention(phrase=name, written=name, relation="near", choices=choices)
    place, decay = _place_term((mention,))
    return mention, place or mention.choice.place, decay or NEAR_DECAY


@dataclass(frozen=True, slots=True)
class _Found:
    """A mention and where it stands in the text."""

    start: int
    end: int
    mention: PlaceMention


def _read_places(text: str, match: re.Match[str], gazetteer: Gazetteer) -> list[_Found]:
    """The place behind a relation, and after "in" those that a list goes on with."""
    relation: Relation = "in" if match["in"] else "near"
    radius_m = None
    if match["number"]:
        unit = _UNITS.get(match["unit"].lower(), match["unit"].lower())
        radius_m = parse_distance_m(match["number"] + unit)
    titled = _is_titled(text, match)
    found: list[_Found] = []
    start, position = match.start(), match.end()
    while True:
        read = _read_point(text, position) if relation == "near" else None
        read = read or _read_name(text, position, titled, gazetteer)
        if read is None and (lead := _LEAD.match(text, position)) and lead.end() > position:
            read = _read_name(text, lead.end(), titled, gazetteer)
        if read is None:
            return found
        end, written, choices = read
        mention = PlaceMention(
            phrase=text[start:end].strip(" ,"),
            written=written,
            relation=relation,
            choices=choices,
            radius_m=radius_m,
        )
        found.append(_Found(start, end, mention))
        gap = _LIST_GAP.match(text, end)
        if relation != "in" or gap is None:
            return found
        start, position = end, gap.end()


def _read_point(text: str, position: int) -> tuple[int, str, tuple[PlaceChoice, ...]] | None:
    """A position written as ``lat,lon``, both with a decimal point."""
    match = _LATLON.match(text, position)
    if match is None:
        return None
    try:
        point = PlaceChoice.point(float(match["lat"]), float(match["lon"]))
    except CoordinateError:
        return None
    return match.end(), match[0], (point,)


def _read_name(
    text: str, position: int, titled: bool, gazetteer: Gazetteer
) -> tuple[int, str, tuple[PlaceChoice, ...]] | None:
    """The longest acceptable name at a position, with what qualifies it."""
    words = _words(text, position)
    for count in range(len(words), 0, -1):
        end = words[count - 1].end()
        written = text[position:end]
        choices = gazetteer.find(written)
        if not choices or fold(written) in NEVER:
            continue
        qualified_end, qualified = _qualify(text, end, choices, gazetteer)
        if qualified_end > end:
            return qualified_end, written, tuple(qualified)
        if _is_written_as_name(words[:count]) and not titled:
            if not _goes_on_as_name(text, end):
                return end, written, tuple(choices)
        elif _is_plain_name(fold(written), choices) and _ends_phrase(text, end):
            return end, written, tuple(choices)
    return None


def _qualify(
    text: str, end: int, choices: Sequence[PlaceChoice], gazetteer: Gazetteer
) -> tuple[int, list[PlaceChoice]]:
    """Keep the choices that a country or division behind the name fits: "Paris, Texas, USA"."""
    kept = list(choices)
    while gap := _QUALIFIER_GAP.match(text, end):
        words = _words(text, gap.end())
        for count in range(min(3, len(words)), 0, -1):
            words_end = words[count - 1].end()
            qualifier = text[gap.end() : words_end]
            # Short ones and those without a comma must be capitals: "Portland, or in Seattle".
            small = not (qualifier.isupper() if len(qualifier) <= 2 else qualifier[:1].isupper())
            if small and (len(qualifier) <= 2 or gap[0].isspace()):
                continue
            fitting = gazetteer.qualified(kept, qualifier)
            if fitting:
                kept = fitting
                end = words_end + (text[words_end : words_end + 1] == ")")
                break
        else:
            break
    return end, kept


def _words(text: str, position: int) -> list[re.Match[str]]:
    """Up to six words from a position on, with nothing but white space between them."""
    words: list[re.Match[str]] = []
    while len(words) < _MAX_WORDS and (match := _WORD.match(text, position)):
        words.append(match)
        position = match.end()
        while text[position : position + 1].isspace():
            position += 1
        if position == match.end():
            break
    return words


def _is_written_as_name(words: Sequence[re.Match[str]]) -> bool:
    """Whether the words have capitals, but for connectors within, or belong to no cased script."""
    letters = [word[0].lstrip("'’‘") for word in words]
    if letters[0][:1].islower() and letters[0] not in {"s-Hertogenbosch"}:
        return False
    if len(fold(letters[0])) <= 2 and len(words) == 1:
        return letters[0].replace(".", "").isupper() or not letters[0][:1].isupper()
    return all(
        not word[:1].islower() or word.split("'")[0].casefold() in _CONNECTORS for word in letters
    )


def _goes_on_as_name(text: str, end: int) -> bool:
    """Whether a capital follows: "near Lyon Cathedral" names a cathedral, not the town."""
    following = re.match(r"\s+(\w)", text[end:])
    return following is not None and following[1].isupper() and text[end - 1] != "."


def _is_plain_name(folded: str, choices: Sequence[PlaceChoice]) -> bool:
    """Whether small letters will do for the name."""
    if folded in WORDS or (len(folded) <= 3 and folded not in {"usa", "uae", "nyc"}):
        return False
    best = choices[0]
    if best.kind != "town" or folded in LOWER_CASE_ALTERNATES:
        return True
    return best.population >= MIN_LOWER_CASE_POPULATION and fold(best.name) == folded


def _ends_phrase(text: str, end: int) -> bool:
    """Whether the phrase ends: at the text's end, a mark, or a word like "at" or "with"."""
    following = re.match(r"\s+(\w+)", text[end:])
    return following is None or following[1].casefold() in _FOLLOWERS or following[1].isdigit()


def _is_titled(text: str, match: re.Match[str]) -> bool:
    """Whether capitals say nothing: the relation has one within the text, or all words do."""
    relation = match[0].lstrip()
    if match.start() > 0 and relation[:1].isupper():
        return True
    others = [
        word[0] for word in _WORD.finditer(text[: match.start()]) if word[0] not in _CONNECTORS
    ]
    return len(others) >= 3 and all(word[:1].isupper() for word in others)


def _one_near(found: Sequence[_Found]) -> list[_Found]:
    """Only the first "near": a query has one place term; what further ones say stays text."""
    nears = [place for place in found if place.mention.relation == "near"]
    return [place for place in found if place.mention.relation == "in" or place is nears[0]]


def _settled(mentions: Sequence[PlaceMention]) -> tuple[PlaceMention, ...]:
    """Take for each town the choice that lies in a country or state of the same query."""
    areas = {m.name for m in mentions if m.kind not in ("town", "point")}
    settled = []
    for mention in mentions:
        choices = mention.choices
        if mention.kind == "town":
            inside = [choice for choice in choices if areas & {choice.country, choice.admin}]
            choices = tuple(dict.fromkeys([*inside, *choices]))
        settled.append(replace(mention, choices=choices))
    return tuple(settled)


def _place_term(mentions: Sequence[PlaceMention]) -> tuple[Place | None, str | None]:
    """Where the place term lies and how it falls: of the "near", else of a single town."""
    near = next((mention for mention in mentions if mention.relation == "near"), None)
    if near is None:
        towns = [mention for mention in mentions if mention.kind == "town"]
        if len(towns) != 1:
            return None, None
        return towns[0].choice.place, _gauss(_radius_m(towns[0].choice))
    if near.radius_m:
        return near.choice.place, _gauss(near.radius_m)
    if near.kind not in ("town", "point"):
        radius_m = countries.area(near.choice.code).radius_m
        return near.choice.place, _gauss(radius_m / 2.0, offset_m=radius_m)
    return near.choice.place, NEAR_DECAY


def _gauss(scale_m: float, offset_m: float = 0.0) -> str:
    """A Gaussian decay as it is written, in kilometres where these are whole enough."""
    parts = [f"{d / 1000:.0f}km" if d >= 10_000 else f"{d:.0f}m" for d in (scale_m, offset_m) if d]
    return ":".join(["gauss", *parts])


def _region(mentions: Sequence[PlaceMention], gazetteer: Gazetteer) -> Region | None:
    """The hard filter: the circle of a given distance; else the narrowest places that are "in"."""
    regions: list[Region] = [
        Circle(center=mention.choice.place, radius_m=mention.radius_m)
        for mention in mentions
        if mention.radius_m is not None
    ]
    if not regions:
        inside = [mention.choice for mention in mentions if mention.relation == "in"]
        narrowest = [choice for choice in inside if choice.kind == "town"] or inside
        regions = [
            Circle(center=choice.place, radius_m=_radius_m(choice))
            if choice.kind == "town"
            else gazetteer.region(choice)
            for choice in narrowest
        ]
    if len(regions) <= 1:
        return regions[0] if regions else None
    return AnyOf(tuple(regions))


def _radius_m(town: PlaceChoice) -> float:
    return float(town_radius_m(town.population))


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without some stretches, tidied."""
    for start, end in reversed(spans):
        text = f"{text[:start]} {text[end:]}"
    text = re.sub(r"\s+([,;.!?])", r"\1", re.sub(r"\s+", " ", text))
    return text.strip(" ,;")
