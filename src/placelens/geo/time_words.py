"""Times in the words of a query: "summer 2019", "last May", "at Christmas", "in the 90s".

What is explicit is read: a year behind a word like "in", a date, a month with "in" or a year,
"last week". A bare year may be a number of something else and a season alone is something to see
("in winter"): such mentions are ``is_weak``, and the search decides by the collection's own times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from placelens.geo.relations import is_negation
from placelens.geo.seasons import (
    EASTER,
    FIXED_FEASTS,
    SEASONS,
    Span,
    Yearly,
    around_easter,
    fixed_days,
    month_of,
    month_start,
    season,
    whole_year,
)
from placelens.geo.tokens import Token, tokens_of

__all__ = ["TimeMention", "parse_times"]

OLDEST_YEAR = 1826
"""Of the oldest photograph that is known."""

_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH = (
    {name: number for number, name in enumerate(_MONTHS, start=1)}
    | {name[:3]: number for number, name in enumerate(_MONTHS, start=1)}
    | {"sept": 9}
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DECADES = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990,
}  # fmt: skip
_NUMBERS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
            "eight": 8, "nine": 9, "ten": 10, "few": 3, "couple": 2}  # fmt: skip
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 30, "months": 30, "year": 365,
          "years": 365}  # fmt: skip
_OPEN = frozenset({"since", "after", "before", "until", "till"})
_EVERY = frozenset({"every", "any", "each"})
_LAST = frozenset({"last", "past", "previous"})
_ALL_LEADS = (
    frozenset({"in", "from", "during", "of", "on", "at", "over", "around", "between"})
    | _OPEN
    | _EVERY
)
_UNCLEAR = "it is not clear what the negation before it refers to"
_SEEN = "a season may be what is to be seen; write: any season, or its year"
_COUNTED = re.compile(r".*s|people|men|women|km|m|mi|ft|feet|children|fish|sheep")
_YEAR = re.compile(r"\d{4}")
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_YEARS = re.compile(r"(\d{4})[-–](\d{4})")
_DECADE = re.compile(r"['’‘]?(\d{2}|\d{4})['’]?s")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeMention:
    """A time found in a query: the words, the time in words, and its spans.

    ``yearly`` gives the spans of a year, or is None where ``spans`` are given once and for all.
    ``years`` are the first and last year of it, None for all. ``negated`` asks for other times.
    ``is_weak`` marks what may be something else than a time, ``is_aside`` what is one only as the
    whole query, and ``unread`` says why it must not act at all. The phrase
    stands from ``start`` to ``end`` in the text.
    """

    phrase: str
    label: str
    spans: tuple[Span, ...] = ()
    yearly: Yearly | None = None
    years: tuple[int, int] | None = None
    negated: bool = False
    is_weak: bool = False
    is_aside: bool = False
    unread: str = ""
    start: int = 0
    end: int = 0

    def in_years(self, first: int, last: int, *, southern: bool) -> list[Span]:
        """Its spans, of those years where it comes back every year."""
        if self.yearly is None:
            return list(self.spans)
        first, last = self.years or (first, last)
        return [span for year in range(first, last + 1) for span in self.yearly(year, southern)]

    def describe(self) -> str:
        """The time in words."""
        return f"not {self.label}" if self.negated else self.label

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types; of what comes back every year without its spans."""
        spans = self.in_years(*self.years, southern=False) if self.years else self.spans
        return {
            "phrase": self.phrase,
            "words": self.describe(),
            "negated": self.negated,
            "spans": [[start.isoformat(), end.isoformat()] for start, end in spans],
        }


@dataclass(frozen=True, slots=True)
class _Read:
    """What a stretch of tokens says: where it ends, and the time."""

    end: int
    kind: str
    label: str
    spans: tuple[Span, ...] = ()
    yearly: Yearly | None = None
    years: tuple[int, int] | None = None

    @property
    def ends(self) -> Span | None:
        """Its first and last moment north of the equator; None where it comes back."""
        spans = self.spans
        if self.yearly is not None and self.years is not None:
            spans = tuple(s for y in range(*_closed(self.years)) for s in self.yearly(y, False))
        return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else None


def _closed(years: tuple[int, int]) -> tuple[int, int]:
    return years[0], years[1] + 1


def parse_times(text: str, now: datetime) -> tuple[TimeMention, ...]:
    """The times that the words of a query name; ``now`` is what "yesterday" is the day before.

    Examples
    --------
    >>> found = parse_times("dog at the beach last May", datetime(2021, 3, 1))
    >>> [(mention.phrase, mention.label) for mention in found]
    [('last May', 'May 2020')]
    >>> parse_times("2000 people in red", datetime(2021, 3, 1))
    ()
    """
    tokens = tokens_of(text)
    reader = _Reader(tokens, now)
    found: list[TimeMention] = []
    at, unclear = 0, False
    while at < len(tokens):
        mention, end = reader.mention(at)
        if mention is not None:
            start, stop = tokens[at].start, tokens[end - 1].end
            is_whole = at == 0 and end == len(tokens)
            reason = _UNCLEAR if unclear and not mention.negated else mention.unread
            if is_whole or not mention.is_aside:
                found.append(
                    replace(mention, phrase=text[start:stop], unread=reason, start=start, end=stop)
                )
        elif is_negation(tokens[at]):
            unclear = not (at + 1 < len(tokens) and tokens[at + 1].low.endswith("ing"))
        elif tokens[at].kind == "mark" or tokens[at].low in {"but", "and", "with"}:
            unclear = False
        at = end
    return tuple(found)


class _Reader:
    """Reads times at positions of one query."""

    def __init__(self, tokens: Sequence[Token], now: datetime) -> None:
        self._tokens, self._now = tokens, now

    def mention(self, at: int) -> tuple[TimeMention | None, int]:
        """The time at a token and where to go on; None where there is none."""
        position, negated = at, False
        while is_negation_of_time(self._token(position)):
            negated, position = not negated, position + 1
        lead = self._low(position) if self._low(position) in _ALL_LEADS else ""
        position += bool(lead)
        position += self._low(position) == "the"
        position += self._low(position) in {"early", "mid", "late"}
        read = self._core(position)
        if read is None or (negated and not lead and read.kind == "name"):
            return None, at + 1
        if lead in {"between", "from"}:
            read = self._range(read) or read
        made = self._made(read, lead, self._low(position - 1) == "the")
        if made is None:
            return None, at + 1
        return replace(made, negated=negated, is_weak=made.is_weak and not negated), read.end

    def _made(self, read: _Read, lead: str, article: bool) -> TimeMention | None:
        """A mention of what was read, by what leads to it; None where it is no time."""
        made = TimeMention(
            phrase="", label=read.label, spans=read.spans, yearly=read.yearly, years=read.years
        )
        if lead in _OPEN:
            return _opened(made, read, lead)
        if read.kind == "year":
            if _COUNTED.fullmatch(self._low(read.end)) or lead in {"at", "on", "over", "around"}:
                return None
            return replace(made, is_weak=lead not in {"in", "from", "during", "between", "since"})
        if read.kind == "decade":
            return made if article or lead else replace(made, is_weak=True, is_aside=True)
        if read.kind == "month":
            return made if lead in {"in", "during"} | _EVERY else None
        if read.kind == "season":
            weak = lead not in _EVERY
            return replace(made, is_weak=weak, is_aside=weak and lead not in {"in", "during"},
                           unread=_SEEN if weak else "")  # fmt: skip
        if read.kind == "feast":
            clear = lead in {"at", "over", "on", "during", "around"} | _EVERY
            return made if clear else replace(made, is_aside=True)
        return made

    def _core(self, at: int) -> _Read | None:
        """A time without what leads to it."""
        readers = (self._relative, self._date, self._day, self._named, self._decade, self._year)
        return next((read for each in readers if (read := each(at)) is not None), None)

    def _range(self, first: _Read) -> _Read | None:
        """ "between 2015 and 2018", "from May 2019 to June 2019"."""
        if self._low(first.end) not in {"and", "to", "until", "till", "-", "–"}:
            return None
        second = self._core(first.end + 1)
        if second is None or first.ends is None or second.ends is None:
            return None
        span = (first.ends[0], second.ends[1])
        return _Read(second.end, "range", f"{first.label} to {second.label}", (span,))

    def _relative(self, at: int) -> _Read | None:
        """ "yesterday", "last week", "two weeks ago", "the last 10 days", "this year"."""
        low = self._low(at)
        today = datetime(self._now.year, self._now.month, self._now.day)
        day = timedelta(days=1)
        if low in {"today", "yesterday"}:
            start = today - day * (low == "yesterday")
            return _Read(at + 1, "date", low, ((start, start + day),))
        number, unit_at = self._number(at)
        if number is not None and self._low(unit_at + 1) == "ago":
            return self._ago(number, unit_at)
        if low in _LAST:
            number, unit_at = self._number(at + 1)
            if number is not None and self._low(unit_at) in _UNITS:
                start = today - day * min(number * _UNITS[self._low(unit_at)], 60_000)
                label = f"the last {number} {self._low(unit_at)}"
                return _Read(unit_at + 1, "date", label, ((start, today + day),))
        if low in _LAST | {"this"}:
            return self._calendar(at + 1, back=low != "this", today=today)
        return None

    def _number(self, at: int) -> tuple[int | None, int]:
        """A number, also "a" and "a few", and the token behind it."""
        low = self._low(at)
        if low == "a" and self._low(at + 1) in {"few", "couple"}:
            at, low = at + 1, self._low(at + 1)
        if low in _NUMBERS or (low.isdecimal() and len(low) <= 3):
            behind = at + 1 + (self._low(at + 1) == "of")
            return _NUMBERS.get(low) or int(low), behind
        return None, at

    def _ago(self, number: int, unit_at: int) -> _Read | None:
        """The day, week, month or year that lies so far back."""
        unit = self._low(unit_at).removesuffix("s")
        today = datetime(self._now.year, self._now.month, self._now.day)
        label = f"{number} {unit}{'s' * (number != 1)} ago"
        if unit in {"day", "week"}:
            start = today - timedelta(days=number * (7 if unit == "week" else 1))
            start -= timedelta(days=start.weekday() if unit == "week" else 0)
            end = start + timedelta(days=7 if unit == "week" else 1)
        elif unit == "month":
            start = month_start(today.year * 12 + today.month - 1 - number)
            end = month_start(today.year * 12 + today.month - number)
        elif unit == "year" and number < 200:
            start, end = (
                datetime(today.year - number, 1, 1),
                datetime(today.year - number + 1, 1, 1),
            )
        else:
            return None
        return _Read(unit_at + 2, "date", label, ((start, end),))

    def _calendar(self, at: int, *, back: bool, today: datetime) -> _Read | None:
        """ "last" or "this" week, month, year, weekend, Monday, May, summer, Christmas."""
        unit = self._low(at)
        word = "last" if back else "this"
        monday = today - timedelta(days=today.weekday() + 7 * back)
        months = today.year * 12 + today.month - 1 - back
        spans = {
            "week": (monday, monday + timedelta(days=7)),
            "weekend": (monday + timedelta(days=5), monday + timedelta(days=7)),
            "month": (month_start(months), month_start(months + 1)),
            "year": (datetime(today.year - back, 1, 1), datetime(today.year - back + 1, 1, 1)),
        }
        if unit in spans:
            return _Read(at + 1, "date", f"{word} {unit}", (spans[unit],))
        if unit in _DAYS and back:
            start = today - timedelta(days=(today.weekday() - _DAYS.index(unit) - 1) % 7 + 1)
            return _Read(at + 1, "date", f"last {unit.capitalize()}",
                         ((start, start + timedelta(days=1)),))  # fmt: skip
        name = self._name(at)
        if name is None or name.yearly is None:
            return None
        year = today.year
        while back and max(end for _, end in name.yearly(year, False)) > self._now:
            year -= 1
        return replace(name, kind="date", label=f"{name.label} {year}", years=(year, year))

    def _date(self, at: int) -> _Read | None:
        """ "2019-06-30", "2019-06", "30.06.2019", "2015-2018"."""
        text = self._low(at)
        if (years := _YEARS.fullmatch(text)) and int(years[1]) < int(years[2]):
            first, last = int(years[1]), int(years[2])
            if self._is_year(first) and self._is_year(last):
                return _Read(at + 1, "date", text, yearly=whole_year, years=(first, last))
        if match := _DAY_FIRST.fullmatch(text):
            return self._made_date(at + 1, match[3], match[2], match[1])
        if match := _DATE.fullmatch(text):
            return self._made_date(at + 1, match[1], match[2], match[3])
        return None

    def _day(self, at: int) -> _Read | None:
        """ "12 June 2019", "12th of June 2019", "June 12, 2019"."""
        if match := _DAY.fullmatch(self._low(at)):
            month_at = at + 1 + (self._low(at + 1) == "of")
            month, day, end = self._low(month_at), match[1], month_at + 1
        elif self._low(at) in _MONTH and (match := _DAY.fullmatch(self._low(at + 1))):
            month, day, end = self._low(at), match[1], at + 2
        else:
            return None
        end += self._low(end) == ","
        if month not in _MONTH or not _YEAR.fullmatch(self._low(end)):
            return None
        return self._made_date(end + 1, self._low(end), str(_MONTH[month]), day)

    def _made_date(self, end: int, year: str, month: str, day: str | None) -> _Read | None:
        """A day or month of the calendar; None where there is none."""
        if not self._is_year(int(year)) or not 1 <= int(month) <= 12:
            return None
        first = int(year) * 12 + int(month) - 1
        if day is None:
            return _Read(end, "date", f"{year}-{int(month):02}",
                         ((month_start(first), month_start(first + 1)),))  # fmt: skip
        start = month_start(first) + timedelta(days=int(day) - 1)
        if not int(day) >= 1 or start >= month_start(first + 1):
            return None
        return _Read(end, "date", f"{start:%Y-%m-%d}", ((start, start + timedelta(days=1)),))

    def _named(self, at: int) -> _Read | None:
        """A month, season or feast, with or without a year behind it."""
        name = self._name(at)
        if name is None:
            return None
        year_at = name.end + (self._low(name.end) in {"of", ",", "in"})
        year: int | None = None
        if _YEAR.fullmatch(self._low(year_at)) and self._is_year(int(self._low(year_at))):
            year, end = int(self._low(year_at)), year_at + 1
        elif self._low(year_at) in {"last", "this"} and self._low(year_at + 1) == "year":
            year, end = self._now.year - (self._low(year_at) == "last"), year_at + 2
        if year is None:
            return name
        return replace(name, end=end, kind="date", label=f"{name.label} {year}", years=(year, year))

    def _name(self, at: int) -> _Read | None:
        """A month, season or feast of any year."""
        for count in (3, 2, 1):
            low = " ".join(self._low(i) for i in range(at, at + count)).replace("’", "'")
            if low in FIXED_FEASTS:
                return _Read(at + count, "feast", low.title().replace("'S", "'s"),
                             yearly=fixed_days(*FIXED_FEASTS[low]))  # fmt: skip
            if low in EASTER:
                return _Read(at + count, "feast", low.title(), yearly=around_easter(*EASTER[low]))
        low = self._low(at)
        if low in SEASONS:
            return _Read(at + 1, "season", low, yearly=season(*SEASONS[low]))
        # In small letters the short forms are words: "mar", "dec", "sep".
        if low in _MONTH and (len(low) > 4 or low in _MONTHS or self._tokens[at].is_capital):
            month = _MONTH[low]
            return _Read(at + 1, "month", _MONTHS[month - 1].capitalize(), yearly=month_of(month))
        return None

    def _decade(self, at: int) -> _Read | None:
        """ "1990s", "90s", "nineties"."""
        low = self._low(at)
        if match := _DECADE.fullmatch(low):
            first = int(match[1])
            # "20s" is the century that has begun, "90s" the one before.
            first += 0 if first >= 100 else 2000 if first <= self._now.year % 100 else 1900
        elif low in _DECADES:
            first = _DECADES[low]
        else:
            return None
        if first % 10 or not self._is_year(first):
            return None
        return _Read(at + 1, "decade", f"the {first}s", yearly=whole_year, years=(first, first + 9))

    def _year(self, at: int) -> _Read | None:
        low = self._low(at)
        if not _YEAR.fullmatch(low) or not self._is_year(int(low)):
            return None
        years = (int(low), int(low))
        return _Read(at + 1, "year", low, yearly=whole_year, years=years)

    def _is_year(self, year: int) -> bool:
        return OLDEST_YEAR <= year <= self._now.year + 1

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if at < len(self._tokens) else None

    def _low(self, at: int) -> str:
        return self._tokens[at].low if 0 <= at < len(self._tokens) else ""


def is_negation_of_time(token: Token | None) -> bool:
    """Whether a word takes a time behind it out: "not", "except"."""
    return token is not None and (is_negation(token) or token.low in {"except", "excluding"})


def _opened(made: TimeMention, read: _Read, lead: str) -> TimeMention | None:
    """ "since", "after", "before" or "until" a time; None where that comes back every year."""
    if read.ends is None:
        return None
    start, end = read.ends
    span = {
        "since": (start, datetime.max),
        "after": (end, datetime.max),
        "before": (datetime.min, start),
        "until": (datetime.min, end),
        "till": (datetime.min, end),
    }[lead]
    return replace(made, label=f"{lead} {read.label}", spans=(span,), yearly=None, years=None)
