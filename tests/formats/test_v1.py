"""Collections of every released format stay readable, writable and searchable."""

import datetime
import zipfile
from pathlib import Path

import pytest

import placelens as pl
from placelens.testing.fakes import HashEncoder

DATA = Path(__file__).parent / "data"


@pytest.fixture
def collection(tmp_path):
    with zipfile.ZipFile(DATA / "v1.zip") as archive:
        archive.extractall(tmp_path)
    return pl.Collection.open(tmp_path / "v1.pl", encoder=HashEncoder(dim=8))


def test_items_of_format_1(collection):
    items = {item.id: item for item in collection.items()}
    assert set(items) == {"boat", "image"}
    assert items["boat"] == pl.Item(
        id="boat",
        text="a red boat",
        place=pl.Place(lat=10.5, lon=-179.25),
        place_source="given",
        time=datetime.datetime(2019, 5, 1, 12, tzinfo=datetime.UTC),
        attributes={"rating": 3, "city": "Łódź"},
    )
    assert items["image"].image == "/photos/a.jpg"


def test_searching_format_1(collection):
    assert collection.search("a red boat", k=1)[0].id == "boat"
    assert collection.search("a red boat", k=1)[0].terms[0].cosine == pytest.approx(1, abs=1e-6)


def test_writing_format_1(collection):
    collection.restore("both")
    assert [item.id for item in collection.items()] == ["boat", "hill"]
    collection.add_vectors(["new"], [[1.0] * 8], modality="text")
    # Internal ids go on behind those of the items that the restored state does not know.
    assert collection._versions.snapshot.iids.tolist() == [0, 1, 3]
