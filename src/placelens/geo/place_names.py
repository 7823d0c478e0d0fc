"""Place names inside a query: "baroque church near Prague", "temples in Peru, not in Lima".

The grammar is small and conservative. A relation ("near", "not in", "within 5 km of", see
``relations``) must be followed at once by a name that the gazetteer knows, or by ``lat,lon``; what
stands around the name ("state of", "Washington state", "Paris, Texas") must fit the place, or it
is not read. Which of the places of a name is meant, and whether it may act at all, is decided in
``place_evidence``. A phrase that looks like a place and is not read is left to the words, and
said so; it never becomes its opposite, nor another place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from placelens.errors import CoordinateError
from placelens.geo.gazetteer import Gazetteer, PlaceChoice
from placelens.geo.landmark_names import is_landmark_name
from placelens.geo.names import fold
from placelens.geo.place_evidence import NameFound, Reader
from placelens.geo.place_terms import (
    NEAR_DECAY,
    area_inside,
    area_outside,
    place_term,
    settled,
)
from placelens.geo.relations import CONJUNCTIONS, RelationFound, is_negation, read_relation
from placelens.geo.stop_names import GENERIC, WORDS
from placelens.geo.tokens import Token, tokens_of
from placelens.geo.understood import Offer, PlaceMention, Understood, Unread
from placelens.types import Place

__all__ = ["NEAR_DECAY", "Landmarks", "PlaceMention", "Understood", "parse_query", "read_near"]

Landmarks = Callable[[Sequence[str]], tuple[int, PlaceChoice] | None]
"""Of some names, longest first, the first that a collection's own items go by, and where it is."""
_LATLON = re.compile(r"(?P<lat>[-+]?\d{1,3}\.\d{1,15})\s?,\s?(?P<lon>[-+]?\d{1,3}\.\d{1,15})(?!\w)")
_BUT = re.compile(r"\b(but|yet|and)\s+$", re.IGNORECASE)
_QUOTES = re.compile('["“”]')
_MAX_BARE_TOKENS = 6
"""In a longer query, which is a sentence, a name stands behind a word that says how."""
_MAX_CHOICES = 10
_PICTURES = frozenset(
    {"photo", "photos", "picture", "pictures", "image", "images", "shot", "shots", "view", "views"}
)
_EXCEPTING = frozenset(
    {"all", "anything", "anywhere", "apart", "everything", "everywhere", "except", "excepting",
     "exclude", "excluding", "minus", "nowhere", "other"}
)  # fmt: skip
"""First words of what takes something out, be it a place or not."""
_APART = frozenset({"away", "beyond", "far", "outside"})
"""Words that negate by what they mean, and only their own place."""
_REACH = {"or": "negated", "nor": "negated", "but": "", "yet": ""}
"""What a negation before a conjunction makes of the next relation; of others it is unclear."""
_REACH_OF_APART = {"and": "", "&": "", ",": "", "but": "", "yet": ""}
_CLAUSE_ENDS = frozenset({",", ";", ".", "but", "and", "with", "that", "which", "where"})

_UNKNOWN = "no such place is known"
_UNCLEAR = "it is not clear what the negation before it refers to"
_DIRECTION = "directions are not read"
_WEAK = "it is a word as well as a little known name"
_SMALL = 'it may be about something else; write "not in" to leave the place out'
_LANDMARK = "it may be a landmark as well as a small town; say what it lies in to mean the town"


def parse_query(
    text: str, gazetteer: Gazetteer, *, landmarks: Landmarks | None = None
) -> Understood:
    """Take the place names out of a query and make place terms of them.

    "near" a town or point: a place term at its centre, decay ``gauss:25km``. "near" a country,
    state or area: a place term at its middle that is 1 within the circle of the same area and
    falls with half that circle's radius beyond. "within 5 km of": a place term with that scale,
    and a circle that nothing may leave. "in" a country, state or area: it is the filter. "in" a
    town: a circle of ``town_radius_m`` is the filter, and a place term with that scale. Several
    "in" joined by "and" or "or" are alternatives; a wider place beside a town ("near Kyoto in
    Japan") tells which town is meant, and filters where nothing narrower does. "not in", "outside",
    "more than 5 km from" leave out what lies there. A name that is the whole query is taken as
    "near" it, and stays with the words. What stands in quotes is not read.

    ``landmarks`` looks names up among a collection's own items.

    Examples
    --------
    >>> understood = parse_query("baroque church near Prague at night", Gazetteer())
    >>> understood.text
    'baroque church at night'
    >>> understood.describe()
    'near Prague, Czechia; decay gauss:25km'
    >>> parse_query("beaches in Spain, not in Catalonia", Gazetteer()).describe()
    'in Spain; not in Catalonia, Spain'
    >>> parse_query("a man in black near water", Gazetteer()).mentions
    ()
    """
    walk = _Walk(text, gazetteer, landmarks)
    walk.run()
    found = _one_near(walk.found)
    mentions = settled([place.mention for place in found])
    near, decay = place_term(mentions)
    return Understood(
        text=_without(text, [place for place in found if not place.mention.is_bare]),
        mentions=mentions,
        near=near,
        decay=decay,
        area=area_inside(mentions, gazetteer),
        outside=area_outside(mentions, gazetteer),
        unread=tuple(walk.unread),
        offers=tuple(walk.offers),
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
    place, decay = place_term((mention,))
    return mention, place or mention.choice.place, decay or NEAR_DECAY


@dataclass(frozen=True, slots=True)
class _Found:
    """A mention, where it stands in the text, and what of it stays with the words."""

    start: int
    end: int
    mention: PlaceMention
    kept: str = ""


@dataclass(slots=True)
class _Walk:
    """One walk over a query's tokens, from left to right, and what it found on the way.

    ``unclear`` says that a negation stands before in the same clause and its reach is not known;
    ``negates`` that there is one anywhere; ``carried`` is where a relation would stand that the
    negation before a list goes on to; ``noted`` is the token behind what was noted last.
    """

    text: str
    gazetteer: Gazetteer
    landmarks: Landmarks | None
    tokens: tuple[Token, ...] = ()
    found: list[_Found] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    unclear: bool = False
    negates: bool = False
    carried: tuple[int, str] = (-1, "")
    noted: int = 0
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = tokens_of(self.text)
        self.reader = Reader(self.text, self.tokens, self.gazetteer)

    def run(self) -> None:
        """Read the whole query."""
        at = 0
        while at < len(self.tokens):
            at = self._step(at)
        if not self.found and not self.unread:
            self._read_bare()

    def _step(self, at: int) -> int:
        """Read what stands at a token, and return where to go on."""
        relation = read_relation(self.tokens, at)
        if relation is not None:
            self.negates |= relation.negated
            end = self._read_places(at, relation)
            if end > at:
                self.unclear = False
                return end
        token, following = self.tokens[at], self._low(at + 1)
        if token.low in _CLAUSE_ENDS or token.kind == "mark":
            self.unclear = False
        elif is_negation(token) or (token.low in {"no", "without"} and following in _PICTURES):
            # "people not wearing hats in Spain": the hats are not there, Spain is.
            self.unclear = not following.endswith("ing")
        elif relation is not None and relation.negated and token.low in _EXCEPTING:
            self.unclear = True
            return relation.end
        return at + 1

    def _read_places(self, at: int, relation: RelationFound) -> int:
        """The places behind a relation; where to go on, or ``at`` if there are none."""
        negated = relation.negated
        if self.carried[0] == at and not negated:
            negated = self.carried[1] == "negated"
            self.unclear |= self.carried[1] == "unclear"
        start, position = at, relation.end
        while True:
            name = self._read_one(position, at, relation, negated)
            if name is None and start == at:
                name = self._landmark(at, relation)
            if name is None:
                return start
            if name.aside is not None:
                self._note(*name.aside, f"{_UNKNOWN} in {name.written}")
            if relation.relation == "near":
                name = replace(name, choices=_towns_before_divisions(name))
            refusal = self._refusal(relation, name)
            if refusal is not None:
                self._refuse(start, name, refusal)
                return name.end
            self._take(start, name, relation, negated)
            following = self._list_goes_on(name.end, at, relation, negated)
            if following is None:
                return name.end
            start, (position, negated) = name.end, following

    def _list_goes_on(
        self, end: int, at: int, relation: RelationFound, negated: bool
    ) -> tuple[int, bool] | None:
        """Where a list's next name would stand, and whether it is negated: "in Paris, not Lyon"."""
        position = end
        while position < end + 2 and self._low(position) in CONJUNCTIONS:
            position += 1
        conjunction = self._low(position - 1) if position > end else None
        if read_relation(self.tokens, position) is not None:
            if negated and conjunction is not None:
                reach = _REACH_OF_APART if self._is_apart(at, relation) else _REACH
                self.carried = (position, reach.get(conjunction, "unclear"))
            return None
        if position < len(self.tokens) and is_negation(self.tokens[position]):
            self.negates = True
            return position + 1, True
        if conjunction is None:
            return None
        negated = negated and conjunction not in {"but", "yet"}
        return (position, negated) if relation.relation == "in" or negated else None

    def _is_apart(self, at: int, relation: RelationFound) -> bool:
        """Whether a relation negates by a distance or "outside", and no "not" does."""
        words = self.tokens[at : relation.end]
        says_so = relation.radius_m is not None or any(word.low in _APART for word in words)
        return relation.negated and says_so and not any(map(is_negation, words))

    def _read_one(
        self, position: int, at: int, relation: RelationFound, negated: bool
    ) -> NameFound | None:
        """A position or a name that a relation may have behind it."""
        point = self._read_point(position) if relation.relation == "near" else None
        name = point or self.reader.read(position, at)
        if name is None or point is not None or not relation.is_loose:
            return name
        if negated:
            return name if self._takes_out(at, position, name) else None
        before = self.tokens[at - 1].low if at else None
        is_of_pictures = self.tokens[at].low == "from" and (before is None or before in _PICTURES)
        return name if is_of_pictures and not name.is_weak else None

    def _takes_out(self, at: int, position: int, name: NameFound) -> bool:
        """Whether "without" or "except" is about a place: "man without Jersey" is about a jersey.

        It is where a place stands before ("in Europe without France"), and with a capital.
        """
        is_word = name.choices[0].kind == "town" or fold(name.written) in WORDS
        capital = self._is_capital(position + (self._low(position) == "the"))
        if name.is_weak or self.found:
            return not name.is_weak
        if not (is_word or capital):
            self._note(at, name.end, _SMALL)
        return capital and (self._low(at) != "without" or not is_word)

    def _read_point(self, position: int) -> NameFound | None:
        """A position written as ``lat,lon``, both with a decimal point."""
        if position >= len(self.tokens):
            return None
        start = self.tokens[position].start
        match = _LATLON.match(self.text, start)
        if match is None:
            return None
        try:
            point = PlaceChoice.point(float(match["lat"]), float(match["lon"]))
        except CoordinateError:
            return None
        end = position
        while end < len(self.tokens) and self.tokens[end].start < match.end():
            end += 1
        return NameFound(end, match[0], (point,))

    def _refusal(self, relation: RelationFound, name: NameFound) -> str | None:
        """Why a place that was found is not acted on."""
        if self.unclear:
            return _UNCLEAR
        if relation.is_direction:
            return _DIRECTION
        # A name of common words may be near a town that it is the main name of, but is no filter.
        is_main = fold(name.choices[0].name) == fold(name.written)
        if name.is_weak and (relation.relation == "in" or (_is_generic(name) and not is_main)):
            return _LANDMARK if is_landmark_name(name.written) else _WEAK
        return None

    def _refuse(self, start: int, name: NameFound, why: str) -> None:
        """Leave a phrase to the words, and offer the place where that may be meant."""
        phrase = self._note(start, name.end, why)
        if why in (_DIRECTION, _LANDMARK, _WEAK) and not _is_generic(name):
            self._offer(phrase, name.choices[0])

    def _offer(self, phrase: str, choice: PlaceChoice) -> None:
        if self.negates:
            return  # what is taken out must not become what is asked for
        label = f"near {choice.label}"
        self.offers.append(Offer(phrase=phrase, write=label, label=label))

    def _note(self, start: int, end: int, why: str) -> str:
        phrase = self.reader.written(start, end).strip(" ,")
        if end > self.noted:  # else it is a part of what was noted: "in X" of "not in X"
            self.unread.append(Unread(phrase=phrase, reason=why))
            self.noted = end
        return phrase

    def _take(self, start: int, name: NameFound, relation: RelationFound, negated: bool) -> None:
        """Make a mention of a name."""
        phrase = self.reader.written(start, name.end)
        mention = PlaceMention(
            phrase=phrase.strip(" ,"),
            written=name.written,
            relation="near" if name.choices[0].kind == "item" else relation.relation,
            choices=name.choices[:_MAX_CHOICES],
            radius_m=relation.radius_m,
            negated=negated,
        )
        begin, end = self.tokens[start].start, self.tokens[name.end - 1].end
        kept = self.reader.written(*name.aside) if name.aside else ""
        self.found.append(_Found(begin, end, mention, kept))

    def _landmark(self, at: int, relation: RelationFound) -> NameFound | None:
        """A name of the collection's own items; what looks like a name and is none is noted."""
        start = relation.end + int(self._low(relation.end) == "the")
        end = self.reader.end_of_landmark(start)
        is_name = end > start and self.reader.looks_like_a_name(start, end, at)
        if not is_name or (relation.is_loose and not self._is_capital(start)):
            return None
        written = [self.reader.written(start, stop) for stop in range(end, start, -1)]
        known = self.landmarks(written) if self.landmarks is not None else None
        if known is not None:
            number, choice = known
            return NameFound(end - number, written[number], (choice,))
        if relation.is_loose:
            return None
        container = self.reader.container(start, end, end)
        if container is not None:
            return container
        self._note(at, end, _UNKNOWN)
        prefix = self.reader.read_prefix(start, end)
        if prefix is not None:
            self._offer(self.unread[-1].phrase, prefix.choices[0])
        return None

    def _read_bare(self) -> None:
        """Names without a word like "near": the whole query is acted on, part of it is offered."""
        negates = self.negates or any(is_negation(token) for token in self.tokens)
        if negates or len(self.tokens) > _MAX_BARE_TOKENS:
            return
        for at in range(len(self.tokens)):
            name = self.reader.read_bare(at)
            if name is None:
                continue
            phrase = self.reader.written(at, name.end)
            if at == 0 and name.end == len(self.tokens) and not name.is_weak:
                mention = PlaceMention(
                    phrase=phrase,
                    written=name.written,
                    relation="near",
                    choices=name.choices[:_MAX_CHOICES],
                    is_bare=True,
                )
                self.found.append(_Found(0, len(self.text), mention))
            elif not _is_generic(name):
                self._offer(phrase, name.choices[0])
            return

    def _is_capital(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at].is_capital

    def _low(self, at: int) -> str:
        return self.tokens[at].low if at < len(self.tokens) else ""


def _towns_before_divisions(name: NameFound) -> tuple[PlaceChoice, ...]:
    """What "near" a name means: rather a large town of that main name than a division."""
    folded = fold(name.written)
    towns = [
        choice
        for choice in name.choices
        if choice.kind == "town" and choice.population >= 100_000 and fold(choice.name) == folded
    ]
    is_division = name.choices[0].kind == "state"
    return tuple(dict.fromkeys([*towns[: int(is_division)], *name.choices]))


def _is_generic(name: NameFound) -> bool:
    """Whether a name is made of words that say nothing of where."""
    return all(word in GENERIC for word in fold(name.written).split())


def _one_near(found: Sequence[_Found]) -> list[_Found]:
    """Only the first "near": a query has one place term; what further ones say stays text."""
    nears = [p for p in found if p.mention.relation == "near" and not p.mention.negated]
    return [place for place in found if place not in nears[1:]]


def _without(text: str, found: Sequence[_Found]) -> str:
    """The text without the phrases that were found and without quotes, tidied."""
    parts, position = [], 0
    for place in found:
        between = text[position : place.start]
        if place.mention.negated:
            between = _BUT.sub("", between)
        # "not in Paris but in Lyon": what joined two phrases goes with them.
        if not (position and between.strip(" ,").casefold() in CONJUNCTIONS):
            parts.append(between)
        parts.append(place.kept)
        position = place.end
    rest = _QUOTES.sub("", " ".join([*parts, text[position:]]))
    rest = re.sub(r"\s+([,;.!?])", r"\1", re.sub(r"\s+", " ", rest))
    return rest.strip(" ,;")
