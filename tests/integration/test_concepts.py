"""From labels to a collection of concepts: in Python, on the command line, and over HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import placelens as pl
from placelens.alignment import from_labels
from placelens.cli.main import app
from placelens.encoders import registry
from placelens.encoders.concepts import ConceptEncoder
from placelens.encoders.registry import EncoderKind
from placelens.engine.indexes.kinds import registered
from placelens.errors import CollectionError, CollectionExistsError, InputError
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds
from placelens.ingest.concepts import ConceptReport
from placelens.server import Settings, create_app
from placelens.testing.fakes import HashEncoder

COLOURS = {"fire": (220, 30, 30), "forest": (40, 160, 50), "sea": (40, 70, 200)}
N_EACH = 12


@pytest.fixture(autouse=True)
def hash_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake encoder can be loaded by its name, as others can."""
    kind = EncoderKind(pattern="hash", summary="for tests", load=lambda _: HashEncoder())
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "hash": kind})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy squares of three colours, each labelled by what has that colour."""
    folder = tmp_path_factory.mktemp("squares")
    rng = np.random.default_rng(0)
    lines = ["image,kind,lat,lon"]
    for label, colour in COLOURS.items():
        for number in range(N_EACH):
            pixels = np.array(colour) + rng.normal(0, 20, (48, 48, 3))
            name = f"{label}{number}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name)
            lines.append(f"{name},{label},{40 + number},{number}")
    (folder / "photos.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def collection(photos: Path, tmp_path: Path) -> pl.Collection:
    made = pl.Collection.create(tmp_path / "squares.pl", encoder=HashEncoder())
    made.add(pl.read_photos(photos), workers=0)
    return made


@pytest.fixture
def report(collection: pl.Collection) -> ConceptReport:
    return collection.train_cosmat("kind")


def test_the_new_collection_has_the_same_items_in_other_vectors(
    collection: pl.Collection, report: ConceptReport
) -> None:
    assert report.path == collection.path.with_name("squares-concepts.pl")
    assert dict(report.labels) == dict.fromkeys(COLOURS, N_EACH)
    assert report.maps["image to image"]["concepts"] > 90
    concepts = pl.Collection.open(report.path)
    assert concepts.concepts == concepts.stats().concepts == tuple(COLOURS)
    assert concepts.dim == 3
    assert list(concepts.items()) == list(collection.items())
    for item in collection.items():
        assert concepts.thumbnail(item.id) == collection.thumbnail(item.id)
        # As if its file had been read again.
        expected = concepts.encoder.of_vectors("image", collection.vector(item.id)[None])[0]
        np.testing.assert_array_equal(concepts.vector(item.id), expected)


def test_hits_name_what_they_share_with_the_query(report: ConceptReport) -> None:
    concepts = pl.Collection.open(report.path)
    hits = concepts.search("blue", k=N_EACH, parse=False)
    assert {hit.item.attributes["kind"] for hit in hits} == {"sea"}
    for hit in hits:
        assert hit.evidence[0].label == "sea"
        assert 0.5 < hit.evidence[0].share <= 1.0
        assert sum(entry.share for entry in hit.evidence) <= 1 + 1e-9
        shared = hit.to_dict()["evidence"][0]
        assert (shared["kind"], shared["label"]) == ("concept", "sea")
        assert shared["share"] == hit.evidence[0].share
    read = [(entry.label, entry.share) for entry in hits.evidence]
    assert {(entry.kind, entry.of) for entry in hits.evidence} == {("reading", "blue")}
    assert read[0][0] == "sea"
    assert tuple(read) == tuple(concepts.encoder.describe_texts(["blue"])[0])
    told = [f"{name} {share:.0%}" for name, share in read if share >= 0.01]
    assert hits.reading == f"read as {', '.join(told)}"
    assert hits[:2].reading == hits.reading
    assert hits.reading in repr(hits)
    assert hits.to_dict()["evidence"][0]["label"] == "sea"
    assert "sea" in hits._repr_html_()
    like = concepts.search(like=hits[0].id, k=3)
    assert like.reading is None
    both = concepts.search(["green", "blue"], image=hits[0].item.image, k=3, parse=False)
    asked = list(dict.fromkeys(entry.of for entry in both.evidence))
    assert asked == ["green", "blue", Path(hits[0].item.image).name]
    assert "; blue: sea " in both.reading
    assert all(hit.evidence[0].label == "sea" for hit in like)
    # Pushed away, it is shared by nothing that is left.
    for hit in concepts.search([("green", 1.0), ("blue", -1.0)], k=3, parse=False):
        assert "sea" not in [entry.label for entry in hit.evidence]
    # A place alone says nothing of concepts.
    assert not concepts.search(near="40,0", k=1)[0].evidence


def test_it_can_be_moved_and_added_to(report: ConceptReport, photos: Path, tmp_path: Path) -> None:
    moved = report.path.rename(tmp_path / "elsewhere.pl")
    concepts = pl.Collection.open(moved)
    again = concepts.add(pl.read_photos(photos), workers=0)
    assert (again.n_added, again.n_unchanged) == (0, 3 * N_EACH)
    other = tmp_path / "other"
    other.mkdir()
    Image.new("RGB", (48, 48), COLOURS["forest"]).save(other / "new.png")
    assert concepts.add(pl.read_photos(other), workers=0).n_added == 1
    (new,) = [item for item in concepts.items() if (item.image or "").endswith("new.png")]
    (best, *_) = concepts.search(like=new.id, k=1)
    assert best.item.attributes["kind"] == "forest"
    # Its concepts serve another collection, too, which keeps a file of its own.
    third = pl.Collection.create(tmp_path / "third.pl", encoder=f"concepts:{moved}")
    third.add(pl.read_photos(other), workers=0)
    reopened = pl.Collection.open(tmp_path / "third.pl")
    assert reopened.search("green", k=1)[0].evidence[0].label == "forest"


def test_deleted_items_stay_away_and_ids_go_on(collection: pl.Collection) -> None:
    ids = [item.id for item in collection.items()]
    collection.delete(ids[-2:])
    concepts = pl.Collection.open(collection.train_cosmat("kind").path)
    assert [item.id for item in concepts.items()] == ids[:-2]
    concepts.add_vectors(["new"], [[1.0, 0.0, 0.0]], modality="image")
    # The internal ids of what was deleted are never given again.
    assert concepts._versions.version.iids.max() == len(ids)


def test_many_items_get_a_tree_of_concepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(from_labels, "MOST", 2_000)
    encoder = HashEncoder()
    rng = np.random.default_rng(0)
    kinds = rng.integers(3, size=2_500)
    words = encoder.encode_texts(list(COLOURS))
    vectors = words[kinds] + 0.1 * rng.normal(size=(len(kinds), encoder.dim))
    many = pl.Collection.create(tmp_path / "many.pl", encoder=encoder)
    many.add_vectors(
        [str(i) for i in range(len(kinds))],
        vectors,
        modality="text",
        lat=rng.uniform(40, 50, len(kinds)),
        lon=rng.uniform(0, 10, len(kinds)),
        attributes={"kind": [list(COLOURS)[kind] for kind in kinds]},
    )
    with registered(GMRTreeKind(Thresholds(grow_from=1_000))):
        report = many.train_cosmat("kind")
        concepts = pl.Collection.open(report.path)
    assert sum(report.labels.values()) == 2_000  # a sample; the collection has them all
    assert concepts.stats().n_items == 2_500
    found = concepts.search("fire", near="45,5", engine="gmrtree", parse=False)
    assert found.plan.tree is not None  # made with the collection, not for this search
    exact = concepts.search("fire", near="45,5", engine="scan", parse=False)
    assert [hit.id for hit in found] == [hit.id for hit in exact]
    assert all(hit.item.attributes["kind"] == "fire" for hit in found)


def test_what_cannot_be_learnt_says_why_and_leaves_nothing(
    collection: pl.Collection, report: ConceptReport, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"no item has the attribute 'scene'.*: kind"):
        collection.train_cosmat("scene", to=tmp_path / "x.pl")
    with pytest.raises(CollectionExistsError, match="exists already"):
        collection.train_cosmat("kind")
    with pytest.raises(CollectionError, match="holds concepts already"):
        pl.Collection.open(report.path).train_cosmat("kind", to=tmp_path / "x.pl")
    assert sorted(tmp_path.iterdir()) == before


def test_a_text_is_encoded_by_concepts_when_it_is_changed(report: ConceptReport) -> None:
    concepts = pl.Collection.open(report.path)
    item = next(iter(concepts.items()))
    concepts.update(item.id, text="something green")
    hit = concepts.search("green", k=1, modality="text", parse=False)[0]
    assert (hit.id, hit.evidence[0].label) == (item.id, "forest")


def test_the_command_learns_and_search_names_concepts(
    collection: pl.Collection, tmp_path: Path
) -> None:
    def run(*arguments: object, code: int = 0) -> Any:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == code, result.output
        return result

    said = run("train", "cosmat", collection.path, "--labels", "kind")
    assert "learnt 3 concepts from 36 items by 'kind'" in said.stdout
    assert "vectors of 3 numbers for 64" in said.stdout
    assert "image to image" in said.stdout
    found = run("search", tmp_path / "squares-concepts.pl", "blue", "--no-parse", "-k", 2)
    assert "(sea " in found.stdout
    assert "read as sea " in found.stderr
    table = run("search", tmp_path / "squares-concepts.pl", "blue", "--no-parse", "--format", "csv")
    assert "evidence" in table.stdout.splitlines()[0].split(",")
    plain = run("search", collection.path, "blue", "--no-parse", "--format", "csv")
    assert "evidence" not in plain.stdout.splitlines()[0].split(",")
    to = tmp_path / "again.pl"
    facts = json.loads(
        run("train", "cosmat", collection.path, "--labels", "kind", "--to", to, "--json").stdout
    )
    assert facts["labels"] == dict.fromkeys(COLOURS, N_EACH)
    assert (facts["dim"], facts["dim_before"], facts["path"]) == (3, 64, str(to))
    assert (
        "exists already"
        in run("train", "cosmat", collection.path, "--labels", "kind", code=1).stderr
    )


def test_the_server_tells_concepts(report: ConceptReport) -> None:
    server = create_app(Settings(collections={"c": pl.Collection.open(report.path)}))

    async def ask() -> tuple[Any, Any]:
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            body = {"text": "blue", "k": 1, "parse": False}
            found = await client.post("/v1/collections/c/search", json=body)
            return found.json(), (await client.get("/v1/collections/c")).json()

    answer, stats = asyncio.run(ask())
    assert answer["hits"][0]["evidence"][0]["label"] == "sea"
    assert (answer["evidence"][0]["of"], answer["evidence"][0]["label"]) == ("blue", "sea")
    assert stats["concepts"] == list(COLOURS)


def test_another_encoder_is_refused(report: ConceptReport) -> None:
    other = ConceptEncoder.load(report.path, base=HashEncoder())
    assert pl.Collection.open(report.path, encoder=other).encoder is other
    with pytest.raises(pl.errors.EncoderMismatchError, match=r"concepts:concepts\.npz"):
        pl.Collection.open(report.path, encoder=HashEncoder())
