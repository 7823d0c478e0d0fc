"""Places and times in the words of a search, against the items of a collection."""

from datetime import datetime

import numpy as np
import pytest

import placelens as pl
from placelens.testing.fakes import HashEncoder

NOW = datetime(2026, 11, 29, 12)
# Name, latitude, longitude, time.
ITEMS = [
    ("Lyon in summer", 45.76, 4.84, datetime(2019, 7, 1)),
    ("Lyon in winter", 45.76, 4.85, datetime(2019, 12, 20)),
    ("Madrid", 40.42, -3.70, datetime(2021, 5, 1)),
    ("Sydney in January", -33.87, 151.21, datetime(2019, 1, 10)),
    ("Sydney in July", -33.86, 151.20, datetime(2019, 7, 10)),
    ("Alhambra, Generalife and Albayzín, Granada", 37.177, -3.590, datetime(2026, 11, 28)),
    ("nowhere", None, None, datetime(2019, 7, 2)),
    ("never", 45.70, 4.80, None),
]


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    names = [name for name, *_ in ITEMS]
    made = pl.Collection.create(tmp_path_factory.mktemp("words") / "c.pl", encoder=HashEncoder())
    made.add_vectors(
        names,
        HashEncoder().encode_texts(names),
        modality="text",
        text=names,
        lat=[lat for _, lat, _, _ in ITEMS],
        lon=[lon for _, _, lon, _ in ITEMS],
        time=[time for *_, time in ITEMS],
        attributes=[{"title": name} for name in names],
    )
    made.clock = lambda: NOW
    return made


def found(hits):
    return {hit.id for hit in hits}


def test_a_negated_place_leaves_out_what_lies_there_and_nothing_else(items):
    names = {name for name, *_ in ITEMS}
    hits = items.search("church not in France")
    assert found(hits) == names - {"Lyon in summer", "Lyon in winter", "never"}
    assert hits.understood.text == "church"
    # What has no place is not known to lie there.
    assert found(items.search("church not in France", located_only=True)) == found(hits) - {
        "nowhere"
    }
    # Madrid lies 915 km from Lyon, and Granada 1,180 km.
    far = items.search("church more than 1000 km from Lyon")
    assert found(far) == found(hits) - {"Madrid"}


def test_all_engines_exclude_alike(items):
    for query in ("church not in France", "church in Europe, not in Spain", "church not in 2019"):
        answers = [items.search(query, engine=e) for e in ("scan", "gmrtree", "filter", "rtree")]
        assert len({tuple((hit.id, hit.score) for hit in hits) for hits in answers}) == 1


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("boat in 2021", {"Madrid"}),
        ("boat 2021", {"Madrid"}),
        ("boat yesterday", {"Alhambra, Generalife and Albayzín, Granada"}),
        ("boat since 2021", {"Madrid", "Alhambra, Generalife and Albayzín, Granada"}),
        # July is summer in Lyon and winter in Sydney; an item without a place counts as northern.
        ("boat summer 2019", {"Lyon in summer", "nowhere", "Sydney in January"}),
        ("boat winter 2019", {"Lyon in winter", "Sydney in July"}),
        ("boat in July", {"Lyon in summer", "Sydney in July", "nowhere"}),
        ("boat at Christmas", set()),
        ("boat not in 2019", {"Madrid", "Alhambra, Generalife and Albayzín, Granada", "never"}),
        ("boat in Lyon in summer 2019", {"Lyon in summer"}),
    ],
)
def test_times_filter(items, query, names):
    hits = items.search(query)
    assert found(hits) == names
    assert hits.understood.text == "boat"
    assert len(hits.understood.times) == 1
    assert hits.interpretation.endswith("words: boat")


def test_a_year_that_nothing_is_from_stays_a_number(items):
    hits = items.search("boat 2005")
    assert len(hits) == len(ITEMS)
    assert hits.understood.text == "boat 2005"
    assert hits.notes == ("'2005' is left to the words: nothing here is from then",)
    assert found(items.search("boat in 2005")) == set()  # asked for by a word


def test_a_season_alone_is_offered(items):
    understood = items.search("boat in winter").understood
    assert understood.times == ()
    assert [offer.write for offer in understood.offers] == ["any winter"]
    assert found(items.search("boat any winter")) == {"Lyon in winter", "Sydney in July"}


def test_quotes_and_parse_leave_all_to_the_words(items):
    for hits in (items.search('boat "in 2021"'), items.search("boat in 2021", parse=False)):
        assert len(hits) == len(ITEMS)


def test_a_time_that_is_given_goes_before_one_in_the_words(items):
    hits = items.search("boat in 2021", time="2019")
    assert found(hits) == {name for name, *_, time in ITEMS if time and time.year == 2019}
    assert hits.understood.text == "boat in 2021"
    assert hits.notes == ("'in 2021' is left to the words: a time is given beside the words",)


def test_a_time_that_does_not_act_is_told_of_once(tmp_path):
    timeless = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    timeless.add_vectors(["a"], HashEncoder().encode_texts(["a"]), modality="text", text=["a"])
    hits = timeless.search("boat in 2019")
    assert hits.notes == ("'in 2019' is left to the words: no item here has a time",)


def test_a_filter_alone_ranks_by_its_own_words(items):
    hits = items.search("in Spain")
    assert found(hits) == {"Madrid", "Alhambra, Generalife and Albayzín, Granada"}
    assert hits.plan.engine == "scan"
    assert items.search("in Spain in 2021").plan.engine == "scan"


@pytest.mark.parametrize("words", ["2021", "in 2021", "since 2021", "not in 2019"])
def test_a_date_alone_lists(items, words):
    hits = items.search(words)
    assert hits.plan.engine == "list"
    assert found(hits) == found(items.search(f"boat {words}"))
    assert hits.interpretation.startswith("understood: ")
    times = [hit.item.time for hit in hits if hit.item.time]
    assert times == sorted(times, reverse=True)


def test_items_are_landmarks(items):
    hits = items.search("cafe near the Alhambra", mu=1.0)
    (mention,) = hits.understood.mentions
    assert (mention.kind, mention.lat) == ("item", 37.177)
    assert hits[0].id.startswith("Alhambra")
    assert items.search("cafe near the Eiffel Tower").notes == (
        "'near the Eiffel Tower' is left to the words: no such place is known",
    )


def test_that_nothing_is_near_is_said(items):
    hits = items.search("boat near Lyon", where={"title": "Madrid"})
    # Madrid lies 915 km from Lyon; 25 km is what "near" a town reaches.
    assert hits.notes == (
        "nothing here lies within 25.0 km of Lyon; the nearest is "
        f"{hits[0].distance_m / 1000:.0f} km away",
    )
    assert 900e3 < hits[0].distance_m < 930e3
    assert hits.nothing_near.within_m == 25_000
    assert hits.nothing_near.nearest_m == pytest.approx(hits[0].distance_m)
    assert hits.to_dict()["nothing_near"] == hits.nothing_near.to_dict()
    assert hits[:1].nothing_near is hits.nothing_near
    near = items.search("boat near Lyon")
    assert not any("nothing here" in note for note in near.notes)
    assert near.nothing_near is near.to_dict()["nothing_near"] is None
    assert items.search("boat in Prague").notes[0].startswith("nothing here lies within 13.0 km")
    nowhere = items.search("boat near Lyon", where={"title": "nowhere"})
    assert "has a place" in nowhere.notes[0]
    assert nowhere.nothing_near == pl.NothingNear(within_m=25_000, nearest_m=None)


@pytest.mark.parametrize("engine", ["scan", "gmrtree"])
def test_a_radius_that_holds_nothing_tells_how_far_the_nearest_is(items, engine):
    """Of what passes the other filters; Lyon and the sea off it are left out by time."""
    asked = {"near": "45.76,4.84", "radius": "100km", "time": "2021"}
    ranked = items.search("boat", **asked, engine=engine)
    listed = items.search(sort="time", **asked)
    assert len(ranked) == len(listed) == 0
    (madrid,) = items.search(sort="distance", near="45.76,4.84", time="2021")
    for hits in (ranked, listed):
        assert hits.nothing_near.within_m == 100_000
        assert hits.nothing_near.nearest_m == pytest.approx(madrid.distance_m)
        assert "nothing here lies within 100 km" in hits.notes[0]
    empty = items.search(sort="time", near="45.76,4.84", radius="5km", unlocated_only=True)
    assert empty.nothing_near == pl.NothingNear(within_m=5_000, nearest_m=None)
    assert items.search(sort="time", near="45.76,4.84", time="2021").nothing_near is None
    assert items.search(time="1999").nothing_near is None


def test_only_the_first_page_tells_that_nothing_is_near(items):
    asked = {"near": "-60,-120", "decay": "gauss:1km", "k": 2}
    first = items.search("boat", **asked)
    assert first.nothing_near is not None
    assert items.search("boat", **asked, cursor=first.cursor).nothing_near is None


def test_near_reaches_to_the_tenth_nearest(items):
    hits = items.search("boat near Lyon", mu=1.0)
    located = [hit for hit in hits if hit.distance_m is not None]
    farthest_m = max(hit.distance_m for hit in located)
    # Of the eight items seven have a place, fewer than ten: the farthest gives the scale.
    assert [hit.distance_m for hit in located] == sorted(hit.distance_m for hit in located)
    assert hits[-1].id == "nowhere"
    value = np.exp(-0.5)  # of a Gaussian at its scale
    assert located[-1].terms[0].value == pytest.approx(value)
    assert hits.understood.decay == f"gauss:{farthest_m / 1000:.0f}km"
    assert "instead of 25.0 km" in hits.plan.reach
    given = items.search("boat near Lyon", decay="gauss:25km")
    assert given.plan.reach is None


def test_pages_keep_the_reach(items):
    whole = items.search("boat near Lyon", k=8)
    first = items.search("boat near Lyon", k=3)
    second = items.search("boat near Lyon", k=5, cursor=first.cursor)
    assert [(h.id, h.score) for h in [*first, *second]] == [(h.id, h.score) for h in whole]


def test_place_alone_puts_what_has_none_last(items):
    hits = items.search("near Lyon")
    assert hits[-1].id == "nowhere"
    assert hits[-1].score == 0 < hits[-2].score
