"""Several shards answer as one does: the same hits, scores and pages, to the bit."""

import numpy as np
import pytest

import placelens as pl
from placelens.engine.local_shard import LocalShard
from placelens.engine.searcher import Searcher
from placelens.query.request import SearchRequest


class Half(LocalShard):
    """The items of a version whose internal id leaves a remainder; as if there were no others."""

    def __init__(self, *arguments, remainder):
        super().__init__(*arguments)
        self.remainder = remainder
        self.asks = []

    def holds(self, iids):
        return super().holds(iids) & (iids % 2 == self.remainder)

    def _prepare(self, ask):
        prepared = super()._prepare(ask)
        own = self.version.iids % 2 == self.remainder
        prepared.allowed = own if prepared.allowed is None else own & prepared.allowed
        return prepared

    def top_k(self, asks):
        self.asks += asks
        return super().top_k(asks)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    rng = np.random.default_rng(8)
    n = 400
    made = pl.Collection.create(tmp_path_factory.mktemp("shards") / "s.pl", dim=8)
    vectors = rng.normal(size=(n, 8))
    vectors[200:220] = vectors[:20]  # equal scores lie in both shards
    made.add_vectors(
        [f"i{i}" for i in range(n)],
        vectors,
        lat=rng.uniform(-80, 80, n),
        lon=rng.uniform(-180, 180, n),
        attributes=[{"rating": int(rng.integers(5))} for _ in range(n)],
    )
    return made


def both(collection, **request):
    """The query, and what one shard and two halves answer."""
    whole = collection._versions.searcher
    manifest = collection._table.manifest
    halves = [Half(whole.version, manifest, remainder=r) for r in (0, 1)]
    split = Searcher(whole.version, manifest, shards=halves)
    query, _ = collection._resolver(whole).resolve(SearchRequest(**request))
    return query, whole.search(query), split.search(query), halves


VECTOR = [0.3, -1.0, 0.2, 0.5, 0.0, 0.7, -0.2, 0.1]


@pytest.mark.parametrize("engine", ["scan", "gmrtree", "filter"])
@pytest.mark.parametrize(
    "request_",
    [
        {"vector": VECTOR},
        {"vector": VECTOR, "near": "10,20", "decay": "linear", "mu": 0.6},
        {"vector": VECTOR, "near": "10,20"},
        {"near": "10,20", "radius": "4000km"},
        {"vector": VECTOR, "where": {"rating": {"gte": 3}}, "bbox": [-90, -40, 90, 60]},
    ],
)
def test_two_halves_answer_as_the_whole(collection, engine, request_):
    _, one, two, _ = both(collection, engine=engine, k=15, **request_)
    assert two.hits == one.hits
    assert two.decay == one.decay
    assert (two.cursor is None) == (one.cursor is None)
    if one.cursor is not None:
        again = {**request_, "cursor": one.cursor, "k": 15, "engine": engine}
        _, one, two, _ = both(collection, **again)
        assert two.hits == one.hits
        assert two.hits[0].rank == 16


def test_the_second_shard_is_told_what_the_first_has_found(collection):
    _, one, _, (first, second) = both(collection, vector=VECTOR, k=5, engine="gmrtree")
    assert first.asks[0].threshold == -np.inf
    # At least the score of one of the first shard's six best, which is no better than the sixth.
    assert -1.0 < second.asks[0].threshold <= one.hits[-1].score


def test_scores_of_all_come_from_all_shards(collection):
    query, *_, halves = both(collection, vector=VECTOR)
    whole = collection._versions.searcher
    split = Searcher(whole.version, collection._table.manifest, shards=halves)
    assert dict(zip(*map(np.ndarray.tolist, split.scores(query)), strict=True)) == dict(
        zip(*map(np.ndarray.tolist, whole.scores(query)), strict=True)
    )
    hit, above = split.rank_of(query, "i7")
    assert (hit, above) == whole.rank_of(query, "i7")
    assert hit.rank == above.rank + 1
