"""``GET .../items``: filters in the URL, orders, pages; what is said of a mistyped name."""

import datetime

import numpy as np
import pytest

import placelens as pl
from placelens.limits import MAX_CLUSTERS

URL = "/v1/collections/squares/items"
AROUND_NICE = '{"type": "Polygon", "coordinates": [[[7, 43], [8, 43], [7, 44]]]}'


def names(response):
    assert response.status_code == 200, response.text
    return [
        item["image"].rsplit("/", 1)[-1].removesuffix(".jpg") for item in response.json()["items"]
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["green", "red", "blue"]),  # newest first, without a time last
        ({"sort": "oldest"}, ["red", "green", "blue"]),
        ({"sort": "name"}, ["red", "green", "blue"]),  # a red tram, green.jpg, the blue sea
        ({"sort": "distance", "near": "43.7,7.27"}, ["blue", "red", "green"]),
        ({"where": "city=paris"}, ["green"]),
        ({"where": ["rating>=3", "rating<5"]}, ["green", "red"]),
        ({"where": "city starts P"}, ["green"]),
        ({"where": "city not contains i"}, ["red"]),
        ({"where": "file=red.jpg"}, ["red"]),
        ({"time": "2019..2019-12"}, ["red"]),
        ({"bbox": "4,45,8,46"}, ["red"]),
        ({"near": "45.76,4.84", "radius": "10km"}, ["red"]),
        ({"polygon": AROUND_NICE}, ["blue"]),
        ({"modality": "text"}, ["red", "blue"]),
        ({"located_only": True}, ["green", "red", "blue"]),
        ({"unlocated_only": True}, []),
    ],
)
def test_filters_alone_list_items(client, asked, expected):
    response = client.get(URL, params=asked)
    assert names(response) == expected
    assert response.json()["n_items"] == len(expected)
    assert response.json()["cursor"] is None


def test_an_item_of_a_list_has_links_and_its_distance(client, ids):
    (item,) = client.get(URL, params={"near": "45.76,4.84", "radius": "1km"}).json()["items"]
    assert item["id"] == ids["red"]
    assert item["distance_m"] == 0
    assert client.get(item["thumbnail_url"]).status_code == 200
    assert client.get(URL).json()["items"][0]["distance_m"] is None


def test_pages_hold_all_once_while_items_are_added(tmp_path, make_client):
    grown = pl.Collection.create(tmp_path / "grown.pl", dim=2)
    day = datetime.datetime(2020, 1, 1)
    grown.add_vectors([f"i{n}" for n in range(7)], np.ones((7, 2)), time=[day] * 6 + [None])
    client = make_client(collections={"grown": grown})
    seen, cursor = [], None
    for number in range(4):
        asked = {"k": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/collections/grown/items", params=asked).json()
        seen += [item["id"] for item in page["items"]]
        assert page["n_items"] == 7
        cursor = page["cursor"]
        grown.add_vectors([f"new{number}"], [[1, 1]], time=[day])
    assert seen == [f"i{n}" for n in range(7)]
    assert cursor is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": "size"}, "sort 'size' is not known"),
        ({"sort": "score"}, "nothing to rank by"),
        ({"sort": "distance"}, "needs a place"),
        ({"where": "city"}, "where 'city' is not a condition"),
        ({"bbox": "1,2"}, "bbox '1,2' is not four numbers"),
        ({"time": "June"}, "time 'June' cannot be read"),
        ({"k": 0}, "k: "),
        ({"wher": "city=Paris"}, "unknown field 'wher'; known fields are near, radius"),
        ({"cursor": "x"}, "cursor 'x' cannot be read"),
    ],
)
def test_what_is_wrong_is_said(client, asked, said):
    response = client.get(URL, params=asked)
    assert response.status_code == 422
    assert said in response.json()["detail"]


def test_a_mistyped_name_is_said_in_both_answers(client):
    note = "no item has an attribute 'ctiy'; did you mean 'city'?"
    assert client.get(URL, params={"where": "ctiy=Paris"}).json()["notes"] == [note]
    body = {"text": "red", "parse": False, "where": {"ctiy": "Paris"}}
    assert client.search(body).json()["notes"] == [note]
    body["where"] = {"city": "Pariss"}
    assert client.search(body).json()["notes"] == [
        "no item has city 'Pariss'; did you mean 'Paris'?"
    ]


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"k": 3}, {"sort": "time"}])
def test_a_search_for_nothing_lists_everything(client, ids, body):
    answer = client.search(body).json()
    assert [hit["id"] for hit in answer["hits"]] == [ids[name] for name in ("green", "red", "blue")]
    assert answer["plan"]["engine"] == "list"


def test_a_search_with_filters_alone_lists_too(client):
    answer = client.search({"where": {"city": ["Lyon", "Nice"]}}).json()
    assert [hit["score"] for hit in answer["hits"]] == [None, None]
    assert [hit["attributes"]["city"] for hit in answer["hits"]] == ["Lyon", "Nice"]
    assert answer["plan"]["engine"] == "list"
    assert answer["certificate"] is None


@pytest.mark.parametrize(
    ("asked", "months", "n_undated"),
    [
        ({}, {"2019-06": 1, "2020-01": 1}, 1),
        ({"where": "rating>=4"}, {"2020-01": 1}, 1),
        ({"near": "45.76,4.84", "radius": "1km"}, {"2019-06": 1}, 0),
        ({"time": "1999"}, {}, 0),
    ],
)
def test_a_timeline_counts_what_passes_by_month(client, asked, months, n_undated):
    response = client.get("/v1/collections/squares/timeline", params=asked)
    assert response.json() == {
        "by": "month",
        "periods": [{"period": month, "n_items": n} for month, n in months.items()],
        "n_undated": n_undated,
    }


def test_a_timeline_counts_days_too(client):
    response = client.get("/v1/collections/squares/timeline", params={"by": "day", "time": "2019"})
    answer = response.json()
    assert answer["by"] == "day"
    assert all(period["period"].startswith("2019-06-") for period in answer["periods"])
    assert sum(period["n_items"] for period in answer["periods"]) == 1
    assert client.get("/v1/collections/squares/timeline?by=week").status_code == 422


def test_a_timeline_has_no_order(client):
    response = client.get("/v1/collections/squares/timeline", params={"sort": "time"})
    assert response.status_code == 422
    assert "unknown field 'sort'" in response.json()["detail"]


def test_a_radius_that_holds_nothing_tells_how_far_the_nearest_is(client):
    asked = {"near": "45.76,4.84", "radius": "50km", "where": "city=Nice"}
    answer = client.get(URL, params=asked).json()
    assert (answer["items"], answer["n_items"]) == ([], 0)
    assert answer["nothing_near"]["within_m"] == 50_000
    assert answer["nothing_near"]["nearest_m"] == pytest.approx(299_000, rel=0.01)  # Lyon to Nice
    (note,) = answer["notes"]
    assert note.startswith("nothing here lies within 50.0 km")
    found = client.search({**asked, "where": {"city": "Nice"}, "text": "red"}).json()
    assert found["nothing_near"] == pytest.approx(answer["nothing_near"])
    assert client.get(URL).json()["nothing_near"] is None


def test_clusters_of_a_view(client, ids, squares):
    url = "/v1/collections/squares/clusters"
    # Lyon, Paris and Nice lie in one cell of zoom 0; the green square of Paris is the newest.
    whole = client.get(url, params={"zoom": 0}).json()
    assert [(each["n_items"], each["id"]) for each in whole["clusters"]] == [(3, ids["green"])]
    assert whole == squares.clusters(zoom=0).to_dict()
    view = {"zoom": 9.5, "west": 2, "south": 45, "east": 5, "north": 49, "where": "rating<4"}
    assert client.get(url, params=view).json() == {
        "zoom": 9,
        "n_items": 1,
        "clusters": [],
        "items": [{"id": ids["red"], "lat": 45.76, "lon": 4.84}],
    }


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "zoom: "),
        ({"zoom": 23}, "zoom: "),
        ({"zoom": "nan"}, "zoom: "),
        ({"zoom": 3, "north": 95}, "the view's north edge 95.0 is not in [-90, 90]"),
        ({"zoom": 3, "sort": "time"}, "unknown field 'sort'"),
        ({"zoom": 3, "time": "June"}, "time 'June' cannot be read"),
    ],
)
def test_what_is_wrong_with_a_view_is_said(client, asked, said):
    response = client.get("/v1/collections/squares/clusters", params=asked)
    assert response.status_code == 422
    assert said in response.json()["detail"]


def test_the_description_states_how_many_clusters_there_may_be(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    fields = schemas["Clusters"]["properties"]
    assert fields["clusters"]["maxItems"] == fields["items"]["maxItems"] == MAX_CLUSTERS == 4_000
    assert "4,000" in fields["zoom"]["description"]


def test_folders_are_for_this_machine_only(make_client, photos):
    folder = photos.name
    near, far = make_client(), make_client(host="0.0.0.0", show_paths=False, auth=False)
    assert len(near.get(URL, params={"where": f"folder={folder}"}).json()["items"]) == 3
    stats = near.get("/v1/collections/squares").json()
    assert stats["derived_attributes"] == ["folder", "file"]
    assert far.get("/v1/collections/squares").json()["derived_attributes"] == ["file"]
    values = "/v1/collections/squares/values?attribute=folder"
    assert near.get(values).json() == [{"value": folder, "n_items": 3}]
    for response in (
        far.get(URL, params={"where": f"folder={folder}"}),
        far.get("/v1/collections/squares/timeline", params={"where": f"folder={folder}"}),
        far.get(f"/v1/collections/squares/clusters?zoom=0&where=folder={folder}"),
        far.search({"text": "red", "where": {"folder": {"contains": "a"}}}),
        far.request(
            "POST",
            "/v1/collections/squares/heat",
            json={"text": "red", "zoom": 0, "where": {"folder": folder}},
        ),
        far.get(values),
    ):
        assert response.status_code == 422
        assert "on the server's own machine only" in response.json()["detail"]
    assert names(far.get(URL, params={"where": "file=red.jpg"})) == ["red"]


def test_lists_come_as_lists(tmp_path, make_client):
    tagged = pl.Collection.create(tmp_path / "tagged.pl", dim=2)
    tagged.add_vectors(["a"], [[1, 0]], attributes=[{"keywords": ["sea", "boat"]}])
    client = make_client(collections={"tagged": tagged})
    url = "/v1/collections/tagged"
    item = client.get(f"{url}/items", params={"where": "keywords all sea"}).json()["items"][0]
    assert item["attributes"] == {"keywords": ["sea", "boat"]}
    assert client.get(f"{url}/items/a").json()["attributes"] == {"keywords": ["sea", "boat"]}
    values = client.get(f"{url}/values?attribute=keywords").json()
    assert {entry["value"] for entry in values} == {"sea", "boat"}
