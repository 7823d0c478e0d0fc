"""Hypothesis strategies for corpora and tasks, with the edges where indexes go wrong: identical
points and vectors, poles, the antimeridian, items without a place or without a vector, nothing
allowed, mu at 0 and 1, negative weights, hubs, dense terms, places that are not measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from placelens.geo.areas import Area, Box, Circle
from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, MeaningTask, PlaceTask, Task, VectorColumn
from placelens.kernels.layout import EXP, GAUSS, LINEAR
from placelens.types import FeatureName, Float64Array, Place, Space

DIM = 6
# Few different values, so that ties and duplicates are common.
LATITUDES = [-90.0, -45.0, 0.0, 45.0, 45.000001, 90.0]
LONGITUDES = [-180.0, -179.999, 0.0, 0.001, 90.0, 179.999, 180.0]
METRES = [-1e7, -5.0, 0.0, 5.0, 5.0000001, 1e7]


@st.composite
def corpora(draw: Any, space: Space | None = None, max_items: int = 40) -> Corpus:
    """Small corpora with one or two features."""
    space = space or draw(st.sampled_from(["sphere", "plane"]))
    n = draw(st.integers(0, max_items))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, second = (LATITUDES, LONGITUDES) if space == "sphere" else (METRES, METRES)
    places = np.column_stack([rng.choice(first, n), rng.choice(second, n)])
    places[rng.random(n) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = np.nan
    features = draw(st.sampled_from([("vector",), ("image", "text")]))
    iids = rng.permutation(3 * n)[:n].astype(np.int64)
    positions = positions_of(space, places[:, 0], places[:, 1])
    columns = {
        feature: _column(rng, n, draw(st.sampled_from([1.0, 0.6])), draw(st.booleans()))
        for feature in features
    }
    lonlat = (places[:, 1], places[:, 0]) if space == "sphere" else (places[:, 0], places[:, 1])
    radius_m = draw(st.sampled_from([None, [0.0], [0.0, np.nan, 3.0, 4e6], [4e6]]))
    if radius_m is not None:
        radius_m = rng.choice(radius_m, n).astype(np.float32)
    return Corpus(space, iids, positions, columns, lonlat, radius_m)


def _column(rng: np.random.Generator, n: int, share: float, has_hubs: bool) -> VectorColumn:
    rows = np.flatnonzero(rng.random(n) < share)
    pool = unit(rng.normal(size=(8, DIM)))
    matrix = pool[rng.integers(0, len(pool), len(rows))].astype(np.float32)
    hubness = None
    if has_hubs:
        hubness = rng.choice([np.nan, 0.0, -0.25, 0.1, 0.7, 3.0], len(rows)).astype(np.float32)
    return VectorColumn.of(np.ascontiguousarray(matrix), rows, n, hubness)


def unit(vectors: Float64Array) -> Float64Array:
    """Rows of length 1."""
    scaled: Float64Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


@st.composite
def tasks(draw: Any, corpus: Corpus) -> Task:
    """Tasks for a corpus: every decay, mix, filter and page."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = len(corpus)
    has_place = draw(st.booleans())
    dense = draw(st.sampled_from([None, None, [0.0], [-1.0, -0.3, 0.0, 0.2, 0.200000001, 1.0]]))
    has_meaning = draw(st.booleans()) or not (has_place or dense)
    after = None
    if draw(st.booleans()):
        after = (draw(st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0])), int(rng.integers(0, 100)))
    share = draw(st.sampled_from([None, 0.0, 0.3, 1.0]))
    return Task(
        k=draw(st.sampled_from([1, 2, 3, 10, 100])),
        mu=draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])),
        place=_place_task(draw, corpus, rng) if has_place else None,
        meaning=_meaning_tasks(draw, corpus, rng) if has_meaning else None,
        allowed=None if share is None else rng.random(n) < share,
        after=after,
        areas=draw(st.sampled_from(_areas(corpus.space))),
        dense=None if dense is None else rng.choice(dense, n),
    )


def _areas(space: Space) -> list[tuple[Area, ...]]:
    if space == "plane":
        box = Box(west=-6.0, south=-1e8, east=1e8, north=5.0, space="plane")
        return [(), (), (box,)]
    over_the_antimeridian = Box(west=90.0, south=-45.0, east=-179.5, north=90.0)
    arctic = Circle(center=Place(lat=90.0, lon=10.0), radius_m=5_100_000.0)
    return [(), (), (over_the_antimeridian,), (arctic,), (arctic, over_the_antimeridian)]


def _place_task(draw: Any, corpus: Corpus, rng: np.random.Generator) -> PlaceTask:
    first, second = (LATITUDES, LONGITUDES) if corpus.space == "sphere" else (METRES, METRES)
    pair = (np.array([rng.choice(first)]), np.array([rng.choice(second)]))
    kind = draw(st.sampled_from([LINEAR, GAUSS, EXP]))
    scale = draw(st.sampled_from([1.0, 5_000.0, 2e7]))
    if kind == LINEAR and draw(st.booleans()):
        scale = 0.0  # all items at one point: d_max is 0
    offset = draw(st.sampled_from([0.0, 10.0, 1e6]))
    return PlaceTask(positions_of(corpus.space, *pair)[0], kind, scale, offset)


def _meaning_tasks(
    draw: Any, corpus: Corpus, rng: np.random.Generator
) -> dict[FeatureName, MeaningTask]:
    n_terms = draw(st.integers(1, 3))
    queries = unit(rng.normal(size=(n_terms, DIM)))
    weights = rng.choice([-1.0, -0.3, 0.5, 1.0, 2.0], n_terms)
    weights = weights / np.abs(weights).sum()
    calibrated = draw(st.booleans())
    hub_weights = draw(st.sampled_from([None, [0.0], [0.0, 0.3, 1.0]]))
    if hub_weights is not None:
        hub_weights = rng.choice(hub_weights, n_terms)
    tasks = {}
    for feature in corpus.vectors:
        slopes = rng.choice([3.0, 12.0], n_terms) if calibrated else np.zeros(n_terms)
        intercepts = rng.normal(size=n_terms) if calibrated else np.zeros(n_terms)
        tasks[feature] = MeaningTask(queries, weights, slopes, intercepts, hub_weights)
    return tasks
