"""Terms of any kind over REST, and why an item ranks where it does."""

import threading

import pytest

import placelens as pl
from placelens.server import Settings
from placelens.server.catalogue import Catalogue
from placelens.testing.fakes import HashEncoder
from placelens.testing.terms import ID_LENGTH, known

SEARCH = {"text": "a red tram", "near": "45.76,4.84", "decay": "gauss:500km", "parse": False}


def test_the_kinds_of_terms_are_listed_with_the_field_that_takes_them(client):
    kinds = {kind["name"]: kind for kind in client.get("/v1/terms").json()}
    assert {name: kind["field"] for name, kind in kinds.items()} == {
        "text": "text",
        "image": "images",
        "like": "images",
        "vector": "vector",
        "sketch": None,
        "phrases": None,
    }
    assert kinds["text"]["what"] == "words"


def test_a_term_by_its_kind_is_the_field_of_its_own(client, ids):
    field = client.search({"text": [{"text": "red", "weight": 0.5}], "parse": False}).json()
    term = {"kind": "text", "value": "red", "weight": 0.5}
    by_kind = client.search({"terms": [term], "parse": False}).json()
    assert by_kind["hits"] == field["hits"]
    assert by_kind["hits"][0]["id"] == ids["red"]


def test_a_new_kind_is_taken_and_listed_at_once(client):
    with known(ID_LENGTH):
        assert client.get("/v1/terms").json()[-1] == {
            "name": "id_length",
            "what": "how long ids are",
            "example": 7,
            "field": None,
        }
        hits = client.search({"terms": [{"kind": "id_length", "value": 3}]}).json()["hits"]
        assert [term["kind"] for term in hits[0]["terms"]] == ["id_length"]
        wrong = client.search({"terms": [{"kind": "id_length", "value": "x"}]})
        assert wrong.status_code == 422
        assert "give 0 or more" in wrong.json()["detail"]
    assert (
        "no term is of the kind 'id_length'"
        in (client.search({"terms": [{"kind": "id_length", "value": 3}]}).json()["detail"])
    )


@pytest.mark.parametrize("value", ["/etc/hostname", "photo.jpg"])
def test_a_term_opens_no_file_of_the_server(client, value):
    answer = client.search({"terms": [{"kind": "image", "value": value}]})
    assert answer.status_code == 422
    assert "write it in `images`" in answer.json()["detail"]


def test_why_a_hit_ranks_where_it_does(client, ids):
    hits = client.search(SEARCH).json()["hits"]
    last = hits[-1]
    path = f"/v1/collections/squares/items/{last['id']}/explain"
    answer = client.request("POST", path, json=SEARCH).json()
    assert answer["hit"] == last
    assert answer["above"] == hits[-2]
    behind = hits[-2]["score"] - last["score"]
    assert f"{behind:.3f} below {last['rank'] - 1}" in answer["text"]
    first = client.request(
        "POST", f"/v1/collections/squares/items/{ids['red']}/explain", json=SEARCH
    )
    assert (first.json()["hit"]["rank"], first.json()["above"]) == (1, None)


def test_an_address_can_ask_why(client, ids):
    path = f"/v1/collections/squares/items/{ids['blue']}/explain"
    by_address = client.get(path, params={"text": "the blue sea"}).json()
    by_body = client.request("POST", path, json={"text": "the blue sea"}).json()
    assert by_address == by_body
    assert by_address["hit"]["rank"] == 1


def test_what_the_filters_leave_out_has_no_rank(client, ids):
    path = f"/v1/collections/squares/items/{ids['blue']}/explain"
    answer = client.request("POST", path, json={"text": "red", "where": {"city": "Lyon"}})
    assert answer.status_code == 404
    assert "the filters leave out" in answer.json()["detail"]
    gone = client.get("/v1/collections/squares/items/gone/explain", params={"text": "red"})
    assert gone.status_code == 404
    nothing = client.request("POST", path, json={"sort": "time"})
    assert nothing.status_code == 422
    assert "nothing ranks the items" in nothing.json()["detail"]


def test_a_collection_that_is_slow_to_open_holds_up_no_other(tmp_path, monkeypatch):
    for name in ("slow", "quick"):
        pl.Collection.create(tmp_path / f"{name}.pl", encoder=HashEncoder())
    catalogue = Catalogue(
        Settings(collections={name: tmp_path / f"{name}.pl" for name in ("slow", "quick")})
    )
    opening, go_on = threading.Event(), threading.Event()
    open_ = catalogue._open

    def slowly(name):
        if name == "slow":
            opening.set()
            assert go_on.wait(60)
        return open_(name)

    monkeypatch.setattr(catalogue, "_open", slowly)
    waiting = threading.Thread(target=catalogue.get, args=("slow",))
    waiting.start()
    assert opening.wait(60)
    assert catalogue.get("quick").name == "quick"
    go_on.set()
    waiting.join()
    assert catalogue.get("slow").name == "slow"
