"""Places that only the collection knows: items whose own names or texts name a landmark."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from weakref import WeakKeyDictionary

import numpy as np

from placelens.geo.distance import distances_m
from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.names import fold, fold_lines
from placelens.geo.stop_names import GENERIC
from placelens.storage.version import Version
from placelens.types import Place

__all__ = ["CollectionLandmarks"]

ONE_PLACE_M = 25_000.0
"""Items that name a landmark and lie within it of one another speak of one place."""
MAX_ITEMS = 200_000
"""Collections above it are not searched: folding their texts would take seconds."""
MAX_TEXT = 400
"""Characters of a text that are looked at; what a text is about stands at its start."""
MAX_ASKED = 8
"""Different landmarks of one query that are looked up; people name one or two."""
_AT_A_TIME = 256

Found = tuple[int, PlaceChoice] | None


class CollectionLandmarks:
    """Looks names up in the titles, and then the texts, of a version's located items.

    Folded titles and texts are made when first asked for, and kept as long as the version.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._known: dict[tuple[str, ...], Found] = {}

    def __call__(self, names: Sequence[str]) -> Found:
        """The first of some names that items go by, by its number, and the place.

        Each name is the start of the one before it.
        """
        asked = tuple(map(fold, names))
        if asked not in self._known:
            is_searched = len(self._known) < MAX_ASKED and self._version.n_items <= MAX_ITEMS
            is_searched &= self._version.space == "sphere"
            self._known[asked] = self._look_up(asked) if is_searched else None
        return self._known[asked]

    def _look_up(self, names: Sequence[str]) -> Found:
        for source in ("titles", "texts"):
            lines = _lines_of(self._version, source)
            if not lines.has(names[-1]):
                continue  # nor any that goes on from there
            for number, name in enumerate(names):
                if all(word in GENERIC for word in name.split()):
                    continue
                row = self._row(name, lines)
                if row is not None:
                    return number, self._choice(row)
        return None

    def _row(self, name: str, lines: _Lines) -> int | None:
        """The row of the item that a name means; None where none or several places do."""
        lat, _ = self._version.coordinates
        for found in (lines.that_are(name), lines.with_(name)):
            located = (row for row in found if not np.isnan(lat[row]))
            first = next(located, None)
            if first is not None:
                return first if self._are_at(first, located) else None
        return None

    def _are_at(self, first: int, rows: Iterator[int]) -> bool:
        """Whether items lie where the first one does."""
        lat, lon = self._version.coordinates
        here = Place(lat=float(lat[first]), lon=float(lon[first]))
        while some := list(islice(rows, _AT_A_TIME)):
            if distances_m(lat[some], lon[some], to=here).max() > ONE_PLACE_M:
                return False
        return True

    def _choice(self, row: int) -> PlaceChoice:
        lat, lon = (float(column[row]) for column in self._version.coordinates)
        title = self._version.items([row])[0].title
        return PlaceChoice(
            name=title, kind="item", country="", admin=None, lat=lat, lon=lon, population=0, code=""
        )


class _Lines:
    """Folded lines as one text, which is searched as fast as memory is read."""

    def __init__(self, lines: Iterable[str]) -> None:
        folded = fold_lines("\n".join(lines)).split("\n")
        padded = [f" {line.strip()} " for line in folded]
        self._text = "\n" + "\n".join(padded) + "\n"
        self._starts = np.fromiter(
            accumulate((len(line) + 1 for line in padded), initial=1), np.int64, len(padded) + 1
        )

    def has(self, name: str) -> bool:
        """Whether a name stands in any line."""
        return f" {name} " in self._text

    def with_(self, name: str) -> Iterator[int]:
        """The lines that a name stands in, by their numbers."""
        return self._found(f" {name} ")

    def that_are(self, name: str) -> Iterator[int]:
        """The lines that are a name and nothing else."""
        return self._found(f"\n {name} \n")

    def _found(self, wanted: str) -> Iterator[int]:
        at = self._text.find(wanted)
        while at >= 0:
            line = int(np.searchsorted(self._starts, at + 1, side="right")) - 1
            yield line
            at = self._text.find(wanted, int(self._starts[line + 1]) - 1)


_lock = threading.Lock()
_lines: WeakKeyDictionary[Version, dict[str, _Lines]] = WeakKeyDictionary()


def _lines_of(version: Version, source: str) -> _Lines:
    """The titles or texts of a version."""
    with _lock:
        known = _lines.setdefault(version, {})
        if source not in known:
            known[source] = _Lines(_titles(version) if source == "titles" else _texts(version))
        return known[source]


def _titles(version: Version) -> Iterator[str]:
    for attributes in version.attributes:
        title = attributes.get("title") or attributes.get("name") or ""
        yield " ".join(str(title).split())


def _texts(version: Version) -> Iterator[str]:
    for text in version.table(["text"])["text"].to_pylist():
        yield " ".join((text or "")[:MAX_TEXT].split())
