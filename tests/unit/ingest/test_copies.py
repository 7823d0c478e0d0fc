"""One photo in several places: its item says what all of its present files say, in any order."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

import placelens as pl
from placelens.ingest.known import Known
from placelens.testing.fakes import HashEncoder

PRAGUE, LYON = pl.Place(lat=50.087, lon=14.421), pl.Place(lat=45.764, lon=4.8357)
TAKEN = datetime(2008, 10, 22, 16, 28, 39, tzinfo=UTC)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'exif:GPSLatitude="45.764" exif:GPSLongitude="4.8357" dc:description="In Lyon"/>'
    "</rdf:RDF></x:xmpmeta>"
)


def takeout(place=PRAGUE, **more):
    record = {
        "geoData": {"latitude": place.lat, "longitude": place.lon},
        "photoTakenTime": {"timestamp": str(int(TAKEN.timestamp()))},
        "description": "A green dome",
    }
    return json.dumps(record | more)


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())


@pytest.fixture
def folders(tmp_path):
    """A poor copy in an album, which comes first, and the dated one with its JSON."""
    album, dated = tmp_path / "photos" / "Album", tmp_path / "photos" / "Photos from 2008"
    for folder in (album, dated):
        folder.mkdir(parents=True)
    Image.new("RGB", (48, 48), "green").save(album / "a.png")
    shutil.copy(album / "a.png", dated / "a.png")
    (dated / "a.png.json").write_text(takeout())
    return album, dated


def add(collection, *paths, **options):
    return collection.add(pl.read_photos(paths), workers=0, **options)


def only(collection):
    (item,) = collection.items()
    return item


def said(item):
    return item.place, item.place_source, item.time, item.text


RICH = (PRAGUE, "takeout", TAKEN, "A green dome")
POOR = (None, None, None, None)


@pytest.mark.parametrize("order", ["at once", "poor first", "good first", "one folder above"])
def test_copies_are_merged_in_any_order(collection, folders, order):
    album, dated = folders
    runs = {
        "at once": [(album, dated)],
        "poor first": [(album,), (dated,)],
        "good first": [(dated,), (album,)],
        "one folder above": [(album.parent,)],
    }[order]
    reports = [add(collection, *paths) for paths in runs]
    assert said(only(collection)) == RICH
    assert sum(r.n_images for r in reports) == 1  # the copy is not encoded
    assert collection.search("A green dome", k=1)[0].matched == "text"
    again = add(collection, album.parent)
    assert (again.n_unchanged, again.n_duplicates, again.n_updated) == (2, 0, 0)


def test_copies_that_come_after_a_commit(collection, folders, monkeypatch):
    monkeypatch.setattr("placelens.ingest.pipeline.ENCODE_BATCH", 1)
    monkeypatch.setattr("placelens.ingest.pipeline.COMMIT_ROWS", 1)
    add(collection, folders[0].parent)
    assert said(only(collection)) == RICH


@pytest.mark.parametrize("first", ["poor", "good"])
@pytest.mark.parametrize("lost", ["poor", "good"])
def test_a_pruned_copy_takes_its_words_along_and_no_others(collection, folders, first, lost):
    album, dated = folders
    for folder in folders if first == "poor" else folders[::-1]:
        add(collection, folder)
    before = only(collection).id
    shutil.rmtree(album if lost == "poor" else dated)
    add(collection, album.parent)
    item = only(collection)
    assert said(item) == RICH  # what is gone may be on a disk that is not mounted
    assert Path(item.image).parent == (dated if lost == "poor" else album)
    assert add(collection, album.parent, prune=True).n_removed == 0
    item = only(collection)
    assert said(item) == (RICH if lost == "poor" else POOR)
    assert (item.id, Path(item.image).parent) == (before, dated if lost == "poor" else album)
    if lost == "good":
        vectors = collection._table.dataset.to_table(columns=["text_vector"])
        assert vectors["text_vector"].null_count == 1


def test_a_good_copy_that_moves_stays_good(collection, folders, tmp_path):
    album, dated = folders
    add(collection, album.parent)
    dated.rename(tmp_path / "photos" / "2008")
    report = add(collection, album.parent, prune=True)
    assert (report.n_added, report.n_removed) == (0, 0)
    assert said(only(collection)) == RICH
    (row,) = Known.load(collection._table).rows.values()
    assert set(row.stamps) == {str(album / "a.png"), str(tmp_path / "photos" / "2008" / "a.png")}


def test_a_photo_that_leaves_its_json_behind_keeps_it_until_it_is_pruned(collection, folders):
    album, dated = folders
    (album / "a.png").unlink()
    add(collection, dated)
    (dated / "a.png").rename(album / "b.png")
    assert add(collection, album.parent).n_moved == 1
    assert said(only(collection)) == RICH
    assert Path(only(collection).image).name == "b.png"
    add(collection, album.parent, prune=True)
    assert said(only(collection)) == POOR


def test_a_changed_sidecar_changes_what_its_copy_says(collection, folders):
    album, dated = folders
    add(collection, album.parent)
    (dated / "a.png.json").write_text(takeout(LYON, description=""))
    add(collection, album.parent)
    assert said(only(collection)) == (LYON, "takeout", TAKEN, None)
    (dated / "a.png.json").unlink()
    add(collection, album.parent)
    assert said(only(collection)) == POOR


def test_the_more_reliable_statement_wins_whichever_comes_first(collection, folders):
    album, dated = folders
    (album / "a.xmp").write_text(XMP)
    add(collection, dated)
    add(collection, album)
    assert said(only(collection)) == (LYON, "xmp", TAKEN, "In Lyon")
    (album / "a.xmp").unlink()
    add(collection, album)  # the other folder is asked again though it is not part of the run
    assert said(only(collection)) == RICH


def test_copies_of_equal_rank_add_to_each_other(collection, folders):
    album, dated = folders
    (dated / "a.png.json").write_text(takeout(people=[{"name": "Ana"}]))
    (album / "a.png.json").write_text(takeout(description="Prague", people=[{"name": "Bo"}]))
    for folder in (dated, album):
        add(collection, folder)
    item = only(collection)
    assert (item.text, item.attributes["people"]) == ("Prague\nA green dome", ["Bo", "Ana"])


def test_a_copy_that_changes_into_another_photo_takes_its_words_along(collection, folders):
    album, dated = folders
    add(collection, album.parent)
    Image.new("RGB", (64, 64), "red").save(dated / "a.png")
    add(collection, album.parent)
    items = {Path(item.image).parent: said(item) for item in collection.items()}
    assert items == {album: POOR, dated: RICH}


def test_a_photo_that_becomes_a_copy_of_another_is_one_item_with_it(collection, folders):
    album, dated = folders
    Image.new("RGB", (64, 64), "red").save(dated / "a.png")
    add(collection, album.parent)
    assert len(collection) == 2
    green = next(i.id for i in collection.items() if Path(i.image).parent == album)
    shutil.copy(album / "a.png", dated / "a.png")
    report = add(collection, album.parent)
    assert (report.n_duplicates, report.n_updated, only(collection).id) == (1, 0, green)
    assert said(only(collection)) == RICH
    assert add(collection, album.parent).n_unchanged == 2


def test_what_a_table_says_of_one_copy_counts(collection, folders):
    album, dated = folders
    (album / "t.csv").write_text("image,rating\na.png,5\n")
    add(collection, album)
    add(collection, dated)  # the table is not part of this run
    assert said(only(collection)) == RICH
    assert only(collection).attributes["rating"] == 5
    add(collection, album)
    assert only(collection).attributes["rating"] == 5
    (dated / "a.png.json").write_text(takeout(LYON))
    add(collection, album.parent)
    assert only(collection).place == LYON
    assert only(collection).attributes["rating"] == 5


def test_a_place_given_by_hand_outlives_copies_that_come_and_go(collection, folders):
    album, dated = folders
    add(collection, album)
    collection.update(only(collection).id, place=LYON)
    add(collection, dated)
    assert said(only(collection)) == (LYON, "given", TAKEN, "A green dome")


def test_copies_of_older_versions_are_heard_once(collection, folders):
    """They took an item's facts from its first file alone, and stored the bare stamp of others."""
    album, _ = folders
    add(collection, album.parent)
    table = collection._table.dataset.to_table()
    copies = json.loads(table["copies"][0].as_py())
    old = json.dumps({key: stamp.removeprefix("=") for key, stamp in copies.items()})
    assert old != table["copies"][0].as_py()
    for name, value in {"copies": old, "text": None, "lat": None, "lon": None, "time": None,
                        "place_source": None, "text_vector": None}.items():  # fmt: skip
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array([value], field.type))
    with collection._table.writing():
        collection._table.replace(table)
    assert collection.refresh() or said(only(collection)) == POOR
    assert add(collection, album.parent).n_images == 0
    assert said(only(collection)) == RICH
    assert add(collection, album.parent).n_unchanged == 2
