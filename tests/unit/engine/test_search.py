"""Every form a query may take, its score worked by hand, and what is refused."""

import io
import math

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.testing.fakes import HashEncoder

DEGREE_M = EARTH_RADIUS_M * math.pi / 180  # along a meridian: 111,195 m


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """Three unit vectors in the plane: along x, along y, and between; one without a place."""
    made = pl.Collection.create(tmp_path_factory.mktemp("vectors") / "c.pl", dim=2)
    made.add_vectors(
        ["x", "y", "between"],
        [[1, 0], [0, 2], [3, 4]],
        lat=[0, 1, None],
        lon=[0, 0, None],
        attributes=[{"kind": "Axis", "n": 1}, {"kind": "axis", "n": "2"}, {"n": 3.5}],
    )
    return made


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for name, colour in {"red": (220, 30, 30), "blue": (40, 70, 200)}.items():
        Image.new("RGB", (40, 40), colour).save(folder / f"{name}.png")
    made = pl.Collection.create(folder / "c.pl", encoder=HashEncoder())
    made.add(pl.read_photos(folder))
    made.add_vectors(
        ["note"],
        HashEncoder().encode_texts(["a green note"]),
        text=["a green note"],
        modality="text",
        lat=[48.85],
        lon=[2.35],
    )
    return made


def scores(hits):
    return {hit.id: hit.score for hit in hits}


def test_meaning_alone_is_the_cosine(vectors):
    # (3, 4) / 5 has cosine 0.6 with x.
    assert scores(vectors.search(vector=[5, 0])) == pytest.approx({"x": 1, "between": 0.6, "y": 0})


def test_place_alone_is_the_decay(vectors):
    hits = vectors.search(near="0,0", decay=f"linear:{2 * DEGREE_M}m")
    # y lies one degree away: half the scale. An item without a place has proximity 0.
    assert scores(hits) == pytest.approx({"x": 1, "y": 0.5, "between": 0}, abs=1e-9)
    assert hits[1].distance_m == pytest.approx(DEGREE_M)
    assert hits[2].distance_m is None


def test_both_add_up_and_every_term_is_shown(vectors):
    hits = vectors.search(vector=[0, 1], near="0,0", decay=f"gauss:{DEGREE_M}m", mu=0.25)
    expected = {
        "x": 0.25 * 1 + 0.75 * 0,
        "y": 0.25 * math.exp(-0.5) + 0.75 * 1,
        "between": 0.25 * 0 + 0.75 * 0.8,
    }
    assert scores(hits) == pytest.approx(expected)
    for hit in hits:
        assert [term.kind for term in hit.terms] == ["place", "vector"]
        assert [term.weight for term in hit.terms] == [0.25, 0.75]
        assert sum(term.contribution for term in hit.terms) == pytest.approx(hit.score, abs=1e-15)


def test_weights_are_shares_and_may_push_away(vectors):
    hits = vectors.search(vector=[([1, 0], 1), ([0, 1], -3)])
    # (1 · s_x - 3 · s_y) / 4
    assert scores(hits) == pytest.approx({"x": 0.25, "y": -0.75, "between": (0.6 - 2.4) / 4})


def test_linear_without_a_scale_reaches_to_the_farthest_item_before_filters(vectors):
    hits = vectors.search(near="0,0", decay="linear", where={"kind": "axis"})
    assert scores(hits) == pytest.approx({"x": 1, "y": 0}, abs=1e-12)
    # One item only passes the filter, and the scale is still the whole collection's.
    hits = vectors.search(near="0,0", decay="linear", where={"n": 1})
    assert scores(hits) == {"x": 1.0}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"bbox": (-1, 0.5, 1, 2)}, {"y"}),
        ({"radius": "10km", "near": "0,0"}, {"x"}),
        ({"radius": 2 * DEGREE_M, "near": "0,0"}, {"x", "y"}),
        ({"polygon": {"type": "Polygon", "coordinates":
            [[[-1, -1], [1, -1], [1, 0.5], [-1, 0.5], [-1, -1]]]}}, {"x"}),
        ({"located_only": True}, {"x", "y"}),
        ({"where": {"kind": "AXIS"}}, {"x", "y"}),
        ({"where": {"n": 2}}, {"y"}),
        ({"where": {"n": {"gte": 1, "lt": 3.5}}}, {"x"}),
        ({"where": {"n": [1, 3.5]}}, {"x", "between"}),
        ({"where": {"kind": {"exists": False}}}, {"between"}),
        ({"where": {"kind": {"ne": "axis"}}}, {"between"}),
        ({"time": "2020"}, set()),
        ({"time": (None, "2020")}, set()),
    ],
)  # fmt: skip
def test_filters(vectors, filters, expected):
    assert set(scores(vectors.search(vector=[1, 1], **filters))) == expected


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vector": [1, 2, 3]}, pl.VectorError, r"shape \(3,\).*needs \(2,\)"),
        ({"vector": [0, 0]}, pl.VectorError, "all zeros"),
        ({"vector": [math.nan, 0]}, pl.VectorError, "NaN"),
        ({"vector": ([1, 0], 0)}, pl.QueryError, "must not be 0"),
        ({"vector": [1, 0], "mu": 1.5}, pl.QueryError, "mu = 1.5"),
        ({"vector": [1, 0], "mu": math.nan}, pl.QueryError, "mu = nan"),
        ({"vector": [1, 0], "k": 0}, pl.QueryError, "k = 0"),
        ({"vector": [1, 0], "k": 2.5}, pl.QueryError, "k 2.5 is not a whole number"),
        ({"near": "91,0"}, pl.CoordinateError, "latitude 91.0"),
        ({"near": "Nowhereville-on-Sea"}, pl.QueryError, "not a known town"),
        ({"near": "0,0", "decay": "step:5km"}, pl.QueryError, "decay 'step:5km' is not known"),
        ({"near": "0,0", "decay": "gauss"}, pl.QueryError, "needs a scale"),
        ({"near": "0,0", "decay": "gauss:0"}, pl.QueryError, "above 0"),
        ({"vector": [1, 0], "radius": "5km"}, pl.FilterError, "needs a place"),
        ({"vector": [1, 0], "bbox": (1, 2, 3)}, pl.FilterError, "four numbers"),
        ({"vector": [1, 0], "bbox": 5}, pl.FilterError, "bbox 5 needs four numbers"),
        ({"vector": [1, 0], "where": "abc"}, pl.FilterError, "where 'abc' is not a mapping"),
        ({"near": "0,0", "radius": [1]}, pl.QueryError, r"radius \[1\] is not a distance"),
        ({"vector": [1, 0], "bbox": (0, 2, 1, 1)}, pl.FilterError, "south edge"),
        ({"vector": [1, 0], "time": "June"}, pl.FilterError, "time 'June' cannot be read"),
        ({"vector": [1, 0], "time": ("2020", "2019")}, pl.FilterError, "ends before"),
        ({"vector": [1, 0], "where": {"n": {"above": 1}}}, pl.FilterError, "'above' is not known"),
        ({"vector": [1, 0], "modality": "image"}, pl.QueryError, "modality 'image'"),
        ({"vector": [1, 0], "similarity": "cosine"}, pl.QueryError, "similarity 'cosine'"),
        ({"vector": [1, 0], "similarity": "calibrated"}, pl.QueryError, "no calibration"),
        ({"vector": [1, 0], "engine": "faiss"}, pl.QueryError, "there are: scan, gmrtree"),
        ({"like": "nobody"}, pl.ItemNotFoundError, "no item with id 'nobody'"),
        ({"query": "words"}, pl.CollectionError, "has no encoder"),
        ({"query": 5}, pl.QueryError, "text 5 is a int"),
        (
            {"near": (50.1, 14.4)},
            pl.QueryError,
            r"near \(50.1, 14.4\) is a tuple; give a Place",
        ),
        ({"near": "0,0", "decay": 5}, pl.QueryError, "decay 5 is not a text"),
        ({"vector": [1, 0], "time": 2019}, pl.FilterError, "time 2019 is no text like"),
        ({"vector": [1, 0], "time": {"from": 1, "to": 2}}, pl.FilterError, "is no text like"),
    ],
)
def test_what_cannot_be_used_is_named(vectors, arguments, error, message):
    with pytest.raises(error, match=message):
        vectors.search(**arguments)


def test_an_example_image_in_every_form(photos, tmp_path):
    image = Image.new("RGB", (64, 64), (215, 35, 28))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    image.save(tmp_path / "example.png")
    for form in (image, buffer.getvalue(), tmp_path / "example.png", str(tmp_path / "example.png")):
        assert photos.search(image=form, k=1)[0].item.title == "red.png"
    mixed = photos.search("blue", image=(image, -1.0), k=1)
    assert mixed[0].item.title == "blue.png"


def test_like_an_item_leaves_the_item_out(photos):
    red = photos.search("red", k=1)[0]
    hits = photos.search(like=red.id)
    assert red.id not in [hit.id for hit in hits]
    assert hits[0].terms[0].label == "like red.png"


def test_the_better_modality_counts_and_is_named(photos):
    hits = photos.search("a green note")
    assert (hits[0].id, hits[0].matched) == ("note", "text")
    only_images = photos.search("a green note", modality="image")
    assert {hit.matched for hit in only_images} == {"image"}
    assert "note" not in [hit.id for hit in only_images]


def test_scores_are_calibrated_where_the_encoder_says_how(photos):
    hits = photos.search("red", k=1)
    term = hits[0].terms[0]
    calibration = HashEncoder.calibrations["text", "image"]
    assert hits.plan.similarity == "calibrated"
    assert term.value == pytest.approx(calibration(np.array(term.cosine)).item())
    raw = photos.search("red", k=1, similarity="raw")
    assert raw[0].score == pytest.approx(term.cosine)


def test_a_place_in_the_words_becomes_the_place_term(photos):
    hits = photos.search("a green note near Paris", k=1)
    assert hits.understood.mentions[0].name == "Paris"
    assert hits[0].terms[0].kind == "place"
    assert hits[0].terms[0].label == "Paris"
    assert hits[0].distance_m < 10_000
    plain = photos.search("a green note near Paris", k=1, parse=False)
    assert plain.understood is None
    assert [term.label for term in plain[0].terms] == ["a green note near Paris"]


def test_an_empty_collection_has_no_hits(tmp_path):
    empty = pl.Collection.create(tmp_path / "c.pl", dim=2)
    for engine in ("scan", "rtree"):
        hits = empty.search(vector=[1, 0], near="0,0", decay="linear", engine=engine)
        assert len(hits) == 0
        assert hits.cursor is None


def test_the_plan_says_why(vectors):
    plan = vectors.search(vector=[1, 0], engine="rtree").plan
    assert (plan.engine, plan.reason, plan.n_items) == ("rtree", "asked for", 3)
    assert "3 items" in vectors.search(vector=[1, 0]).plan.reason


def test_what_the_caller_says_outranks_the_words(photos):
    hits = photos.search("a green note near Paris", decay="exp:3km")
    assert "decay exp:3km" in hits.understood.describe()
    hits = photos.search("a green note near Paris", near="0,0")
    assert hits.understood.mentions == ()
    assert hits[0].terms[0].label == "0, 0"


def test_near_a_country_falls_with_its_size(photos):
    """Paris is 290 km from the middle of France, and inside the circle of France's size."""
    hits = photos.search("a green note", near="France", k=1)
    place = hits[0].terms[0]
    assert (hits[0].id, place.label, place.value) == ("note", "France", 1.0)


def test_a_place_alone_puts_the_nearest_first_however_far(vectors):
    hits = vectors.search(near="-80,180")
    assert [hit.id for hit in hits] == ["x", "y", "between"]
    assert hits[0].distance_m > 8_000_000
    assert hits[0].score > hits[1].score
