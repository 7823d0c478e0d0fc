"""Which place a name means, and whether it is evidence enough to act on.

Every candidate is judged by the same marks: what stands around the name must fit the place (a
qualifier behind it, its kind, an article), or the place is out; then the name must be written as
one, and be one by which people know the place. A name counts when

- a qualifier fits it ("springfield, illinois"); or
- it is written with capitals (or in a script without them), is not one of ``stop_names.NEVER``, is
  not the start of a longer name ("near Lyon Cathedral"), and is strong: an area, or a town by its
  main name or one that people know it by; of a name that is made of common words ("Central Park",
  "Bloom") or says that it is a landmark's ("Hyde Park") only a town above 50,000 people, unless
  its kind or what it lies in is said ("the town of Hyde Park", "Hyde Park in Massachusetts"); or
- it is written in small letters, is the main name of a town above 100,000 people, of a country or
  of a US state, is not also an English word (``stop_names.WORDS``), and ends the phrase
  ("in tokyo", but not "in tokyo bay"). In a query whose words all have capitals a capital says
  nothing, and this rule holds as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from placelens.geo.gazetteer import Gazetteer, PlaceChoice
from placelens.geo.landmark_names import KINDS, SEEN, is_landmark_name
from placelens.geo.names import fold
from placelens.geo.stop_names import EXONYMS, GENERIC, NEVER, WORDS
from placelens.geo.tokens import Token

__all__ = ["CONNECTORS", "FOLLOWERS", "NameFound", "Reader", "is_plain_name"]

MIN_LOWER_CASE_POPULATION = 100_000
MIN_ALTERNATE_POPULATION = 100_000
"""A town below it is not known by its alternate names."""
MIN_COMMON_POPULATION = 50_000
"""A town below it is not meant by a name made of common words, or by that of a landmark."""

MAX_WORDS = 6
_ALL = 1_000
"""More than there are places of any one name."""
CONNECTORS = frozenset(
    {
        "a", "am", "an", "and", "auf", "aux", "bei", "d", "da", "das", "de", "del", "della", "der",
        "di", "do", "dos", "du", "e", "el", "en", "es", "et", "i", "im", "in", "l", "la", "las",
        "le", "les", "los", "lès", "na", "nad", "of", "on", "sobre", "sous", "sur", "the", "und",
        "upon", "van", "von", "y",
    }
)  # fmt: skip
"""Words within a name that are written small: Frankfurt am Main, Rio de Janeiro."""

FOLLOWERS = frozenset(
    {
        "after", "along", "and", "around", "as", "at", "before", "beside", "between", "but", "by",
        "close", "during", "except", "excluding", "for", "from", "in", "inside", "near", "next",
        "nor", "not", "on", "or", "outside", "over", "seen", "showing", "since", "through", "to",
        "under", "until", "when", "where", "while", "with", "within", "without",
    }
)  # fmt: skip
"""Words that end a place name written in small letters."""

_TOWN, _STATE, _COUNTRY, _AREA = ("town",), ("state",), ("country",), ("country", "state", "region")
_LEADING_KINDS = {
    **dict.fromkeys(("city", "town", "village", "outskirts", "suburbs", "streets", "old town"),
                    _TOWN),
    **dict.fromkeys(("state", "province", "prefecture", "canton"), _STATE),
    **dict.fromkeys(("country", "republic", "kingdom"), _COUNTRY),
    **dict.fromkeys(("island", "islands", "isle", "continent", "region"), _AREA),
    **dict.fromkeys(("center", "centre", "heart", "middle", "north", "south", "east", "west",
                     "northeast", "northwest", "southeast", "southwest", "coast", "rest"), ()),
}  # fmt: skip
"""Before "of": which kinds of place may follow; none given, any."""
_TRAILING_KINDS = {
    "state": _STATE, "province": _STATE, "prefecture": _STATE, "county": (), "district": (),
    "region": _AREA, "city": _TOWN, "republic": _COUNTRY,
}  # fmt: skip
_ADJECTIVES = frozenset(
    {
        "north", "south", "east", "west", "northern", "southern", "eastern", "western", "central",
        "rural", "downtown", "mainland", "northeastern", "northwestern", "southeastern",
        "southwestern", "inner", "upper", "lower", "all", "greater",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameFound:
    """A name: the tokens it takes, as it is written, and the places it may mean, best first.

    ``is_weak`` marks what may be offered and must not act; ``aside`` is a name in front that no
    place in the one found goes by ("Old Town" of "Old Town, Prague") and stays with the words.
    """

    end: int
    written: str
    choices: tuple[PlaceChoice, ...]
    is_weak: bool = False
    aside: tuple[int, int] | None = None


class Reader:
    """Reads names at positions of one query."""

    def __init__(self, text: str, tokens: Sequence[Token], gazetteer: Gazetteer) -> None:
        self.text, self.tokens, self._gazetteer = text, tokens, gazetteer
        words = [t.is_word and t.low not in CONNECTORS for t in tokens]
        small = [w and not t.text[:1].isupper() for w, t in zip(words, tokens, strict=True)]
        self._n_words, self._n_small = ([0, *accumulate(map(int, each))] for each in (words, small))

    def read(self, at: int, relation_at: int) -> NameFound | None:
        """The name at a token, behind words that lead to it: "the state of", "northern"."""
        titled = self._is_titled(relation_at)
        for position, kinds, article in self._leads(at):
            found = self._name(position, titled, kinds, article)
            if found is not None:
                return found
        return None

    def _leads(self, at: int) -> Iterator[tuple[int, tuple[str, ...], bool]]:
        """Where a name may start, the kinds it may have, and whether "the" stands before it."""
        yield at, (), False
        low = [token.low for token in self.tokens[at : at + 6]] + [""] * 6
        skip = int(low[0] == "the")
        kinds: tuple[str, ...] = ()
        for count in (2, 1):
            lead = " ".join(low[skip : skip + count])
            if lead in _LEADING_KINDS and low[skip + count] == "of":
                kinds = _LEADING_KINDS[lead]
                at, skip = at + skip + count + 1, int(low[skip + count + 1] == "the")
                low = [token.low for token in self.tokens[at : at + 3]] + [""] * 3
                break
        yield at + skip, kinds, skip == 1
        if low[skip] in _ADJECTIVES:
            yield at + skip + 1, kinds, False

    def _name(
        self, at: int, titled: bool, kinds: tuple[str, ...], article: bool, bare: bool = False
    ) -> NameFound | None:
        """The longest name at a token that may be meant."""
        for count in range(self._n_adjacent(at), 0, -1):
            end = at + count
            written = self.written(at, end)
            folded = fold(written)
            choices = tuple(self._gazetteer.find(written, limit=_ALL))
            if not choices or folded in NEVER:
                continue
            end, kinds_here = self._kinds(end, kinds)
            choices = tuple(c for c in choices if _fits(c, kinds_here, article, folded))
            stands = (at, at + count, end)
            found = self._judged(*stands, choices, kinds=kinds_here, titled=titled, bare=bare)
            if found is not None:
                return found
        return None

    def _kinds(self, end: int, kinds: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        """The kinds that a word behind the name leaves: "Washington state", "Orange County"."""
        low = self.tokens[end].low if end < len(self.tokens) else ""
        if low not in _TRAILING_KINDS or not self._is_adjacent(end):
            return end, kinds
        if low == "city" and self._is_capital(end):
            return end, kinds  # a part of the name, if of any
        return end + 1, _TRAILING_KINDS[low] or ("none",)

    def _judged(
        self,
        at: int,
        name_end: int,
        end: int,
        choices: tuple[PlaceChoice, ...],
        *,
        kinds: tuple[str, ...],
        titled: bool,
        bare: bool,
    ) -> NameFound | None:
        """The name with what qualifies it, if it is written as one and may be meant."""
        words = self.tokens[at:name_end]
        written = self.written(at, name_end)
        as_name = _is_written_as_name(words) and not titled
        if not choices:
            return self.container(at, name_end, end) if as_name else None
        qualified_end, kept = self._qualify(end, choices)
        if qualified_end > end:
            return NameFound(qualified_end, written, tuple(kept))
        if as_name:
            if name_end == end and self.goes_on(end):
                return None
            is_weak = not (kinds or is_strong(written, choices[0]))
            if is_weak and (within := self._fitting_behind_in(end, choices)):
                is_weak, choices = False, tuple(within)
            return self._contradicted(at, name_end, end, choices, is_weak) or NameFound(
                end, written, choices, is_weak
            )
        if is_plain_name(fold(written), choices[0]) and (bare or self._ends_phrase(end)):
            return NameFound(end, written, choices)
        return None

    def _qualify(
        self, end: int, choices: Sequence[PlaceChoice]
    ) -> tuple[int, Sequence[PlaceChoice]]:
        """Keep the choices that fit the names behind: "Paris, Texas, USA", "Paris (Texas)"."""
        kept = choices
        while (start := self._qualifier_start(end)) is not None:
            for count in range(min(3, self._n_adjacent(start)), 0, -1):
                qualifier = self.written(start, start + count)
                # Short ones and those without a comma must be capitals: "Portland, or in Seattle".
                short = len(qualifier) <= 2
                capital = qualifier.isupper() if short else self._is_capital(start)
                if not capital and (short or start == end):
                    continue
                fitting = self._gazetteer.qualified(kept, qualifier, beside=start > end)
                if fitting:
                    kept, end = fitting, start + count
                    end += int(end < len(self.tokens) and self.tokens[end].text == ")")
                    break
            else:
                break
        return end, kept

    def _fitting_behind_in(self, end: int, choices: Sequence[PlaceChoice]) -> Sequence[PlaceChoice]:
        """The choices that lie in the place named next: "Hyde Park in Massachusetts"."""
        start = end + 1
        if start >= len(self.tokens) or self.tokens[end].low != "in" or not self._is_capital(start):
            return ()
        for count in range(min(3, self._n_adjacent(start)), 0, -1):
            fitting = self._gazetteer.qualified(choices, self.written(start, start + count))
            if fitting:
                return fitting
        return ()

    def _qualifier_start(self, end: int) -> int | None:
        """Where a qualifier would start: behind a comma or bracket, or at once."""
        if end >= len(self.tokens):
            return None
        start = end + int(self.tokens[end].text in (",", "("))
        is_word = start < len(self.tokens) and self.tokens[start].is_word
        return start if is_word and (start > end or self._is_adjacent(end)) else None

    def _contradicted(
        self, at: int, name_end: int, end: int, choices: Sequence[PlaceChoice], is_weak: bool
    ) -> NameFound | None:
        """What stands behind a comma where that is a place which holds none of the choices.

        "Old Town, Prague" is in Prague, not in Maine; "in Paris, Australia" is in Australia. Two
        towns that are known are a list ("in Paris, London"), and so are two areas.
        """
        container = self.container(at, name_end, end)
        if container is None:
            return None
        is_list = (choices[0].kind == "town") == (container.choices[0].kind == "town")
        # Letters stand behind a name to say which one it is: "Cuba, NY" is not the country.
        is_list &= not (len(container.written) <= 3 and container.written.isupper())
        return None if is_list and not is_weak else container

    def container(self, at: int, name_end: int, end: int) -> NameFound | None:
        """The place behind the comma after a name that it holds no place of."""
        start = self._qualifier_start(end)
        if start is None or start == end:
            return None
        found = self._name(start, False, (), False) or self._letters(start)
        if found is None or found.is_weak:
            return None
        return NameFound(found.end, found.written, found.choices, aside=(at, name_end))

    def _letters(self, at: int) -> NameFound | None:
        """A state or country by its letters: NY, UK."""
        written = self.tokens[at].text
        if not (2 <= len(written) <= 3 and written.isupper() and written.isascii()):
            return None
        area = self._gazetteer.area_of_letters(written)
        return None if area is None else NameFound(at + 1, written, (area,))

    def read_bare(self, at: int) -> NameFound | None:
        """A name that no relation leads to; weak unless small letters would do for it.

        The capital of a query's first word says nothing, and few people type others.
        """
        found = self._name(at, False, (), False, bare=True)
        if found is None or found.aside is not None:
            return None
        name_end = at + len(found.written.split())
        folded = fold(found.written)
        plain = is_plain_name(folded, found.choices[0]) or not folded.isascii()
        is_weak = found.is_weak or not (plain or found.end > name_end)
        return replace(found, is_weak=is_weak)

    def read_prefix(self, start: int, end: int) -> NameFound | None:
        """A strong name at the start of a longer one: Lyon in "Lyon Cathedral"."""
        for stop in range(end - 1, start, -1):
            written = self.written(start, stop)
            choices = tuple(self._gazetteer.find(written))
            if choices and is_plain_name(fold(written), choices[0]):
                return NameFound(stop, written, choices)
        return None

    def end_of_landmark(self, start: int) -> int:
        """Where the name of a landmark would end: words up to a mark or a word like "with"."""
        end = start
        for count in range(1, self._n_adjacent(start) + 1):
            word = self.tokens[start + count - 1]
            if word.low in FOLLOWERS and not word.is_capital:
                break
            if word.low not in CONNECTORS or count == 1:
                end = start + count
        return end

    def looks_like_a_name(self, start: int, end: int, relation_at: int) -> bool:
        """Whether words are a name that is not known, and not something that is to be seen.

        Capitals throughout say so where they say anything, and in small letters a landmark's
        kind behind a word that is not a common one: "the eiffel tower", but not "the old tower".
        """
        words = self.tokens[start:end]
        low = [word.low for word in words]
        if all(word in GENERIC and not words[0].is_capital for word in low) or low[0] in NEVER:
            return False
        if _is_written_as_name(words):
            return not self._is_titled(relation_at)
        return len(low) > 1 and low[-1] in KINDS and low[0] not in GENERIC | SEEN

    def written(self, start: int, end: int) -> str:
        """The text of some tokens."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def goes_on(self, end: int) -> bool:
        """Whether a capital follows: "near Lyon Cathedral" names a cathedral, not the town."""
        return (
            end < len(self.tokens)
            and self._is_adjacent(end)
            and self.tokens[end].text[:1].isupper()
            and not self.tokens[end - 1].text.endswith(".")
        )

    def _ends_phrase(self, end: int) -> bool:
        """Whether the phrase ends: at the text's end, a mark, or a word like "at" or "with"."""
        if end >= len(self.tokens) or not self._is_adjacent(end):
            return True
        following = self.tokens[end]
        return not following.is_word or following.low in FOLLOWERS or following.low.isdigit()

    def _n_adjacent(self, at: int) -> int:
        """How many words there are from a token on with nothing but white space between them."""
        count = 0
        while count < MAX_WORDS and at + count < len(self.tokens):
            if not self.tokens[at + count].is_word or (count and not self._is_adjacent(at + count)):
                break
            count += 1
        return count

    def _is_adjacent(self, at: int) -> bool:
        """Whether a token follows the one before after white space alone."""
        return self.text[self.tokens[at - 1].end : self.tokens[at].start].isspace()

    def _is_capital(self, at: int) -> bool:
        return self.tokens[at].is_capital

    def _is_titled(self, at: int) -> bool:
        """Whether capitals say nothing: the relation has one within the text, or all words do."""
        if at > 0 and self.tokens[at].text[:1].isupper():
            return True
        return self._n_words[at] >= 3 and self._n_small[at] == 0


def is_strong(written: str, best: PlaceChoice) -> bool:
    """Whether a name written as one is enough to act on the place."""
    if best.kind != "town":
        return True
    folded = fold(written)
    if is_landmark_name(written) or all(word in GENERIC for word in folded.split()):
        return fold(best.name) == folded and best.population >= MIN_COMMON_POPULATION
    if folded in EXONYMS or fold(best.name) == folded or not folded.isascii():
        return True
    return best.population >= MIN_ALTERNATE_POPULATION


def is_plain_name(folded: str, best: PlaceChoice) -> bool:
    """Whether small letters will do for the name."""
    if folded in WORDS or (len(folded) <= 3 and folded not in {"usa", "uae", "nyc"}):
        return False
    if best.kind != "town" or folded in EXONYMS:
        return True
    return best.population >= MIN_LOWER_CASE_POPULATION and fold(best.name) == folded


def _fits(choice: PlaceChoice, kinds: tuple[str, ...], article: bool, folded: str) -> bool:
    """Whether a place is of one of the kinds, and takes "the" where that stands before it."""
    if kinds and choice.kind not in kinds:
        return False
    return not article or choice.kind != "town" or folded.startswith("the ")


def _is_written_as_name(words: Sequence[Token]) -> bool:
    """Whether the words have capitals, but for connectors within, or belong to no cased script."""
    letters = [word.text.lstrip("'’‘") for word in words]
    if letters[0][:1].islower() and letters[0] not in {"s-Hertogenbosch"}:
        return False
    if len(fold(letters[0])) <= 2 and len(words) == 1:
        return letters[0].replace(".", "").isupper() or not letters[0][:1].isupper()
    return all(
        not word[:1].islower() or word.split("'")[0].casefold() in CONNECTORS for word in letters
    )
