"""Collections of format 2 stay readable, writable and searchable."""

import datetime

import numpy as np
import pytest

import placelens as pl
from placelens.storage.manifest import Hub
from placelens.testing.fakes import HashEncoder
from placelens.types import Feature


@pytest.fixture
def collection(unpacked):
    return pl.Collection.open(unpacked(2), encoder=HashEncoder(dim=8))


def test_items_of_format_2(collection):
    items = {item.id: item for item in collection.items()}
    assert items["boat"] == pl.Item(
        id="boat",
        text="a red boat",
        place=pl.Place(lat=10.5, lon=-179.25),
        place_source="given",
        place_radius_m=12.5,
        time=datetime.datetime(2019, 5, 1, 12, tzinfo=datetime.UTC),
        attributes={"rating": 3, "city": "Łódź"},
    )
    assert items["image"].place == pl.Place(lat=50.25, lon=14.5)
    assert items["image"].place_source == "estimated"
    assert items["image"].to_dict()["place_radius_m"] == 250


def test_features_of_format_2(collection):
    hash8 = "hash-v1:8"
    assert collection.features == (
        Feature(name="image", length=8, space=hash8, fingerprint=hash8),
        Feature(name="text", length=8, space=hash8, fingerprint=hash8),
        Feature(name="parts", kind="vectors", length=8, space=hash8),
        Feature(name="painted", kind="map", length=6, shape=(2, 3)),
        Feature(name="image_hubness", kind="number", fingerprint=hash8),
    )
    assert collection._table.manifest.hubs == {("text", "image"): Hub(0.5, 10.0, -4.0)}
    snapshot = collection._versions.version  # the rows: boat, image
    np.testing.assert_array_equal(snapshot.numbers("image_hubness"), np.float32([np.nan, 0.25]))
    np.testing.assert_array_equal(snapshot.radius_m, np.float32([12.5, 250]))
    maps, rows = snapshot.maps("painted")
    assert (maps.tolist(), rows.tolist()) == ([[[0, 1, 2], [3, 4, 5]]], [1])
    image, boat = snapshot.regions_at([1, 0], "parts")
    assert boat is None
    assert image.boxes.tolist() == [[0, 0, 9, 9], [5, 5, 400, 300]]
    assert image.vectors.tolist() == np.eye(8)[1:3].tolist()


def test_proposals_of_format_2(collection):
    (proposal,) = collection.proposals()
    assert (proposal.item_id, proposal.state, proposal.previous) == ("image", "accepted", None)
    assert (proposal.radius_m, proposal.confidence, proposal.evidence) == (250, 0.75, "a tower")
    collection.undo(proposal.id)
    assert collection.get("image").place is None


def test_writing_format_2(collection):
    collection.restore("both")  # from before there were maps
    assert [item.id for item in collection.items()] == ["boat", "hill"]
    assert collection.search("a red boat", k=1)[0].id == "boat"
    collection.add_vectors(["new"], [[1.0] * 8], modality="text")
    assert collection._versions.version.iids.tolist() == [0, 1, 3]
    assert pl.Collection.check(collection.path).is_sound
