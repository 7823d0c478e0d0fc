"""Damage is found, told, and mended as far as it can be; nothing is changed by a mistake."""

import json
import os
from datetime import timedelta

import numpy as np
import pytest

import placelens as pl
from placelens.storage import versions
from placelens.storage.ledger import Ledger

DIM = 4


@pytest.fixture
def photos(tmp_path):
    """Versions: 2 adds a and b, 3 adds c, 4 deletes a; the snapshot is of 3."""
    made = pl.Collection.create(tmp_path / "c.pl", dim=DIM)
    made.add_vectors(["a", "b"], np.eye(DIM)[:2], lat=[1, 2], lon=[3, 4])
    made.add_vectors(["c"], np.eye(DIM)[2:3])
    made.snapshot("three")
    made.delete(["a"])
    return made


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def data_of(photos, item_id):
    """The file with an item's row."""
    for fragment in photos._table.dataset.get_fragments():
        if item_id in fragment.to_table(columns=["id"])["id"].to_pylist():
            return photos.path / "items.lance" / "data" / fragment.metadata.files[0].path
    raise KeyError(item_id)


def manifest_of(photos, version):
    return photos.path / "items.lance" / "_versions" / f"{2**64 - 1 - version}.manifest"


def ids(path):
    return sorted(item.id for item in pl.Collection.open(path).items())


def test_a_sound_collection_has_no_damage_and_nothing_to_repair(photos):
    health = pl.Collection.check(photos.path)
    assert health.is_sound
    assert health.n_unknown == 0
    assert health.n_bytes > 1000
    assert pl.Collection.repair(photos.path).actions == []


def test_a_damaged_file_of_items_is_refused_by_every_reader(photos):
    flip(data_of(photos, "c"))
    damaged = pl.Collection.open(photos.path)
    for use in (
        lambda: damaged.search(vector=np.ones(DIM)),
        lambda: damaged.get("b"),
        lambda: len(damaged),
        damaged.stats,
        lambda: damaged.add_vectors(["d"], np.eye(DIM)[:1]),
        damaged.compact,
    ):
        with pytest.raises(pl.errors.CollectionDamagedError, match="is not what was written"):
            use()
    assert "damaged" in repr(damaged)


def test_items_of_a_damaged_file_are_left_out_and_the_others_stay(photos):
    file = data_of(photos, "c")
    flip(file)
    (found,) = pl.Collection.check(photos.path).damage
    assert (found.concerns, found.path) == ("items", f"items.lance/data/{file.name}")
    before = sorted(photos.path.rglob("*"))
    assert pl.Collection.repair(photos.path, dry_run=True).n_items_lost == 1
    assert sorted(photos.path.rglob("*")) == before
    assert pl.Collection.repair(photos.path).n_items_lost == 1
    assert ids(photos.path) == ["b"]
    assert pl.Collection.check(photos.path).is_sound


def test_deleted_items_come_back_with_their_damaged_list_and_replaced_ones_do_not(tmp_path):
    photos = pl.Collection.create(tmp_path / "c.pl", dim=DIM)
    photos.add_vectors(["a", "b", "c"], np.eye(DIM)[:3])
    photos.delete(["a"])
    photos.add_vectors(["b"], np.eye(DIM)[3:], on_conflict="replace")
    for deletions in (photos.path / "items.lance" / "_deletions").iterdir():
        flip(deletions)
    pl.Collection.repair(photos.path)
    assert ids(photos.path) == ["a", "b", "c"]
    assert np.allclose(pl.Collection.open(photos.path).vector("b"), np.eye(DIM)[3])


def test_an_intact_snapshot_is_restored_over_a_damaged_newest_version(photos):
    manifest_of(photos, 4).write_bytes(b"")
    damaged = pl.Collection.open(photos.path)
    with pytest.raises(pl.errors.CollectionDamagedError):
        len(damaged)
    damaged.restore("three")
    assert ids(photos.path) == ["a", "b", "c"]
    assert (photos.path / "damaged" / manifest_of(photos, 4).name).exists()
    assert pl.Collection.check(photos.path).is_sound


def test_internal_ids_are_not_used_again_after_a_damaged_version(photos):
    photos.add_vectors(["d", "e"], np.eye(DIM)[:2])
    used = photos._table.next_iid()
    flip(data_of(photos, "e"))
    damaged = pl.Collection.open(photos.path)
    damaged.restore("three")
    damaged.add_vectors(["f"], np.eye(DIM)[:1])
    assert damaged._table.find(["f"], ["iid"])["iid"].to_pylist()[0] >= used


def test_a_version_that_is_missing_is_not_replaced_by_an_older_one(photos):
    manifest_of(photos, 4).unlink()
    with pytest.raises(pl.errors.CollectionDamagedError, match=r"version 4 .* is missing"):
        len(pl.Collection.open(photos.path))
    pl.Collection.repair(photos.path)
    assert ids(photos.path) == ["a", "b", "c"]


def test_a_version_that_was_never_acknowledged_is_passed_over(photos):
    manifest_of(photos, 5).write_bytes(manifest_of(photos, 4).read_bytes()[:50])
    assert ids(photos.path) == ["b", "c"]
    opened = pl.Collection.open(photos.path)
    opened.add_vectors(["d"], np.eye(DIM)[:1])
    assert ids(photos.path) == ["b", "c", "d"]


def test_a_mistyped_snapshot_changes_nothing(photos):
    before = {path: path.read_bytes() for path in photos.path.rglob("*") if path.is_file()}
    with pytest.raises(pl.CollectionError, match="no snapshot 'threee'; there are: three"):
        photos.restore("threee")
    assert {p: p.read_bytes() for p in photos.path.rglob("*") if p.is_file()} == before


def test_a_damaged_snapshot_is_not_restored(photos):
    photos.compact(keep=timedelta(0))
    kept = manifest_of(photos, 3)
    flip(kept)
    with pytest.raises(pl.CollectionError, match=r"snapshot|cannot be read"):
        photos.restore("three")
    assert ids(photos.path) == ["b", "c"]
    assert [d.concerns for d in pl.Collection.check(photos.path).damage] == ["snapshot three"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"version": 1}'])
def test_a_damaged_name_of_a_snapshot_is_told_and_set_aside(photos, damage):
    (photos.path / "items.lance" / "_refs" / "tags" / "three.json").write_bytes(damage)
    with pytest.raises(pl.errors.CollectionDamagedError):
        photos.snapshots()
    with pytest.raises(pl.errors.CollectionDamagedError):
        photos.compact()  # which would have removed what the snapshot keeps
    assert ids(photos.path) == ["b", "c"]
    pl.Collection.repair(photos.path)
    assert pl.Collection.open(photos.path).snapshots() == {}


@pytest.mark.parametrize("name", ["manifest.json", "manifest.copy.json"])
def test_the_manifest_and_its_copy_mend_each_other(photos, name):
    flip(photos.path / name)
    assert [d.path for d in pl.Collection.check(photos.path).damage] == [name]
    pl.Collection.repair(photos.path)
    assert pl.Collection.check(photos.path).is_sound
    assert ids(photos.path) == ["b", "c"]


def test_two_damaged_manifests_are_beyond_repair(photos):
    for name in ("manifest.json", "manifest.copy.json"):
        flip(photos.path / name)
    with pytest.raises(pl.errors.CollectionDamagedError, match="both damaged"):
        pl.Collection.repair(photos.path)


def test_a_collection_of_an_older_placelens_has_no_checksums_until_it_is_compacted(photos):
    (photos.path / "checksums.txt").unlink()
    (photos.path / "manifest.copy.json").unlink()
    health = pl.Collection.check(photos.path)
    assert health.is_sound
    assert health.n_unknown > 0
    opened = pl.Collection.open(photos.path)
    opened.compact()
    assert pl.Collection.check(photos.path).n_unknown < health.n_unknown
    flip(data_of(opened, "c"))
    assert not pl.Collection.check(photos.path).is_sound


def test_missing_checksums_are_told(photos):
    (photos.path / "checksums.txt").unlink()
    assert [d.concerns for d in pl.Collection.check(photos.path).damage] == ["checksums"]
    pl.Collection.repair(photos.path)
    assert pl.Collection.check(photos.path).is_sound


def test_health_is_plain_json(photos):
    flip(photos.path / "manifest.json")
    found = json.loads(json.dumps(pl.Collection.check(photos.path).to_dict()))
    assert found["is_sound"] is False
    assert found["damage"][0]["concerns"] == "manifest"


def test_no_collection_no_check(tmp_path):
    with pytest.raises(pl.errors.CollectionNotFoundError):
        pl.Collection.check(tmp_path)
    with pytest.raises(pl.errors.CollectionNotFoundError):
        pl.Collection.repair(tmp_path / "none")


@pytest.mark.parametrize("which", ["manifest", "ledger", "data", "version", "tag", "copy"])
def test_a_pipe_in_the_place_of_a_file_is_told_and_not_waited_for(photos, which):
    file = {
        "manifest": photos.path / "manifest.json",
        "copy": photos.path / "manifest.copy.json",
        "ledger": photos.path / "checksums.txt",
        "data": data_of(photos, "c"),
        "version": manifest_of(photos, 4),
        "tag": photos.path / "items.lance" / "_refs" / "tags" / "three.json",
    }[which]
    file.unlink()
    os.mkfifo(file)
    assert not pl.Collection.check(photos.path).is_sound
    if which not in ("copy", "ledger"):
        with pytest.raises(pl.CollectionError):
            pl.Collection.open(photos.path).compact()


def test_large_files_are_compared_when_asked(photos, monkeypatch):
    monkeypatch.setattr(versions, "CHECK_AT_OPEN", 0)
    flip(data_of(photos, "c"))
    opened = pl.Collection.open(photos.path)
    assert len(opened) == 2
    opened.verify()
    for _ in range(2):
        with pytest.raises(pl.errors.CollectionDamagedError):
            len(opened)
        opened.refresh()


@pytest.mark.parametrize("which", ["none", "copy", "ledger", "data", "deletions", "tag"])
def test_a_dry_run_says_what_a_repair_does_and_writes_nothing(photos, which):
    table = photos.path / "items.lance"
    file = {
        "none": None,
        "copy": photos.path / "manifest.copy.json",
        "ledger": photos.path / "checksums.txt",
        "data": data_of(photos, "b"),
        "deletions": next((table / "_deletions").iterdir(), None),
        "tag": table / "_refs" / "tags" / "three.json",
    }[which]
    if file is not None:
        flip(file)
    (photos.path / "write.lock").unlink()
    before = {path: path.stat().st_mtime_ns for path in photos.path.rglob("*")}
    said = pl.Collection.repair(photos.path, dry_run=True)
    assert {path: path.stat().st_mtime_ns for path in photos.path.rglob("*")} == before
    assert pl.Collection.repair(photos.path) == said
    assert bool(said.actions) == (which != "none")


def test_what_may_be_a_writer_at_work_is_not_called_damage(photos):
    flip(photos.path / "manifest.copy.json")
    with photos._table.writing():
        with pytest.raises(pl.errors.CollectionLockedError):
            pl.Collection.check(photos.path)
        with pytest.raises(pl.errors.CollectionLockedError):
            pl.Collection.repair(photos.path, dry_run=True)
    assert not pl.Collection.check(photos.path).is_sound


def test_a_sound_collection_is_found_so_while_another_process_writes(photos):
    with photos._table.writing():
        assert pl.Collection.check(photos.path).is_sound


def test_a_name_that_another_process_gave_anew_is_not_damaged(photos):
    other = pl.Collection.open(photos.path)
    assert other.snapshots() == {"three": 3}
    photos.drop_snapshot("three")
    photos.snapshot("three")  # of version 4 now
    assert other.snapshots() == {"three": 4}
    other.restore("three")


def test_a_snapshot_that_is_missing_is_told_and_one_that_was_dropped_is_not(photos):
    photos.snapshot("four")
    photos.drop_snapshot("four")
    assert pl.Collection.open(photos.path).snapshots() == {"three": 3}
    (photos.path / "items.lance" / "_refs" / "tags" / "three.json").unlink()
    with pytest.raises(pl.errors.CollectionDamagedError, match=r"three\.json is missing"):
        pl.Collection.open(photos.path).snapshots()
    assert not pl.Collection.check(photos.path).is_sound
    pl.Collection.repair(photos.path)
    assert pl.Collection.check(photos.path).is_sound
    assert pl.Collection.open(photos.path).snapshots() == {}


def test_a_manifest_and_a_copy_that_agree_are_believed_over_their_checksums(photos):
    announced = Ledger(photos.path)
    for name in ("manifest.json", "manifest.copy.json"):
        announced.announce(photos.path / name, b"what it was not")
        announced.announce(photos.path / name, b"nor that")
    pl.Collection.repair(photos.path)
    assert pl.Collection.check(photos.path).is_sound
    assert ids(photos.path) == ["b", "c"]
