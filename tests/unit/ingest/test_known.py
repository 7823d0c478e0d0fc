"""Which files and rows are known, and which are gone: in doubt, nothing is."""

import datetime
import shutil
from pathlib import Path

import pytest
from PIL import Image

import placelens as pl
from placelens.ingest.known import Known, exists
from placelens.testing.fakes import HashEncoder

TABLE = "id,text,lat,lon\nred,a red house,1,2\nblue,a blue house,3,4\n"


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())


@pytest.fixture
def table(tmp_path, collection):
    path = tmp_path / "houses.csv"
    path.write_text(TABLE)
    collection.add(pl.read_table(path))
    return path


def ids(collection):
    return {item.id for item in collection.items()}


def test_prune_drops_the_row_that_was_taken_out(collection, table):
    table.write_text(TABLE.replace("blue,a blue house,3,4\n", ""))
    assert collection.add(pl.read_table(table), prune=True).n_removed == 1
    assert ids(collection) == {"red"}


@pytest.mark.parametrize(
    "content",
    ["", '"torn', TABLE.replace("3,4", "300,4"), TABLE.replace("3,4", "3,")],
    ids=["empty", "torn", "latitude out of range", "no longitude"],
)
def test_prune_keeps_rows_that_cannot_be_read_at_the_moment(collection, table, content):
    table.write_text(content)
    report = collection.add(pl.read_table(table), prune=True)
    assert report.skipped
    assert (report.n_removed, ids(collection)) == (0, {"red", "blue"})


def test_prune_sees_that_a_copy_below_a_number_sign_is_gone(collection, tmp_path):
    photos = tmp_path / "photos"
    (photos / "#best").mkdir(parents=True)
    Image.new("RGB", (48, 48), "red").save(photos / "a.png")
    shutil.copy(photos / "a.png", photos / "#best" / "z.png")
    assert collection.add(pl.read_photos(photos)).n_duplicates == 1
    (photos / "#best" / "z.png").unlink()
    collection.add(pl.read_photos(photos), prune=True)
    (row,) = Known.load(collection._table).rows.values()
    assert (Path(row.source).name, row.copies) == ("a.png", {})


def test_a_row_may_have_an_id_longer_than_a_file_name(collection, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f"id,text\n{'k' * 300},a red house\n")
    collection.add(pl.read_table(path), prune=True)
    assert ids(collection) == {"k" * 300}


def test_what_may_not_be_looked_at_is_not_gone(monkeypatch, tmp_path):
    assert not exists(str(tmp_path / "none"))
    assert not exists(str(tmp_path / "\0"))

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    assert exists("/locked/photo.jpg")


def test_the_same_words_at_two_times_are_two_items(collection, tmp_path):
    path = tmp_path / "birds.csv"
    path.write_text("text,lat,lon,date\nnightingale,1,2,2020-05-01\nnightingale,1,2,2021-05-01\n")
    assert collection.add(pl.read_table(path)).n_duplicates == 0
    assert {item.time for item in collection.items()} == {
        datetime.datetime(2020, 5, 1),
        datetime.datetime(2021, 5, 1),
    }


def test_free_ids_are_counted_on_and_not_from_the_start():
    known = Known({}, {"a", "a-3"})
    given = []
    for _ in range(3):
        given.append(known.free_id("a"))
        known.ids.add(given[-1])
    assert given == ["a-2", "a-4", "a-5"]

    class Counted(set):
        looked = 0

        def __contains__(self, value):
            self.looked += 1
            return super().__contains__(value)

    known = Known({}, Counted({"b"}))
    for _ in range(1000):
        known.ids.add(known.free_id("b"))
    assert known.ids.looked <= 2 * 1000  # "b" itself, and the next number
