"""What an index searches, what it is asked, and what it answers.

An index returns rows and scores; items live elsewhere. Every index ends in `score_rows`, so that
all of them give the same bits, and a test can compare them with ``==``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np

from placelens import kernels
from placelens.deadline import NEVER, Deadline
from placelens.geo.areas import Area
from placelens.geo.distance import SPACES
from placelens.types import BoolArray, FeatureName, Float32Array, Float64Array, Int64Array, Space

_NONE = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class VectorColumn:
    """The vectors of one feature: ``matrix`` (m, dim), unit rows; ``rows`` (m,), increasing.

    ``position`` (n,) is the inverse of ``rows``: where in the matrix an item's vector is, or -1.
    ``hubness`` (m,), finite, says how near each vector is to queries at large: terms with a
    weight for it count the cosine less so much. NaN, which is not known yet, counts as 0.
    """

    matrix: Float32Array
    rows: Int64Array
    position: Int64Array
    hubness: Float32Array | None = None

    @classmethod
    def of(
        cls,
        matrix: Float32Array,
        rows: Int64Array,
        n_items: int,
        hubness: Float32Array | None = None,
    ) -> VectorColumn:
        """Build the inverse for ``n_items`` items."""
        position = np.full(n_items, -1, dtype=np.int64)
        position[rows] = np.arange(len(rows))
        return cls(matrix, rows, position, hubness)


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What an index searches: n live items with internal ids, positions and vectors.

    ``positions`` is (n, 3), see `placelens.geo.distance.positions_of`; NaN without a place.
    ``lonlat`` are the coordinates, (n,) each, that areas are tested with: longitudes and
    latitudes in degrees, or x and y in metres. Tasks with areas need them. ``radius_m`` (n,) is
    how far an item may be from its position: it is never nearer to anything than that. 0 or NaN
    is a place that was measured.
    """

    space: Space
    iids: Int64Array
    positions: Float64Array
    vectors: Mapping[FeatureName, VectorColumn]
    lonlat: tuple[Float64Array, Float64Array] | None = None
    radius_m: Float32Array | None = None

    def __len__(self) -> int:
        return len(self.iids)

    def take(self, rows: Int64Array) -> Corpus:
        """A corpus of some rows, in the order given; vectors are copied."""
        columns = {}
        for feature, column in self.vectors.items():
            at = column.position[rows]
            matrix = np.ascontiguousarray(column.matrix[at[at >= 0]])
            hubness = None if column.hubness is None else column.hubness[at[at >= 0]]
            columns[feature] = VectorColumn.of(matrix, np.flatnonzero(at >= 0), len(rows), hubness)
        lonlat = None if self.lonlat is None else (self.lonlat[0][rows], self.lonlat[1][rows])
        radius_m = None if self.radius_m is None else self.radius_m[rows]
        return Corpus(self.space, self.iids[rows], self.positions[rows], columns, lonlat, radius_m)


@dataclass(frozen=True, slots=True, eq=False)
class PlaceTask:
    """The place term: decay of the distance to ``origin`` (3,); ``scale_m`` is resolved."""

    origin: Float64Array
    kind: int
    scale_m: float
    offset_m: float


@dataclass(frozen=True, slots=True, eq=False)
class MeaningTask:
    """The meaning terms against one feature: T unit queries, (T, dim) float64, and (T,) each.

    ``weights`` are divided by the sum of their absolute values. A slope of 0 uses raw cosines.
    ``hub_weights`` (T,) is what an item's hubness counts for: the cosine, before its calibration,
    is ``cosine - hub_weight * hubness``. None is 0 for all.
    """

    queries: Float64Array
    weights: Float64Array
    slopes: Float64Array
    intercepts: Float64Array
    hub_weights: Float64Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A query as an index sees it: numbers only.

    ``score = mu * place + (1 - mu) * meaning``; with one of them missing, the other alone. An
    item counts with the best of its features. ``dense`` (n,), finite, is the weighted sum of the
    terms that have a value for each row: it is added to the meaning, and without ``meaning`` is all
    of it. ``allowed`` (n,) are the items that pass the filters, and an item must lie in all of
    ``areas``. ``after`` is the (score, internal id) that the page before ended with.
    ``recall_target`` lets an index miss some of the best: on average at most
    ``1 - recall_target`` of them; None asks for all. ``deadline`` is asked between the parts of an
    index's work. Items that score below ``threshold`` need not be found: whoever asks has k that do
    not.
    """

    k: int
    mu: float
    place: PlaceTask | None
    meaning: Mapping[FeatureName, MeaningTask] | None
    allowed: BoolArray | None = None
    after: tuple[float, int] | None = None
    areas: tuple[Area, ...] = ()
    recall_target: float | None = None
    deadline: Deadline = NEVER
    dense: Float64Array | None = None
    threshold: float = -math.inf

    @property
    def has_meaning(self) -> bool:
        """Whether something is asked for beside the place."""
        return self.meaning is not None or self.dense is not None

    @property
    def weight_of_place(self) -> float:
        """What place counts for: mu, or all or nothing when a side is missing."""
        if self.place is None:
            return 0.0
        return 1.0 if self.meaning is None and self.dense is None else self.mu


CertificateKind = Literal["proven", "probability", "recall", "approximate"]
# The strongest first.
_KINDS: tuple[CertificateKind, ...] = get_args(CertificateKind)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why the answer is the true top k.

    No item that was not looked at scores above ``bound`` (None when all were looked at).
    ``kind`` is "proven" when the bound holds without doubt, "probability" when it fails for at most
    one query in 10^9, over the draw of a rotation that queries know nothing of, and "recall" when
    a recall below 1 was asked for: then the bound is only likely. "approximate" is the true top k
    of similarities that stand for others, such as those of quantized class maps.
    """

    kind: CertificateKind
    bound: float | None
    n_nodes: int
    n_items: int

    def to_dict(self) -> dict[str, object]:
        """Plain JSON types."""
        return {
            "kind": self.kind,
            "bound": self.bound,
            "n_nodes": self.n_nodes,
            "n_items": self.n_items,
        }


def joined(certificates: Sequence[Certificate]) -> Certificate:
    """One certificate for an answer that came in parts: the weakest kind, the largest bound."""
    bounds = [c.bound for c in certificates if c.bound is not None]
    kinds = [_KINDS.index(c.kind) for c in certificates]
    return Certificate(
        _KINDS[max(kinds, default=0)],
        max(bounds, default=None),
        sum(c.n_nodes for c in certificates),
        sum(c.n_items for c in certificates),
    )


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """At most k rows and scores, best first; equal scores by internal id."""

    rows: Int64Array
    scores: Float64Array
    certificate: Certificate


class Index(Protocol):
    """Finds the exact top k of a task."""

    name: str

    def top_k(self, task: Task) -> TopK:
        """The best k of the allowed items."""
        ...


def with_areas_as_mask(corpus: Corpus, task: Task) -> Task:
    """The same task with its areas turned into ``allowed``."""
    if not task.areas:
        return task
    if corpus.lonlat is None:
        raise ValueError("a task with areas needs a corpus with lonlat")
    masks = []
    for area in task.areas:
        task.deadline.check()
        masks.append(area.contains(*corpus.lonlat))
    if task.allowed is not None:
        masks.append(task.allowed)
    return replace(task, areas=(), allowed=np.logical_and.reduce(masks))


def score_rows(corpus: Corpus, task: Task, rows: Int64Array) -> Float64Array:
    """Final scores of rows, (len(rows),); NaN for an item that cannot be compared."""
    rows = np.asarray(rows, dtype=np.int64)
    if not task.has_meaning:
        return place_values(corpus, task, rows)
    meaning = np.zeros(len(rows)) if task.meaning is None else np.full(len(rows), np.nan)
    for values in meaning_values(corpus, task, rows).values():
        meaning = np.fmax(meaning, values)
    if task.dense is not None:
        meaning += task.dense[rows]
    if task.place is None:
        return meaning
    return combine(task.mu, place_values(corpus, task, rows), meaning)


def combine(mu: float, place: Float64Array, meaning: Float64Array) -> Float64Array:
    """Paper 000, Eq. 3: ``mu * place + (1 - mu) * meaning``, larger is better."""
    return mu * place + (1.0 - mu) * meaning


def place_values(corpus: Corpus, task: Task, rows: Int64Array | None = None) -> Float64Array:
    """Proximities in [0, 1]; zeros when the task has no place."""
    positions = corpus.positions if rows is None else corpus.positions[rows]
    place = task.place
    if place is None:
        return np.zeros(len(positions))
    radius_m = _NONE if corpus.radius_m is None else corpus.radius_m
    if rows is not None and len(radius_m):
        radius_m = radius_m[rows]
    return kernels._proximities(
        SPACES[corpus.space],
        positions,
        radius_m,
        place.origin,
        place.kind,
        place.scale_m,
        place.offset_m,
    )


def is_measured(positions: Float64Array, radius_m: Float32Array | None) -> BoolArray:
    """Which items have a place that is known to a point, (n,)."""
    located: BoolArray = ~np.isnan(positions[:, 0])
    # A comparison with NaN is false.
    return located if radius_m is None else located & ~(radius_m > 0.0)


def farthest_m(corpus: Corpus, origin: Float64Array) -> float:
    """The paper's d_max: metres to the farthest item whose place was measured; 0 when none has one.

    Where no place was measured all of them count.
    """
    positions = corpus.positions
    if corpus.radius_m is not None:
        measured = is_measured(positions, corpus.radius_m)
        positions = positions[measured] if measured.any() else positions
    return float(kernels._max_distance(SPACES[corpus.space], positions, origin))


def meaning_values(corpus: Corpus, task: Task, rows: Int64Array) -> dict[FeatureName, Float64Array]:
    """Weighted similarities of rows by feature; NaN where an item has no such vector."""
    return {
        feature: kernels._meanings(
            cosines_of(corpus, terms, feature, rows),
            terms.weights,
            terms.slopes,
            terms.intercepts,
        )
        for feature, terms in (task.meaning or {}).items()
    }


def cosines_of(
    corpus: Corpus, terms: MeaningTask, feature: FeatureName, rows: Int64Array
) -> Float64Array:
    """Cosines, (len(rows), T), of rows with each term, less what their hubness counts for; NaN
    where there is no such vector."""
    column = corpus.vectors[feature]
    at = column.position[rows]
    cosines = kernels._cosines(column.matrix, at, terms.queries)
    if terms.hub_weights is None or column.hubness is None or not len(column.hubness):
        return cosines
    return cosines - corrections_of(corpus, terms, feature, rows)


def corrections_of(
    corpus: Corpus, terms: MeaningTask, feature: FeatureName, rows: Int64Array
) -> Float64Array:
    """What the cosines of rows with each term lose for hubness, (len(rows), T)."""
    column = corpus.vectors[feature]
    if terms.hub_weights is None or column.hubness is None or not len(column.hubness):
        return np.zeros((len(rows), len(terms.weights)))
    hubness = known_hubness(column.hubness[column.position[rows]])
    return hubness[:, None] * terms.hub_weights


def known_hubness(hubness: Float32Array) -> Float64Array:
    """Hubness as scores have it: 0 where it is not known yet."""
    values = hubness.astype(np.float64)
    values[np.isnan(values)] = 0.0
    return values


def best_k(task: Task, iids: Int64Array, rows: Int64Array, scores: Float64Array) -> TopK:
    """Order candidates by falling score, then by internal id; cut at the page and at k.

    Rows whose score is NaN cannot be compared and are left out.
    """
    keep = ~np.isnan(scores)
    if task.after is not None:
        score, iid = task.after
        keep &= (scores < score) | ((scores == score) & (iids[rows] > iid))
    rows, scores = rows[keep], scores[keep]
    order = np.lexsort((iids[rows], -scores))[: task.k]
    certificate = Certificate("proven", None, 0, len(keep))
    return TopK(rows[order], scores[order], certificate)
