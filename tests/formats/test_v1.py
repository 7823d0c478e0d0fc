"""Collections of format 1 are read as they are, refuse to be written to, and can be migrated."""

import datetime
import json
import shutil

import pytest
from PIL import Image

import placelens as pl
from placelens.errors import CollectionDamagedError
from placelens.storage import migrate, table
from placelens.testing.fakes import HashEncoder

ENCODER = HashEncoder(dim=8)
BOAT = pl.Item(
    id="boat",
    text="a red boat",
    place=pl.Place(lat=10.5, lon=-179.25),
    place_source="given",
    time=datetime.datetime(2019, 5, 1, 12, tzinfo=datetime.UTC),
    attributes={"rating": 3, "city": "Łódź"},
)


@pytest.fixture
def folder(unpacked):
    return unpacked(1)


@pytest.fixture
def collection(folder):
    return pl.Collection.open(folder, encoder=ENCODER)


def content(folder):
    """Every file's bytes; a lock holds nothing."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files if path.suffix != ".lock"}


def answers(folder):
    """What a user sees, to the bit."""
    collection = pl.Collection.open(folder, encoder=ENCODER)
    hits = [
        *collection.search("a red boat", near=pl.Place(lat=9, lon=179), decay="gauss:5000km"),
        *collection.search("a green hill", engine="scan"),
        *collection.search(image=Image.new("RGB", (60, 40), "grey")),
    ]
    stats = collection.stats().to_dict()
    return (
        [hit.to_dict() for hit in hits],
        [item.to_dict() for item in collection.items()],
        collection.vector("boat").tolist(),
        {name: stats[name] for name in ("n_items", "n_located", "bounds", "modalities", "dim")},
        sorted(collection.snapshots()),
    )


def test_items_of_format_1(collection):
    items = {item.id: item for item in collection.items()}
    assert set(items) == {"boat", "image"}
    assert items["boat"] == BOAT
    assert items["image"].image == "/photos/a.jpg"
    assert collection.format_version == 1
    assert [feature.name for feature in collection.features] == ["image", "text"]


def test_searching_format_1(collection):
    assert collection.search("a red boat", k=1)[0].id == "boat"
    assert collection.search("a red boat", k=1)[0].terms[0].cosine == pytest.approx(1, abs=1e-6)
    assert collection.proposals() == []
    assert collection._versions.version.radius_m is None


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.add_vectors(["new"], [[1.0] * 8], modality="text"),
        lambda c: c.add([]),
        lambda c: c.update("boat", text="blue"),
        lambda c: c.delete(["boat"]),
        lambda c: c.compact(),
        lambda c: c.snapshot("more"),
        lambda c: c.drop_snapshot("both"),
        lambda c: c.restore("both"),
        lambda c: c.fill("image"),
        lambda c: c.propose("boat", pl.Place(lat=1, lon=2)),
    ],
)
def test_format_1_is_not_written_to_and_says_what_to_do(folder, collection, write):
    before = content(folder)
    with pytest.raises(pl.FormatVersionError, match=r"placelens migrate .*v1\.pl"):
        write(collection)
    collection.close()
    assert content(folder) == before


def test_reading_format_1_changes_nothing(folder):
    before = content(folder)
    answers(folder)
    assert pl.Collection.check(folder).is_sound
    assert content(folder) == before


def test_a_dry_run_changes_nothing(folder):
    before = content(folder)
    would = pl.Collection.migrate(folder, dry_run=True)
    assert (would.from_version, would.to_version, would.n_items) == (1, 2, 2)
    assert (would.is_needed, would.snapshots) == (True, ("both",))
    assert content(folder) == before


def test_migrated_it_has_the_same_answers_and_can_be_written_to(folder):
    before = answers(folder)
    assert pl.Collection.migrate(folder).is_needed
    assert answers(folder) == before
    assert not pl.Collection.migrate(folder).is_needed
    health = pl.Collection.check(folder)
    assert health.is_sound
    # All that is read of the newest version has a checksum; the snapshot's own files are older.
    collection = pl.Collection.open(folder, encoder=ENCODER)
    assert collection.format_version == 2
    collection.update("boat", place=pl.Place(lat=1, lon=2), place_radius_m=40)
    assert collection.get("boat").place_radius_m == 40
    collection.restore("both")
    assert [item.id for item in collection.items()] == ["boat", "hill"]
    assert collection.get("boat") == BOAT
    collection.add_vectors(["new"], [[1.0] * 8], modality="text")
    # Internal ids go on behind those of the items that the restored state does not know.
    assert collection._versions.version.iids.tolist() == [0, 1, 3]
    collection.compact()
    assert pl.Collection.check(folder).is_sound


def test_who_holds_it_open_goes_on_and_sees_what_comes(folder):
    reader = pl.Collection.open(folder, encoder=ENCODER)
    assert len(reader) == 2
    pl.Collection.migrate(folder)
    assert reader.search("a red boat", k=1)[0].id == "boat"
    assert reader.refresh()
    pl.Collection.open(folder).add_vectors(["new"], [[1.0] * 8], modality="text")
    assert reader.refresh()
    assert len(reader) == 3
    assert reader.delete(["new"]) == 1  # it knows of the new format by now


def test_a_damaged_collection_is_not_migrated(folder):
    pl.Collection.migrate(folder)  # for the checksums
    data = json.loads((folder / "manifest.json").read_text())
    shutil.copy(folder / "manifest.json", folder / "kept.json")
    old = {name: data[name] for name in ("format", "created", "space", "encoder", "fingerprint")}
    old |= {"format_version": 1, "dim": 8, "modalities": ["image", "text"], "next_id": 3}
    old["calibrations"] = data["calibrations"]
    (folder / "manifest.json").write_text(json.dumps(old))
    with pytest.raises(CollectionDamagedError, match=r"manifest\.json.*placelens repair"):
        pl.Collection.migrate(folder)


def test_a_collection_that_another_writes_to_is_not_migrated(folder, collection):
    with (
        collection._table.writing(old=True),
        pytest.raises(pl.CollectionLockedError, match="another process"),
    ):
        pl.Collection.migrate(folder)


@pytest.mark.parametrize("step", ["manifest", "copy", "columns"])
def test_what_a_crash_leaves_is_format_1_or_2(folder, monkeypatch, step):
    """Stopped after each step: what was there is there, and the next call or write goes on."""
    before = answers(folder)

    class Crash(BaseException):
        pass

    def crash(*_, **__):
        raise Crash

    if step == "manifest":  # nothing of the new format is written yet
        monkeypatch.setattr("placelens.storage.versioned_table.write_manifest", crash)
    elif step == "copy":
        from placelens.storage import manifest_files

        write = manifest_files.write_whole

        def only_the_first(path, content):
            if path.name == manifest_files.COPY_NAME:
                raise Crash
            write(path, content)

        monkeypatch.setattr(manifest_files, "write_whole", only_the_first)
    else:
        of_format_2 = lambda self: crash() if self.manifest.is_written else None  # noqa: E731
        monkeypatch.setattr(table.ItemTable, "_complete_columns", of_format_2)
    with pytest.raises(Crash):
        migrate.migrate(folder)
    monkeypatch.undo()
    assert answers(folder) == before
    assert pl.Collection.check(folder).is_sound
    version = pl.Collection.open(folder).format_version
    assert version == (1 if step == "manifest" else 2)
    pl.Collection.migrate(folder)
    collection = pl.Collection.open(folder, encoder=ENCODER)
    collection.update("boat", place=pl.Place(lat=1, lon=2), place_radius_m=40)
    assert pl.Collection.check(folder).is_sound
    names = [path.read_bytes() for path in folder.glob("manifest*.json")]
    assert len(set(names)) == 1  # the copy is one again


def test_searches_are_saved_once_it_is_migrated(collection, folder):
    assert collection.saved_searches == {}
    with pytest.raises(pl.FormatVersionError, match="placelens migrate"):
        collection.save_search("mine", "red")
    pl.Collection.migrate(folder)
    migrated = pl.Collection.open(folder, encoder=ENCODER)
    assert migrated.saved_searches == {}
    migrated.save_search("mine", "red")
    assert pl.Collection.open(folder).saved_searches == {"mine": {"query": "red"}}
    assert pl.Collection.check(folder).is_sound
