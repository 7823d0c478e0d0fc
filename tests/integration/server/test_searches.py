"""Saved searches over HTTP: what is kept comes back as a search takes it, for who may write."""

import pytest
from tests.integration.server.writer import WRITER

import placelens as pl
from placelens.testing.fakes import HashEncoder

URL = "/v1/collections/tiny/searches"


def put(server, name, search, **headers):
    return server.request("PUT", f"{URL}/{name}", json=search, headers={**WRITER, **headers})


SEARCHES = [
    {"text": "red"},
    {"text": ["a pier", {"text": "snow", "weight": -0.5}], "near": "Nice", "decay": "gauss:50km"},
    {"images": [{"id": "a/b c.jpg"}, {"id": "d", "weight": -1.0}], "mu": 0.3, "parse": False},
    {"terms": [{"kind": "vector", "value": [0.5] * 64, "weight": 2.0}], "delta": 0.0},
    {"near": "45.76,4.84", "radius": "5km", "bbox": [170.0, -20.0, -170.0, -10.0]},
    {"where": {"city": ["Lyon", "Paris"], "rating": {"gte": 4}}, "time": ["2019", None]},
    {"polygon": {"type": "Polygon", "coordinates": [[[177, -20], [182, -20], [180, -15]]]}},
    {"modality": "image", "located_only": True, "sort": "oldest", "k": 50},
]


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_comes_back_as_it_was_asked_and_can_be(server, collection, search):
    kept = put(server, "mine", search)
    assert kept.status_code == 200, kept.text
    assert kept.json() == {"name": "mine", "search": search}
    assert server.get(URL).json() == [kept.json()]
    assert server.get(f"{URL}/mine").json() == kept.json()
    other = pl.Collection.open(collection.path, encoder=HashEncoder())
    assert list(other.saved_searches) == ["mine"]
    if "images" in search:  # there are no such items
        return
    found = server.request("POST", "/v1/collections/tiny/search", json=search).json()
    hits = other.search(**other.saved_searches["mine"])
    assert [hit["id"] for hit in found["hits"]] == [hit.id for hit in hits]


def test_names_may_hold_anything_that_is_text(server):
    for name in ("old harbours", "a/b", "Łódź ✓", "100%"):
        assert put(server, name.replace("%", "%25"), {"text": "red"}).json()["name"] == name
    assert [each["name"] for each in server.get(URL).json()] == [
        "old harbours",
        "a/b",
        "Łódź ✓",
        "100%",
    ]


def test_one_is_replaced_and_forgotten(server):
    put(server, "mine", {"text": "red"})
    assert put(server, "mine", {"text": "blue"}).json()["search"] == {"text": "blue"}
    for expected in (204, 404):
        gone = server.request("DELETE", f"{URL}/mine", headers=WRITER)
        assert gone.status_code == expected
    assert server.get(f"{URL}/mine").status_code == 404
    assert server.get(URL).json() == []


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"images": [{"data": "aGVsbG8="}]}, "a picture that was sent is not kept"),
        ({"images": [{"handle": "0" * 32}]}, "a picture that was sent is not kept"),
        ({"text": "red", "cursor": "x"}, "cursor is of one answer"),
        ({"text": "red", "mu": 2}, "mu: "),
        ({"text": "red", "decay": "cubic"}, "decay"),
        ({"text": "red", "colour": 1}, "unknown field 'colour'"),
        ({"where": {"a": {"like": 1}}}, "operator 'like' is not known"),
    ],
)
def test_what_cannot_be_kept_is_refused(server, search, said):
    refused = put(server, "mine", search)
    assert refused.status_code == 422, refused.text
    assert said in refused.json()["detail"]
    assert server.get(URL).json() == []


def test_the_name_is_bounded(server):
    assert put(server, "x" * 201, {"text": "red"}).status_code == 422
    assert put(server, "%20", {"text": "red"}).status_code == 422


def test_who_may_not_write_keeps_nothing(make_client, server, collection):
    for headers, status in (({}, 401), ({"origin": "http://evil.example", **WRITER}, 403)):
        for method in ("PUT", "DELETE"):
            options = {"json": {"text": "red"}} if method == "PUT" else {}
            refused = server.request(method, f"{URL}/mine", headers=headers, **options)
            assert refused.status_code == status, (method, headers)
    reading = make_client(collections={"tiny": collection})
    assert reading.request("PUT", f"{URL}/mine", json={"text": "red"}).status_code == 403
    assert collection.saved_searches == {}


def test_folders_are_told_to_this_machine_only(make_client, server, collection):
    put(server, "trip", {"where": {"folder": "2019/rome"}})
    far = make_client(
        collections={"tiny": collection}, host="0.0.0.0", show_paths=False, auth=False
    )
    assert far.get(URL).json() == []
    assert far.get(f"{URL}/trip").status_code == 404
    assert len(server.get(URL).json()) == 1
