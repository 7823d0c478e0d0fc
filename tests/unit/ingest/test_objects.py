"""Objects of a detector's: found, kept in few bytes, filled in, and never of a stranger's model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.encoders.parts import CLASS_MAP
from placelens.ingest.objects import OBJECTS
from placelens.ingest.own_models import detector_of
from placelens.storage.feature_columns import fields_of, from_columns, to_columns
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import PartsEncoder
from placelens.types import Feature, Objects

LABELS = ("red", "green", "blue")
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))


@pytest.fixture
def colours(make_detector: Make, tmp_path: Path) -> str:
    """The name of a detector that tells colours in the quarters of an image."""
    return pl.add_detector(make_detector(tmp_path / "colours.onnx"), labels=LABELS).name


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of 280 x 56: red in the left upper quarter, blue in the right lower one; and dark."""
    folder = tmp_path / "photos"
    folder.mkdir()
    picture = Image.new("RGB", (280, 56))
    picture.paste((255, 0, 0), (0, 0, 140, 28))
    picture.paste((0, 0, 255), (140, 28, 280, 56))
    picture.save(folder / "two.png")
    Image.new("RGB", (280, 56)).save(folder / "none.png")
    return folder


def imported(tmp_path: Path, photos: Path, encoder: HashEncoder, **more: object) -> pl.Collection:
    made = pl.Collection.create(tmp_path / "c.pl", encoder=encoder, **more)  # type: ignore[arg-type]
    made.add(pl.read_photos(photos), workers=0)
    return made


def sure(collection: pl.Collection, title: str) -> list[tuple[str, tuple[int, int, int, int]]]:
    """What is there, as the detector is sure."""
    (item,) = (each for each in collection.items() if each.title == title)
    return [(e.label, e.box) for e in collection.objects(item.id) if e.score > 0.5]


TWO = [("red", (0, 0, 140, 28)), ("blue", (140, 28, 280, 56))]


@pytest.mark.parametrize("encoder", [HashEncoder, PartsEncoder])
def test_boxes_are_in_pixels_of_the_original_whatever_the_encoder_sees(
    tmp_path: Path, photos: Path, colours: str, encoder: type[HashEncoder]
) -> None:
    collection = imported(tmp_path, photos, encoder(), features=OBJECTS, detector=colours)
    (feature,) = (each for each in collection.features if each.name == OBJECTS)
    assert [name for name, _ in feature.blocks] == list(LABELS)
    assert str(feature.fingerprint).startswith("detector:colours:")
    assert sure(collection, "two.png") == TWO
    assert sure(collection, "none.png") == []  # it was looked at, and nothing is there
    assert pl.Collection.check(collection.path).is_sound


def test_a_turned_photo_has_boxes_upright(tmp_path: Path, photos: Path, colours: str) -> None:
    upright = Image.open(photos / "two.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned to the right: stored, it is turned to the left
    upright.transpose(Image.Transpose.ROTATE_90).save(
        photos / "turned.jpg", exif=exif, quality=98, subsampling=0
    )
    collection = imported(tmp_path, photos, HashEncoder(), features=OBJECTS, detector=colours)
    assert sorted(sure(collection, "turned.jpg")) == sorted(TWO)


def test_they_are_filled_in_beside_class_maps_of_another_size(
    tmp_path: Path, photos: Path, colours: str, make_segmenter: Make
) -> None:
    file = make_segmenter(tmp_path / "segmenter.onnx", size=42)
    segmenter = pl.add_segmenter(file, labels=("void", *LABELS), scale="unit").name
    collection = imported(tmp_path, photos, HashEncoder())
    report = collection.fill([OBJECTS, CLASS_MAP], detector=colours, segmenter=segmenter, workers=0)
    assert report.n_filled == {OBJECTS: 2, CLASS_MAP: 2}
    assert sure(collection, "two.png") == TWO
    # The collection remembers who makes them: nobody has to name it again.
    Image.open(photos / "two.png").rotate(180).save(photos / "other.png")
    again = pl.Collection.open(collection.path, encoder=HashEncoder())
    again.add(pl.read_photos(photos), workers=0)
    assert sure(again, "other.png") == [  # equally sure of both: in the order of the boxes
        ("blue", (0, 0, 140, 28)), ("red", (140, 28, 280, 56)),
    ]  # fmt: skip
    assert again.fill(OBJECTS, workers=0).n_filled == {OBJECTS: 0}


def test_vectors_of_ones_own_get_objects(tmp_path: Path, photos: Path, colours: str) -> None:
    mine = pl.Collection.create(tmp_path / "mine.pl", dim=2)
    mine.add_vectors(["a", "b"], [[1, 0], [0, 1]], image=[str(photos / "two.png"), None])
    assert mine.fill(OBJECTS, detector=colours, workers=0).n_filled == {OBJECTS: 1}
    assert [each.label for each in mine.objects("a") if each.score > 0.5] == ["red", "blue"]
    with pytest.raises(pl.ItemNotFoundError, match="has no objects"):
        mine.objects("b")


def test_reencoding_keeps_them(tmp_path: Path, photos: Path, colours: str) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=OBJECTS, detector=colours)
    report = collection.reencode(HashEncoder(dim=32), workers=0)
    assert (report.n_images, report.dropped) == (2, ())
    assert sure(collection, "two.png") == TWO


def test_without_a_detector_there_is_the_command(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(pl.InputError, match="placelens models add detector FILE --labels FILE"):
        pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder(), features=OBJECTS)
    with pytest.raises(pl.EncoderError, match="there is no detector 'nix' on this machine"):
        pl.Collection.create(
            tmp_path / "c.pl", encoder=HashEncoder(), features=OBJECTS, detector="nix"
        )
    assert not (tmp_path / "c.pl").exists()


def test_a_detector_without_objects_to_find_is_refused(tmp_path: Path, colours: str) -> None:
    with pytest.raises(pl.InputError, match="the detector colours finds objects"):
        pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder(), detector=colours)


def test_another_detector_of_the_name_is_not_taken_for_it(
    tmp_path: Path, photos: Path, colours: str, make_detector: Make
) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=OBJECTS, detector=colours)
    pl.remove_detector(colours)
    with pytest.raises(pl.EncoderMismatchError, match="a detector that is not on this machine"):
        collection.fill(OBJECTS)
    pl.add_detector(make_detector(tmp_path / "b.onnx", gives="yolov5"), labels=LABELS, name=colours)
    with pytest.raises(pl.EncoderMismatchError, match="remove it and add the one that made"):
        collection.add(pl.read_photos(photos), workers=0)
    with pytest.raises(pl.EncoderMismatchError, match=r"keeps those of one maker.*--detector col"):
        collection.fill(OBJECTS, detector=colours)
    assert sure(collection, "two.png") == TWO  # what is kept is read without it


def test_a_stranger_names_no_file_to_run(tmp_path: Path, photos: Path, colours: str) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=OBJECTS, detector=colours)
    (feature,) = (each for each in collection.features if each.name == OBJECTS)
    for odd in ("detector:../../evil:0123456789ab", "detector:/evil:0123456789ab", "/evil"):
        assert detector_of(replace(feature, fingerprint=odd), collection.path) is None
    with pytest.raises(pl.EncoderMismatchError, match="not on this machine"):
        detector_of(replace(feature, fingerprint="detector:evil:0123456789ab"), collection.path)


# What is kept.

FEATURE = Feature(
    name=OBJECTS, kind="objects", length=64, blocks=tuple((name, 1) for name in LABELS)
)
share = st.floats(0, 1, width=32)


def kept(values: list[Objects | None]) -> pa.Table:
    return pa.table(to_columns(FEATURE, values))


@given(st.lists(st.tuples(share, share, share, share, st.integers(0, 2), share), max_size=70))
def test_objects_come_back_to_a_65535th_within_four_kilobytes(rows: list) -> None:
    boxes = np.array([[*sorted(row[:2]), *sorted(row[2:4])] for row in rows], np.float32)
    boxes = boxes.reshape(-1, 4)[:, [0, 2, 1, 3]]
    boxes = boxes[(boxes[:, 2] - boxes[:, 0] > 1e-4) & (boxes[:, 3] - boxes[:, 1] > 1e-4)]
    classes = np.array([row[4] for row in rows], np.uint8)[: len(boxes)]
    scores = np.array([row[5] for row in rows], np.float32)[: len(boxes)]
    table = kept([None, Objects(boxes, classes, scores)])
    assert len(table[fields_of(FEATURE)[0].name][1].as_py()) <= 4096
    nothing, found = from_columns(FEATURE, table)
    assert nothing is None
    n = min(len(boxes), 64)
    assert len(found.scores) == n
    np.testing.assert_allclose(found.boxes, boxes[:n], atol=0.51 / 65_535)
    np.testing.assert_array_equal(found.classes, classes[:n])
    np.testing.assert_allclose(found.scores, scores[:n], atol=0.51 / 255)


@given(st.binary(max_size=2_000))
def test_bytes_of_a_stranger_are_boxes_or_nothing(content: bytes) -> None:
    table = pa.table({fields_of(FEATURE)[0].name: pa.array([content], pa.binary())})
    (found,) = from_columns(FEATURE, table)
    assert len(found.boxes) == len(found.classes) == len(found.scores) <= 64
    assert (found.classes < 3).all()
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert ((found.boxes >= 0) & (found.boxes <= 1)).all()


def test_classes_are_a_byte_and_blocks_of_one() -> None:
    many = tuple((f"class {at}", 1) for at in range(256))
    with pytest.raises(pl.InputError, match="add up to"):
        Feature(name=OBJECTS, kind="objects", length=64, blocks=many)
    with pytest.raises(pl.InputError, match="add up to"):
        Feature(name=OBJECTS, kind="objects", length=64, blocks=(("red", 2),))
    with pytest.raises(pl.InputError, match="may have 1 to 64"):
        Feature(name=OBJECTS, kind="objects", length=65)
