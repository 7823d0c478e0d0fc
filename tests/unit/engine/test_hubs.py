"""Hub correction and uncertain places, through a collection, against their definitions."""

import math

import numpy as np
import pytest

import placelens as pl
from placelens.encoders.base import Calibration
from placelens.encoders.hubs import HubPool
from placelens.testing.fakes import HashEncoder

WORDS = ["red", "green", "blue", "boat", "bridge", "hill", "river", "night"]


class WithHubs(HashEncoder):
    """The fake encoder with a pool of its words, and calibrations of what is left."""

    def __init__(self, dim=16):
        super().__init__(dim)
        pool = HubPool(vectors=self.encode_texts(WORDS), k=3, weight=0.5)
        self.hub_pools = {("text", "image"): pool}
        self.hub_calibrations = {("text", "image"): Calibration(slope=8.0, intercept=-2.0)}


@pytest.fixture
def photos(tmp_path):
    encoder = WithHubs()
    made = pl.Collection.create(tmp_path / "p.pl", encoder=encoder)
    rng = np.random.default_rng(3)
    n = 150
    texts = [" ".join(rng.choice(WORDS, 2)) for _ in range(n)]
    vectors = encoder.encode_texts(texts) + 0.1 * rng.normal(size=(n, 16))
    made.add_vectors([f"i{i}" for i in range(n)], vectors, modality="image")
    made.fill(["image_hubness"])
    return made


def by_hand(photos, text, *, is_corrected):
    """Scores of all by the definition: a logistic map of the cosine less half the hubness."""
    encoder = photos.encoder
    pool = encoder.hub_pools["text", "image"]
    (asked,) = encoder.encode_texts([text]).astype(float)
    scores = {}
    for item_id in photos:
        vector = photos.vector(item_id, "image").astype(float)
        cosine, slope, intercept = float(vector @ asked), 10.0, -4.0
        if is_corrected:
            best = sorted(pool.vectors.astype(float) @ vector)[-3:]
            cosine, slope, intercept = cosine - 0.5 * float(np.mean(best)), 8.0, -2.0
        scores[item_id] = 1.0 / (1.0 + math.exp(-(slope * cosine + intercept)))
    return scores


@pytest.mark.parametrize("engine", ["scan", "gmrtree", "filter", "rtree", "mtree"])
@pytest.mark.parametrize("hubs", [True, False])
def test_words_are_corrected_for_hubs_unless_told_otherwise(photos, engine, hubs):
    hits = photos.search("red boat", parse=False, modality="image", engine=engine, hubs=hubs, k=12)
    expected = by_hand(photos, "red boat", is_corrected=hubs)
    assert [hit.id for hit in hits] == sorted(expected, key=lambda i: -expected[i])[:12]
    for hit in hits:
        assert hit.score == pytest.approx(expected[hit.id], abs=1e-6)
        (term,) = hit.terms
        assert term.contribution == pytest.approx(hit.score, abs=1e-12)
        assert (term.correction is not None) == hubs
    assert hits.plan.is_corrected == hubs


def test_what_the_pool_is_not_of_is_not_corrected(photos):
    like = photos.search(like="i3", k=5)
    assert not like.plan.is_corrected
    assert all(term.correction is None for hit in like for term in hit.terms)
    raw = photos.search("red", parse=False, modality="image", similarity="raw")
    assert not raw.plan.is_corrected


def test_nothing_is_corrected_until_the_hubness_of_all_is_known(photos):
    assert photos.search("red", parse=False, modality="image").plan.is_corrected
    photos.add_vectors(["new"], np.ones((1, 16)), modality="image")
    assert not photos.search("red", parse=False, modality="image").plan.is_corrected
    photos.fill(["image_hubness"])
    assert photos.search("red", parse=False, modality="image").plan.is_corrected


def test_an_explanation_tells_the_correction(photos):
    hits = photos.search("red boat", parse=False, modality="image", k=3)
    assert "for how near it is to any query)" in str(hits.explain(1))


@pytest.fixture
def places(tmp_path):
    made = pl.Collection.create(tmp_path / "u.pl", dim=2)
    made.add_vectors(
        ["here", "near", "far"],
        np.eye(2)[[0, 0, 0]],
        lat=[0.0, 0.0, 0.0],
        lon=[0.0, 0.1, 1.0],
    )
    made.update("here", place=pl.Place(lat=0.0, lon=0.0), place_radius_m=50_000.0)
    return made


@pytest.mark.parametrize("engine", ["scan", "gmrtree", "rtree"])
def test_nothing_is_nearer_than_its_radius(places, engine):
    hits = places.search(near=pl.Place(lat=0.0, lon=0.0), decay="linear:100km", engine=engine)
    scores = {hit.id: hit.score for hit in hits}
    # 0.1 degrees of longitude at the equator are 11.12 km; one is 111.2 km.
    assert scores["near"] == pytest.approx(1 - 0.1112, abs=1e-4)
    assert scores["here"] == pytest.approx(1 - 0.5)
    assert scores["far"] == 0.0
    assert [hit.id for hit in hits][:2] == ["near", "here"]
    # The distance that is shown is that to the centre.
    assert {hit.id: hit.distance_m for hit in hits}["here"] == 0.0


def test_areas_hold_places_surely_or_maybe(places):
    def within(how):
        hits = places.search(near=pl.Place(lat=0, lon=0), radius="30km", uncertain=how)
        return sorted(hit.id for hit in hits)

    assert within("centre") == ["here", "near"]
    assert within("surely") == ["near"]
    assert within("maybe") == ["here", "near"]
    far = {"near": pl.Place(lat=0, lon=0.5), "radius": "10km"}
    assert [hit.id for hit in places.search(**far, uncertain="maybe")] == ["here"]
    assert not places.search(**far)
    assert {item.id for item in places.items(bbox=[-0.2, -0.2, 0.2, 0.2], uncertain="surely")} == {
        "near"
    }
    with pytest.raises(pl.errors.FilterError, match="uncertain 'often' is not known; use centre"):
        places.search(uncertain="often")
