"""Filters alone list items: in which order, page by page, with and without a place."""

import base64
import json
from datetime import datetime

import numpy as np
import pytest

import placelens as pl
from placelens.engine.sorting import SORTS
from placelens.limits import MAX_CURSOR
from placelens.testing.fakes import HashEncoder

FACTS = {
    # id: (title, day of June 2019, latitude on the meridian of Greenwich)
    "a": ("IMG_10", 3, 2.0),
    "b": ("img_2", 1, None),
    "c": ("Brno", None, 1.0),
    "d": ("Éze", 3, 0.0),
}


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    made = pl.Collection.create(tmp_path_factory.mktemp("list") / "c.pl", encoder=HashEncoder())
    made.add_vectors(
        list(FACTS),
        HashEncoder().encode_texts(["red", "green", "blue", "white"]),
        modality="text",
        text=[title for title, _, _ in FACTS.values()],
        lat=[lat for _, _, lat in FACTS.values()],
        lon=[None if lat is None else 0.0 for _, _, lat in FACTS.values()],
        time=[None if day is None else datetime(2019, 6, day) for _, day, _ in FACTS.values()],
        image=["/p/2019/a.jpg", "/p/2019/b.jpg", "/p/2020/c.heic", None],
        attributes=[
            {"keywords": ["sea", "boat"], "n": 1},
            {"keywords": ["sea"], "n": 1},
            {"keywords": "sea, boat", "n": 1},  # as it was stored before lists were
            {"n": 1},
        ],
    )
    return made


def ids(hits):
    return "".join(hit.id for hit in hits)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "adbc"),  # newest first; of one time the first added; without a time last
        ({"sort": "time"}, "adbc"),
        ({"sort": "oldest"}, "badc"),
        ({"sort": "name"}, "cbad"),  # Brno, img_2, IMG_10, Éze
        ({"sort": "distance", "near": "0,0"}, "dcab"),
        ({"sort": "distance", "near": {"lat": 2, "lon": 0}}, "acdb"),
        ({"sort": "time", "near": "0,0", "radius": "200km"}, "dc"),
        ({"sort": "score", "near": "0,0"}, "dcab"),  # ranked by place: the nearest first
    ],
)
def test_what_passes_is_listed_in_the_order_asked_for(items, arguments, expected):
    hits = items.search(where={"n": 1}, **arguments)
    assert ids(hits) == expected
    if arguments.get("sort") != "score":
        assert {hit.score for hit in hits} == {None}
        assert hits.plan.engine == "list"
        assert hits.plan.n_allowed == len(expected)
        assert [hit.rank for hit in hits] == list(range(1, len(expected) + 1))


def test_distances_are_told_where_a_place_is_given(items):
    hits = items.search(near="0,0", sort="name")
    assert [hit.distance_m is None for hit in hits] == [False, True, False, False]
    assert hits[3].distance_m == 0
    assert items.search(sort="name")[0].distance_m is None


def test_words_choose_the_best_and_sort_orders_them(items):
    assert ids(items.search("IMG_10", k=1, parse=False)) == "a"  # its own text fits best
    best = items.search("IMG_10", k=3, parse=False)
    by_name = items.search("IMG_10", k=3, parse=False, sort="name")
    assert ids(by_name) == "".join(each for each in "cbad" if each in ids(best))
    assert {hit.id: hit.score for hit in by_name} == {hit.id: hit.score for hit in best}
    assert by_name.cursor is not None


@pytest.mark.parametrize("sort", [name for name, sort in SORTS.items() if sort is not None])
def test_pages_hold_everything_once_though_items_are_added(tmp_path, sort):
    """Twenty items with many equal keys and some without; one more comes after each page."""
    grown = pl.Collection.create(tmp_path / "c.pl", dim=2)
    grown.add_vectors(
        [f"i{n}" for n in range(20)],
        np.ones((20, 2)),
        lat=[None if n % 4 == 3 else n % 3 for n in range(20)],
        lon=[None if n % 4 == 3 else 0 for n in range(20)],
        time=[None if n % 5 == 4 else datetime(2019, 1, 1 + n % 3) for n in range(20)],
        attributes=[{"title": f"t{n % 6}"} for n in range(20)],
    )
    near = "0,0"
    whole = [hit.id for hit in grown.search(near=near, sort=sort, k=100)]
    seen, cursor = [], None
    for page in range(7):
        hits = grown.search(near=near, sort=sort, k=3, cursor=cursor)
        assert [hit.rank for hit in hits] == list(range(3 * page + 1, 3 * page + 1 + len(hits)))
        seen += [hit.id for hit in hits]
        cursor = hits.cursor
        grown.add_vectors(
            [f"new{page}"], [[1, 0]], lat=[0], lon=[0], time=[datetime(2019, 1, 2)],
            attributes=[{"title": "t3"}],
        )  # fmt: skip
    assert cursor is None
    assert seen == whole


def test_an_item_deleted_between_pages_is_missing_and_no_other(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(list("abcdef"), np.ones((6, 2)))
    first = made.search(sort="name", k=2)
    made.delete(["b", "d"])
    rest = made.search(sort="name", k=9, cursor=first.cursor)
    assert ids(first) + ids(rest) == "abcef"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sort": "size"}, pl.QueryError, "sort 'size' is not known; use one of score, time"),
        ({"sort": ["time"]}, pl.QueryError, "is not known"),
        ({"sort": "score"}, pl.QueryError, "nothing to rank by"),
        ({"sort": "distance"}, pl.QueryError, "needs a place to measure from"),
        ({"sort": "time", "k": 0}, pl.QueryError, "k = 0"),
        ({"sort": "time", "cursor": "x"}, pl.QueryError, "cursor 'x' cannot be read"),
        ({"located_only": True, "unlocated_only": True}, pl.FilterError, "exclude each other"),
    ],
)
def test_what_cannot_be_listed_is_named(items, arguments, error, message):
    with pytest.raises(error, match=message):
        items.search(**arguments)


def test_a_cursor_belongs_to_its_order_and_filters(items):
    cursor = items.search(sort="time", k=1).cursor
    for other in ({"sort": "name"}, {"sort": "time", "where": {"n": 1}}, {"sort": "oldest"}):
        with pytest.raises(pl.QueryError, match="another query"):
            items.search(k=1, cursor=cursor, **other)


@pytest.mark.parametrize(
    ("sort", "key"), [("name", 5), ("time", None), ("time", [1]), ("time", {})]
)
def test_a_made_up_cursor_is_refused_in_words(items, sort, key):
    cursor = items.search(sort=sort, k=1).cursor
    real = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([key, *real[1:]]).encode()).decode().rstrip("=")
    with pytest.raises(pl.QueryError, match="cursor"):
        items.search(sort=sort, k=1, cursor=forged)


@pytest.mark.parametrize("letter", ["x", "é", "東", "🏔"])
def test_a_long_name_of_any_script_has_a_next_page(tmp_path, letter):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    titles = [letter * 200 + end for end in "ab"]
    made.add_vectors(["a", "b"], np.ones((2, 2)), attributes=[{"title": each} for each in titles])
    first = made.search(sort="name", k=1)
    assert len(first.cursor) <= MAX_CURSOR
    assert ids(made.search(sort="name", k=1, cursor=first.cursor)) == "b"


@pytest.mark.parametrize(
    "arguments", [{}, {"query": "  "}, {"query": []}, {"query": "", "mu": 0.2}, {"sort": "time"}]
)
def test_nothing_at_all_lists_everything_newest_first(items, arguments):
    hits = items.search(**arguments)
    assert ids(hits) == "adbc"
    assert (hits.plan.engine, hits.plan.n_allowed, hits.certificate) == ("list", 4, None)


def test_what_has_no_time_or_place_comes_last_by_name(tmp_path):
    """In both orders of time, whenever it was added; the pages go on through it."""
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(
        list("cabdefg"),
        np.ones((7, 2)),
        lat=[None, None, None, 1, 0, None, 1],
        lon=[None, None, None, 0, 0, None, 0],
        time=[None, None, None, datetime(2020, 1, 1), datetime(2021, 1, 1), None, None],
        attributes=[{"title": t} for t in ("img_10", "IMG_2", "img_2", "", "", "Zoo", "a")],
    )
    for sort, expected in (
        ("time", "edgabcf"), ("oldest", "degabcf"), ("distance", "edgabcf"), ("name", "gdeabcf"),
    ):  # fmt: skip
        arguments = {"sort": sort, "near": "0,0"}
        seen, cursor = "", None
        while len(seen) < 7:
            hits = made.search(**arguments, k=2, cursor=cursor)
            seen, cursor = seen + ids(hits), hits.cursor
        assert (seen, cursor) == (expected, None), sort
        assert "".join(item.id for item in made.items(**arguments)) == expected


def test_a_page_goes_on_though_what_it_ended_with_has_a_time_by_now(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(list("abc"), np.ones((3, 2)))
    first = made.search(k=1)
    for item_id in "abc":
        made.update(item_id, time=datetime(2020, 1, 1))
    assert ids(made.search(k=9, cursor=first.cursor)) == ""


def test_orders_by_distance_are_kept_for_the_last_places_only(items):
    lists = items._versions.searcher.lists
    for lat in (*range(8), 7):
        items.search(near=f"{lat},0", sort="distance")
    assert [place.lat for sort, place in lists._orders if sort == "distance"] == [4, 5, 6, 7]
    before = lists.order("distance", pl.Place(lat=4, lon=0))
    assert lists.order("distance", pl.Place(lat=4, lon=0)) is before


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"where": {"keywords": "boat"}}, "a"),
        ({"where": {"keywords": {"contains": "boat"}}}, "ac"),
        ({"where": {"keywords": {"all": ["boat", "sea"]}}}, "a"),
        ({"where": {"keywords": "sea"}}, "ab"),
        ({"where": {"folder": "2019"}}, "ab"),
        ({"where": {"folder": {"ne": "2019"}}}, "cd"),
        ({"where": {"file": {"ends": ".HEIC"}}}, "c"),
        ({"where": {"file": {"exists": False}}}, "d"),
        ({"unlocated_only": True}, "b"),
        ({"located_only": True}, "acd"),
        ({"modality": "image"}, ""),
        ({"time": "2019-06-03", "bbox": (-1, -1, 1, 1)}, "d"),
    ],
)
def test_filters_alone_and_items_agree(items, filters, expected):
    assert sorted(ids(items.search(**filters))) == sorted(expected)
    assert [item.id for item in items.items(**filters)] == list(expected)  # the table's order
    assert {item.id for item in items.items(sort="name", **filters)} == set(expected)


def test_all_items_can_be_gone_through_in_an_order(items):
    assert [item.id for item in items.items(sort="name", batch_size=3)] == list("cbad")
    assert [item.id for item in items.items(near="0,0", sort="distance")] == list("dcab")
    with pytest.raises(pl.QueryError, match="not known"):  # at once, not at the first item
        items.items(sort="size")


def test_values_count_the_members_of_lists(items):
    assert items.values("keywords") == {"sea": 2, "boat": 1, "sea, boat": 1}
    assert items.values("folder") == {"p/2019": 2, "p/2020": 1}
    assert items.values("file") == {"a.jpg": 1, "b.jpg": 1, "c.heic": 1}


def test_an_empty_collection_lists_nothing(tmp_path):
    empty = pl.Collection.create(tmp_path / "c.pl", dim=2)
    for sort in ("time", "name"):
        hits = empty.search(sort=sort)
        assert (len(hits), hits.cursor, hits.plan.n_allowed) == (0, None, 0)
    assert list(empty.items(sort="time")) == list(empty) == []


@pytest.mark.parametrize(
    ("where", "notes"),
    [
        ({"keyword": "sea"}, ["no item has an attribute 'keyword'; did you mean 'keywords'?"]),
        ({"Keywords": "sea"}, ["no item has an attribute 'Keywords'; did you mean 'keywords'?"]),
        ({"foldr": "x"}, ["no item has an attribute 'foldr'; did you mean 'folder'?"]),
        ({"xyz": {"gte": 1}}, [
            "no item has an attribute 'xyz'; there are: n, keywords, folder, file"]),
        ({"keywords": ["sea", "baot"]}, ["no item has keywords 'baot'; did you mean 'boat'?"]),
        ({"keywords": {"ne": "zzzz"}}, ["no item has keywords 'zzzz'"]),
        ({"keywords": {"contains": "baot"}, "n": 7, "folder": "2019/"}, []),
    ],
)  # fmt: skip
def test_what_no_item_has_is_said_with_the_nearest(items, where, notes):
    hits = items.search(where=where)
    assert list(hits.notes) == notes
    assert hits.to_dict()["notes"] == notes
    assert all(note in repr(hits) and note in repr(hits[:1]) for note in notes)


def test_a_long_order_is_cut_in_the_message(items):
    with pytest.raises(pl.QueryError) as refused:
        items.search(sort="x" * 100_000)
    assert len(str(refused.value)) < 200
