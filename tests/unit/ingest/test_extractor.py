"""What is kept of an item is made by extractors: once in an import, and later of what is there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.errors import EncoderMismatchError
from placelens.ingest import fill
from placelens.ingest.extractor import (
    EXTRACTORS,
    PIXELS,
    TEXT,
    WHOLE,
    extract,
    extractors_of,
    made_from,
)
from placelens.testing import byte_mean
from placelens.testing.fakes import HashEncoder

COLOURS = {"black": 0, "grey": 128, "white": 255}


class Pooled(HashEncoder):
    """The fake encoder, with a pool of queries that tells hubs; counts what it encodes."""

    def __init__(self, dim=64):
        super().__init__(dim, hub_texts=tuple(COLOURS))
        self.n_encoded = 0

    def encode_images(self, images):
        self.n_encoded += len(images)
        return super().encode_images(images)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, byte in COLOURS.items():
        Image.new("RGB", (40, 40), (byte,) * 3).save(folder / f"{name}.png")
    return folder


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setitem(EXTRACTORS, byte_mean.NAME, byte_mean.RECIPE)


def create(tmp_path, encoder=None):
    return pl.Collection.create(tmp_path / "c.pl", encoder=encoder or HashEncoder())


def hubness(collection):
    return collection._versions.version.numbers("image_hubness")


def expected(collection):
    vectors, _ = collection._versions.version.vectors("image")
    return Pooled().hub_pools["text", "image"].hubness(vectors)


def cells(collection):
    """Each image's mean bytes, by the file's name."""
    snapshot = collection._versions.version
    maps, rows = snapshot.maps(byte_mean.NAME)
    names = [Path(item.image).stem for item in snapshot.items(rows)]
    return dict(zip(names, maps.tolist(), strict=True))


def all_of(byte):
    return [[byte, byte], [byte, byte]]


def test_an_import_makes_hubness_of_the_vectors_that_it_keeps(tmp_path, photos):
    encoder = Pooled()
    collection = create(tmp_path, encoder)
    collection.add(pl.read_photos(photos), workers=0)
    assert [feature.name for feature in collection.features] == ["image", "text", "image_hubness"]
    assert hubness(collection) == pytest.approx(expected(collection), abs=1e-6)
    # The three photos, and the one black image that warms the network up.
    assert encoder.n_encoded == 4


def test_an_encoder_without_a_pool_keeps_none(tmp_path):
    assert [feature.name for feature in create(tmp_path).features] == ["image", "text"]


def test_a_toy_feature_of_one_file_is_made_by_every_import(tmp_path, photos, toy):
    collection = create(tmp_path)
    collection.add(pl.read_photos(photos), workers=0)
    assert cells(collection) == {name: all_of(byte) for name, byte in COLOURS.items()}


def test_filling_makes_a_number_of_what_is_stored(tmp_path, photos):
    create(tmp_path).add(pl.read_photos(photos), workers=0)
    for photo in photos.iterdir():
        photo.unlink()  # nothing is read again
    collection = pl.Collection.open(tmp_path / "c.pl", encoder=Pooled())
    collection.add_vectors(["a"], [np.ones(64)], modality="text", text=["only words"])
    report = collection.fill("image_hubness")
    assert (report.n_filled, report.n_left) == ({"image_hubness": 3}, {"image_hubness": 0})
    numbers = hubness(collection)
    has_image = collection._versions.version.present("image")
    assert numbers[has_image] == pytest.approx(expected(collection), abs=1e-6)
    assert np.isnan(numbers[~has_image]).tolist() == [True]
    assert pl.Collection.check(collection.path).is_sound
    assert collection.fill("image_hubness").n_filled == {"image_hubness": 0}


def test_filling_a_map_reads_the_files_again(tmp_path, photos, toy, monkeypatch):
    with monkeypatch.context() as before:
        before.delitem(EXTRACTORS, byte_mean.NAME)
        collection = create(tmp_path)
        collection.add(pl.read_photos(photos), workers=0)
    (photos / "grey.png").rename(tmp_path / "grey.png")
    report = collection.fill(byte_mean.NAME, workers=0)
    assert (report.n_filled, report.n_left) == ({byte_mean.NAME: 2}, {byte_mean.NAME: 1})
    assert cells(collection) == {"black": all_of(0), "white": all_of(255)}
    (tmp_path / "grey.png").rename(photos / "grey.png")
    assert collection.fill([byte_mean.NAME], workers=0).n_filled == {byte_mean.NAME: 1}
    assert cells(collection)["grey"] == all_of(128)


def test_filling_goes_on_where_it_was_interrupted(tmp_path, photos, monkeypatch):
    create(tmp_path).add(pl.read_photos(photos), workers=0)
    collection = pl.Collection.open(tmp_path / "c.pl", encoder=Pooled())
    monkeypatch.setattr(fill, "COMMIT_ROWS", 2)

    def stop(progress):
        assert (progress.n_done, progress.n_total) == (2, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collection.fill("image_hubness", progress=stop)
    again = pl.Collection.open(tmp_path / "c.pl", encoder=Pooled())
    assert np.isnan(hubness(again)).sum() == 1
    assert again.fill("image_hubness").n_filled == {"image_hubness": 1}
    assert hubness(again) == pytest.approx(expected(again), abs=1e-6)


def test_what_is_added_later_has_what_was_filled_in(tmp_path, photos):
    collection = create(tmp_path)
    collection.add(pl.read_photos(photos / "black.png"), workers=0)
    collection = pl.Collection.open(collection.path, encoder=Pooled())
    reader = pl.Collection.open(collection.path)
    assert len(reader) == 1
    collection.fill("image_hubness")
    collection.add(pl.read_photos(photos), workers=0)
    assert hubness(collection) == pytest.approx(expected(collection), abs=1e-6)
    assert reader.refresh()  # which knew nothing of the feature when it opened
    assert hubness(reader).tolist() == hubness(collection).tolist()


def test_a_crash_before_the_columns_are_there_is_harmless(tmp_path, photos, monkeypatch):
    create(tmp_path).add(pl.read_photos(photos), workers=0)
    collection = pl.Collection.open(tmp_path / "c.pl", encoder=Pooled())

    class Crash(BaseException):
        pass

    def crash(self):
        if "image_hubness" in self.manifest.names:
            raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(type(collection._table), "_complete_columns", crash)
        with pytest.raises(Crash):
            collection.fill("image_hubness")
    again = pl.Collection.open(tmp_path / "c.pl", encoder=Pooled())
    assert pl.Collection.check(again.path).is_sound
    assert np.isnan(hubness(again)).all()
    assert again.search("black", k=1)[0].item.title == "black.png"
    again.fill("image_hubness")
    assert hubness(again) == pytest.approx(expected(again), abs=1e-6)


def test_a_feature_that_the_encoder_does_not_make_is_refused(tmp_path):
    collection = create(tmp_path)
    with pytest.raises(pl.InputError, match=r"hash makes no feature 'image_hubness'.*image, text"):
        collection.fill("image_hubness")
    assert [feature.name for feature in collection.features] == ["image", "text"]


def test_another_makers_feature_is_refused(tmp_path, photos, toy, monkeypatch):
    collection = create(tmp_path)

    def build(encoder):
        feature, make = byte_mean.RECIPE.build(encoder)
        return replace(feature, fingerprint="byte-mean-2"), make

    monkeypatch.setitem(EXTRACTORS, byte_mean.NAME, byte_mean.RECIPE._replace(build=build))
    with pytest.raises(EncoderMismatchError, match=r"byte_mean.*'byte-mean-1'.*'byte-mean-2'"):
        collection.fill(byte_mean.NAME)
    with pytest.raises(EncoderMismatchError, match="byte_mean"):
        collection.add(pl.read_photos(photos), workers=0)


def test_a_new_text_makes_anew_what_is_made_from_it(tmp_path):
    collection = create(tmp_path)
    collection.add_vectors(["a"], [np.ones(64)], modality="text", text=["black"])
    collection.update("a", text="white")
    expected_vector = HashEncoder().encode_texts(["white"])[0]
    assert collection.vector("a", "text").tolist() == expected_vector.tolist()
    collection.update("a", text=None)
    assert not collection._versions.version.present("text").any()


def test_items_without_an_input_get_nothing():
    extractors = extractors_of(Pooled(8)).values()
    white = np.full((32, 32, 3), 255, np.uint8)
    made = extract(extractors, texts=["white", "", None], pixels=[None, white, None])
    assert [sorted(own) for own in made] == [["text"], ["image", "image_hubness"], []]


def test_each_is_made_from_what_stands_before_it():
    known = {PIXELS, WHOLE, TEXT}
    for name, recipe in EXTRACTORS.items():
        assert recipe.needs in known
        known.add(name)
    assert made_from(TEXT, EXTRACTORS) == ["text", "text_hubness"]
