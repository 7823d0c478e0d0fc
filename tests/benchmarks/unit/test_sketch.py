"""The sketch benchmark: its measures by hand, and all of it on photos that are stripes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from placelens.cli.main import app
from placelens.encoders.class_map import stored_map
from placelens.encoders.map_quantizer import MapQuantizer
from placelens.encoders.parts import Parts
from placelens.errors import EncoderError, InputError
from placelens.sketch.distance import squared_distances
from placelens.testing.fakes import HashEncoder
from placelens_bench import sketch, sketch_data, sketch_plots, sketch_speed
from placelens_bench.sketch import _agrees, _is_large, _painted_box, ndcg
from placelens_bench.sketch_data import Photos, agreements, mean_iou, painting

NAMES = ("sky", "building", "vegetation", "road", "pavement", "water", "car", "person")
SIDE = 14
SMALL = sketch_speed.Size(n=600, side=6, n_classes=7, n_shown=3, n_taught=300)
# What a mask holds is drawn in the colour of its class, so that an encoder can see it.
PALETTE = np.arange(9) * 25


class StripeEncoder(HashEncoder):
    """Sees the class that each cell was drawn in, and is wrong about one cell in ten."""

    class_names, class_grid = NAMES, (SIDE, SIDE)

    def encode_parts(self, images: np.ndarray, names: object) -> Parts:
        """The image's vector and its class map."""
        edges = (np.arange(SIDE) + 0.5) * images.shape[1] / SIDE
        cells = images[:, edges.astype(int)][:, :, edges.astype(int), 0]
        label = np.abs(cells[..., None].astype(int) - PALETTE).argmin(axis=-1)
        wrong = np.random.default_rng(0).random(label.shape) < 0.1
        label = np.where(wrong, 0, label)
        shares = 0.9 * (label[..., None] == np.arange(len(NAMES)))
        return {"image": self.encode_images(images), "class_map": stored_map(shares)}


def draw(folder: Path, name: str, label: np.ndarray, word_of: np.ndarray) -> None:
    """A photo and its mask of stripes."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "labels").mkdir(exist_ok=True)
    grey = PALETTE[label].astype(np.uint8)
    Image.fromarray(np.stack([grey] * 3, axis=-1)).save(folder / "images" / f"{name}.png")
    mask = Image.fromarray(word_of[label].astype(np.uint8), mode="L")
    mask.save(folder / "labels" / f"{name}.png")


def stripes(rng: np.random.Generator, side: int = 56) -> np.ndarray:
    """Sky, then a building or trees, then a road, at other heights in each photo."""
    top, bottom = np.sort(rng.integers(8, side - 8, size=2))
    label = np.full((side, side), rng.integers(1, 3))
    label[:top], label[max(bottom, top + 4) :] = 0, 3
    return label


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few facades, and photos with boxes; no drives, which only `lite` is asked for."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(3)
    words = ["various", "building", "car", "door", "pavement", "road", "sky", "vegetation"]
    word_of = np.array([words.index(n) if n in words else 0 for n in NAMES])
    names = [f"photo{number}" for number in range(24)]
    for name in names:
        draw(root / "labelmefacade", name, stripes(rng), word_of)
    folder = root / "labelmefacade"
    (folder / "classes.json").write_text(json.dumps(words))
    (folder / "test.txt").write_text("\n".join(f"images/{name}.png" for name in names))
    lines = []
    for number in range(12):
        label = np.full((56, 56), 8)
        left = int(rng.integers(0, 30))
        label[10:40, left : left + 20] = NAMES.index("person")
        draw(root / "coco_mini", f"{number}", label, word_of=np.zeros(9))
        box = {"category": "person", "bbox_xywh": [left, 10, 20, 30]}
        lines.append(
            {
                "image": f"images/{number}.png",
                "captions": ["a person" if number % 2 else "a thing"],
                "objects": [box],
                "width": 56,
                "height": 56,
            }
        )
    (root / "coco_mini" / "annotations.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return root


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which everything takes no time."""
    monkeypatch.setattr(sketch, "CENTROIDS", (4, 16))
    monkeypatch.setattr(sketch, "_SMALL_PAPER", SMALL)
    monkeypatch.setattr(sketch, "_SMALL_COLLECTION", SMALL)
    monkeypatch.setattr(sketch, "TABLE_QUERIES", 2)
    monkeypatch.setattr(sketch_speed.at_the_papers_size, "__kwdefaults__", {"rounds": 1})
    monkeypatch.setattr(sketch_speed.of_a_collection, "__kwdefaults__", {"rounds": 1})


@pytest.mark.usefixtures("small")
def test_all_of_it(data, tmp_path):
    result = sketch.run(data, encoder=StripeEncoder(), quick=True)
    found = result["ndcg10"]
    # Its mistakes are the same in all photos, and so of little weight.
    assert min(found["true_maps"], found["painted"]) > found["areas_only"] > found["random"]
    assert {"global", "words", "pq4", "pq16_parts", "pq16_parts_half"} <= set(found)
    assert result["n_queries"] == {"labelmefacade": 5}
    # One cell in ten is told to be sky.
    assert 0.8 < result["miou"]["labelmefacade"]["road"] < 0.95
    check = result["caption_check"]
    assert check["painted"]["low"] > check["random"]["high"]
    assert check["painted_minus_captions"]["mean"] > 0
    assert check["painted_mask_minus_random"]["low"] > 0
    assert result["bytes_per_image"]["pq_parts"] == 4 * result["bytes_per_image"]["pq"] == 32
    assert {"600_pq", "600_7c_painted", "600_7c_photo"} <= set(result["latency_ms"])
    assert list(result["fig5_by_n_painted"]["cpu_ms"]) == [1, 5, 7]
    json.dumps(result)
    pytest.importorskip("matplotlib")
    paths = sketch_plots.draw(result, tmp_path)
    assert [path.name for path in paths] == [
        "sketch-time.png",
        "sketch-centroids.png",
        "sketch-rivals.png",
    ]


def test_what_is_missing_is_said(data, tmp_path):
    with pytest.raises(EncoderError, match="gives no class maps"):
        sketch.run(data, encoder=HashEncoder())
    with pytest.raises(InputError, match=r"test.txt is not there"):
        sketch.run(tmp_path, encoder=StripeEncoder())
    with pytest.raises(InputError, match="holds no train/images"):
        sketch_data.drives(tmp_path, data / "labelmefacade", StripeEncoder())
    told = CliRunner().invoke(app, ["bench", "sketch", "--data", str(data), "--work", "x"])
    assert "--work is an option of the benchmarks" in told.output


def test_ndcg_leaves_out_what_is_not_looked_at_and_queries_without_relevant_photos():
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    grades = np.array([[4.0, 0.0, 1.0], [4.0, 0.0, 0.0]])
    others = np.array([[False, True, True]] * 2)
    # The only relevant photo that is looked at comes second: 1 / log2(3).
    assert ndcg(scores, grades, others) == pytest.approx(0.63093, abs=1e-5)
    assert ndcg(scores, np.zeros((2, 3)), others) is None


def test_agreement_is_intersection_by_union():
    labels = np.array([[[0, 0], [1, -1]], [[0, 1], [1, 1]]], dtype=np.int16)
    found = agreements(labels, 3)
    assert found[:, 0, 1].tolist() == pytest.approx([1 / 2, 1 / 3, 0.0])
    assert found[:2, 0, 0].tolist() == [1.0, 1.0]


def test_mean_iou_counts_labelled_pixels_only():
    maps = stored_map(np.array([[[[0.9, 0.0], [0.0, 0.0]]]]))  # a class, and other
    labels = np.array([[[0, 0, 2, 2]] * 2 + [[0, 0, -1, -1]] * 2]).astype(np.int16)
    labels = labels.repeat(2, axis=2)  # 4 pixels a side of each of 1 x 2 cells
    photos = Photos(labels=labels, maps=maps, vectors=np.ones((1, 1)), groups=np.array(["a"]))
    assert mean_iou(photos, ("sky", "road")) == {"mean": 1.0, "sky": 1.0, "other": 1.0}
    labels[0, 0] = 2
    found = mean_iou(photos, ("sky", "road"))
    assert found["sky"] == 12 / 16
    assert found["other"] == 8 / 12


def test_true_maps_are_shares_of_pixels():
    labels = np.full((1, 4, 8), 1, dtype=np.int16)
    labels[:, :, 6:] = 2  # other
    photos = Photos(
        labels=labels,
        maps=np.zeros((1, 1, 2, 2), np.uint8),
        vectors=np.ones((1, 1)),
        groups=np.array(["a"]),
    )
    assert photos.true_maps.tolist() == [[[[0, 255], [0, 128]]]]


def test_a_painting_leaves_out_small_regions():
    rng = np.random.default_rng(0)
    label = np.zeros((56, 56), dtype=np.int16)
    label[:5, :5] = 1  # less than 3%
    sketch_of = painting(label, NAMES, rng)
    assert sketch_of is not None
    assert set(np.unique(sketch_of.cells)) <= {-1, 0}
    assert painting(np.full((56, 56), -1, dtype=np.int16), NAMES, rng) is None


def test_boxes_agree_by_intersection_by_union():
    box = np.array([0.0, 0.0, 0.4, 0.5])
    assert _agrees(box, [np.array([0.5, 0.5, 1.0, 1.0]), np.array([0.2, 0.0, 0.6, 0.5])])  # 1/3
    assert not _agrees(box, [np.array([0.25, 0.0, 0.65, 0.5])])
    assert not _agrees(box, [])
    assert _is_large(box)
    assert not _is_large(np.array([0.0, 0.0, 0.09, 1.0]))
    painted = _painted_box("car", box, (2, 2)).on_grid(("road", "car"), (2, 2))
    assert painted.tolist() == [[1, -1], [-1, -1]]


def test_made_maps_are_class_maps_and_the_same_every_time():
    one, other = (np.concatenate(list(sketch_speed.made_maps(SMALL, 1))) for _ in range(2))
    assert one.shape == (600, 6, 6, 7)
    assert (one == other).all()
    sums = one.sum(axis=-1, dtype=np.int64)
    assert 250 < sums.min() <= sums.max() <= 255
    assert (one.any(axis=(1, 2)).sum(axis=1) <= 3).all()


def test_stripes_are_painted_all_over():
    query, counts = sketch_speed.painted_query(SMALL, 4)
    assert (query.sum(axis=-1) == 255).all()
    assert counts.any(axis=(0, 1)).tolist() == [True] * 4 + [False] * 3
    maps = next(sketch_speed.made_maps(SMALL, 1))
    exact = sketch_speed.exact(query, counts, maps)
    assert exact.tolist() == squared_distances(query, counts, maps).tolist()


def test_faiss_finds_the_same_by_the_same_codes():
    pytest.importorskip("faiss")
    maps = np.concatenate(list(sketch_speed.made_maps(SMALL, 1)))
    quantizer = MapQuantizer.train(maps)
    found = sketch_speed.by_faiss(quantizer, quantizer.encode(maps), maps[0], rounds=1)
    assert found["photo_first_10_ms"] > 0  # it raises where distances differ


def test_faiss_is_passed_over_where_it_is_not_there(monkeypatch):
    monkeypatch.setattr(sketch_speed.importlib.util, "find_spec", lambda _: None)
    maps = next(sketch_speed.made_maps(SMALL, 1))
    quantizer = MapQuantizer.train(maps, n_centroids=4)
    found = sketch_speed.by_faiss(quantizer, quantizer.encode(maps), maps[0], rounds=1)
    assert "not installed" in found["skipped"]
