"""What the words of a query say beside what to look for: places, times, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from placelens.engine.periods import NO_TIME, Periods, merged_us
from placelens.engine.times import EPOCH
from placelens.geo.gazetteer import Gazetteer
from placelens.geo.place_names import parse_query
from placelens.geo.time_words import OLDEST_YEAR, TimeMention, parse_times
from placelens.geo.understood import Offer, Understood, Unread
from placelens.query.landmarks import CollectionLandmarks
from placelens.storage.version import Version
from placelens.types import Float64Array

__all__ = ["WordsRead", "read_words"]

_TIME_IS_GIVEN = "a time is given beside the words"


@dataclass(frozen=True, slots=True)
class WordsRead:
    """What was understood, and the periods that follow of its times."""

    understood: Understood
    periods: tuple[Periods, ...] = ()


def read_words(
    text: str,
    *,
    version: Version,
    gazetteer: Gazetteer,
    now: datetime,
    time_is_given: bool = False,
) -> WordsRead:
    """Read a query's words against one version of a collection.

    Times are read first, since "last May in Paris" ends no place. A time acts where it is
    explicit and anything here has a time, a bare year only where something here is from then,
    and none where the request gives a time beside the words.
    """
    times: list[TimeMention] = []
    periods: list[Periods] = []
    unread: list[Unread] = []
    offers: list[Offer] = []
    mentions = parse_times(text, now)
    for mention in mentions:
        period = _periods(mention, version)
        why = _TIME_IS_GIVEN if time_is_given else _why_not(mention, period, version)
        if why is None:
            times.append(mention)
            periods.append(period)
        elif not mention.is_aside or mention.phrase == text.strip():
            unread.append(Unread(phrase=mention.phrase, reason=why))
            if mention.is_weak and mention.unread:
                write = f"any {mention.label}"
                offers.append(Offer(phrase=mention.phrase, write=write, label=write))
    rest = _without(text, times)
    understood = parse_query(rest, gazetteer, landmarks=CollectionLandmarks(version))
    # "in 2019" looks like a place to who reads places, and is none.
    phrases = {mention.phrase for mention in mentions}
    no_places = tuple(left for left in understood.unread if left.phrase not in phrases)
    return WordsRead(
        replace(
            understood,
            times=tuple(times),
            unread=(*unread, *no_places),
            offers=(*offers, *understood.offers),
        ),
        tuple(periods),
    )


def _periods(mention: TimeMention, version: Version) -> Periods:
    """A mention's spans; what comes back every year in the years that items are from."""
    known = version.times_us[version.times_us != NO_TIME]
    first, last = (_year(int(of(known))) for of in (np.min, np.max)) if len(known) else (1970, 1970)
    north, south = (
        merged_us(mention.in_years(max(first, OLDEST_YEAR), last, southern=southern))
        for southern in (False, True)
    )
    return Periods(north, south, mention.negated)


def _year(time_us: int) -> int:
    return (EPOCH + timedelta(microseconds=time_us)).year


def _why_not(mention: TimeMention, period: Periods, version: Version) -> str | None:
    """Why a time does not act; None where it does."""
    if mention.unread:
        return mention.unread
    if not (version.times_us != NO_TIME).any():
        return "no item here has a time"
    inside = replace(period, negated=False).mask(version.times_us, _latitudes(version))
    if mention.is_weak and not inside.any():
        return "nothing here is from then"
    return None


def _latitudes(version: Version) -> Float64Array:
    if version.space == "sphere":
        return version.lonlat[1]
    return np.full(version.n_items, np.nan)


def _without(text: str, mentions: Sequence[TimeMention]) -> str:
    """The text without the phrases of some mentions."""
    if not mentions:
        return text
    parts, position = [], 0
    for mention in mentions:
        parts.append(text[position : mention.start].rstrip(" ,"))
        position = mention.end
    return " ".join(" ".join([*parts, text[position:].lstrip(" ,")]).split())
