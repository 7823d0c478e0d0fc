"""Searches that a collection keeps: plain JSON, whole after a crash, damage set aside."""

import io
import json
import shutil
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import placelens as pl
from placelens import errors
from placelens.limits import MAX_SAVED, MAX_SAVED_BYTES
from placelens.query.kinds import KINDS
from placelens.query.saved import is_saved
from placelens.storage import durable, ledger
from placelens.testing.fakes import HashEncoder

DAY = date(2019, 1, 2)


@pytest.fixture
def photos(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder(8))
    made.add_vectors(["a", "b"], np.eye(8)[:2], lat=[1, 2], lon=[3, 4], modality="text")
    return made


def file_of(photos):
    return photos.path / "searches.json"


def test_all_that_is_json_comes_back_as_it_is_asked(photos):
    asked = {
        "query": [("a pier", 2.0), "the sea", {"kind": "text", "value": "snow", "weight": -1}],
        "like": ("a", 0.5),
        "vector": (np.ones(8), -0.25),
        "near": pl.Place(lat=43.7, lon=7.27),
        "decay": "gauss:50km",
        "mu": 0.3,
        "bbox": (170, -20, -170, 20),
        "time": ("2019", None),
        "where": {
            "city": {"Lyon"},
            "rating": {"gte": np.int64(4)},
            "day": {"ne": date(2019, 1, 2)},
        },
        "modality": ("text",),
        "parse": False,
        "k": 5,
    }
    photos.save_search("mine", **asked)
    saved = photos.saved_searches["mine"]
    assert saved == json.loads(json.dumps(saved))
    assert saved == {
        "query": [
            {"kind": "text", "value": "a pier", "weight": 2.0},
            {"kind": "text", "value": "the sea"},
            {"kind": "text", "value": "snow", "weight": -1.0},
            {"kind": "like", "value": "a", "weight": 0.5},
            {"kind": "vector", "value": [1.0] * 8, "weight": -0.25},
        ],
        "near": "43.7,7.27",
        "decay": "gauss:50km",
        "mu": 0.3,
        "bbox": [170, -20, -170, 20],
        "time": ["2019", None],
        "where": {"city": ["Lyon"], "rating": {"gte": 4}, "day": {"ne": "2019-01-02"}},
        "modality": ["text"],
        "parse": False,
        "k": 5,
    }
    scores = [(hit.id, hit.score) for hit in photos.search(**asked)]
    assert [(hit.id, hit.score) for hit in photos.search(**saved)] == scores


def test_a_place_is_kept_to_the_bit(photos, tmp_path):
    place = pl.Place(lat=1e-7, lon=-179.12345678901234)
    photos.save_search("far", near=place)
    (lat, lon) = map(float, photos.saved_searches["far"]["near"].split(","))
    assert (lat, lon) == (place.lat, place.lon)
    plane = pl.Collection.create(tmp_path / "p.pl", dim=2, space="plane")
    plane.save_search("there", near={"x": 1.5, "y": -2})
    assert plane.saved_searches["there"]["near"] == "1.5,-2"
    assert len(plane.search(**plane.saved_searches["there"])) == 0


def test_searches_are_of_all_processes_in_the_order_of_saving(photos):
    other = pl.Collection.open(photos.path)
    photos.save_search("one", "red")
    other.save_search(" two ", "blue")
    photos.save_search("one", "green")
    assert list(photos.saved_searches) == list(other.saved_searches) == ["one", "two"]
    assert other.saved_searches["one"] == {"query": "green"}
    assert other.forget_search("two")
    assert not photos.forget_search("two")
    assert photos.saved_searches == {"one": {"query": "green"}}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"image": "photo.jpg"}, "a term of the kind image holds a file"),
        ({"query": {"kind": "image", "value": "photo.jpg"}}, "a term of the kind image"),
        ({"query": {"kind": "sonnet", "value": 1}}, "sonnet"),
        ({"query": "red", "cursor": "x"}, "cursor is of one answer"),
        ({"query": "red", "rerank": object()}, "rerank is of one answer"),
        ({"query": "red", "colour": 1}, "no argument 'colour'"),
        ({"query": "red", "where": {"a": io.BytesIO()}}, "cannot be saved"),
        ({"query": "red", "where": {"a": {"gte": float("nan")}}}, "no number"),
        ({"query": "red", "where": {"a": {"b": 1}}}, "operator 'b' is not known"),
        ({"query": "red", "mu": 3}, "mu = 3"),
        ({"query": "red", "near": "Xyzzyville"}, "Xyzzyville"),
        ({"query": "red", "decay": "cubic"}, "cubic"),
        ({"vector": np.ones(MAX_SAVED_BYTES)}, "bytes as JSON"),
        ({"query": "red", "bbox": (1, 2)}, "needs four numbers"),
    ],
)
def test_what_cannot_be_saved_is_refused(photos, asked, said):
    with pytest.raises(pl.PlacelensError, match=said):
        photos.save_search("mine", **asked)
    assert photos.saved_searches == {}
    assert not file_of(photos).exists()


def test_names_and_their_number_are_bounded(photos, monkeypatch):
    for name in ("", "  ", "x" * 201, None, 5, "\ud800"):
        with pytest.raises(pl.InputError):
            photos.save_search(name, "red")
    monkeypatch.setattr("placelens.collection.saving.MAX_SAVED", 2)
    photos.save_search("one", "red")
    photos.save_search("two", "red")
    photos.save_search("two", "blue")
    with pytest.raises(pl.InputError, match="2 is the most; forget one first"):
        photos.save_search("three", "red")
    assert MAX_SAVED == 500


def test_a_radius_may_be_around_a_place_of_the_words(photos):
    photos.save_search("around", "red near Lyon", radius="5km")
    assert photos.saved_searches["around"] == {"query": "red near Lyon", "radius": "5km"}


def test_snapshots_compaction_and_copies_leave_them(photos, tmp_path):
    photos.save_search("before", "red")
    photos.snapshot("then")
    photos.save_search("after", "blue")
    photos.restore("then")
    photos.compact()
    assert list(photos.saved_searches) == ["before", "after"]
    assert pl.Collection.check(photos.path).is_sound
    shutil.copytree(photos.path, tmp_path / "copy.pl")
    copy = pl.Collection.open(tmp_path / "copy.pl")
    assert copy.saved_searches == photos.saved_searches
    copy.forget_search("before")
    assert list(photos.saved_searches) == ["before", "after"]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["flip", "empty", "gone", "folder"])
def test_damage_is_told_keeps_nothing_else_from_working_and_is_set_aside(photos, damage):
    photos.save_search("mine", "a red square")
    path = file_of(photos)
    if damage == "flip":
        flip(path)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    if damage == "folder":
        path.mkdir()
    opened = pl.Collection.open(photos.path, encoder=HashEncoder(8))
    with pytest.raises(errors.CollectionDamagedError, match="placelens repair"):
        _ = opened.saved_searches
    with pytest.raises(errors.CollectionDamagedError):
        opened.save_search("other", "blue")
    assert len(opened.search("red")) == 2
    assert "searches.json" in {each.path for each in pl.Collection.check(photos.path).damage}
    assert pl.Collection.repair(photos.path, dry_run=True).actions
    assert not pl.Collection.check(photos.path).is_sound
    (action,) = pl.Collection.repair(photos.path).actions
    assert "the saved searches are set aside" in action
    assert pl.Collection.check(photos.path).is_sound
    assert opened.saved_searches == {}
    opened.save_search("other", "blue")
    assert list(pl.Collection.open(photos.path).saved_searches) == ["other"]


class Killed(BaseException):
    """As if the process had ended here."""


def test_a_crash_at_any_step_leaves_the_searches_before_or_these(photos, monkeypatch):
    """Twice in a row, too: what was announced and not written is no damage to the second."""
    photos.save_search("kept", "red")
    steps = {"left": 0}

    def counted(step):
        def stepped(*given, **named):
            steps["left"] -= 1
            if steps["left"] == 0:
                raise Killed
            return step(*given, **named)

        return stepped

    monkeypatch.setattr(ledger.os, "fsync", counted(ledger.os.fsync))
    monkeypatch.setattr(durable.Path, "replace", counted(durable.Path.replace))
    n_cut = 0
    for number in range(1, 40):
        before = photos.saved_searches
        meant = {**before, "kept": {"query": f"red {number}"}}
        steps["left"] = 1 + number % 9
        try:
            photos.save_search("kept", f"red {number}")
        except Killed:
            n_cut += 1
        steps["left"] = 0
        opened = pl.Collection.open(photos.path)
        assert opened.saved_searches in (before, meant)
        assert pl.Collection.check(photos.path).is_sound
        photos = opened
    assert 10 < n_cut < 39


def test_what_placelens_would_not_have_written_is_left_out(photos, tmp_path):
    """A collection may come from anybody, whose searches must not open files here."""
    hostile = {
        "fine": {"query": "red"},
        "a file": {"image": "/etc/passwd"},
        "a file as a term": {"query": [{"kind": "image", "value": "/etc/passwd"}]},
        "no list": {"query": {"kind": "image", "value": "/etc/passwd"}},
        "unknown": {"query": "red", "colour": 1},
        "a page": {"query": "red", "cursor": "x"},
        "no object": 5,
    }
    data = {"format": "placelens searches", "version": 1, "searches": hostile}
    file_of(photos).write_text(json.dumps(data))
    assert photos.saved_searches == {"fine": {"query": "red"}}
    for odd in ("[]", "{}", "nonsense", '{"format": "placelens searches", "version": 1}'):
        file_of(photos).write_text(odd)
        with pytest.raises(errors.CollectionDamagedError):
            _ = photos.saved_searches
    data["version"] = 2
    file_of(photos).write_text(json.dumps(data))
    with pytest.raises(pl.CollectionError, match="a newer placelens"):
        _ = photos.saved_searches


def test_a_writer_keeps_others_out(photos):
    with (
        pl.Collection.open(photos.path)._table.writing(),
        pytest.raises(errors.CollectionLockedError),
    ):
        photos.save_search("mine", "red")


ASKED = st.fixed_dictionaries(
    {},
    optional={
        "query": st.text(max_size=8)
        | st.lists(st.tuples(st.text(min_size=1, max_size=5), st.floats(-2, 2)), max_size=3),
        "like": st.sampled_from(["a", ("b", -1.0), ["a", "b"]]),
        "near": st.builds(pl.Place, lat=st.floats(-90, 90), lon=st.floats(-180, 180)),
        "mu": st.floats(0, 1),
        "k": st.integers(1, 100),
        "time": st.sampled_from(["2019", ("2019", None), (datetime(2019, 1, 1), "2020-02")]),
        "where": st.dictionaries(
            st.sampled_from(["a", "b"]), st.integers(-5, 5) | st.text(max_size=3), max_size=2
        ),
        "parse": st.booleans(),
        "located_only": st.booleans(),
    },
)


@given(ASKED)
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_a_saved_search_finds_the_same(shared_photos, asked):
    try:
        expected = [(hit.id, hit.score) for hit in shared_photos.search(**asked)]
    except pl.PlacelensError:
        return
    shared_photos.save_search("drawn", **asked)
    saved = shared_photos.saved_searches["drawn"]
    assert json.loads(json.dumps(saved)) == saved
    assert is_saved(saved)
    assert [(hit.id, hit.score) for hit in shared_photos.search(**saved)] == expected


@pytest.fixture(scope="module")
def shared_photos(tmp_path_factory):
    made = pl.Collection.create(tmp_path_factory.mktemp("s") / "c.pl", encoder=HashEncoder(8))
    made.add_vectors(["a", "b"], np.eye(8)[:2], lat=[1, 2], lon=[3, 4], modality="text")
    return made


def test_kinds_that_open_files_are_known_not_to_be_json():
    assert not KINDS["image"].is_json
    assert not is_saved({"query": [{"kind": ["image"], "value": 1}]})
