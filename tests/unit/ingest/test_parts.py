"""Regions and class maps are asked for, made by one pass with the vectors, and filled in later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.encoders.class_map import class_of_cells
from placelens.encoders.parts import CLASS_MAP, IMAGE, PARTS, REGIONS
from placelens.ingest import fill
from placelens.ingest.extractor import PIXELS, chosen_extractors, extract, extractors_of
from placelens.testing import byte_mean
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import PartsEncoder

COLOURS = {"sky": (70, 120, 230), "vegetation": (40, 160, 50), "building": (220, 30, 30)}
ASKED = (REGIONS, CLASS_MAP)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        Image.new("RGB", (40, 40), colour).save(folder / f"{name}.png")
    return folder


def create(tmp_path: Path, encoder: PartsEncoder, **options: object) -> pl.Collection:
    return pl.Collection.create(tmp_path / "c.pl", encoder=encoder, **options)  # type: ignore[arg-type]


def names(collection: pl.Collection) -> list[str]:
    return [feature.name for feature in collection.features]


def stored(collection: pl.Collection, name: str) -> dict[str, np.ndarray]:
    """The map of each item, by its file's name."""
    version = collection._versions.version
    maps, rows = version.maps(name)
    files = [Path(item.image or "").stem for item in version.items(rows)]
    return dict(zip(files, maps, strict=True))


def expected(photos: Path, name: str) -> dict[str, np.ndarray]:
    made = {}
    for photo in sorted(photos.iterdir()):
        pixels = np.zeros((1, 28, 28, 3), np.uint8) + np.uint8(COLOURS[photo.stem])
        made[photo.stem] = PartsEncoder().encode_parts(pixels, [name])[name][0]
    return made


def assert_kept(collection: pl.Collection, photos: Path) -> None:
    for name in ASKED:
        kept, wanted = stored(collection, name), expected(photos, name)
        assert kept.keys() == wanted.keys()
        for file, array in kept.items():
            np.testing.assert_array_equal(array, wanted[file])


@given(st.sets(st.sampled_from(PARTS), min_size=1), st.integers(1, 5), st.integers(0, 9))
def test_one_pass_gives_what_a_pass_for_each_gives(
    asked: set[str], n_images: int, seed: int
) -> None:
    encoder = PartsEncoder()
    images = np.random.default_rng(seed).integers(0, 256, (n_images, 28, 28, 3), dtype=np.uint8)
    chosen = [each for name, each in extractors_of(encoder).items() if name in asked]
    encoder.n_passes = 0
    together = extract(chosen, pixels=list(images))
    assert encoder.n_passes == 1
    for extractor in chosen:
        alone = extractor.make(images)
        for own, value in zip(together, alone, strict=True):
            np.testing.assert_array_equal(own[extractor.feature.name], value)
    assert all(set(own) == asked for own in together)


def test_neither_is_kept_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert names(create(tmp_path, PartsEncoder())) == ["image", "text"]


def test_an_import_makes_what_was_asked_for_in_the_pass_that_makes_vectors(
    tmp_path: Path, photos: Path
) -> None:
    encoder = PartsEncoder()
    collection = create(tmp_path, encoder, features=ASKED)
    assert names(collection) == ["image", "regions", "class_map", "text"]
    encoder.n_passes = encoder.n_images = 0
    collection.add(pl.read_photos(photos), workers=0)
    # The three photos, and the one black image that warms the network up.
    assert (encoder.n_passes, encoder.n_images) == (2, 4)
    assert_kept(collection, photos)
    cells = {file: class_of_cells(kept) for file, kept in stored(collection, CLASS_MAP).items()}
    for file, found in cells.items():
        assert {encoder.class_names[cell] for cell in found.ravel()} == {file}
    assert pl.Collection.check(collection.path).is_sound


def test_what_is_added_later_has_them_too(tmp_path: Path, photos: Path) -> None:
    create(tmp_path, PartsEncoder(), features=ASKED)
    again = pl.Collection.open(tmp_path / "c.pl", encoder=PartsEncoder())
    again.add(pl.read_photos(photos / "sky.png"), workers=0)
    again.add(pl.read_photos(photos), workers=0)
    assert_kept(again, photos)


def test_filling_reads_each_file_once_and_makes_both_in_one_pass(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = PartsEncoder()
    collection = create(tmp_path, encoder)
    collection.add(pl.read_photos(photos), workers=0)
    vectors = {item.id: collection.vector(item.id).tolist() for item in collection.items()}
    read: list[str] = []
    original = fill.read_all

    def watched(sources, *rest, **options):
        read.extend(source.key for source in sources)
        return original(sources, *rest, **options)

    monkeypatch.setattr(fill, "read_all", watched)
    encoder.n_passes = encoder.n_images = 0
    report = collection.fill(ASKED, workers=0)
    assert report.n_filled == {"regions": 3, "class_map": 3}
    assert report.n_left == {"regions": 0, "class_map": 0}
    assert len(read) == len(set(read)) == 3
    assert (encoder.n_passes, encoder.n_images) == (1, 3)
    assert_kept(collection, photos)
    assert {item.id: collection.vector(item.id).tolist() for item in collection.items()} == vectors
    assert collection.fill(ASKED, workers=0).n_filled == {"regions": 0, "class_map": 0}
    assert len(read) == 3


def test_filling_one_leaves_the_other_as_it_is(tmp_path: Path, photos: Path) -> None:
    encoder = PartsEncoder()
    collection = create(tmp_path, encoder, features=[CLASS_MAP])
    collection.add(pl.read_photos(photos), workers=0)
    before = stored(collection, CLASS_MAP)
    Image.new("RGB", (40, 40)).save(photos / "sky.png")  # changed, and not imported again
    asked: list[list[str]] = []
    original = encoder.encode_parts
    encoder.encode_parts = lambda images, wanted: (  # type: ignore[method-assign]
        asked.append(list(wanted)), original(images, wanted)
    )[1]  # fmt: skip
    assert collection.fill(ASKED, workers=0).n_filled == {"regions": 3, "class_map": 0}
    assert asked == [["regions"]]
    for file, kept in stored(collection, CLASS_MAP).items():
        np.testing.assert_array_equal(kept, before[file])


def test_filling_goes_on_where_it_was_interrupted(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = create(tmp_path, PartsEncoder())
    collection.add(pl.read_photos(photos), workers=0)
    monkeypatch.setattr(fill, "COMMIT_ROWS", 2)
    (photos / "sky.png").rename(tmp_path / "sky.png")

    def stop(progress):
        assert (progress.n_done, progress.n_total) == (2, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collection.fill(ASKED, workers=0, progress=stop)
    again = pl.Collection.open(collection.path, encoder=PartsEncoder())
    report = again.fill(ASKED, workers=0)
    # The file that is gone is tried again; of two others, one batch holds one or two.
    assert set(report.n_left.values()) == {1}
    assert set(stored(again, REGIONS)) == {"vegetation", "building"}
    (tmp_path / "sky.png").rename(photos / "sky.png")
    assert again.fill(ASKED, workers=0).n_filled == {"regions": 1, "class_map": 1}
    assert_kept(again, photos)
    assert pl.Collection.check(again.path).is_sound


def test_features_made_of_pixels_in_other_ways_share_the_reading(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from placelens.ingest.extractor import EXTRACTORS

    collection = create(tmp_path, PartsEncoder())
    collection.add(pl.read_photos(photos), workers=0)
    monkeypatch.setitem(EXTRACTORS, byte_mean.NAME, byte_mean.RECIPE)
    report = collection.fill([byte_mean.NAME, REGIONS], workers=0)
    assert report.n_filled == {"regions": 3, byte_mean.NAME: 3}
    assert stored(collection, byte_mean.NAME)["building"].tolist() == [[93, 93], [93, 93]]


def test_what_the_encoder_does_not_make_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pl.InputError, match=r"hash makes no feature 'regions'.*image, text"):
        pl.Collection.create(tmp_path / "h.pl", encoder=HashEncoder(), features="regions")
    assert not (tmp_path / "h.pl").exists()
    with pytest.raises(pl.InputError, match="made by an encoder"):
        pl.Collection.create(tmp_path / "d.pl", dim=3, features=["regions"])


def test_another_code_of_regions_is_another_feature(tmp_path: Path, photos: Path) -> None:
    collection = create(tmp_path, PartsEncoder(), features=[REGIONS])
    other = PartsEncoder()
    other.region_code = type(other.region_code).fit(
        other.encode_regions(np.eye(28, dtype=np.uint8)[None, ..., None].repeat(3, -1)).regions, 3
    )
    collection = pl.Collection.open(collection.path, encoder=other)
    with pytest.raises(pl.EncoderMismatchError, match="holds 'regions' of"):
        collection.add(pl.read_photos(photos), workers=0)


def test_what_not_all_collections_have_is_chosen_by_name() -> None:
    def features(*arguments: object) -> list[str]:
        return [extractor.feature.name for extractor in chosen_extractors(*arguments)]  # type: ignore[arg-type]

    assert features(PartsEncoder()) == ["image", "text"]
    assert features(PartsEncoder(), ["class_map", "smell"]) == ["image", "class_map", "text"]
    assert features(HashEncoder(), ASKED) == ["image", "text"]


def test_all_parts_are_extractors_of_pixels() -> None:
    made = extractors_of(PartsEncoder())
    assert [name for name, each in made.items() if each.needs == PIXELS] == [IMAGE, *ASKED]
