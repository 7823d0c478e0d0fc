"""What stands before a place name: "near", "not in", "more than 50 km from", "except".

A relation is read from the tokens at a position: perhaps a negation and words that may follow it
("not taken", "isn't anywhere"), then a preposition or a distance. Two negations cancel out: "not
outside France" is in France.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from placelens.geo.tokens import Token
from placelens.geo.units import parse_distance_m

__all__ = ["CONJUNCTIONS", "NEGATIONS", "Relation", "RelationFound", "is_negation", "read_relation"]

Relation = Literal["near", "in"]


@dataclass(frozen=True, slots=True)
class RelationFound:
    """A relation and the token behind it; ``negated`` asks for what is not there.

    ``radius_m`` is a distance that was given: within it, or, negated, beyond it. ``is_direction``
    marks "north of", and ``is_loose`` what says less than a preposition: "at", "from", "but".
    """

    end: int
    relation: Relation
    negated: bool = False
    radius_m: float | None = None
    is_direction: bool = False
    is_loose: bool = False


NEGATIONS = frozenset(
    {
        "not", "never", "neither", "nor", "cannot", "isnt", "arent", "wasnt", "werent", "dont",
        "doesnt", "didnt", "aint",
        # German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish, Polish, Russian
        "nicht", "kein", "keine", "pas", "jamais", "non", "nunca", "não", "nao", "niet", "geen",
        "inte", "ikke", "nie", "не",
    }
)  # fmt: skip
"""Words that turn what follows into its opposite; apostrophes left out."""

_FILLERS = frozenset(
    {
        "actually", "all", "any", "anywhere", "are", "be", "been", "being", "even", "found", "is",
        "lies", "located", "lying", "made", "photographed", "really", "seen", "set", "shot",
        "situated", "somewhere", "taken", "that", "which",
    }
)  # fmt: skip
"""Words that may stand between a negation, or nothing, and the preposition."""
_MAX_FILLERS = 3

_PHRASES: Mapping[str, tuple[Relation, bool]] = {
    **dict.fromkeys(
        ("near", "nearby", "near to", "close to", "next to", "around", "not far from",
         "not far away from", "in the vicinity of", "in the area of", "in the surroundings of",
         "in the neighbourhood of", "in the neighborhood of"),
        ("near", False),
    ),
    **dict.fromkeys(("in", "inside", "inside of", "within", "throughout", "across"), ("in", False)),
    **dict.fromkeys(
        ("outside", "outside of", "except", "except in", "except for", "excluding",
         "excepting", "exclude", "minus", "other than", "other than in", "anywhere but",
         "anywhere but in", "everywhere but", "everywhere but in", "everything but",
         "anything but", "all but", "anywhere except",
         "everywhere except", "everything except", "nowhere in", "without", "apart from"),
        ("in", True),
    ),
    **dict.fromkeys(
        ("nowhere near", "away from", "far from", "far away from", "a long way from"),
        ("near", True),
    ),
}  # fmt: skip
_LOOSE: Mapping[str, tuple[Relation, bool]] = {"at": ("in", False), "from": ("in", False)}
_WEAKLY_NEGATIVE = frozenset(
    {"all but", "apart from", "anything but", "everything but", "everything except", "except",
     "excepting", "exclude", "excluding", "minus", "other than", "without"}
)  # fmt: skip
"""Phrases that are often about something else than a place."""

_WITHIN = ("within", "less than", "under", "up to", "at most", "closer than", "nearer than",
           "no more than", "no farther than", "no further than", "below", "inside",
           "not more than", "not farther than", "not further than")  # fmt: skip
_BEYOND = ("more than", "over", "at least", "beyond", "farther than", "further than",
           "no less than", "not less than", "no closer than", "no nearer than", "not closer than",
           "above", "outside", "not within")  # fmt: skip
_COMPARISONS = {**dict.fromkeys(_WITHIN, False), **dict.fromkeys(_BEYOND, True)}
_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "fifteen": "15", "twenty": "20", "thirty": "30",
    "forty": "40", "fifty": "50", "sixty": "60", "eighty": "80", "hundred": "100",
    "thousand": "1000",
}  # fmt: skip
_UNITS = {
    **dict.fromkeys(("km", "kms", "kilometer", "kilometre", "kilometers", "kilometres"), "km"),
    **dict.fromkeys(("mi", "mile", "miles"), "mi"),
    **dict.fromkeys(("m", "meter", "metre", "meters", "metres"), "m"),
    **dict.fromkeys(("ft", "foot", "feet"), "ft"),
    **dict.fromkeys(("yd", "yards"), "yd"),
}
_DIRECTIONS = frozenset(
    {
        f"{first}{middle}{second}" for first in ("north", "south") for middle in ("", "-")
        for second in ("", "east", "west") if middle == "" or second
    } | {"east", "west"}
)  # fmt: skip

CONJUNCTIONS = frozenset({"and", "or", "&", "nor", "but", "yet", ","})
_LONGEST = 6


def read_relation(tokens: Sequence[Token], at: int) -> RelationFound | None:
    """The longest relation that starts at a token; None where there is none."""
    position, negated = at, False
    while position < len(tokens) and is_negation(tokens[position]):
        whole = _core(tokens, position)  # "not far from" is one phrase, and not a negation
        if whole is not None and whole.end > position + 1:
            break
        negated = not negated
        position += 1
    core = _core(tokens, position)
    if core is None and at < position and tokens[position - 1].low == "neither":
        core = RelationFound(position, "in", is_loose=True)
    for _ in range(_MAX_FILLERS):
        at_all = [token.low for token in tokens[position : position + 2]] == ["at", "all"]
        if not at_all and (core is not None or position >= len(tokens)):
            break
        if not at_all and tokens[position].low not in _FILLERS:
            return None
        position += 2 if at_all else 1
        core = _core(tokens, position)
    if core is None:
        return None
    return RelationFound(
        core.end,
        core.relation,
        core.negated != negated,
        core.radius_m,
        core.is_direction,
        core.is_loose,
    )


def is_negation(token: Token) -> bool:
    """Whether a word turns what follows into its opposite: "not", "isn't", "nicht"."""
    return token.low.replace("'", "").replace("’", "") in NEGATIONS


def _core(tokens: Sequence[Token], at: int) -> RelationFound | None:
    """A preposition, a direction or a distance."""
    return _distance(tokens, at) or _phrase(tokens, at) or _direction(tokens, at)


def _phrase(tokens: Sequence[Token], at: int) -> RelationFound | None:
    for count in range(min(_LONGEST, len(tokens) - at), 0, -1):
        written = " ".join(token.low for token in tokens[at : at + count])
        if written in _PHRASES:
            relation, negated = _PHRASES[written]
            is_loose = written in _WEAKLY_NEGATIVE
            return RelationFound(at + count, relation, negated, is_loose=is_loose)
        if written in _LOOSE:
            relation, negated = _LOOSE[written]
            return RelationFound(at + count, relation, negated, is_loose=True)
    return None


def _direction(tokens: Sequence[Token], at: int) -> RelationFound | None:
    """ "north of", "to the south-west of"."""
    if at + 1 < len(tokens) and tokens[at].low in _DIRECTIONS and tokens[at + 1].low == "of":
        return RelationFound(at + 2, "near", is_direction=True)
    return None


def _distance(tokens: Sequence[Token], at: int) -> RelationFound | None:
    """ "within 5 km of", "more than 50 km from", "> 3 miles away from", "20km around"."""
    beyond, position = False, at
    for count in (3, 2, 1):
        written = " ".join(token.low for token in tokens[at : at + count])
        if written in _COMPARISONS:
            beyond, position = _COMPARISONS[written], at + count
            break
    else:
        if at < len(tokens) and tokens[at].text in "<>":
            beyond, position = tokens[at].text == ">", at + 1
    read = _length(tokens, position)
    if read is None:
        return None
    radius_m, position = read
    words = [token.low for token in tokens[position : position + 3]]
    if words[:2] in (["or", "more"], ["or", "less"]):
        beyond, position = words[1] == "more", position + 2
        words = [token.low for token in tokens[position : position + 2]]
    if words[:1] == ["away"]:
        words, position = words[1:], position + 1
    if words[:1] and words[0] in {"from", "of", "around"}:
        return RelationFound(position + 1, "near", beyond, radius_m)
    return None


def _length(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """A number with its unit, and the token behind: "5 km", "5km", "2.5 miles"."""
    if at >= len(tokens):
        return None
    low = _NUMBERS.get(tokens[at].low, tokens[at].low)
    if low == "a" and at + 1 < len(tokens) and tokens[at + 1].low in ("hundred", "thousand"):
        low, at = _NUMBERS[tokens[at + 1].low], at + 1
    elif low == "a":
        low = "1"
    if not low[:1].isdigit():
        return None
    number = low.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit, end = low[len(number) :], at + 1
    if not unit and at + 1 < len(tokens):
        unit, end = tokens[at + 1].low, at + 2
    is_number = number.isascii() and number.replace(".", "", 1).isdecimal() and len(number) <= 9
    if unit not in _UNITS or not is_number:
        return None
    return parse_distance_m(number + _UNITS[unit]), end
