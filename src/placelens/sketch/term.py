"""A painted class map as a term of the score: exact, with bounds that leave few maps to look at.

The similarity is ``1 - d / (2 n^2)`` of the paper's distance d over n^2 cells where ``raw``
similarities are asked for. That bunches near 1 when little is painted, so that what is said with it
depends on how much that was. The calibrated one is the logistic map of ``1 - d / m``, with m the
distance of a map that shows nothing of what is asked for: 1 where all is as it was painted, 0 where
none of it is to be seen, below that where it is in other places. For one query both rank alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from placelens import kernels
from placelens.display import LONGEST_LABEL, cut
from placelens.encoders.class_map import WHOLE
from placelens.engine.terms import RefineTerm
from placelens.sketch.painting import Sketch, query_of
from placelens.sketch.summary import ClassMaps, MapSummaries
from placelens.storage.version import Version
from placelens.types import (
    BoolArray,
    Evidence,
    Feature,
    FeatureName,
    Float64Array,
    Int64Array,
    UInt8Array,
)

# Slope and intercept where a collection has no calibration of its own: fitted to paintings of
# street photos with their own class maps and with others', one to ten (`placelens bench sketch`).
CALIBRATION = (11.81, -8.27)
# Bytes of class maps up to which all are looked at: sooner done than summaries are made.
LOOKED_AT = 4_000_000
# Of bytes, for those of probabilities.
WHOLE_SQUARED = float(WHOLE * WHOLE)
# More than two exponentials of one number differ by.
_ROUNDED_UP = 1.0 + 1e-12
# Below 1, so that no map outweighs one word more.
_BELOW_ONE = 1.0 - 2.0**-20
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SketchTerm(RefineTerm):
    """Likes items whose class map is near to a painted one; see `Sketch`.

    Attributes
    ----------
    feature : the class maps that it is compared with.
    names : their classes.
    query, counts : (rows, columns, c), as `query_of` gives them.
    words : looked for in the items' texts first; see `Sketch`.
    calibration : slope and intercept; None for the raw form.
    """

    feature: FeatureName
    names: tuple[str, ...]
    query: UInt8Array
    counts: BoolArray
    words: tuple[str, ...] = ()
    calibration: tuple[float, float] | None = CALIBRATION

    @classmethod
    def of(
        cls,
        sketch: Sketch,
        feature: Feature,
        *,
        weight: float = 1.0,
        calibration: tuple[float, float] = CALIBRATION,
    ) -> SketchTerm:
        """The term of a sketch that is compared with class maps of a feature.

        Raises
        ------
        QueryError
            If a painted class is none of the maps', or strokes are too thin for their cells.
        """
        names = tuple(name for name, _ in feature.blocks)
        rows, columns = (feature.shape or (0, 0))[:2]
        query, counts = query_of(sketch, names, (rows, columns))
        return cls(
            kind="sketch",
            label=_label_of(sketch, names),
            weight=weight,
            feature=feature.name,
            names=names,
            query=query,
            counts=counts,
            words=sketch.words,
            calibration=calibration,
        )

    def digest(self) -> bytes:
        """What was painted, what of it counts, and the words."""
        told = repr((self.feature, self.names, self.words, self.calibration)).encode()
        return told + self.query.tobytes() + np.packbits(self.counts).tobytes()

    def uncalibrated(self) -> SketchTerm:
        """See `placelens.engine.terms.Term.uncalibrated`."""
        return replace(self, calibration=None)

    def bounds(self, version: Version) -> tuple[Float64Array, Float64Array] | None:
        """See `placelens.engine.terms.RefineTerm`."""
        every = np.arange(version.n_items)
        kept = ClassMaps.of(version, self.feature)
        # Of some cells of a class, what their blocks hold beside them would have to be known.
        has_parts = (self.counts.any(axis=(0, 1)) & ~self.counts.all(axis=(0, 1))).any()
        if has_parts or kept.maps.size <= LOOKED_AT:
            values = self.similarity(version, every)
            return values, values
        nearest, farthest = MapSummaries.of(version, self.feature).bounds(self.query, self.counts)
        high = self._at_most(version, kept, nearest)
        if self.weight > 0.0:  # then nobody asks how unlike they may be
            return np.zeros(version.n_items), high
        low = self._of_all(version, kept, self.of_distances(farthest))
        return low, high

    def similarity(self, version: Version, rows: Int64Array) -> Float64Array:
        """See `placelens.engine.terms.RefineTerm`; 0 for items without a class map."""
        kept = ClassMaps.of(version, self.feature)
        position = kept.position[rows]
        distances = np.zeros(len(rows))
        there = np.flatnonzero(position >= 0)
        distances[there] = kept.distances(self.query, self.counts, position[there])
        values = self.of_distances(distances)
        values[position < 0] = 0.0
        return self.after_words(version, values, rows)

    def evidence(
        self, version: Version, rows: Int64Array, matched: Sequence[FeatureName | None]
    ) -> list[tuple[Evidence, ...]]:
        """What is where it was asked for: of each class its part of all that was, largest first."""
        kept = ClassMaps.of(version, self.feature)
        asked = np.where(self.counts, self.query, 0).astype(np.int64)
        found: list[tuple[Evidence, ...]] = []
        for position in kept.position[rows].tolist():
            if position < 0:
                found.append(())
                continue
            both = np.minimum(asked, kept.maps[position]).sum(axis=(0, 1)) / asked.sum()
            order = [c for c in np.argsort(-both, kind="stable").tolist() if both[c] > 0.0]
            found.append(tuple(self._evidence(c, float(both[c])) for c in order))
        return found

    def _evidence(self, at: int, share: float) -> Evidence:
        return Evidence(kind="painted", label=self.names[at], share=share, of=self.label)

    def _at_most(self, version: Version, kept: ClassMaps, nearest: Float64Array) -> Float64Array:
        """What similarities are at most, of all items, from the least distances of all maps.

        NumPy's exponential is several times as fast as the C library's, which scores are made of,
        and may differ from it in the last bits.
        """
        if self.calibration is None:
            return self._of_all(version, kept, self.of_distances(nearest))
        slope, intercept = self.calibration
        values = 1.0 / (1.0 + np.exp(-(slope * self._fits(nearest) + intercept)))
        return self._of_all(version, kept, values * _ROUNDED_UP)

    def _of_all(self, version: Version, kept: ClassMaps, values: Float64Array) -> Float64Array:
        """Of all items what is given of all maps."""
        if len(values) < version.n_items:
            of_maps, values = values, np.zeros(version.n_items)
            values[kept.position >= 0] = of_maps
        return self.after_words(version, values, np.arange(version.n_items))

    def of_distances(self, distances: Float64Array) -> Float64Array:
        """Similarities from squared distances in squared bytes."""
        if self.calibration is None:
            n_cells = self.query.shape[0] * self.query.shape[1]
            return 1.0 - distances / (WHOLE_SQUARED * 2.0 * n_cells)
        slope, intercept = (np.array([number]) for number in self.calibration)
        return kernels._meanings(self._fits(distances)[:, None], np.ones(1), slope, intercept)

    def _fits(self, distances: Float64Array) -> Float64Array:
        """``1 - d / m``, with m the distance of what shows nothing of what is asked for."""
        asked = np.where(self.counts, self.query, 0).astype(np.int64)
        return 1.0 - distances / float((asked * asked).sum())

    def after_words(self, version: Version, values: Float64Array, rows: Int64Array) -> Float64Array:
        """Words first, and the map among those that have as many (the paper's section 4.2)."""
        if not self.words:
            return values
        counts = _words_in_texts(version, self.words)[rows]
        return (counts + values * _BELOW_ONE) / (len(self.words) + 1)


def words_of(text: str) -> tuple[str, ...]:
    """The different words of a text, as they are looked for in items' texts.

    Examples
    --------
    >>> words_of("A red car, a tree")
    ('a', 'red', 'car', 'tree')
    """
    return tuple(dict.fromkeys(_WORD.findall(text.casefold())))


def _words_in_texts(version: Version, words: tuple[str, ...]) -> Float64Array:
    """How many of some words each item's text has, (n,)."""
    texts: list[frozenset[str]] = version.made_once(
        "words of texts",
        lambda: [frozenset(words_of(text or "")) for text in version.texts("text")],
    )
    wanted = frozenset(words)
    return np.array([len(wanted & own) for own in texts], dtype=np.float64)


def _label_of(sketch: Sketch, names: tuple[str, ...]) -> str:
    used = np.unique(sketch.cells[sketch.is_painted])
    painted = ", ".join(sketch.classes[at] for at in used.tolist())
    if sketch.over is None:
        return cut(f"painted {painted}", LONGEST_LABEL)
    return cut(f"photo painted with {painted}" if painted else "layout of a photo", LONGEST_LABEL)
