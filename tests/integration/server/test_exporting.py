"""``POST .../export``: every format, of items that are named and of searches; what is refused."""

import csv
import io
import json
import sqlite3
import sys
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

import placelens as pl
from placelens.engine.query import MAX_K
from placelens.export import FORMATS, blur_lonlat, dump
from placelens.testing.fakes import HashEncoder

URL = "/v1/collections/squares/export"


def _rows_of_gpkg(content: bytes, folder: Path) -> list[str]:
    path = folder / "read.gpkg"
    path.write_bytes(content)
    with sqlite3.connect(path) as database:
        return [row[0] for row in database.execute("SELECT id FROM items ORDER BY fid")]


def _named_in_kml(content: bytes, _: Path) -> list[str]:
    data = ElementTree.fromstring(content).findall(".//{*}Placemark/{*}ExtendedData/{*}Data")
    return [each.findtext("{*}value") or "" for each in data if each.get("name") == "id"]


# The ids, or all that a format holds of which item is meant, read by what is not ours.
READERS: dict[str, Callable[[bytes, Path], list[str]]] = {
    "json": lambda content, _: [record["id"] for record in json.loads(content)],
    "jsonl": lambda content, _: [json.loads(line)["id"] for line in content.splitlines()],
    "csv": lambda content, _: [
        row["id"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))
    ],
    "geojson": lambda content, _: [each["id"] for each in json.loads(content)["features"]],
    "kml": _named_in_kml,
    "gpx": lambda content, _: [
        point.findtext("{*}name") or "" for point in ElementTree.fromstring(content)
    ],
    "gpkg": _rows_of_gpkg,
    "geoparquet": lambda content, _: pq.read_table(io.BytesIO(content))["id"].to_pylist(),
    "html": lambda content, _: [
        part.partition("<")[0] for part in content.decode().split("<p>")[1:]
    ],
    "paths": lambda content, _: [Path(line).stem for line in content.decode().splitlines()],
    "paths0": lambda content, _: [Path(each).stem for each in content.decode().split("\0") if each],
}
TITLES = {"red": "a red tram", "green": "green.jpg", "blue": "the blue sea"}


def export(client: Any, body: Any) -> Any:
    return client.request("POST", URL, json=body)


def expected(name: str, ids: dict[str, str], colours: list[str]) -> list[str]:
    if name in ("gpx", "html"):
        return [TITLES[colour] for colour in colours]
    return colours if name.startswith("paths") else [ids[colour] for colour in colours]


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_items_that_are_named_come_in_their_order(client, squares, ids, tmp_path, name):
    colours = ["blue", "red"]
    response = export(client, {"format": name, "ids": [ids[each] for each in [*colours, "blue"]]})
    assert response.status_code == 200, response.text
    assert READERS[name](response.content, tmp_path) == expected(name, ids, colours)
    assert response.headers["content-type"] == FORMATS[name].media_type
    assert response.headers["content-length"] == str(len(response.content))
    assert response.headers["placelens-written"] == "2"
    disposition = Message()
    disposition["Content-Disposition"] = response.headers["content-disposition"]
    assert disposition.get_content_disposition() == "attachment"
    assert disposition.get_filename() == f"squares{FORMATS[name].suffix}"
    stream = io.BytesIO()
    items = squares.items(ids=[ids[each] for each in colours])
    dump(items, stream, format=name, thumbnails=squares.thumbnail)
    if name != "gpkg":  # which holds the time at which it was made
        assert response.content == stream.getvalue()


@pytest.mark.parametrize("name", FORMATS)
def test_hits_of_a_search_come_in_their_order(client, squares, ids, tmp_path, name):
    found = squares.search("red", near="Paris", k=2)
    colours = [Path(hit.item.image).stem for hit in found]
    search = {"text": "red", "near": "Paris", "k": 2}
    response = export(client, {"format": name, "search": search})
    assert READERS[name](response.content, tmp_path) == expected(name, ids, colours)


def test_a_list_is_a_search(client, ids, tmp_path):
    search = {"where": {"rating": {"gte": 4}}, "sort": "name", "k": MAX_K}
    response = export(client, {"format": "csv", "search": search})
    assert READERS["csv"](response.content, tmp_path) == [ids["green"], ids["blue"]]


def test_scores_are_those_of_the_search(client):
    search = {"text": "red", "k": 3}
    hits = client.search(search).json()["hits"]
    rows = export(client, {"format": "json", "search": search}).json()
    assert [row["score"] for row in rows] == [hit["score"] for hit in hits]


@pytest.mark.parametrize("blur", ["2km", 2000])
def test_positions_are_blurred_and_nothing_tells_more(client, ids, blur):
    search = {"text": "red", "near": "45.76,4.84", "k": 1}
    (row,) = export(client, {"format": "json", "search": search, "blur": blur}).json()
    assert (row["lon"], row["lat"]) == blur_lonlat(4.84, 45.76, cell_m=2000)
    assert (row["score"], row["distance_m"], row["terms"]) == (None, None, [])
    assert row["place_blur_m"] == 2000


def test_positions_are_left_out(client, ids):
    body = {"format": "geojson", "ids": [ids["red"]], "drop_places": True}
    (feature,) = export(client, body).json()["features"]
    assert feature["geometry"] is None


def test_what_a_format_cannot_hold_is_counted(make_client, tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["a", "b"], [[1, 0], [0, 1]], lat=[1, None], lon=[2, None], text=["=1", "b"])
    client = make_client(collections={"squares": made})
    response = export(client, {"format": "gpx", "ids": ["a", "b"]})
    assert response.headers["placelens-written"] == "1"
    assert response.headers["placelens-left-out"] == "1"
    safe = export(client, {"format": "csv", "ids": ["a"], "csv_safe": True})
    assert "'=1" in safe.text


@pytest.mark.parametrize("name", FORMATS)
def test_strangers_are_not_shown_folders(make_client, photos, ids, name):
    stranger = make_client(host="0.0.0.0", auth=False)
    for asked in ({"ids": list(ids.values())}, {"search": {"sort": "time"}}):
        response = export(stranger, {"format": name, **asked})
        assert response.status_code == 200
        assert str(photos).encode() not in response.content
        if name != "html" or "ids" in asked:
            assert b"red" in response.content
    # It is not that no format would show them.
    shown = export(make_client(), {"format": name, "ids": list(ids.values())})
    is_packed = name == "geoparquet"
    assert is_packed or str(photos).encode() in shown.content


def test_strangers_cannot_guess_folders(make_client, photos):
    search = {"where": {"folder": {"starts": str(photos)[:4]}}}
    response = export(make_client(host="0.0.0.0", auth=False), {"format": "csv", "search": search})
    assert response.status_code == 422
    assert "folders are known on the server's own machine only" in response.text


def test_a_name_that_a_header_could_not_hold(make_client, squares):
    name = 'ph"o\r\nX: 1; ž\u202e'
    client = make_client(collections={name: squares})
    response = client.request(
        "POST",
        "/v1/collections/ph%22o%0D%0AX%3A%201%3B%20%C5%BE%E2%80%AE/export",
        json={"format": "csv", "search": {"sort": "time"}},
    )
    assert response.status_code == 200
    assert "x" not in response.headers
    assert response.headers["content-disposition"] == (
        'attachment; filename="ph_o_r_nX_ 1; __u202e.csv"; '
        "filename*=UTF-8''ph_o_r_nX_%201%3B%20%C5%BE_u202e.csv"
    )


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"format": "csv"}, 422, "needs either ids or search; it has neither"),
        ({"format": "csv", "ids": ["a"], "search": {}}, 422, "it has both"),
        ({"ids": ["a"]}, 422, "format: is required"),
        ({"format": "xls", "ids": ["a"]}, 422, "'paths' or 'paths0'"),
        ({"format": "csv", "ids": []}, 422, "at least 1"),
        ({"format": "csv", "ids": "a"}, 422, "ids"),
        ({"format": "csv", "ids": [5]}, 422, "ids[0]: 5 should be a valid string"),
        ({"format": "csv", "ids": ["no such"]}, 404, "'no such', of 1 asked for"),
        ({"format": "csv", "ids": ["a/b", "../../etc/passwd", "\u202e\x1b"]}, 404, "of 3 asked"),
        ({"format": "csv", "ids": [f"{n}" for n in range(MAX_K)]}, 404, "and 9,995 more, of"),
        ({"format": "csv", "ids": ["a"] * (MAX_K + 1)}, 422, "at most 10000 items"),
        ({"format": "csv", "ids": ["a" * 5000]}, 422, "at most 4096 characters"),
        ({"format": "csv", "search": {"k": MAX_K + 1}}, 422, "search.k"),
        ({"format": "csv", "search": {"text": "red", "colour": 1}}, 422, "unknown field 'colour'"),
        ({"format": "csv", "search": {}, "blur": True}, 422, "blur: True is neither metres nor"),
        ({"format": "csv", "search": {}, "blur": ["1km"]}, 422, "is neither metres nor"),
        ({"format": "csv", "search": {}, "blur": "far"}, 422, "blur 'far' is not a distance"),
        ({"format": "csv", "search": {}, "blur": 0}, 422, "must be larger than 0"),
        ({"format": "csv", "search": {}, "blur": -1}, 422, "blur -1"),
        ({"format": "csv", "search": {}, "blur": 1, "drop_places": True}, 422, "exclude each"),
        ({"format": "kml", "search": {}, "csv_safe": True}, 422, "csv_safe"),
        ([], 422, "should be a JSON object"),
    ],
)  # fmt: skip
def test_what_cannot_be_exported_is_named(client, body, status, said):
    response = export(client, body)
    assert response.status_code == status, response.text
    assert said in response.json()["detail"]
    assert len(response.content) < 8_000
    assert "content-disposition" not in response.headers


def test_a_format_that_needs_what_is_not_there_says_what_to_install(client, ids, monkeypatch):
    monkeypatch.setitem(sys.modules, "geopandas", None)
    response = export(client, {"format": "gpkg", "ids": [ids["red"]]})
    assert response.status_code == 501
    assert "needs packages that are not installed; run: " in response.json()["detail"]
    assert "[geo]" in response.json()["detail"]


def test_a_plane_has_no_kml(make_client, tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2, space="plane")
    made.add_vectors(["a"], [[1, 0]], x=[1], y=[2])
    client = make_client(collections={"squares": made})
    refused = export(client, {"format": "kml", "ids": ["a"]})
    assert (refused.status_code, "latitude and longitude" in refused.text) == (422, True)
    assert export(client, {"format": "json", "ids": ["a"]}).json()[0]["x"] == 1


def test_an_export_ends_with_its_time(make_client, ids):
    response = export(make_client(timeout_s=1e-9), {"format": "csv", "ids": [ids["red"]]})
    assert response.status_code == 503
    assert "ask for less at once" in response.json()["detail"]


def test_a_large_file_comes_whole(make_client, tmp_path):
    """Larger than what is held in memory, and than a piece of it that is sent."""
    made = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    words = [f"{n} " * 300 for n in range(3_000)]
    ids = [f"{n}" for n in range(len(words))]
    vectors = HashEncoder().encode_texts(ids)
    made.add_vectors(ids, vectors, text=words, modality="text")
    response = export(make_client(collections={"squares": made}), {"format": "jsonl", "ids": ids})
    records = [json.loads(line) for line in response.content.splitlines()]
    assert [record["id"] for record in records] == ids
    assert [record["text"] for record in records] == words
    assert len(response.content) > 2**20
