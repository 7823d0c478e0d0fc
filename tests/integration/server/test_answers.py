"""The answers' models against what is given: no key without its field, no field without its key."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from PIL import Image
from pydantic import BaseModel

import placelens as pl
from placelens.encoders.registry import list_encoders
from placelens.engine.plan import Plan
from placelens.engine.stats import Stats
from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.understood import Offer, PlaceMention, Unread
from placelens.index.base import Certificate
from placelens.index.gmr_tree import TreeShape
from placelens.readers.base import Skipped
from placelens.results import Hits
from placelens.server import answers
from placelens.server.urls import with_links
from placelens.testing.parts_encoder import PartsEncoder
from placelens.types import DetectedObject, Evidence, Hit, Item, ScoreTerm

MODELS = {
    name: model
    for name, model in vars(answers).items()
    if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel
}
KEPT = ["class_map", "regions", "shown"]
QUESTIONS = (
    "red within 500 km of Lyon in June 2019",
    "red not in Peru",
    "red near Xyzzyville",  # is left to the words
    "Nice",  # may mean the town, which is offered
    "red in summer in Paris, Lyon or Nice",
    "red near Sydney",  # nothing is
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    """A point on a plane, with an attribute of each kind."""
    made = pl.Collection.create(tmp_path_factory.mktemp("plane") / "plane.pl", dim=2, space="plane")
    attributes = {"tags": ["a", 1], "open": True, "depth": 1.5, "floor": 2}
    made.add_vectors(["a"], [[1, 0]], x=[3], y=[4], attributes=[attributes])
    return made


def plain(answer: Any) -> Any:
    """As it is sent."""
    return json.loads(json.dumps(answer))


def as_answered(hits: Hits) -> dict[str, Any]:
    """What the route makes of hits."""
    answer = hits.to_dict()
    del answer["query"]
    for hit in answer["hits"]:
        with_links(hit, "c", show_paths=True)
    return plain(answer)


def searches(squares: pl.Collection, plane: pl.Collection) -> Iterator[dict[str, Any]]:
    """Answers with all that one can hold; the last is not had from small collections."""
    for words in QUESTIONS:
        yield as_answered(squares.search(words))
    yield as_answered(squares.search(sort="time"))
    yield as_answered(plane.search(vector=[1, 0], near={"x": 0, "y": 0}))
    hit = Hit(
        rank=1, id="a", score=1.0, terms=(), distance_m=None, matched="image", item=Item(id="a"),
        evidence=(
            Evidence(
                kind="concept", label="Sea", span=(0, 3), box=(0, 0, 9, 9),
                detected=DetectedObject(label="sea", score=0.5, box=(0, 0, 9, 9)),
            ),
        ),
    )  # fmt: skip
    shape = TreeShape(n_items=1, n_trees=1, n_loose=0)
    plan = Plan("gmrtree", "asked for", 1, 1, "raw", tree=shape, reach="25 km")
    yield as_answered(
        Hits(
            [hit],
            plan=plan,
            elapsed_ms=2.5,
            evidence=[Evidence(kind="reading", label="Sea", share=1.0, of="sea")],
        )
    )


def painting(make_client: Any, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """What may be painted, and what a picture shows, in classes and in words."""
    Image.new("RGB", (28, 28), (70, 120, 230)).save(folder / "sky.png")
    made = pl.Collection.create(folder / "s.pl", encoder=PartsEncoder(), features=KEPT)
    made.add(pl.read_photos(folder / "sky.png"), workers=0)
    server = make_client(collections={"scenes": made})
    url = "/v1/collections/scenes/sketch"
    yield "Palette", server.get(url).json()
    item = next(iter(made))
    yield "ClassMap", server.request("POST", f"{url}/map", json={"item": item}).json()
    yield from (("WordCount", each) for each in server.get("/v1/collections/scenes/words").json())
    yield "Shown", server.get("/v1/collections/scenes/shows", params={"text": "blue"}).json()


def given(client: Any, plane: pl.Collection, **rest: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is answered, by its model; where a model filters the answer, what it is made of."""
    server = rest["make_client"](collections={"squares": rest["squares"], "plane": plane})
    for collection in (rest["squares"], plane):
        url = f"/v1/collections/{collection.name}"
        yield "Points", server.get(f"{url}/points").json()
        derived = {"derived_attributes": ["file"]}
        yield "Stats", plain(collection.stats().to_dict() | derived)
        for item in collection.items():
            linked = with_links(item.to_dict(), collection.name, show_paths=True)
            yield "Item", plain(linked)
            yield "ListedItem", plain(linked | {"distance_m": None})
        yield "ItemList", server.get(f"{url}/items").json()
        yield "ItemList", server.get(f"{url}/items?near=9,9&radius=1m").json()
        yield "Timeline", server.get(f"{url}/timeline").json()
        for name in collection.modalities[:1]:
            asked = f"{url}/items/{item.id}/kept?feature={name}"
            yield "ItemFeature", server.get(asked).json()
    clusters = "/v1/collections/squares/clusters"
    for zoom in (0, 9):  # together, and each alone
        yield "Clusters", server.get(clusters, params={"zoom": zoom}).json()
    yield (
        "Heat",
        server.request(
            "POST", "/v1/collections/squares/heat", json={"text": "red", "zoom": 1}
        ).json(),
    )
    yield "Towns", server.get("/v1/towns?limit=2").json()
    yield "PlaceChoice", server.get("/v1/places?q=Lyon").json()[0]
    yield "Config", server.get("/v1/config").json()
    yield "CollectionSummary", server.get("/v1/collections").json()[0]
    yield "AttributeValue", client.get("/v1/collections/squares/values?attribute=city").json()[0]
    yield "TermKind", server.get("/v1/terms").json()[0]
    for collection, asked in ((rest["squares"], {"query": "red"}), (plane, {"vector": [1, 0]})):
        ids = list(collection)
        explained = collection.explain(ids[-1], **asked)
        answer = explained.to_dict() | {"text": str(explained)}
        for hit in (answer["hit"], answer["above"]):
            if hit is not None:
                with_links(hit, collection.name, show_paths=True)
        yield "Explanation", plain(answer)
    yield from painting(rest["make_client"], rest["folder"])
    yield from writing(rest["make_client"], rest["squares"], plane)
    yield "Health", client.get("/health").json()
    yield "Invalid", client.get("/v1/collections/squares/values").json()
    yield "Problem", client.get("/v1/nothing").json()
    for answer in searches(rest["squares"], plane):
        yield "SearchAnswer", answer


def writing(make_client: Any, *collections: pl.Collection) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a server that writes answers besides: of an upload, and of a job."""
    squares, plane = collections
    server = make_client(
        collections={"squares": squares, "plane": plane}, write=True, auth=False,
        uploads=plane.path.parent / "uploads",
    )  # fmt: skip
    picture = Path(next(squares.items()).image or "").read_bytes()
    sent = server.request("POST", "/v1/pictures", content=picture)
    yield "KeptPicture", sent.json()
    yield (
        "SavedSearch",
        server.request(
            "PUT", "/v1/collections/plane/searches/near me", json={"near": "1,2", "mu": 1}
        ).json(),
    )
    yield from proposing(server)
    yield "UploadKept", server.request(
        "POST", "/v1/collections/squares/uploads", content=picture,
        headers={"content-type": "image/jpeg"},
    ).json()  # fmt: skip
    jobs = server.app.state.jobs
    changed = threading.Event()
    with jobs.listening(changed.set):
        job_id = jobs.start("plane", lambda: [Skipped(key="a.jpg", reason="it is broken")])["id"]
        while jobs.report(job_id)[0]["state"] != "done":
            assert changed.wait(60)
            changed.clear()
    yield "Job", server.get(f"/v1/jobs/{job_id}").json()
    yield "JobSummary", server.get("/v1/jobs").json()[0]


def proposing(server: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is answered of a place that is proposed and accepted, on a sphere and on a plane."""
    for name, place in (("squares", {"lat": 1, "lon": 2}), ("plane", {"x": 1, "y": 2})):
        base = f"/v1/collections/{name}"
        item = server.get(f"{base}/items").json()["items"][0]
        asked = {"item_id": item["id"], "place": place}
        proposal = server.request("POST", f"{base}/proposals", json=asked).json()
        yield "Proposal", proposal
        url = f"{base}/proposals/{proposal['id']}"
        yield "Proposal", server.request("POST", f"{url}/accept").json()
        yield "ProposalList", server.get(f"{base}/proposals").json()
        # The collection of the squares is others' as well.
        yield "Proposal", server.request("POST", f"{url}/undo").json()


def fields_of(model: BaseModel) -> Iterator[tuple[str, str]]:
    """Every field that was given, of a model and of the models in it."""
    for name in model.model_fields_set:
        yield type(model).__name__, name
        value = getattr(model, name)
        for below in value if isinstance(value, list) else [value]:
            if isinstance(below, BaseModel):
                yield from fields_of(below)


def test_every_key_has_a_field_and_every_field_a_key(
    client, make_client, squares, plane, tmp_path
) -> None:
    seen = set()
    rest = {"make_client": make_client, "squares": squares, "folder": tmp_path}
    for name, answer in given(client, plane, **rest):
        read = MODELS[name].model_validate(answer)
        # A key that no field stands for would be lost, a value of another type changed.
        assert read.model_dump(mode="json", exclude_unset=True) == answer
        seen |= set(fields_of(read))
    # What an encoder needs depends on what is installed here.
    known = {(name, field) for name, model in MODELS.items() for field in model.model_fields}
    assert {pair for pair in known - seen if pair[0] != "Encoder"} == set()


def test_the_encoders() -> None:
    for encoder in list_encoders():
        read = answers.Encoder.model_validate(encoder)
        assert read.model_dump(exclude_unset=True) == encoder


@pytest.mark.parametrize(
    "given",
    [
        Certificate,
        DetectedObject,
        Evidence,
        Offer,
        Plan,
        ScoreTerm,
        TreeShape,
        Unread,
        PlaceChoice,
        PlaceMention,
    ],
)
def test_fields_have_the_types_of_the_library(given: type) -> None:
    """Its literals above all: the engine's kinds of certificate are those that a client knows."""
    model = MODELS[given.__name__]
    theirs, ours = get_type_hints(given), get_type_hints(model)
    shared = set(theirs) & set(ours) - {"choices"}
    assert shared
    for name in shared:
        assert _written(theirs[name]) == _written(ours[name]), name


def test_statistics_have_the_types_of_the_library() -> None:
    theirs, ours = get_type_hints(Stats), get_type_hints(answers.Stats)
    assert set(ours) == {*theirs, "derived_attributes"}
    # As JSON a tuple is a list, and a time a text.
    others = {"concepts", "modalities", "time_range"}
    assert {name: ours[name] for name in set(theirs) - others} == {
        name: theirs[name] for name in set(theirs) - others
    }


def _written(annotation: Any) -> str:
    """A type without the module of its name: both sides have a `TreeShape` of their own."""
    return re.sub(r"placelens\.([a-z_]+\.)+", "", str(annotation))
