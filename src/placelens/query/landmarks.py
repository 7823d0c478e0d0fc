"""Places that only the collection knows: items whose own names or texts name a landmark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from placelens.geo.distance import distances_m
from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.names import fold, fold_lines
from placelens.geo.stop_names import GENERIC
from placelens.storage.snapshot import Snapshot
from placelens.types import Place

__all__ = ["SnapshotLandmarks"]

ONE_PLACE_M = 25_000.0
"""Items that name a landmark and lie within it of one another speak of one place."""
MAX_ITEMS = 200_000
"""Collections above it are not searched: folding their texts would take seconds."""
MAX_TEXT = 400
"""Characters of a text that are looked at; what a text is about stands at its start."""


class SnapshotLandmarks:
    """Looks names up in the titles, and then the texts, of a version's located items.

    Folded titles and texts are made when first asked for, and kept as long as this object.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._lines: dict[str, list[str]] = {}

    def __call__(self, names: Sequence[str]) -> tuple[int, PlaceChoice] | None:
        """The first of some names that items go by, by its number, and the place."""
        if self._snapshot.n_items > MAX_ITEMS or self._snapshot.space != "sphere":
            return None
        for source in ("titles", "texts"):
            for number, name in enumerate(names):
                folded = fold(name)
                if all(word in GENERIC for word in folded.split()):
                    continue
                row = self._row(folded, self._of(source))
                if row is not None:
                    return number, self._choice(row)
        return None

    def _of(self, source: str) -> list[str]:
        if source not in self._lines:
            lines = self._titles() if source == "titles" else self._texts()
            folded = fold_lines("\n".join(lines)).split("\n")
            self._lines[source] = [f" {line.strip()} " for line in folded]
        return self._lines[source]

    def _titles(self) -> Iterator[str]:
        for attributes in self._snapshot.attributes:
            title = attributes.get("title") or attributes.get("name") or ""
            yield " ".join(str(title).split())

    def _texts(self) -> Iterator[str]:
        for text in self._snapshot.table(["text"])["text"].to_pylist():
            yield " ".join((text or "")[:MAX_TEXT].split())

    def _row(self, folded: str, lines: Sequence[str]) -> int | None:
        """The row of the item that a name means; None where none or several places do."""
        wanted = f" {folded} "
        lat, lon = self._snapshot.coordinates
        rows = [row for row, line in enumerate(lines) if wanted in line and not np.isnan(lat[row])]
        exact = [row for row in rows if lines[row] == wanted]
        rows = exact or rows
        if not rows:
            return None
        first = Place(lat=float(lat[rows[0]]), lon=float(lon[rows[0]]))
        spread_m = distances_m(lat[rows], lon[rows], to=first).max()
        return rows[0] if spread_m <= ONE_PLACE_M else None

    def _choice(self, row: int) -> PlaceChoice:
        lat, lon = (float(column[row]) for column in self._snapshot.coordinates)
        title = self._snapshot.items([row])[0].title
        return PlaceChoice(
            name=title, kind="item", country="", admin=None, lat=lat, lon=lon, population=0, code=""
        )
