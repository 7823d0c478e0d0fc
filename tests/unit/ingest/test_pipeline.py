"""An import adds only what is new, changed or moved, and survives what goes wrong on the way."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests import hostile_jobs

import placelens as pl
from placelens.ingest import decoding
from placelens.readers.base import Skipped
from placelens.testing.fakes import HashEncoder

COLOURS = {"red": (220, 30, 30), "green": (40, 160, 50), "blue": (40, 70, 200)}


def paint(path, colour, size=48):
    Image.new("RGB", (size, size), COLOURS[colour]).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in COLOURS:
        paint(folder / f"{colour}.png", colour)
    return folder


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())


def ids_by_file(collection):
    return {Path(item.image).name: item.id for item in collection.items()}


def test_takes_in_a_folder_and_nothing_the_second_time(collection, photos):
    first = collection.add(pl.read_photos(photos))
    version = collection.version
    second = collection.add(pl.read_photos(photos))
    assert (first.n_added, first.n_images, len(collection)) == (3, 3, 3)
    assert (second.n_added, second.n_unchanged, collection.version) == (0, 3, version)
    assert collection.search("a red thing", k=1)[0].item.title == "red.png"


def test_a_changed_file_keeps_its_id(collection, photos):
    collection.add(pl.read_photos(photos))
    before = ids_by_file(collection)
    paint(photos / "red.png", "blue", size=64)
    report = collection.add(pl.read_photos(photos))
    assert (report.n_updated, report.n_unchanged, report.n_added) == (1, 2, 0)
    assert ids_by_file(collection) == before
    assert {h.item.title for h in collection.search("blue", k=2)} == {"red.png", "blue.png"}


def test_a_changed_sidecar_counts_as_a_change(collection, photos):
    collection.add(pl.read_photos(photos))
    (photos / "red.png.json").write_text(
        '{"title": "red.png", "geoData": {"latitude": 10.5, "longitude": 20.25}}'
    )
    report = collection.add(pl.read_photos(photos))
    assert (report.n_updated, report.n_unchanged) == (1, 2)
    places = {item.title: item.place for item in collection.items()}
    assert places["red.png"] == pl.Place(lat=10.5, lon=20.25)


def test_a_moved_file_is_neither_read_as_new_nor_lost(collection, photos):
    collection.add(pl.read_photos(photos))
    before = ids_by_file(collection)
    (photos / "album").mkdir()
    shutil.move(photos / "red.png", photos / "album" / "rouge.png")
    report = collection.add(pl.read_photos(photos))
    assert (report.n_moved, report.n_added, report.n_images) == (1, 0, 0)
    assert ids_by_file(collection)["rouge.png"] == before["red.png"]
    assert collection.get(before["red.png"]).image == str(photos / "album" / "rouge.png")


def test_copies_are_one_item_and_outlive_the_first(collection, photos):
    shutil.copy(photos / "red.png", photos / "a copy.png")
    report = collection.add(pl.read_photos(photos))
    assert (report.n_added, report.n_duplicates) == (3, 1)
    again = collection.add(pl.read_photos(photos))
    assert (again.n_unchanged, again.n_duplicates) == (4, 0)
    # "a copy.png" comes first by name, so it is the one that the item was read from.
    (photos / "a copy.png").unlink()
    report = collection.add(pl.read_photos(photos), prune=True)
    assert report.n_removed == 0
    assert "red.png" in ids_by_file(collection)


def test_a_copy_that_is_changed_becomes_an_item_of_its_own(collection, photos):
    shutil.copy(photos / "red.png", photos / "z.png")
    collection.add(pl.read_photos(photos))
    paint(photos / "z.png", "green", size=80)
    report = collection.add(pl.read_photos(photos))
    assert (report.n_added, report.n_duplicates, len(collection)) == (1, 0, 4)


def test_prune_drops_only_what_is_gone(collection, photos):
    collection.add(pl.read_photos(photos))
    (photos / "red.png").unlink()
    kept = collection.add(pl.read_photos(photos))
    assert (kept.n_removed, len(collection)) == (0, 3)
    report = collection.add(pl.read_photos(photos), prune=True)
    assert (report.n_removed, len(collection)) == (1, 2)
    assert set(ids_by_file(collection)) == {"green.png", "blue.png"}


def test_prune_leaves_vectors_of_ones_own_alone(tmp_path, photos):
    collection = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    collection.add_vectors(["mine"], np.ones((1, 64)), modality="text")
    collection.add(pl.read_photos(photos), prune=True)
    assert collection.get("mine").id == "mine"


def test_bad_files_are_named_and_the_rest_goes_in(collection, photos):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    (photos / "empty.png").write_bytes(b"")
    report = collection.add(pl.read_photos(photos))
    assert report.n_added == 3
    assert {Path(s.key).name for s in report.skipped} == {"broken.jpg", "empty.png"}
    assert all(s.reason for s in report.skipped)


def test_an_interrupted_import_keeps_what_is_done(collection, photos):
    for i in range(40):
        Image.new("RGB", (40 + i, 40), COLOURS["red"]).save(photos / f"more-{i:02}.png")

    def interrupt(progress):
        if progress.n_done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collection.add(pl.read_photos(photos), workers=0, progress=interrupt)
    assert len(collection) == 32  # one encoder batch
    report = collection.add(pl.read_photos(photos), workers=0)
    assert (report.n_unchanged, report.n_added, len(collection)) == (32, 11, 43)


def test_a_crash_in_a_decoder_costs_one_file(photos, monkeypatch):
    """A worker that dies takes nothing with it but the file it was reading."""
    for i in range(30):
        Image.new("RGB", (40 + i, 40), COLOURS["red"]).save(photos / f"more-{i:02}.png")
    sources = list(pl.read_photos(photos))
    poison = next(s.key for s in sources if Path(s.key).name == "more-07.png")
    monkeypatch.setattr(decoding, "_read_many", hostile_jobs.die_on_more_07)
    results = list(decoding.read_all(sources, HashEncoder().image_spec, workers=2))
    skipped = [r for r in results if isinstance(r, Skipped)]
    assert [(s.key, s.reason) for s in skipped] == [(poison, "the decoder crashed on this file")]
    assert len(results) == len(sources)


def test_a_second_writer_is_told_to_wait(collection, photos):
    other = pl.Collection.open(collection.path, encoder=HashEncoder())
    with (
        collection._table.writing(),
        pytest.raises(pl.CollectionLockedError, match="another process is writing"),
    ):
        other.add(pl.read_photos(photos))


def test_readers_see_what_a_writer_committed_after_a_refresh(collection, photos):
    reader = pl.Collection.open(collection.path, encoder=HashEncoder())
    assert len(reader) == 0
    collection.add(pl.read_photos(photos))
    assert len(reader) == 0
    assert reader.refresh()
    assert len(reader) == 3


def test_what_a_changed_file_was_goes_on_with_its_copy(collection, photos):
    shutil.copy(photos / "red.png", photos / "z.png")
    collection.add(pl.read_photos(photos))
    before = ids_by_file(collection)
    paint(photos / "red.png", "green", size=80)
    report = collection.add(pl.read_photos(photos))
    assert (report.n_added, report.n_updated, len(collection)) == (1, 0, 4)
    after = ids_by_file(collection)
    assert after["z.png"] == before["red.png"]
    assert collection.search("a red thing", k=1)[0].item.title == "z.png"
    assert {h.item.title for h in collection.search("green", k=2)} == {"red.png", "green.png"}
    again = collection.add(pl.read_photos(photos))
    assert (again.n_unchanged, len(collection)) == (4, 4)


@pytest.mark.parametrize("copy", ["changed alike", "gone"])
def test_a_changed_file_keeps_its_id_when_no_copy_is_left_as_it_was(collection, photos, copy):
    shutil.copy(photos / "red.png", photos / "z.png")
    collection.add(pl.read_photos(photos))
    before = ids_by_file(collection)
    paint(photos / "red.png", "green", size=80)
    (photos / "z.png").unlink()
    if copy == "changed alike":
        shutil.copy(photos / "red.png", photos / "z.png")
    report = collection.add(pl.read_photos(photos))
    assert (report.n_added, report.n_updated) == (0, 1)
    assert ids_by_file(collection) == before


def test_a_sidecar_that_came_with_a_move_is_read(collection, photos):
    collection.add(pl.read_photos(photos))
    before = ids_by_file(collection)
    (photos / "album").mkdir()
    shutil.move(photos / "red.png", photos / "album" / "red.png")
    (photos / "album" / "red.png.json").write_text(
        '{"title": "red.png", "geoData": {"latitude": 10.5, "longitude": 20.25}}'
    )
    report = collection.add(pl.read_photos(photos))
    assert (report.n_moved, report.n_added, report.n_updated) == (1, 0, 0)
    assert collection.get(before["red.png"]).place == pl.Place(lat=10.5, lon=20.25)


def test_prune_with_nothing_to_read_drops_nothing(collection, photos):
    """A disk that is not mounted leaves an empty folder behind."""
    collection.add(pl.read_photos(photos))
    for photo in list(photos.iterdir()):
        photo.unlink()
    report = collection.add(pl.read_photos(photos), prune=True)
    assert (report.n_removed, len(collection)) == (0, 3)
    assert "is a disk not mounted?" in report.warnings[0][1]


def test_new_changed_and_moved_files_are_one_commit(collection, photos):
    collection.add(pl.read_photos(photos))
    version = collection.version
    shutil.move(photos / "red.png", photos / "rouge.png")
    paint(photos / "green.png", "blue", size=64)
    paint(photos / "new.png", "red", size=96)
    report = collection.add(pl.read_photos(photos))
    assert (report.n_moved, report.n_updated, report.n_added) == (1, 1, 1)
    assert collection.version == version + 1
    assert set(ids_by_file(collection)) == {"rouge.png", "green.png", "blue.png", "new.png"}


def test_interrupted_while_encoding_a_changed_file_is_read_again(collection, photos, monkeypatch):
    shutil.copy(photos / "red.png", photos / "z.png")
    collection.add(pl.read_photos(photos))
    paint(photos / "red.png", "green", size=80)
    shutil.copy(photos / "red.png", photos / "z.png")

    encode = HashEncoder.encode_images

    def interrupt(self, images):
        if threading.current_thread() is threading.main_thread():  # where Ctrl-C arrives
            raise KeyboardInterrupt
        return encode(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(HashEncoder, "encode_images", interrupt)
        with pytest.raises(KeyboardInterrupt):
            collection.add(pl.read_photos(photos), workers=0)
    report = collection.add(pl.read_photos(photos))
    assert (report.n_updated, report.n_unchanged) == (1, 2)
    assert {h.item.title for h in collection.search("green", k=2)} == {"red.png", "green.png"}


def test_few_small_photos_are_read_without_processes(photos, monkeypatch):
    def refuse(*_):
        raise AssertionError("no process was needed")

    monkeypatch.setattr(decoding, "_pool", refuse)
    spec = HashEncoder().image_spec
    sources = list(pl.read_photos(photos))
    assert len(list(decoding.read_all(sources, spec, workers=None))) == 3
    # Large files, many files, and formats of less sturdy decoders are read elsewhere.
    monkeypatch.setattr(decoding, "FEW_BYTES", 10)
    with pytest.raises(AssertionError, match="no process"):
        list(decoding.read_all(sources, spec, workers=None))
    monkeypatch.setattr(decoding, "FEW_BYTES", 10**9)
    (photos / "red.png").rename(photos / "red.heic")
    with pytest.raises(AssertionError, match="no process"):
        list(decoding.read_all(list(pl.read_photos(photos)), spec, workers=None))
