"""Proposals over HTTP: read by all, made and decided by who may write, and hostile values."""

import pytest
from tests.integration.server.writer import WRITER

import placelens as pl
from placelens.server.tokens import TokenFile
from placelens.testing.fakes import HashEncoder

URL = "/v1/collections/tiny/proposals"
THERE = pl.Place(lat=-33.25, lon=151.5)


def decide(server, proposal_id, what, **headers):
    url = f"{URL}/{proposal_id}/{what}"
    return server.request("POST", url, headers={**WRITER, **headers})


def propose(server, body):
    return server.request("POST", URL, json=body, headers=WRITER)


def ids_of(answer):
    return [proposal["id"] for proposal in answer["proposals"]]


def where(server, item_id):
    item = server.get(f"/v1/collections/tiny/items/{item_id}").json()
    return item["lat"], item["lon"], item["place_source"], item["place_radius_m"]


def test_where_nothing_is_proposed_there_is_none(server):
    empty = {"open": 0, "accepted": 0, "rejected": 0}
    assert server.get(URL).json() == {"proposals": [], "counts": empty, "cursor": None}


def test_one_comes_with_its_item_as_it_is(server, collection):
    made = collection.propose("lyon", THERE, radius_m=500, confidence=0.75, evidence="a sign")
    (proposal,) = server.get(f"{URL}?state=open").json()["proposals"]
    item = proposal.pop("item")
    assert item == server.get("/v1/collections/tiny/items/lyon").json()
    assert (item["title"], item["lat"], item["thumbnail_url"]) == (
        "lyon.png",
        45.764,
        "/v1/collections/tiny/items/lyon/thumbnail",
    )
    nowhere = {"x": None, "y": None}
    assert proposal == {**made.to_dict(), "place": {"lat": -33.25, "lon": 151.5, **nowhere}}


def test_it_is_accepted_and_undone(server, collection):
    made = collection.propose("lyon", THERE, radius_m=500)
    before = where(server, "lyon")
    accepted = decide(server, made.id, "accept")
    assert accepted.status_code == 200, accepted.text
    answer = accepted.json()
    assert (answer["state"], answer["previous"]["lat"]) == ("accepted", 45.764)
    assert (answer["item"]["lat"], answer["item"]["place_source"]) == (-33.25, "estimated")
    assert where(server, "lyon") == (-33.25, 151.5, "estimated", 500.0)
    assert server.get(URL).json()["counts"] == {"open": 0, "accepted": 1, "rejected": 0}
    undone = decide(server, made.id, "undo").json()
    assert (undone["state"], undone["previous"], undone["item"]["lat"]) == ("open", None, 45.764)
    assert where(server, "lyon") == before


def test_it_is_rejected_and_opened_again(server, collection):
    made = collection.propose("nowhere", THERE)
    assert decide(server, made.id, "reject").json()["state"] == "rejected"
    assert where(server, "nowhere") == (None, None, None, None)
    assert ids_of(server.get(f"{URL}?state=rejected").json()) == [made.id]
    assert server.get(f"{URL}?state=open").json()["proposals"] == []
    assert decide(server, made.id, "undo").json()["state"] == "open"


@pytest.mark.parametrize(
    ("first", "then"),
    [(None, "undo"), ("accept", "accept"), ("accept", "reject"), ("reject", "accept")],
)
def test_what_its_state_does_not_allow_is_a_conflict(server, collection, first, then):
    made = collection.propose("lyon", THERE)
    if first is not None:
        decide(server, made.id, first)
    refused = decide(server, made.id, then)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:placelens:problem:proposal-state"
    assert f"proposal {made.id} is" in refused.json()["detail"]


def test_what_was_changed_since_is_not_undone(server, collection):
    made = collection.propose("nowhere", THERE)
    decide(server, made.id, "accept")
    collection.update("nowhere", place=pl.Place(lat=1, lon=2))
    refused = decide(server, made.id, "undo")
    assert (refused.status_code, "was changed after" in refused.json()["detail"]) == (409, True)
    assert where(server, "nowhere")[:2] == (1.0, 2.0)


@pytest.mark.parametrize(
    "wrong",
    ["7-0", "0-9", "x", "1-", "-1", "1-0-0", "9" * 30 + "-0", "1-%C2%B2", "%00", "1-0%0Ax"],
)
def test_one_that_is_none_is_not_found(server, collection, wrong):
    collection.propose("lyon", THERE)
    for what in ("accept", "reject", "undo"):
        refused = decide(server, wrong, what)
        assert refused.status_code == 404, (wrong, what, refused.text)
        assert refused.headers["content-type"] == "application/problem+json"
    assert collection.proposals()[0].state == "open"


def test_an_id_is_bounded_and_so_is_what_can_be_done(server, collection):
    made = collection.propose("lyon", THERE)
    assert decide(server, "1" * 300, "accept").status_code == 422
    assert decide(server, made.id, "forget").status_code == 404


def test_it_goes_with_its_item(server, collection):
    made = collection.propose("lyon", THERE)
    collection.delete("lyon")
    assert server.get(URL).json()["proposals"] == []
    assert decide(server, made.id, "accept").status_code == 404


def test_one_whose_item_goes_meanwhile_is_left_out(server, collection, monkeypatch):
    kept, gone = collection.propose("lyon", THERE), collection.propose("brno", THERE)
    read = type(collection).proposals

    def and_deleted(self, *args, **options):
        found = read(self, *args, **options)
        self.delete("brno")
        return found

    monkeypatch.setattr(type(collection), "proposals", and_deleted)
    assert {proposal.id for proposal in read(collection)} == {kept.id, gone.id}
    answer = server.get(URL)
    assert (answer.status_code, ids_of(answer.json())) == (200, [kept.id])


def test_pages_hold_all_of_them_once_whatever_is_decided_meanwhile(server, collection):
    names = ["suva", "prague", "nowhere", "prague", "brno", "lyon", "prague"]
    for number, name in enumerate(names):
        collection.propose(name, pl.Place(lat=number, lon=0))
    whole = server.get(URL).json()
    assert (len(whole["proposals"]), whole["cursor"]) == (7, None)
    seen, cursor = [], None
    while True:
        parameters = {"k": 2, "state": "open"} | ({"cursor": cursor} if cursor else {})
        answer = server.get(URL, params=parameters).json()
        seen += ids_of(answer)
        # A decision moves the row of its item in the table, and takes the proposal off the list.
        decide(server, answer["proposals"][0]["id"], "reject")
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert seen == ids_of(whole)
    assert server.get(URL).json()["counts"] == {"open": 3, "accepted": 0, "rejected": 4}
    assert ids_of(server.get(URL).json()) == ids_of(whole)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("state=done", "state"),
        ("state=", "state"),
        ("k=0", "k"),
        ("k=201", "k"),
        ("k=x", "k"),
        ("cursor=x", "'x' is not the id of a proposal"),
        ("cursor=", "is not the id of a proposal"),
        ("cursor=1-", "is not the id of a proposal"),
        ("cursor=" + "9" * 30 + "-0", "is not the id of a proposal"),
        ("cursor=" + "9" * 2000, "cursor"),
        ("colour=red", "unknown field 'colour'"),
    ],
)
def test_a_list_that_cannot_be_made_is_refused(server, collection, asked, said):
    collection.propose("lyon", THERE)
    refused = server.get(f"{URL}?{asked}")
    assert refused.status_code == 422, refused.text
    assert said in refused.json()["detail"]


def test_a_cursor_beyond_them_all_ends_the_list(server, collection):
    collection.propose("lyon", THERE)
    for cursor in ("99-0", f"{2**62}-0", "2-" + "9" * 20):
        answer = server.get(URL, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["proposals"]) == (200, []), answer.text


def test_other_programs_propose(server, collection):
    body = {
        "item_id": "nowhere",
        "place": {"lat": 50.09, "lon": 14.42},
        "radius_m": 300,
        "confidence": 0.5,
        "evidence": "a dome",
    }
    made = propose(server, body)
    assert made.status_code == 201, made.text
    assert made.json()["item"]["lat"] is None
    (kept,) = pl.Collection.open(collection.path, encoder=HashEncoder()).proposals()
    assert kept.to_dict() | {"time": ""} == {
        **{name: made.json()[name] for name in ("id", "item_id", "state", "previous")},
        **{name: body[name] for name in ("place", "radius_m", "confidence", "evidence")},
        "time": "",
    }


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"item_id": "elsewhere"}, 404, "no item with id 'elsewhere'"),
        ({"item_id": 5}, 422, "item_id"),
        ({"item_id": "x" * 5_000}, 422, "item_id"),
        ({"place": {"lat": 95, "lon": 1}}, 422, "latitude 95"),
        ({"place": {"x": 1, "y": 1}}, 422, "does not lie on the collection's sphere"),
        ({"place": {}}, 422, ""),
        ({"place": "Lyon"}, 422, "place"),
        ({"place": None}, 422, "place"),
        ({"radius_m": -1}, 422, "radius_m -1"),
        ({"radius_m": 1e300}, 422, "radius_m"),
        ({"confidence": 1.5}, 422, "confidence 1.5"),
        ({"confidence": "high"}, 422, "confidence"),
        ({"evidence": "x" * 5_000}, 422, "evidence"),
        ({"evidence": ["a"]}, 422, "evidence"),
        ({"state": "accepted"}, 422, "unknown field 'state'"),
    ],
)
def test_what_cannot_be_proposed_is_refused(server, collection, change, status, said):
    body = {"item_id": "nowhere", "place": {"lat": 1, "lon": 2}, **change}
    refused = propose(server, body)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]
    assert collection.proposals() == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"item_id": "\\ud800"}', b"null"])
def test_what_is_no_proposal_is_refused(server, collection, content):
    headers = {**WRITER, "content-type": "application/json"}
    refused = server.request("POST", URL, content=content, headers=headers)
    assert refused.status_code in (400, 422)
    assert collection.proposals() == []


def test_what_evidence_says_is_text_and_nothing_else(server):
    evidence = "<img src=x onerror=alert(1)> \x1b[31m ' \" \u202e"
    body = {"item_id": "lyon", "place": {"lat": 1, "lon": 2}, "evidence": evidence}
    assert propose(server, body).json()["evidence"] == evidence
    answer = server.get(URL)
    assert answer.json()["proposals"][0]["evidence"] == evidence
    assert answer.headers["content-type"] == "application/json"


CHANGES = [
    ("", {"json": {"item_id": "nowhere", "place": {"lat": 1, "lon": 2}}}),
    *((f"/{{id}}/{what}", {}) for what in ("accept", "reject", "undo")),
]


@pytest.mark.parametrize(("path", "options"), CHANGES)
def test_who_may_not_write_changes_nothing(make_client, collection, tmp_path, path, options):
    made = collection.propose("lyon", THERE)
    url = f"{URL}{path}".replace("{id}", made.id)
    tokens = TokenFile(tmp_path / "tokens.json")
    _, reader = tokens.create("read")
    _, writer = tokens.create("write")
    before = collection.version

    def status(server, **headers):
        return server.request("POST", url, headers=headers, **options).status_code

    reading = make_client(collections={"tiny": collection}, token_file=tokens.path)
    assert status(reading, authorization=f"Bearer {writer}") == 403
    server = make_client(collections={"tiny": collection}, token_file=tokens.path, write=True)
    assert status(server) == 401
    assert status(server, authorization="Bearer wrong") == 401
    assert status(server, authorization=f"Bearer {reader}") == 403
    assert status(server, authorization=f"Bearer {writer}", origin="https://evil.example") == 403
    assert collection.version == before
    assert len(server.get(URL).json()["proposals"]) == 1  # reading takes none here


def test_another_process_that_writes_is_waited_for_by_the_client(server, collection):
    made = collection.propose("lyon", THERE)
    other = pl.Collection.open(collection.path, encoder=HashEncoder())
    with other._table.writing():
        refused = decide(server, made.id, "accept")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert decide(server, made.id, "accept").status_code == 200


def test_folders_are_told_to_this_machine_only(make_client, server, collection):
    collection.propose("lyon", THERE, evidence="taken within a minute of '/home/ann/2019/a.jpg'")
    far = make_client(
        collections={"tiny": collection}, host="0.0.0.0", show_paths=False, auth=False, write=True
    )
    near = server.get(URL).json()["proposals"][0]
    assert (near["evidence"][-22:], near["item"]["image"].startswith("/")) == (
        "'/home/ann/2019/a.jpg'",
        True,
    )
    told = far.get(URL).json()["proposals"][0]
    assert (told["evidence"], told["item"]["image"]) == (
        "taken within a minute of 'a.jpg'",
        "lyon.png",
    )
    missing = far.request("POST", f"{URL}/9-9/accept")
    assert missing.status_code == 404
    assert str(collection.path.parent) not in missing.text


def test_on_a_plane(make_client, tmp_path):
    made = pl.Collection.create(tmp_path / "plane.pl", dim=2, space="plane")
    made.add_vectors(["a"], [[1, 0]])
    server = make_client(collections={"plane": made}, write=True, auth=False)
    url = "/v1/collections/plane/proposals"
    body = {"item_id": "a", "place": {"x": 3.5, "y": -4}}
    proposal = server.request("POST", url, json=body).json()
    assert proposal["place"] == {"lat": None, "lon": None, "x": 3.5, "y": -4.0}
    assert proposal["item"]["thumbnail_url"] is None
    accepted = server.request("POST", f"{url}/{proposal['id']}/accept").json()
    assert (accepted["item"]["x"], accepted["previous"]) == (3.5, None)
