"""Terms of every grade keep the contract, and answers with them are those of a scan by hand."""

import dataclasses

import numpy as np
import pytest

import placelens as pl
from placelens.engine.rerank import Reranker
from placelens.engine.terms import FusedTerm
from placelens.errors import QueryError
from placelens.query.request import SearchRequest
from placelens.testing.term_contract import TermContract
from placelens.testing.terms import DearIdLength, IdLength

DIM = 6


@pytest.fixture
def collection(tmp_path):
    rng = np.random.default_rng(5)
    made = pl.Collection.create(tmp_path / "t.pl", dim=DIM)
    n = 200
    made.add_vectors(
        [f"{'x' * int(rng.integers(0, 12))}{i}" for i in range(n)],
        rng.normal(size=(n, DIM)),
        lat=rng.uniform(-80, 80, n),
        lon=rng.uniform(-180, 180, n),
    )
    return made


@pytest.fixture
def version(collection):
    return collection._versions.version


class TestFused(TermContract):
    def terms(self, version):
        return [
            FusedTerm(kind="vector", label=f"axis {i}", vector=np.eye(DIM)[i]) for i in range(2)
        ]


class TestDense(TermContract):
    def terms(self, version):
        return [IdLength(kind="id_length", label=str(n), wanted=n) for n in (4, 9)]


class TestRefine(TermContract):
    def terms(self, version):
        return [
            DearIdLength(kind="dear", label=str(n), wanted=n, width=width, asked=[])
            for n, width in ((4, 0.1), (9, None))
        ]


VECTOR = [1.0, -0.5, 0.25, 0.0, 0.5, 0.1]


def by_hand(collection, *, weight, mu=0.0, near=None):
    """Scores by the definition: shares of the weights, cosines and lengths, nothing shared."""
    asked = np.array(VECTOR) / np.linalg.norm(VECTOR)
    scores = {}
    for item_id in collection:
        length = 1.0 / (1.0 + abs(len(item_id) - 5))
        cosine = float(collection.vector(item_id).astype(float) @ asked)
        meaning = (cosine + weight * length) / (1.0 + abs(weight))
        place = 0.0
        if near is not None:
            hits = collection.search(near=near, decay="gauss:2000km", k=200)
            place = {hit.id: hit.score for hit in hits}[item_id]
        scores[item_id] = mu * place + (1.0 - mu) * meaning
    return scores


@pytest.mark.parametrize("weight", [1.0, 0.3, -0.7])
@pytest.mark.parametrize("engine", ["scan", "gmrtree", "filter", "rtree"])
def test_a_dense_term_adds_its_share(collection, weight, engine):
    term = IdLength(kind="id_length", label="5", weight=weight, wanted=5)
    hits = collection.search([term], vector=VECTOR, k=10, engine=engine)
    expected = by_hand(collection, weight=weight)
    best = sorted(expected, key=lambda item: -expected[item])[:10]
    assert [hit.id for hit in hits] == best
    for hit in hits:
        assert hit.score == pytest.approx(expected[hit.id], abs=1e-9)
        assert sum(term.contribution for term in hit.terms) == pytest.approx(hit.score)
        assert {term.kind for term in hit.terms} == {"id_length", "vector"}


@pytest.mark.parametrize("engine", ["scan", "gmrtree"])
@pytest.mark.parametrize("weight", [1.0, -0.7])
@pytest.mark.parametrize("width", [0.0, 0.05, 10.0, None])
def test_a_refine_term_gives_the_dense_answer(collection, engine, weight, width):
    asked = []
    dear = DearIdLength(
        kind="id_length", label="5", weight=weight, wanted=5, width=width, asked=asked
    )
    dense = IdLength(kind="id_length", label="5", weight=weight, wanted=5)
    options = {"vector": VECTOR, "near": "10,20", "decay": "gauss:2000km", "k": 7, "mu": 0.3}
    for cursor in (None, "next"):
        wanted = collection.search([dense], engine="scan", **options)
        found = collection.search([dear], engine=engine, **options)
        assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in wanted]
        if cursor is None:
            options["cursor"] = wanted.cursor
    if engine == "scan" and width == 0.05:
        # Not all were asked for: whoever was not has a bound below the last hit's score.
        assert found.certificate.bound <= found[-1].score
    if width == 0.0:
        assert len(set(asked)) < 100  # of 200: the others cannot be among the best


def test_a_term_without_bounds_forces_the_scan_and_the_plan_says_so(collection):
    dear = DearIdLength(kind="dear", label="length", wanted=5, width=None, asked=[])
    plan = collection.search([dear], vector=VECTOR).plan
    assert plan.engine == "scan"


def test_a_term_alone_ranks_every_item(collection):
    hits = collection.search(IdLength(kind="id_length", label="5", wanted=5), k=200)
    assert len(hits) == 200
    assert [len(hit.id) for hit in hits][:3] == [5, 5, 5]
    assert hits[0].matched is None


def test_a_term_that_gives_no_numbers_is_refused(collection):
    class Broken(IdLength):
        def values(self, version):
            return np.full(version.n_items, np.nan)

    with pytest.raises(QueryError, match="must give 200 finite similarities"):
        collection.search([Broken(kind="broken", label="broken", wanted=1)])


def test_weights_of_blocks_weigh_parts_of_the_vector(collection):
    asked = np.array(VECTOR)
    term = FusedTerm.of_blocks(asked, [(2, 2.0), (4, 0.5)], kind="vector", label="blocks")
    weighted = np.concatenate([2.0 * asked[:2], 0.5 * asked[2:]])
    for engine in ("scan", "gmrtree"):
        for hit in collection.search([term], k=5, engine=engine):
            vector = collection.vector(hit.id).astype(float)
            assert hit.score == pytest.approx(float(vector @ weighted), abs=1e-6)


def test_scores_of_all_are_those_of_the_search(collection):
    searcher = collection._versions.searcher
    request = SearchRequest(vector=VECTOR, near="10,20", radius="5000km", k=200)
    query = collection._resolver(searcher).resolve(request)[0]
    iids, scores = searcher.scores(query)
    hits = collection.search(vector=VECTOR, near="10,20", radius="5000km", k=200)
    rows = [searcher.version.row_of(hit.id) for hit in hits]
    found = dict(zip(searcher.version.iids[rows].tolist(), [h.score for h in hits], strict=True))
    assert dict(zip(iids.tolist(), scores.tolist(), strict=True)) == found


class ByName(Reranker):
    name = "by name"
    depth = 20

    def scores(self, hits):
        return np.array([-len(hit.id) for hit in hits], dtype=float)


def test_a_reranker_orders_the_first_hits_and_certifies_nothing(collection):
    first = collection.search(vector=VECTOR, k=20)
    hits = collection.search(vector=VECTOR, k=5, rerank=ByName())
    shortest = sorted(first, key=lambda hit: len(hit.id))[:5]
    assert [hit.id for hit in hits] == [hit.id for hit in shortest]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert (hits.certificate, hits.cursor, hits.plan.reranker) == (None, None, "by name")


def test_what_gives_no_scores_is_no_reranker(collection):
    class Half(ByName):
        def scores(self, hits):
            return np.zeros(len(hits) // 2)

    with pytest.raises(QueryError, match="by name must give 20 finite scores"):
        collection.search(vector=VECTOR, rerank=Half())
    with pytest.raises(QueryError, match="give a Reranker"):
        collection.search(vector=VECTOR, rerank="galr")


def test_frozen_terms_keep_their_weight():
    term = IdLength(kind="id_length", label="5", wanted=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        term.weight = 2.0
    with pytest.raises(QueryError, match="must not be 0"):
        IdLength(kind="id_length", label="5", wanted=5, weight=0.0)
