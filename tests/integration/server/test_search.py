"""``POST /search``: the request's fields, the answer's shape, and what is refused."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from placelens.server.answers import SearchAnswer
from placelens.server.schemas import SearchRequest


def as_base64(colour: tuple[int, int, int], kind: str = "PNG") -> str:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def colours_of(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    return [Path(hit["image"]).stem for hit in response.json()["hits"]]


def test_words_find_the_picture_and_the_answer_has_the_documented_shape(client, ids):
    response = client.search({"text": "red", "parse": False, "k": 2})
    answer = response.json()
    SearchAnswer.model_validate(answer)
    best = answer["hits"][0]
    assert colours_of(response)[0] == "red"
    assert best["thumbnail_url"] == f"/v1/collections/squares/items/{ids['red']}/thumbnail"
    assert best["image_url"] == f"/v1/collections/squares/items/{ids['red']}/image"
    assert best["score"] == pytest.approx(sum(term["contribution"] for term in best["terms"]))
    assert answer["certificate"]["kind"] == "proven"
    assert len(answer["hits"]) == 2
    assert "query" not in answer


def test_the_answer_is_that_of_the_library(client, squares):
    asked = {"near": "45.76,4.84", "mu": 0.7, "decay": "exp:100km", "k": 3, "parse": False}
    there = squares.search("green", **asked)
    here = client.search({"text": "green", **asked}).json()["hits"]
    assert [(hit["id"], hit["score"]) for hit in here] == [(hit.id, hit.score) for hit in there]


def test_place_alone_orders_by_distance(client):
    response = client.search({"near": {"lat": 43.7, "lon": 7.27}, "decay": "linear"})
    # Lyon is 300 km from Nice, Paris 690 km.
    assert colours_of(response) == ["blue", "red", "green"]


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_an_image_as_base64_finds_its_like(client, prefix):
    response = client.search({"images": [{"data": prefix + as_base64((40, 160, 50))}]})
    assert colours_of(response)[0] == "green"


def test_an_item_as_the_example_is_left_out(client, ids):
    assert "red" not in colours_of(client.search({"images": [{"id": ids["red"]}]}))


def test_weights_reach_the_terms(client):
    texts = [{"text": "red"}, {"text": "blue", "weight": -0.5}]
    hit = client.search({"text": texts, "parse": False}).json()["hits"][0]
    # Weights are divided by the sum of their absolute values, 1.5.
    assert [term["weight"] for term in hit["terms"]] == pytest.approx([1 / 1.5, -0.5 / 1.5])


def test_a_vector_with_a_weight(client, squares, ids):
    vector = [float(value) for value in squares.vector(ids["blue"], "image")]
    for given in (vector, [{"vector": vector, "weight": 2}]):
        assert colours_of(client.search({"vector": given}))[0] == "blue"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"bbox": [2, 48, 3, 49]}, {"green"}),
        ({"near": "43.7,7.27", "radius": "50km"}, {"blue"}),
        ({"near": "43.7,7.27", "radius": 50000}, {"blue"}),
        ({"time": "2019"}, {"red"}),
        ({"time": ["2020-01-01", None]}, {"green"}),
        ({"where": {"city": ["Lyon", "Nice"]}}, {"red", "blue"}),
        ({"where": {"rating": {"gte": 4}}}, {"green", "blue"}),
        ({"modality": "text"}, {"red", "blue"}),
        (
            {"polygon": {"type": "Polygon", "coordinates": [[[7, 43], [8, 43], [7, 44]]]}},
            {"blue"},
        ),
    ],
)
def test_filters(client, filters, expected):
    response = client.search({"text": "a colour", "parse": False, **filters})
    assert set(colours_of(response)) == expected


def test_what_fields_are_known_is_said_whole(client):
    answer = client.search({"colour": "red"}).json()
    *_, last = SearchRequest.model_fields
    assert answer["errors"][0]["message"].endswith(last)
    assert all(
        name in answer["detail"].replace(",", "").split() for name in SearchRequest.model_fields
    )


def test_pages_follow_each_other(client):
    first = client.search({"text": "red", "parse": False, "k": 2}).json()
    asked = {"text": "red", "parse": False, "k": 2, "cursor": first["cursor"]}
    second = client.search(asked).json()
    seen = [hit["id"] for answer in (first, second) for hit in answer["hits"]]
    assert len(set(seen)) == len(seen) == 3


def test_geojson_has_a_feature_for_each_hit(client):
    response = client.search({"text": "red", "parse": False}, params={"format": "geojson"})
    assert response.headers["content-type"] == "application/geo+json"
    features = response.json()["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [4.84, 45.76]}
    assert features[0]["properties"]["thumbnail_url"].endswith("/thumbnail")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"colour": "red"}, "unknown field 'colour'; known fields are text, images"),
        ({"text": 5}, "text: 5 is neither a string nor a list"),
        ({"text": [{"text": "a", "wieght": 1}]}, "text[0]: unknown field 'wieght'"),
        ({"text": "a", "k": "ten"}, "k: 'ten' should be a valid integer"),
        ({"text": "a", "k": 0}, "k: 0 should be greater than or equal to 1"),
        ({"text": "a", "mu": 2}, "mu: 2 should be less than or equal to 1"),
        ({"images": [{"weight": 1}]}, "images[0]: needs one of data, handle and id; it has none"),
        ({"images": [{"data": "not base64!"}]}, "images[0].data is not base64"),
        ({"images": [{"data": ""}]}, "images[0].data is empty"),
        ({"images": [{"data": "AAAA"}]}, "not an image"),
        ({"images": [{"id": "nobody"}]}, "no item with id 'nobody'"),
        ({"text": "a", "near": {"lat": 95, "lon": 0}}, "latitude 95.0 is not in [-90, 90]"),
        ({"text": "a", "near": {"lat": 5}}, "a place needs lat and lon"),
        ({"text": "a", "near": [1, 2]}, "near: is neither"),
        ({"text": "a", "decay": "cubic:5km"}, "decay 'cubic:5km' is not known"),
        ({"text": "a", "bbox": [1, 2, 3]}, "bbox"),
        ({"text": "a", "time": 2019}, "time: 2019 is neither a string"),
        ({"text": "a", "cursor": "xyz"}, "cursor"),
        ({"vector": "abc"}, "vector: 'abc' is neither a list of numbers"),
    ],
)
def test_what_is_wrong_is_said(client, body, said):
    response = client.search({"parse": False, **body})
    assert response.status_code in (404, 422)
    assert response.headers["content-type"] == "application/problem+json"
    answer = response.json()
    assert set(answer) >= {"type", "title", "status", "detail"}
    assert answer["status"] == response.status_code
    assert said in answer["detail"]


def test_a_long_value_is_not_echoed_whole(client):
    response = client.search({"text": "a", "k": "9" * 10_000})
    assert len(response.text) < 1000


def test_a_body_that_is_not_json(client):
    response = client.request(
        "POST",
        "/v1/collections/squares/search",
        content=b'{"text": ',
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 400
    assert "the request body is not JSON" in response.json()["detail"]


def test_a_form_instead_of_json_is_told_the_header(client):
    response = client.request(
        "POST",
        "/v1/collections/squares/search",
        content=b"text=red",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 422
    assert "sent with Content-Type: application/json" in response.json()["detail"]


def test_heat_is_that_of_the_library(client, squares):
    url = "/v1/collections/squares/heat"
    asked = {"near": "45.76,4.84", "mu": 0.7, "parse": False, "zoom": 6, "west": 0, "east": 10}
    there = client.request("POST", url, json={"text": "green", **asked}).json()
    assert there == squares.heat("green", **asked).to_dict()
    assert len(there["cells"]) == 3


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "red"}, "zoom: "),
        ({"text": "red", "zoom": 23}, "zoom: "),
        ({"zoom": 3}, "nothing ranks the items"),
        ({"text": "red", "zoom": 3, "south": 5, "north": 4}, "lies above its north edge"),
        ({"text": "red", "zoom": 3, "by": "day"}, "unknown field 'by'"),
    ],
)
def test_what_is_wrong_with_heat_is_said(client, asked, said):
    response = client.request("POST", "/v1/collections/squares/heat", json=asked)
    assert response.status_code == 422
    assert said in response.json()["detail"]
