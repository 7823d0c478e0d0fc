"""Class maps of a segmenter's, or of masks: made, filled in, kept, and never of two makers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders.class_map import class_of_cells
from placelens.encoders.parts import CLASS_MAP
from placelens.ingest import fill
from placelens.ingest.own_models import segmenter_of
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import PartsEncoder
from placelens.types import ImageSpec

LABELS = ("void", "red", "green", "blue")
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
Make = Callable[..., Path]


class CroppingEncoder(HashEncoder):
    """An encoder that sees the middle of an image only."""

    image_spec = ImageSpec(size=32, fit="crop", thumbnail_size=64)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def colours(make_segmenter: Make, tmp_path: Path) -> str:
    """The name of a segmenter that tells colours."""
    file = make_segmenter(tmp_path / "colours.onnx", size=42)
    return pl.add_segmenter(file, labels=LABELS, scale="unit").name


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Wide photos: black at both ends, which a crop leaves out, and a colour in the middle."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        picture = Image.new("RGB", (280, 56))
        picture.paste(colour, (100, 0, 180, 56))
        picture.save(folder / f"{name}.png")
    return folder


def create(tmp_path: Path, encoder: HashEncoder, **options: object) -> pl.Collection:
    return pl.Collection.create(tmp_path / "c.pl", encoder=encoder, **options)  # type: ignore[arg-type]


def imported(
    tmp_path: Path, photos: Path, encoder: HashEncoder, **options: object
) -> pl.Collection:
    collection = create(tmp_path, encoder, **options)
    collection.add(pl.read_photos(photos), workers=0)
    return collection


def stored(collection: pl.Collection) -> dict[str, np.ndarray]:
    """The map of each item that has one, by its file's name."""
    version = collection._versions.version
    maps, rows = version.maps(CLASS_MAP)
    files = [Path(item.image or "").stem for item in version.items(rows)]
    return dict(zip(files, maps, strict=True))


def assert_of_colours(collection: pl.Collection, names: set[str]) -> None:
    kept = stored(collection)
    assert kept.keys() == names
    for name, found in kept.items():
        channel = list(COLOURS).index(name)
        cells = class_of_cells(found)
        assert (cells[:, :4] == 3).all(), "the ends of the photo are black, which is other"
        assert (cells[:, 10:] == 3).all()
        assert (cells[:, 6:8] == channel).all()


@pytest.mark.parametrize("encoder", [HashEncoder, CroppingEncoder, PartsEncoder])
def test_cells_cover_the_whole_image_whatever_the_encoder_sees(
    tmp_path: Path, photos: Path, colours: str, encoder: type[HashEncoder]
) -> None:
    collection = imported(tmp_path, photos, encoder(), features=CLASS_MAP, segmenter=colours)
    (feature,) = (each for each in collection.features if each.name == CLASS_MAP)
    assert feature.shape == (14, 14, 3)
    assert [name for name, _ in feature.blocks] == ["red", "green", "blue"]
    assert_of_colours(collection, set(COLOURS))
    assert pl.Collection.check(collection.path).is_sound


def test_they_are_filled_in_and_made_of_what_is_added_later(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    (photos / "red.png").rename(tmp_path / "red.png")
    report = collection.fill(CLASS_MAP, segmenter=colours, workers=0)
    assert (report.n_filled, report.n_left) == ({CLASS_MAP: 2}, {CLASS_MAP: 1})
    (tmp_path / "red.png").rename(photos / "red.png")
    # The collection remembers who makes them: nobody has to name it again.
    again = pl.Collection.open(collection.path, encoder=HashEncoder())
    assert again.fill(CLASS_MAP, workers=0).n_filled == {CLASS_MAP: 1}
    assert_of_colours(again, set(COLOURS))
    (photos / "green.png").rename(photos / "new.png")  # moved, and not made again
    Image.new("RGB", (280, 56), COLOURS["green"]).save(photos / "more.png")
    again.add(pl.read_photos(photos), workers=0)
    assert (class_of_cells(stored(again)["more"]) == 1).all()
    assert pl.Collection.check(again.path).is_sound


def test_the_same_maps_come_from_processes_that_decode(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    collection = imported(tmp_path, photos, CroppingEncoder())
    collection.fill(CLASS_MAP, segmenter=colours, workers=1)
    assert_of_colours(collection, set(COLOURS))


def test_filling_beside_what_the_encoder_makes_reads_each_file_once(
    tmp_path: Path, photos: Path, colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = imported(tmp_path, photos, PartsEncoder())
    read: list[str] = []

    def counted(sources, spec, *, workers):  # type: ignore[no-untyped-def]
        read.extend(source.image for source in sources)
        return original(sources, spec, workers=workers)

    original = fill.read_all
    monkeypatch.setattr(fill, "read_all", counted)
    collection.fill(["regions", CLASS_MAP], segmenter=colours, workers=0)
    assert len(read) == 3
    assert_of_colours(collection, set(COLOURS))


def test_turned_photos_are_seen_upright(tmp_path: Path, photos: Path, colours: str) -> None:
    picture = Image.new("RGB", (56, 280))  # stored on its side: shown, it is 280 x 56
    picture.paste(COLOURS["red"], (0, 100, 56, 180))
    exif = Image.Exif()
    exif[0x0112] = 6
    for file in photos.iterdir():
        file.unlink()
    picture.save(photos / "red.jpg", exif=exif, quality=95)
    collection = imported(tmp_path, photos, HashEncoder(), features=CLASS_MAP, segmenter=colours)
    assert_of_colours(collection, {"red"})


def test_vectors_of_ones_own_get_class_maps_of_a_segmenter(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    mine = pl.Collection.create(tmp_path / "mine.pl", dim=2)
    mine.add_vectors(["a", "b"], [[1, 0], [0, 1]], image=[str(photos / "red.png"), None])
    assert mine.fill(CLASS_MAP, segmenter=colours, workers=0).n_filled == {CLASS_MAP: 1}
    assert_of_colours(mine, {"red"})
    with pytest.raises(pl.CollectionError, match="vectors of your own and has no encoder"):
        mine.fill("image_hubness")


def test_a_segmenter_without_class_maps_to_make_is_refused(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    with pytest.raises(pl.InputError, match="the segmenter colours makes class maps"):
        create(tmp_path, HashEncoder(), segmenter=colours)
    with pytest.raises(pl.EncoderError, match="there is no segmenter 'nix' on this machine"):
        create(tmp_path, HashEncoder(), features=CLASS_MAP, segmenter="nix")
    assert not (tmp_path / "c.pl").exists()


def test_a_segmenter_that_is_not_here_is_named_with_the_command(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=CLASS_MAP, segmenter=colours)
    (red,) = (item.id for item in collection.items() if "red" in (item.image or ""))
    pl.remove_segmenter(colours)
    says = r"segmenter that is not on this machine.*placelens models add segmenter FILE --labels"
    with pytest.raises(pl.EncoderMismatchError, match=says):
        collection.fill(CLASS_MAP)
    with pytest.raises(pl.EncoderMismatchError, match=says):
        collection.add(pl.read_photos(photos), workers=0)
    # All that needs none goes on.
    assert len(collection.search("red")) == 3
    assert collection.feature(red, CLASS_MAP).any()
    assert collection.update(red, text="a red stripe").text == "a red stripe"


def test_another_segmenter_of_the_name_is_not_taken_for_it(
    make_segmenter: Make, tmp_path: Path, photos: Path, colours: str
) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=CLASS_MAP, segmenter=colours)
    pl.remove_segmenter(colours)
    pl.add_segmenter(
        make_segmenter(tmp_path / "b.onnx"), labels=LABELS, name=colours, scale="signed"
    )
    for call in (
        lambda: collection.fill(CLASS_MAP),
        lambda: collection.add(pl.read_photos(photos), workers=0),
    ):
        with pytest.raises(pl.EncoderMismatchError, match="remove it and add the one that made"):
            call()
    with pytest.raises(pl.EncoderMismatchError, match="a collection keeps those of one maker"):
        collection.fill(CLASS_MAP, segmenter=colours)


def test_a_stranger_names_no_file_to_run(tmp_path: Path, photos: Path, colours: str) -> None:
    """The name in a manifest is one of this machine's, or of none."""
    collection = imported(tmp_path, photos, HashEncoder(), features=CLASS_MAP, segmenter=colours)
    (feature,) = (each for each in collection.features if each.name == CLASS_MAP)
    for odd in ("segmenter:../../evil:0123456789ab", "segmenter:/evil:0123456789ab", "/evil"):
        assert segmenter_of(replace(feature, fingerprint=odd), collection.path) is None
    with pytest.raises(pl.EncoderMismatchError, match="not on this machine"):
        segmenter_of(replace(feature, fingerprint="segmenter:evil:0123456789ab"), collection.path)


def test_one_maker_a_collection(tmp_path: Path, photos: Path, colours: str) -> None:
    collection = imported(tmp_path, photos, PartsEncoder(), features=CLASS_MAP)
    with pytest.raises(
        pl.EncoderMismatchError,
        match=r"keeps class maps of 'parts-v1:16'.*--to NEW.pl --features class_map "
        "--segmenter colours",
    ):
        collection.fill(CLASS_MAP, segmenter=colours)
    with pytest.raises(pl.EncoderMismatchError, match=r"placelens index NEW.pl --masks FOLDER"):
        collection.add_class_maps({}, labels=["sky"])


def test_reencoding_keeps_what_no_encoder_made(tmp_path: Path, photos: Path, colours: str) -> None:
    collection = imported(tmp_path, photos, HashEncoder(), features=CLASS_MAP, segmenter=colours)
    assert not collection.reencode(workers=0).is_needed
    before = stored(collection)
    for encoder in (HashEncoder(dim=32), PartsEncoder()):  # the second makes class maps of its own
        report = collection.reencode(encoder, workers=0)
        assert (report.n_images, report.dropped) == (3, ())
        after = stored(collection)
        assert all((after[name] == each).all() for name, each in before.items())
    assert not collection.reencode(workers=0).is_needed
    assert_of_colours(collection, set(COLOURS))
    assert pl.Collection.check(collection.path).is_sound


def test_a_fill_that_is_interrupted_goes_on(
    tmp_path: Path, photos: Path, colours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    monkeypatch.setattr(fill, "COMMIT_ROWS", 1)

    def stop(state: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collection.fill(CLASS_MAP, segmenter=colours, workers=0, progress=stop)
    again = pl.Collection.open(collection.path, encoder=HashEncoder())
    assert again.fill(CLASS_MAP, workers=0).n_filled == {CLASS_MAP: 2}


# Masks.


def save_mask(path: Path, numbers: np.ndarray, mode: str = "P") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(numbers.astype(np.uint8))
    if mode == "P":  # the colours of a palette say nothing
        picture.putpalette([7, 7, 7] * 256)
    picture.convert(mode).save(path) if mode != "P" else picture.save(path)


def half(first: int, second: int) -> np.ndarray:
    """Left of one number, right of another."""
    return np.repeat([[first] * 10 + [second] * 10], 8, axis=0)


@pytest.mark.parametrize("mode", ["P", "L"])
def test_masks_of_a_folder_are_matched_by_name_and_averaged(
    tmp_path: Path, photos: Path, mode: str
) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    masks = tmp_path / "masks"
    save_mask(masks / "red.png", half(1, 0), mode)
    save_mask(masks / "deep" / "blue.png", half(3, 255), mode)
    save_mask(masks / "yellow.png", half(1, 1), mode)
    save_mask(masks / "green.png", half(1, 9), mode)
    Image.new("RGB", (4, 4)).save(masks / "red2.png")
    (masks / "notes.txt").write_text("not a mask")
    report = collection.add_class_maps(masks, labels=LABELS)
    assert (report.n_given, report.n_without) == (2, 1)
    reasons = {Path(each.key).stem: each.reason for each in report.unmatched}
    assert reasons.keys() == {"yellow", "green", "red2"}
    assert "no image of the collection is called so" in reasons["yellow"]
    assert "the number 9, and there are 4 labels" in reasons["green"]
    kept = stored(collection)
    assert kept["red"][0].tolist() == [[255, 0, 0]] * 7 + [[0, 0, 0]] * 7
    # What is not said counts for nothing: the middle of 14 cells would else be half.
    assert kept["blue"][0].tolist() == [[0, 0, 255]] * 7 + [[0, 0, 0]] * 7
    (feature,) = (each for each in collection.features if each.name == CLASS_MAP)
    assert str(feature.fingerprint).startswith("masks:")
    assert pl.Collection.check(collection.path).is_sound


def test_folders_tell_images_of_one_name_apart(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for year, colour in (("2019", "red"), ("2020", "blue")):
        (photos / year).mkdir(parents=True)
        Image.new("RGB", (40, 40), colour).save(photos / year / "a.png")
    collection = imported(tmp_path, photos, HashEncoder())
    save_mask(tmp_path / "flat" / "a.png", half(1, 1))
    report = collection.add_class_maps(tmp_path / "flat", labels=LABELS)
    assert report.n_given == 0
    assert "several images are called so" in report.unmatched[0].reason
    save_mask(tmp_path / "masks" / "2019" / "a.png", half(1, 1))
    save_mask(tmp_path / "masks" / "2020" / "a.png", half(3, 3))
    assert collection.add_class_maps(tmp_path / "masks", labels=LABELS).n_given == 2
    maps = {item.image.split("/")[-2]: collection.feature(item.id, CLASS_MAP)  # type: ignore[union-attr]
            for item in collection.items()}  # fmt: skip
    assert (maps["2019"][0, 0].tolist(), maps["2020"][0, 0].tolist()) == ([255, 0, 0], [0, 0, 255])


def test_a_mask_that_was_drawn_on_its_side_is_not_taken(tmp_path: Path, photos: Path) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    save_mask(tmp_path / "masks" / "red.png", np.ones((280, 56)))
    (refused,) = collection.add_class_maps(tmp_path / "masks", labels=LABELS).unmatched
    assert "turn the mask too" in refused.reason


def test_masks_by_id(tmp_path: Path, photos: Path) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    first = next(iter(collection))
    report = collection.add_class_maps({first: half(1, 2), "gone": half(1, 1)}, labels=LABELS)
    assert (report.n_given, [each.key for each in report.unmatched]) == (1, ["gone"])
    assert collection.add_class_maps({first: half(2, 2)}, labels=LABELS).n_given == 1
    assert collection.feature(first, CLASS_MAP)[0, 0].tolist() == [0, 255, 0]
    for odd in ([[0.5]], [1, 2], [[-1]], [[256]], "red", np.zeros((0, 4), int)):
        with pytest.raises(pl.InputError, match=r"no \(height, width\) array of whole numbers"):
            collection.add_class_maps({first: odd}, labels=LABELS)
    with pytest.raises(pl.EncoderMismatchError, match="keeps class maps of 'masks:"):
        collection.add_class_maps({first: half(1, 1)}, labels=["void", "crimson"])
    with pytest.raises(pl.EncoderMismatchError, match=r"\(7, 7, 3\)"):
        collection.add_class_maps({first: half(1, 1)}, labels=LABELS, grid=7)


def test_what_was_given_stays_while_the_image_does(tmp_path: Path, photos: Path) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    for name in COLOURS:
        save_mask(tmp_path / "masks" / f"{name}.png", half(1, 2))
    collection.add_class_maps(tmp_path / "masks", labels=LABELS)
    os.utime(photos / "red.png", (1, 1))  # read again, and the same
    Image.new("RGB", (280, 56), "white").save(photos / "blue.png")  # another picture
    Image.new("RGB", (280, 56), "black").save(photos / "new.png")
    report = collection.add(pl.read_photos(photos), workers=0)
    assert (report.n_updated, report.n_added) == (2, 1)
    assert stored(collection).keys() == {"red", "green"}
    collection.reencode(HashEncoder(dim=32), workers=0)
    assert stored(collection).keys() == {"red", "green"}
    with pytest.raises(pl.InputError, match="makes no feature 'class_map'"):
        collection.fill(CLASS_MAP)


def test_masks_that_cannot_be_read_are_told_and_the_rest_taken(
    tmp_path: Path, photos: Path
) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    masks = tmp_path / "masks"
    save_mask(masks / "red.png", half(1, 2))
    save_mask(masks / "green.png", np.random.default_rng(0).integers(0, 4, (200, 300)))
    whole = (masks / "green.png").read_bytes()
    (masks / "green.png").write_bytes(whole[: len(whole) // 2])
    (masks / "blue.png").write_bytes(b"%!PS-Adobe")
    report = collection.add_class_maps(masks, labels=LABELS)
    assert report.n_given == 1
    reasons = {Path(each.key).stem: each.reason for each in report.unmatched}
    assert "cut off" in reasons["green"]
    assert "not an image" in reasons["blue"]


def test_a_folder_without_masks_is_refused(tmp_path: Path, photos: Path) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    (tmp_path / "empty").mkdir()
    for folder, says in (("empty", "holds no PNG files"), ("gone", "not a folder of masks")):
        with pytest.raises(pl.InputError, match=says):
            collection.add_class_maps(tmp_path / folder, labels=LABELS)
    assert CLASS_MAP not in [feature.name for feature in collection.features]


def test_one_paints_with_the_classes_of_a_segmenter(
    tmp_path: Path, photos: Path, colours: str
) -> None:
    collection = imported(
        tmp_path, photos, CroppingEncoder(), features="class_map", segmenter=colours
    )
    assert collection.palette.classes == ("red", "green", "blue")
    painted = pl.Sketch(cells=[[-1, 1, -1]], classes=["red", "green", "blue"])
    hits = collection.sketch(painted, k=3)
    assert hits[0].item.title == "green.png"
    # A picture that is not in it is seen as they are: whole, whatever the encoder crops.
    for image in (photos / "blue.png", Image.open(photos / "blue.png")):
        np.testing.assert_array_equal(collection.class_map(image), stored(collection)["blue"])
    assert collection.sketch(over=photos / "blue.png", k=1)[0].item.title == "blue.png"


def test_masks_are_painted_over_by_item_only(tmp_path: Path, photos: Path) -> None:
    collection = imported(tmp_path, photos, HashEncoder())
    ids = {item.title: item.id for item in collection.items()}
    mask = np.full((20, 20), 255, np.uint8)
    mask[:10] = 1
    collection.add_class_maps({ids["red.png"]: mask}, labels=LABELS)
    painted = pl.Sketch(cells=[[0], [-1]], classes=["red"])
    assert collection.sketch(painted, k=1)[0].id == ids["red.png"]
    assert collection.sketch(over=ids["red.png"], k=1)[0].id == ids["red.png"]
    with pytest.raises(pl.InputError, match="nothing makes them of other pictures"):
        collection.sketch(over=photos / "red.png")
