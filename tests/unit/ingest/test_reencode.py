"""All that an encoder made is made anew by another one: what of, what is said, what is kept."""

import shutil
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders import registry
from placelens.encoders.registry import EncoderKind
from placelens.engine.indexes.kinds import registered
from placelens.errors import EncoderError
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds
from placelens.ingest import reencode
from placelens.ingest.extractor import EXTRACTORS
from placelens.storage.versioned_table import REENCODE_NAME
from placelens.testing.byte_mean import NAME, RECIPE
from placelens.testing.fakes import HashEncoder
from placelens.types import Feature

HUB_TEXTS = ("a red house", "the blue sea")
COLOURS = {"red": "red", "green": "green", "blue": "blue", "grey": "grey"}


def newer(dim=48, **options):
    """What the installed encoder has become: other vectors, of another length, with hubs."""
    return HashEncoder(dim, hub_texts=HUB_TEXTS, version=2, **options)


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (200, 150), colour).save(folder / f"{name}.png")
    (folder / "table.csv").write_text(
        "id,image,text,lat,lon,city\n"
        "red,red.png,a red square,50.1,14.4,Praha\n"
        "green,green.png,,49.2,16.6,Brno\n"
        "blue,blue.png,the sea,,,\n"
        "grey,grey.png,,,,\n"
        "words,,nothing but words,45.8,4.8,Lyon\n"
    )
    return folder


def made(path, pictures, encoder):
    collection = pl.Collection.create(path, encoder=encoder)
    collection.add(pl.read_photos(pictures), workers=0)
    return collection


@pytest.fixture
def photos(tmp_path, pictures):
    return made(tmp_path / "photos.pl", pictures, HashEncoder())


@pytest.fixture
def installed(monkeypatch):
    """Have the name ``hash`` mean another encoder: as when placelens was upgraded."""

    def install(encoder):
        kind = EncoderKind(pattern="hash", summary="fake", load=lambda _: encoder)
        monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "hash": kind})
        return encoder

    return install


def rows_of(collection, *, without=()):
    """All that is stored, by id."""
    table = collection._table.dataset.to_table().to_pylist()
    return {
        row["id"]: {name: value for name, value in row.items() if name not in without}
        for row in table
    }


def answers(collection, queries):
    """Ids, scores and their terms, to the bit."""
    found = collection.search_many(queries)
    return [[(hit.id, hit.score, hit.terms) for hit in hits] for hits in found]


VECTORS = ("image_vector", "text_vector", "image_hubness_number")


def test_it_is_as_if_indexed_from_the_first_with_the_new_encoder(photos, pictures, tmp_path):
    before = rows_of(photos, without=VECTORS)
    report = photos.reencode(newer(), workers=0)
    assert (report.is_needed, report.n_items, report.n_images, report.n_texts) == (True, 5, 4, 3)
    assert (report.fingerprint_before, report.fingerprint) == ("hash-v1:64", "hash-v2:48")
    assert (report.previews, report.left, report.dropped, report.n_changed) == ((), (), (), 0)

    fresh = made(tmp_path / "fresh.pl", pictures, newer())
    assert rows_of(photos, without=VECTORS) == before
    assert rows_of(photos) == rows_of(fresh)
    assert photos.features == fresh.features
    own, new = photos._table.manifest, fresh._table.manifest
    assert (own.hubs, own.calibrations) == (new.hubs, new.calibrations)
    assert own.hubs
    again = pl.Collection.open(photos.path, encoder=newer())
    queries = ("red", {"like": "blue"}, {"query": "sea", "near": "50,14", "k": 3})
    expected = answers(fresh, queries)
    assert answers(photos, queries) == expected
    assert answers(again, queries) == expected
    assert pl.Collection.check(photos.path).is_sound
    assert not (photos.path / REENCODE_NAME).exists()


def test_it_is_written_to_as_before(photos, pictures):
    photos.reencode(newer(), workers=0)
    photos.update("red", text="a green square")
    photos.delete("grey")
    Image.new("RGB", (200, 150), "yellow").save(pictures / "yellow.png")
    report = photos.add(pl.read_photos(pictures), workers=0)
    assert report.n_added == 2  # the grey one is back
    assert photos.search("yellow")[0].item.image == str(pictures / "yellow.png")
    vector = newer().encode_texts(["a green square"])[0]
    np.testing.assert_array_equal(photos.vector("red", "text"), vector)
    photos.compact(keep=timedelta(0))
    assert pl.Collection.check(photos.path).is_sound
    again = pl.Collection.open(photos.path, encoder=newer())
    assert answers(again, ["yellow"]) == answers(photos, ["yellow"])


def test_a_second_call_does_nothing(photos):
    photos.reencode(newer(), workers=0)
    version = photos.version
    report = photos.reencode(newer(), workers=0)
    assert (report.is_needed, report.n_images, report.n_texts) == (False, 0, 0)
    assert photos.version == version


def test_the_message_names_both_and_the_command(photos, pictures, installed):
    new = installed(newer())
    opened = pl.Collection.open(photos.path)
    assert len(opened.search(near="50,14", located_only=True)) == 3  # needs no encoder
    said = (
        rf"photos\.pl holds vectors of hash \(hash-v1:64\), and the encoder at hand is hash "
        rf"\(hash-v2:48\); make them anew with: placelens index {photos.path} --reencode$"
    )
    for action in (
        lambda: opened.search("red"),
        lambda: opened.search(image=pictures / "red.png"),
        lambda: opened.add(pl.read_photos(pictures)),
        lambda: opened.update("red", text="other"),
        lambda: opened.fill("image"),
        lambda: opened.train_cosmat("city"),
        lambda: pl.Collection.open(photos.path, encoder=new),
    ):
        with pytest.raises(pl.EncoderMismatchError, match=said):
            action()
    opened.reencode(workers=0)  # the one that is installed
    assert opened.search("red")[0].id == "red"


def test_another_encoder_is_named_in_the_command(photos):
    class Other(HashEncoder):
        name = "other"

    with pytest.raises(pl.EncoderMismatchError, match=r"--reencode --encoder other$"):
        pl.Collection.open(photos.path, encoder=Other(dim=16))
    photos.reencode(Other(dim=16), workers=0)
    assert (photos.encoder_name, photos.dim) == ("other", 16)


def test_images_without_a_file_are_made_of_their_previews_and_later_of_the_file(
    photos, pictures, tmp_path
):
    aside = tmp_path / "aside"
    aside.mkdir()
    shutil.move(pictures / "green.png", aside)
    (pictures / "blue.png").write_bytes(b"no picture any more")
    preview = photos.thumbnail("green")
    report = photos.reencode(newer(), workers=0)
    assert (report.n_images, report.left) == (4, ())
    reasons = {each.key: each.reason for each in report.previews}
    assert sorted(reasons) == [str(pictures / "blue.png"), str(pictures / "green.png")]
    assert reasons[str(pictures / "green.png")] == "there is no such file"
    assert photos.thumbnail("green") == preview
    assert photos.search("green")[0].id == "green"

    version = photos.version
    report = photos.reencode(newer(), workers=0)  # nothing can be done yet
    assert (report.is_needed, report.n_images, len(report.previews)) == (False, 0, 2)
    assert photos.version == version

    would = photos.reencode(newer(), dry_run=True)
    assert (would.n_images, [each.key for each in would.previews]) == (
        1,
        [str(pictures / "green.png")],
    )
    shutil.move(aside / "green.png", pictures)
    # That blue.png is there is seen, and that it is no picture only when it is read.
    would = photos.reencode(newer(), dry_run=True)
    assert (would.n_images, would.previews, would.left) == (2, (), ())
    report = photos.reencode(newer(), workers=0)
    assert (report.n_images, len(report.previews)) == (1, 1)
    fresh = made(tmp_path / "fresh.pl", pictures, newer())
    np.testing.assert_array_equal(photos.vector("green"), fresh.vector("green"))


def test_a_copy_of_the_file_will_do(photos, pictures, tmp_path):
    shutil.copy(pictures / "red.png", pictures / "twin.png")
    Image.new("RGB", (200, 150), "purple").save(pictures / "p.png")
    shutil.copy(pictures / "p.png", pictures / "q.png")
    photos.add(pl.read_photos(pictures), workers=0)
    (pictures / "p.png").unlink()
    report = photos.reencode(newer(), workers=0)
    assert report.previews == ()
    assert photos.search("purple")[0].item.image == str(pictures / "p.png")


def test_what_has_neither_file_nor_preview_is_kept_without_a_vector(photos, pictures):
    photos.add_vectors(["own"], np.eye(64)[:1], modality="image")
    photos.add_vectors(["lost"], np.eye(64)[1:2], modality="image", image=["/nowhere/a.jpg"])
    report = photos.reencode(newer(), workers=0)
    assert {each.key: each.reason for each in report.left} == {
        "/nowhere/a.jpg": "there is no such file",
        "own": reencode.GIVEN,
    }
    assert len(photos) == 7
    assert "own" in photos
    with pytest.raises(pl.errors.ItemNotFoundError, match="has no vector"):
        photos.vector("own")
    # The image may come back, and the second call then makes it.
    assert [each.key for each in photos.reencode(newer(), workers=0).left] == ["/nowhere/a.jpg"]


def test_a_file_that_has_changed_is_taken_as_it_is_and_said(photos, pictures):
    Image.new("RGB", (200, 150), "yellow").save(pictures / "green.png")
    report = photos.reencode(newer(), workers=0)
    assert (report.n_changed, report.n_images) == (1, 4)
    assert photos.search("yellow")[0].id == "green"


def test_a_dry_run_says_it_and_changes_nothing(photos, pictures):
    (pictures / "red.png").unlink()
    before = sorted(path.name for path in photos.path.rglob("*"))
    report = photos.reencode(newer(), dry_run=True)
    assert (report.is_needed, report.n_items, report.n_images, report.n_texts) == (True, 5, 4, 3)
    assert [each.key for each in report.previews] == [str(pictures / "red.png")]
    assert photos.fingerprint == "hash-v1:64"
    assert sorted(path.name for path in photos.path.rglob("*")) == before


def test_snapshots_keep_their_own_encoder(photos, installed):
    old, found = rows_of(photos), answers(photos, ["red", {"like": "red"}])
    photos.snapshot("before")
    assert photos.reencode(newer(), workers=0).snapshots == ("before",)
    photos.snapshot("after")
    new = rows_of(photos)
    assert photos.encoder_of_snapshot("before") == ("hash", "hash-v1:64")
    assert photos.encoder_of_snapshot("after") == ("hash", "hash-v2:48")
    photos.compact(keep=timedelta(0))
    installed(newer())

    photos.restore("before")
    assert rows_of(photos) == old
    assert (photos.fingerprint, photos.dim) == ("hash-v1:64", 64)
    assert answers(photos, ["red", {"like": "red"}]) == found
    again = pl.Collection.open(photos.path)
    with pytest.raises(pl.EncoderMismatchError, match=r"hash-v1:64.*hash-v2:48.*--reencode"):
        again.search("red")
    again.reencode(workers=0)
    assert rows_of(again) == new
    photos.restore("after")
    assert rows_of(photos) == new
    assert pl.Collection.check(photos.path).is_sound


def test_readers_go_on_with_the_old_vectors_until_they_refresh(photos):
    reader = pl.Collection.open(photos.path, encoder=HashEncoder())
    held = [(hit.id, hit.score) for hit in reader.search("red")]
    photos.reencode(newer(), workers=0)
    assert [(hit.id, hit.score) for hit in reader.search("red")] == held
    with pytest.raises(pl.EncoderMismatchError, match=r"hash-v2:48.*now; refresh"):
        reader.add_vectors(["x"], np.eye(64)[:1], modality="image")
    with pytest.raises(pl.EncoderMismatchError, match="hash-v1"):
        pl.Collection.open(photos.path, encoder=HashEncoder())
    assert reader.refresh() or reader.dim == 48
    with pytest.raises(EncoderError, match="no encoder 'hash'"):
        reader.search("red")  # the one it was given is of the old vectors
    assert reader.search(like="red")[0].id == photos.search(like="red")[0].id


class FailsLate(HashEncoder):
    """Fails from the nth call for images on."""

    def __init__(self, calls, **options):
        super().__init__(48, version=2, **options)
        self.calls = calls

    def encode_images(self, images):
        self.calls -= 1
        if self.calls < 0:
            raise EncoderError("out of memory")
        return super().encode_images(images)


@pytest.fixture
def one_by_one(monkeypatch):
    monkeypatch.setattr(reencode, "STAGED_ROWS", 1)


def test_a_run_that_was_cut_off_goes_on(photos, pictures, tmp_path, one_by_one):
    before = rows_of(photos)
    with pytest.raises(EncoderError, match="out of memory"):
        photos.reencode(FailsLate(2), workers=0)
    assert rows_of(photos) == before
    assert photos.search("red")[0].id == "red"
    assert pl.Collection.check(photos.path).is_sound
    # Meanwhile one of those done changes, one goes, one comes.
    seen = []
    assert photos.reencode(FailsLate(0), dry_run=True).n_resumed == 2
    photos.update("red", text="another text")
    assert photos.reencode(FailsLate(0), dry_run=True).n_resumed == 1
    photos.delete("grey")
    report = photos.reencode(FailsLate(99), workers=0, progress=seen.append)
    assert report.n_resumed == 1
    assert (seen[0].n_done, seen[0].n_unchanged) == (0, 1)
    assert seen[-1].n_done == seen[-1].n_total == 3
    vector = FailsLate(0).encode_texts(["another text"])[0]
    np.testing.assert_array_equal(photos.vector("red", "text"), vector)
    assert report.n_images == 3
    assert sorted(rows_of(photos)) == ["blue", "green", "red", "words"]


def test_what_waits_is_for_one_encoder_only(photos, one_by_one):
    with pytest.raises(EncoderError):
        photos.reencode(FailsLate(2), workers=0)
    assert photos.reencode(newer(32), dry_run=True).n_resumed == 0
    assert photos.reencode(newer(32), workers=0).n_resumed == 0
    assert photos.dim == 32
    assert not (photos.path / REENCODE_NAME).exists()


def test_a_preview_that_waits_is_made_anew_when_its_file_is_back(
    photos, pictures, tmp_path, one_by_one
):
    files = [pictures / f"{name}.png" for name in COLOURS]
    for file in files:
        shutil.move(file, tmp_path)
    with pytest.raises(EncoderError):
        photos.reencode(FailsLate(2), workers=0)
    assert photos.reencode(FailsLate(0), dry_run=True).n_resumed == 2
    for file in files:
        shutil.move(tmp_path / file.name, file)
    assert photos.reencode(FailsLate(9), workers=0).previews == ()


def test_other_features_are_made_anew_kept_or_said(photos, monkeypatch):
    monkeypatch.setitem(EXTRACTORS, NAME, RECIPE)
    table = photos._table
    with table.writing():
        table.add_features(
            [
                Feature(name="mine", kind="number"),
                Feature(name="theirs", kind="number", fingerprint="hash-v1:64:extra"),
                Feature(name=NAME, kind="map", length=4, shape=(2, 2), fingerprint="byte-mean-1"),
            ]
        )
        table.update(int(photos._versions.publish().version.iids[0]), {"mine_number": 0.5})
    photos.refresh()
    report = photos.reencode(newer(), workers=0)
    assert report.dropped == ("theirs",)
    names = [feature.name for feature in photos.features]
    assert names == ["image", "text", "image_hubness", NAME, "mine"]
    version = photos._versions.version
    assert np.nansum(version.numbers("mine")) == 0.5
    assert len(version.maps(NAME)[1]) == 4


def test_concepts_are_refused(tmp_path, installed):
    folder = tmp_path / "many"
    folder.mkdir()
    lines = ["image,city"]
    for number in range(10):
        city = ("red", "blue")[number % 2]
        Image.new("RGB", (64, 64 + number), city).save(folder / f"{number}.png")
        lines.append(f"{number}.png,{city}")
    (folder / "table.csv").write_text("\n".join(lines))
    installed(HashEncoder())
    photos = made(tmp_path / "many.pl", folder, HashEncoder())
    concepts = pl.Collection.open(photos.train_cosmat("city").path)
    with pytest.raises(pl.CollectionError, match=r"holds concepts.*train cosmat"):
        concepts.reencode()
    with pytest.raises(pl.CollectionError, match=r"is of concepts.*train cosmat"):
        photos.reencode(concepts.encoder)
    installed(newer())
    stale = pl.Collection.open(concepts.path)
    said = r"hash \(hash-v1:64\).*hash \(hash-v2:48\).*--reencode.*train cosmat"
    with pytest.raises(pl.EncoderMismatchError, match=said):
        stale.search("red")


def test_what_cannot_be_asked_for_is_refused(tmp_path, photos):
    own = pl.Collection.create(tmp_path / "own.pl", dim=3)
    with pytest.raises(pl.CollectionError, match="vectors of your own, which no encoder made"):
        own.reencode(newer())
    with pytest.raises(pl.InputError, match="dry_run"):
        photos.reencode(dry_run="yes")
    with pytest.raises(pl.InputError, match="workers"):
        photos.reencode(workers=-1)
    with pytest.raises(EncoderError, match="no encoder 'nothing'"):
        photos.reencode("nothing")


def test_an_empty_collection(tmp_path):
    empty = pl.Collection.create(tmp_path / "empty.pl", encoder=HashEncoder())
    report = empty.reencode(newer(), workers=0)
    assert (report.is_needed, report.n_items) == (True, 0)
    assert (len(empty), empty.dim) == (0, 48)
    assert pl.Collection.check(empty.path).is_sound


def test_it_is_plain_json(photos, pictures):
    (pictures / "red.png").unlink()
    said = photos.reencode(newer(), workers=0).to_dict()
    assert said["previews"] == [
        {"key": str(pictures / "red.png"), "reason": "there is no such file"}
    ]
    assert said["n_images"] == 4


def many(path, encoder):
    """A hundred texts, under which a tree is grown, at places of their own."""
    words = ("red", "green", "blue", "house", "sea", "hill", "snow")
    lines = ["id,text,lat,lon"]
    lines += [
        f"n{i},{words[i % 7]} {words[i % 5]} {words[i % 3]} {i},{i / 2 - 20},{i}"
        for i in range(100)
    ]
    file = path.with_suffix(".csv")
    file.write_text("\n".join(lines))
    collection = pl.Collection.create(path, encoder=encoder)
    collection.add(pl.read_photos(file), workers=0)
    return collection


def test_indexes_are_built_anew(tmp_path):
    queries = [
        {"query": "a red hill", "near": "10,40", "mu": mu, "k": 9, "engine": engine}
        for mu in (0.0, 0.4)
        for engine in ("gmrtree", "scan")
    ]
    with registered(GMRTreeKind(Thresholds(grow_from=50, most_loose=10))):
        photos = many(tmp_path / "photos.pl", HashEncoder())
        reader = pl.Collection.open(photos.path, encoder=HashEncoder())
        reader.search_many(queries[:1])
        assert reader._versions.searcher.kept  # the tree from the disk
        for encoder in (newer(48), newer(64)):
            photos.reencode(encoder, workers=0)
            fresh = many(tmp_path / f"{encoder.dim}.pl", encoder)
            reader.refresh()
            reader._bind(reader._table.manifest, encoder)
            assert [list(each._versions.searcher.kept) for each in (photos, reader)] == [
                ["gmrtree"]
            ] * 2
            expected = answers(fresh, queries)
            assert answers(photos, queries) == expected
            assert answers(reader, queries) == expected
            assert len(list((photos.path / "index").iterdir())) == 1
