"""Vectors of two spaces in one collection: the first's share the index, the others are added up."""

import numpy as np
import pytest

import placelens as pl
from placelens.engine.terms import FusedTerm
from placelens.errors import QueryError
from placelens.types import Feature

SCENE = Feature(name="scene", kind="vector", length=3, space="scenes")


@pytest.fixture
def collection(tmp_path):
    rng = np.random.default_rng(4)
    made = pl.Collection.create(tmp_path / "two.pl", dim=5)
    made.add_vectors([f"v{i}" for i in range(60)], rng.normal(size=(60, 5)))
    with made._table.writing():
        made._table.add_features([SCENE])
    made.add_vectors([f"s{i}" for i in range(40)], rng.normal(size=(40, 3)), modality="scene")
    return made


def unit(values):
    return np.array(values) / np.linalg.norm(values)


OWN = unit([1.0, 0.5, -0.2, 0.0, 0.3])
OTHER = unit([0.2, -1.0, 0.4])


def scene(weight=1.0):
    return FusedTerm(kind="scene", label="scene", vector=OTHER, space="scenes", weight=weight)


def test_features_of_other_spaces_stay_out_of_the_index(collection):
    assert collection.modalities == ("vector", "scene")
    assert collection._table.manifest.indexed_names == ("vector",)
    collection.compact()
    assert [hit.id[0] for hit in collection.search(vector=OWN, k=60)] == ["v"] * 60


def test_a_term_of_another_space_ranks_what_has_vectors_of_it(collection):
    hits = collection.search([scene()], k=5)
    expected = {
        item: float(collection.vector(item, "scene").astype(float) @ OTHER)
        for item in collection
        if item.startswith("s")
    }
    assert [hit.id for hit in hits] == sorted(expected, key=lambda i: -expected[i])[:5]
    assert hits[0].score == pytest.approx(max(expected.values()), abs=1e-9)


@pytest.mark.parametrize("engine", ["scan", "gmrtree"])
def test_terms_of_two_spaces_add_up(collection, engine):
    hits = collection.search([scene(0.5)], vector=OWN, k=60, engine=engine)
    for hit in hits:
        cosine = float(collection.vector(hit.id, "vector").astype(float) @ OWN)
        # An item without a scene has a similarity of 0 with any.
        assert hit.score == pytest.approx((cosine + 0.5 * 0.0) / 1.5, abs=1e-9)
        assert {term.kind for term in hit.terms} == {"vector", "scene"}


def test_a_space_that_nothing_has_is_named(collection):
    strange = FusedTerm(kind="scene", label="tune", vector=OTHER, space="songs")
    with pytest.raises(QueryError, match="nothing that is compared has vectors of the space of"):
        collection.search([strange])
    with pytest.raises(QueryError, match="is compared with vector, and not with scene"):
        collection.search(vector=OWN, modality="scene")
