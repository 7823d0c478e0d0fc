"""A sketch ranks as the distances of the paper do, whichever index is asked, and says why."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import placelens as pl
from placelens.errors import QueryError
from placelens.sketch import term
from placelens.sketch.distance import mass, squared_distances
from placelens.sketch.painting import Sketch, query_of
from placelens.sketch.summary import ClassMaps, MapSummaries
from placelens.sketch.term import SketchTerm
from placelens.testing.class_maps import keep_maps, scenes
from placelens.testing.term_contract import TermContract

NAMES = ("sky", "road", "vegetation", "water")
GRID = (14, 14)
N, N_MAPS, DIM = 400, 350, 4
SKY_OVER_ROAD = Sketch(cells=[[0], [1]], classes=NAMES)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    """Bounds are used, though there are few maps."""
    monkeypatch.setattr(term, "LOOKED_AT", 0)


@pytest.fixture(scope="module")
def maps():
    return scenes(N_MAPS, GRID, len(NAMES), np.random.default_rng(7))


@pytest.fixture(scope="module")
def collection(tmp_path_factory, maps):
    rng = np.random.default_rng(5)
    made = pl.Collection.create(tmp_path_factory.mktemp("sketch") / "t.pl", dim=DIM)
    ids = [f"i{at:03}" for at in range(N)]
    made.add_vectors(
        ids,
        rng.normal(size=(N, DIM)),
        lat=rng.uniform(-80, 80, N),
        lon=rng.uniform(-180, 180, N),
        text=[("a red car" if at % 7 == 0 else "red" if at % 3 == 0 else None) for at in range(N)],
    )
    keep_maps(made, dict(zip(ids, maps, strict=False)), NAMES)
    return made


@pytest.fixture
def version(collection):
    return collection._versions.version


def feature(collection):
    return next(each for each in collection.features if each.name == "class_map")


def all_forms(maps):
    free = np.full((14, 14), -1)
    strokes = free.copy()
    strokes[2:7, 3:12], strokes[9:, :5] = 0, 2
    return {
        "painted": SKY_OVER_ROAD,
        "strokes": Sketch(cells=strokes, classes=NAMES),
        "mask": Sketch(cells=strokes, classes=NAMES, form="mask"),
        "photo": Sketch(cells=free, classes=NAMES, over=maps[3]),
        "photo with strokes": Sketch(cells=strokes, classes=NAMES, over=maps[3]),
    }


FORMS = ("painted", "strokes", "mask", "photo", "photo with strokes")


class TestSketchTerm(TermContract):
    def terms(self, version):
        maps, _ = version.maps("class_map")
        kept = version._manifest.feature("class_map")
        return [SketchTerm.of(sketch, kept) for sketch in all_forms(maps).values()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ["scan", "gmrtree", "rtree"])
def test_the_order_is_that_of_the_papers_distance(collection, maps, form, engine):
    sketch = all_forms(maps)[form]
    distances = squared_distances(*query_of(sketch, NAMES, GRID), maps)
    hits = collection.search(SketchTerm.of(sketch, feature(collection)), k=30, engine=engine)
    expected = [f"i{at:03}" for at in np.argsort(distances, kind="stable")[:30]]
    assert [hit.id for hit in hits] == expected
    assert hits.certificate.kind == "proven"


@pytest.mark.parametrize("form", FORMS)
def test_raw_is_one_less_the_share_of_the_largest_distance(collection, maps, form):
    sketch = all_forms(maps)[form]
    distances = squared_distances(*query_of(sketch, NAMES, GRID), maps)
    hits = collection.search(
        SketchTerm.of(sketch, feature(collection)), k=N, similarity="raw", sort="score"
    )
    scores = {hit.id: hit.score for hit in hits}
    for at, distance in enumerate(distances):
        assert scores[f"i{at:03}"] == pytest.approx(1 - distance / (2 * 14 * 14), abs=1e-12)
    assert all(scores[f"i{at:03}"] == 0 for at in range(N_MAPS, N))  # these have no map


@pytest.mark.parametrize("form", FORMS)
def test_calibrated_is_the_logistic_map_of_what_is_as_it_was_asked(collection, maps, form):
    sketch = all_forms(maps)[form]
    query, counts = query_of(sketch, NAMES, GRID)
    fits = 1 - squared_distances(query, counts, maps) / mass(query, counts)
    asked = SketchTerm.of(sketch, feature(collection), calibration=(3.0, -1.0))
    scores = {hit.id: hit.score for hit in collection.search(asked, k=N)}
    for at, fit in enumerate(fits):
        expected = 1 / (1 + np.exp(-(3 * fit - 1)))
        assert scores[f"i{at:03}"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("engine", ["scan", "gmrtree", "filter", "rtree"])
@pytest.mark.parametrize("weight", [1.0, 0.4, -0.6])
def test_with_a_vector_a_place_and_a_filter_all_indexes_say_the_same(
    collection, maps, engine, weight
):
    vector = [1.0, -0.5, 0.2, 0.3]
    painted = SketchTerm.of(all_forms(maps)["strokes"], feature(collection), weight=weight)
    asked = {"vector": vector, "near": "50,10", "decay": "gauss:2000km", "mu": 0.3}
    area = (-60, -60, 120, 70)
    hits = collection.search([painted], **asked, bbox=area, k=25, engine=engine)
    every = collection.search([painted], **asked, bbox=area, k=N, engine="scan")
    assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in every][:25]
    unit = np.array(vector) / np.linalg.norm(vector)
    for hit in every:
        place = hit.terms[0].value
        cosine = float(collection.vector(hit.id).astype(float) @ unit)
        meaning = next(t.value for t in hit.terms if t.kind == "sketch") * weight + cosine
        expected = 0.3 * place + 0.7 * meaning / (1 + abs(weight))
        assert hit.score == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.tuples(st.integers(1, 30), st.integers(1, 30)), st.integers(1, 6))
def test_bounds_hold_for_any_grid_and_any_photo(seed, grid, n_classes):
    rng = np.random.default_rng(seed)
    stored = scenes(12, grid, n_classes, rng)
    if seed % 3 == 0:  # no scene at all
        stored = (rng.dirichlet(np.ones(n_classes + 1), (12, *grid))[..., 1:] * 255).astype(
            np.uint8
        )
    names = [f"c{at}" for at in range(n_classes)]
    cells = rng.integers(-1, n_classes, grid)
    cells[0, 0] = 0
    over = stored[0] if seed % 2 else None
    query, counts = query_of(Sketch(cells=cells, classes=names, over=over), names, grid)

    low, high = MapSummaries.made_of(stored).bounds(query, counts)
    exact = ClassMaps(stored, np.arange(12)).distances(query, counts, np.arange(12))
    expected = squared_distances(query, counts, stored) * 255 * 255
    assert np.array_equal(exact, np.rint(expected))
    assert (low <= exact).all()
    assert (exact <= high).all()


def test_what_is_painted_in_whole_blocks_is_known_without_looking(maps):
    whole = Sketch(cells=[[0]] * 6 + [[1]] * 8, classes=NAMES)
    low, high = MapSummaries.made_of(maps).bounds(*query_of(whole, NAMES, GRID))
    # But for the rounding of the means of 98 blocks of four cells.
    assert (high - low).max() <= 2 * 98 * 4 * 255


def test_words_come_first_and_the_map_decides_among_equals(collection, maps):
    painted = Sketch(cells=[[0], [1]], classes=NAMES, words=("red", "car"))
    hits = collection.search(SketchTerm.of(painted, feature(collection)), k=N)
    plain = collection.search(SketchTerm.of(SKY_OVER_ROAD, feature(collection)), k=N)
    place = {hit.id: at for at, hit in enumerate(plain)}

    def n_words(item):
        number = int(item[1:])
        return 2 if number % 7 == 0 else 1 if number % 3 == 0 else 0

    expected = sorted(place, key=lambda item: (-n_words(item), place[item]))
    assert [hit.id for hit in hits] == expected


def test_evidence_is_what_is_where_it_was_asked_for(collection, maps):
    hits = collection.search(SketchTerm.of(SKY_OVER_ROAD, feature(collection)), k=5)
    evidence = hits.explain(1).evidence
    stored = maps[int(hits[0].id[1:])].astype(float)
    shares = {
        "sky": stored[:7, :, 0].sum() / (255 * 196),
        "road": stored[7:, :, 1].sum() / (255 * 196),
    }
    assert {entry.label: pytest.approx(shares[entry.label]) for entry in evidence} == {
        entry.label: entry.share for entry in evidence
    }
    assert [entry.share for entry in evidence] == sorted((e.share for e in evidence), reverse=True)
    assert evidence


def test_in_json_and_by_item(collection, maps):
    value = {"classes": ["sky", "street"], "cells": [[0], [1]]}
    one = collection.search([{"kind": "sketch", "value": value}], k=5)
    other = collection.search(SketchTerm.of(SKY_OVER_ROAD, feature(collection)), k=5)
    assert [(hit.id, hit.score) for hit in one] == [(hit.id, hit.score) for hit in other]
    photo = collection.search([{"kind": "sketch", "value": {"over": {"item": "i003"}}}], k=5)
    assert photo[0].id == "i003"
    painted = {"classes": ["sky"], "cells": [[0], [None]], "over": {"item": "i003"}}
    assert (
        collection.search([{"kind": "sketch", "value": painted}], k=5).certificate.kind == "proven"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("photo.png", "a sketch is a str"),
        ({"cells": [[0]], "size": 3}, "no field 'size'"),
        ({"cells": [["sky"]]}, "rows of whole numbers"),
        ({"cells": 7}, "rows of whole numbers"),
        ({"over": "i003"}, "is no photo"),
        ({"over": {"item": 3}}, "no id of an item"),
        ({"over": {"item": "nobody"}}, "no item with id 'nobody'"),
        ({"over": {"item": "i399"}}, "has no class map"),
        ({"over": {"map": "AAAA"}}, "no 784 bytes in base64"),
        ({"over": {"map": "é"}}, "no 784 bytes in base64"),
        ({"cells": [[0]], "words": 3}, "are no text"),
        ({"cells": [[0]], "form": []}, "is not known"),
        ({"cells": [[0]], "classes": {"a": 1}}, "no list of names"),
        ({}, "nothing is painted"),
    ],
)
def test_what_json_cannot_say_is_told(collection, value, said):
    with pytest.raises(pl.errors.PlacelensError, match=said):
        collection.search([{"kind": "sketch", "value": value}])


def test_a_collection_without_class_maps_says_how_to_make_them(tmp_path):
    plain = pl.Collection.create(tmp_path / "p.pl", dim=2)
    plain.add_vectors(["a"], [[1, 0]])
    with pytest.raises(QueryError, match="placelens index COLLECTION --features class_map"):
        plain.search([{"kind": "sketch", "value": {"classes": ["sky"], "cells": [[0]]}}])


def test_few_maps_are_looked_at_without_summaries(collection, maps, monkeypatch):
    sketch = SketchTerm.of(SKY_OVER_ROAD, feature(collection))
    expected = [(hit.id, hit.score) for hit in collection.search(sketch, k=20)]
    monkeypatch.setattr(term, "LOOKED_AT", 10**9)
    monkeypatch.setattr(term, "MapSummaries", None)
    assert [(hit.id, hit.score) for hit in collection.search(sketch, k=20)] == expected


def test_more_than_four_are_refused(collection):
    one = {"kind": "sketch", "value": {"classes": ["sky"], "cells": [[0]]}}
    assert collection.search([one] * 4, k=1)
    with pytest.raises(QueryError, match="5 terms of the kind sketch, and 4 is the most"):
        collection.search([one] * 5)
