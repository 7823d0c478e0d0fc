"""Codes of class maps: learnt, kept, made of what comes later, and asked by."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders.map_quantizer import MapQuantizer
from placelens.errors import CollectionError, QueryError
from placelens.ingest.codes import CODES, quantizer_of
from placelens.sketch.painting import Sketch, query_of
from placelens.testing.class_maps import keep_maps, scenes
from placelens.testing.parts_encoder import PartsEncoder

NAMES = ("sky", "road", "vegetation")
N = 60
SKETCH = Sketch(cells=[[0], [1]], classes=NAMES)


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    return scenes(N, (14, 14), len(NAMES), np.random.default_rng(3))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, maps: np.ndarray) -> Path:
    rng = np.random.default_rng(1)
    collection = pl.Collection.create(tmp_path_factory.mktemp("codes") / "c.pl", dim=4)
    ids = [f"i{at:02}" for at in range(N + 5)]
    collection.add_vectors(ids, rng.normal(size=(N + 5, 4)))
    keep_maps(collection, dict(zip(ids, maps, strict=False)), NAMES)
    return collection.path


@pytest.fixture
def collection(made: Path, tmp_path: Path) -> pl.Collection:
    return pl.Collection.open(shutil.copytree(made, tmp_path / "c.pl"))


def codes(collection: pl.Collection) -> MapQuantizer:
    kept = next(each for each in collection.features if each.name == CODES)
    return quantizer_of(kept, collection.path)


@pytest.mark.parametrize("parts", [(1, 1), (2, 2)])
def test_answers_are_those_of_what_the_codes_stand_for(
    collection: pl.Collection, maps: np.ndarray, parts: tuple[int, int]
) -> None:
    report = collection.quantize(n_centroids=8, parts=parts)
    assert (report.n_items, report.bytes_per_image) == (N, 3 * parts[0] * parts[1])
    assert 0.2 < report.explained < 1.0
    quantizer = codes(collection)
    query, counts = query_of(SKETCH, NAMES, (14, 14))
    distances = quantizer.distances(query, counts, quantizer.encode(maps))
    hits = collection.sketch(SKETCH, codes=True, k=10)
    expected = [f"i{at:02}" for at in np.argsort(distances, kind="stable")[:10]]
    assert [hit.id for hit in hits] == expected
    assert hits.certificate is not None
    assert hits.certificate.kind == "approximate"
    raw = collection.sketch(SKETCH, codes=True, similarity="raw", k=10)
    assert [hit.score for hit in raw] == pytest.approx((1 - np.sort(distances)[:10] / 392).tolist())
    assert collection.sketch(SKETCH, k=10).certificate.kind == "proven"  # type: ignore[union-attr]


def test_learnt_anew_all_codes_are(collection: pl.Collection) -> None:
    collection.quantize(n_centroids=4)
    before = codes(collection)
    snapshot = collection.snapshot("before")
    collection.quantize(n_centroids=8)
    assert codes(collection).n_centroids == 8
    assert collection.sketch(SKETCH, codes=True, k=3)
    collection.restore(snapshot.name if hasattr(snapshot, "name") else "before")
    assert codes(collection).fingerprint == before.fingerprint
    assert collection.sketch(SKETCH, codes=True, k=3)
    assert not pl.Collection.check(collection.path).damage


def test_what_comes_later_gets_codes(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for at, colour in enumerate([(70, 120, 230), (40, 160, 50), (128, 128, 128)]):
        Image.new("RGB", (28, 28), colour).save(folder / f"{at}.png")
    made = pl.Collection.create(tmp_path / "p.pl", encoder=PartsEncoder(), features="class_map")
    made.add(pl.read_photos(folder), workers=0)
    made.quantize(n_centroids=2)
    Image.new("RGB", (28, 28), (75, 125, 225)).save(folder / "later.png")
    made.add(pl.read_photos(folder), workers=0)
    later = next(item.id for item in made.items() if item.title == "later.png")
    expected = codes(made).encode(made.feature(later, "class_map")[None])[0]
    np.testing.assert_array_equal(made.feature(later, CODES), expected)
    # Another encoder makes other maps: these codes go, and that is said.
    report = made.reencode(PartsEncoder(dim=24))
    assert CODES in report.dropped
    assert CODES not in [feature.name for feature in made.features]


def test_masks_get_codes(collection: pl.Collection) -> None:
    other = pl.Collection.create(collection.path.parent / "m.pl", dim=2)
    ids = [f"m{at}" for at in range(4)]
    other.add_vectors(ids, np.eye(4, 2) + 1)
    masks = {item: np.full((14, 14), at % 2, np.uint8) for at, item in enumerate(ids)}
    other.add_class_maps(masks, labels=["sky", "sea"])
    other.quantize(n_centroids=2)
    other.add_class_maps({"m0": np.ones((14, 14), np.uint8)}, labels=["sky", "sea"])
    expected = codes(other).encode(other.feature("m0", "class_map")[None])[0]
    np.testing.assert_array_equal(other.feature("m0", CODES), expected)


def test_what_is_missing_is_told(collection: pl.Collection, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="placelens quantize COLLECTION"):
        collection.sketch(SKETCH, codes=True)
    with pytest.raises(pl.InputError, match="60 class maps cannot teach 200 centroids"):
        collection.quantize(n_centroids=200)
    collection.quantize(n_centroids=4)
    (file,) = collection.path.glob("quantizer-*.npz")
    file.write_bytes(b"nonsense")
    again = pl.Collection.open(collection.path)
    with pytest.raises(CollectionError, match="learn another one with: placelens quantize"):
        again.sketch(SKETCH, codes=True)
    (damage,) = pl.Collection.check(again.path).damage
    assert damage.path == file.name
    repairs = pl.Collection.repair(again.path)
    assert any("placelens quantize" in action for action in repairs.actions)
    assert not pl.Collection.check(again.path).damage
    again.quantize(n_centroids=4)
    assert again.sketch(SKETCH, codes=True, k=1)
