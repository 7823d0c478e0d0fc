"""The benchmark of the MCQI paper on a tiny made data folder, and its measures by hand."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from placelens.errors import InputError
from placelens.evaluation import Splits, content_hash
from placelens.index.m_tree import VectorTree
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import GrainedEncoder
from placelens_bench.mcqi import algorithm_1, indexes, observation, plots
from placelens_bench.mcqi.data import Asked, Grained, Photos, fine_of, read_photos, unit
from placelens_bench.mcqi.run import QUICK, SECTIONS, run

COLOURS = ("red", "green", "blue", "grey")
PARTS = ("train", "validation", "test")
PER_PART = 4


def write_pairs(folder: Path, n: int, rng: np.random.Generator) -> None:
    """Images of one colour each, their class, with a caption that names it."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for number in range(n):
        for colour in COLOURS:
            image = Image.new("RGB", (32, 32), colour)
            image.putpixel((number, 0), tuple(rng.integers(0, 255, 3).tolist()))
            name = f"images/{colour}_{number}.png"
            image.save(folder / name)
            captions = [f"a {colour} square beside number {number}", f"all is {colour}"]
            lines.append(json.dumps({"image": name, "class": colour, "captions": captions}))
    (folder / "pairs.jsonl").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    write_pairs(folder / "rsicd", len(PARTS) * PER_PART, rng)
    write_pairs(folder / "flickr8k", 12, rng)
    return folder


@pytest.fixture(scope="module")
def splits(source: Path) -> Splits:
    images = source / "rsicd" / "images"
    parts = {
        part: frozenset(
            content_hash(images / f"{colour}_{number}.png")
            for number in range(i * PER_PART, (i + 1) * PER_PART)
            for colour in COLOURS
        )
        for i, part in enumerate(PARTS)
    }
    return Splits(parts=MappingProxyType({"rsicd": MappingProxyType(parts)}))


@pytest.fixture(scope="module")
def result(
    source: Path, splits: Splits, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """All of it once; the trees are compared with the scan on the way."""
    work = tmp_path_factory.mktemp("work")
    encoder = GrainedEncoder(64)
    first = run(source, work=work, quick=True, encoder=encoder, splits=splits)
    n_passes = encoder.n_passes
    again = run(source, work=work, quick=True, encoder=encoder, splits=splits)
    assert encoder.n_passes == n_passes  # vectors are kept
    assert again["observation1"] == first["observation1"]
    return first


def random_photos(n: int = 60, dim: int = 8) -> Photos:
    rng = np.random.default_rng(3)
    sides = unit(rng.normal(size=(4 * n, dim))).reshape(4, n, dim)
    return Photos(
        images=Grained(fine=sides[0], coarse=sides[1]),
        texts=Grained(fine=sides[2], coarse=sides[3]),
    )


def test_every_section_is_there(result: dict[str, Any]) -> None:
    json.dumps(result)
    assert list(result) == list(SECTIONS)
    found = result["observation1"]
    assert found["sizes"] == list(QUICK.samples)
    assert set(found["accuracy"]) == {"0.2-0.8", "0.3-0.7", "0.4-0.6"}
    for by_limit in found["accuracy"].values():
        assert all(len(shares) == len(QUICK.samples) for shares in by_limit.values())
    for name in ("concepts", "concepts_of_texts", "vectors", "vectors_by_photos"):
        each = result["mtree"][name]
        assert each["ms"] > 0
        assert 0 < each["compared_share"] <= each["visited_share"] <= 1
        assert set(each["by_k"]) == {"1", "10", "30"}
    assert result["mtree"]["concepts"]["dim"] == len(COLOURS)


def test_figures(result: dict[str, Any], tmp_path: Path) -> None:
    if not importlib.util.find_spec("matplotlib"):
        pytest.skip("needs matplotlib")
    paths = plots.draw(result, tmp_path)
    assert [path.name for path in paths] == ["mcqi-observation1.png", "mcqi-mtree.png"]
    assert all(path.stat().st_size > 5_000 for path in paths)


def test_the_difference_is_how_far_both_granularities_disagree() -> None:
    rng = np.random.default_rng(0)
    photos, rows = random_photos(), rng.integers(60, size=(2, 40))
    fine, coarse = observation.cosines(photos, *rows)
    delta = rng.uniform(0.2, 0.8, 40)
    joined = np.sum(photos.texts.joined()[rows[0]] * photos.images.joined()[rows[1]], axis=1)
    sim = delta * fine + (1 - delta) * coarse
    found = observation.difference(fine, coarse, delta)
    np.testing.assert_allclose(found, np.abs(sim - joined), atol=1e-6)
    np.testing.assert_allclose(found, np.abs((delta - 0.5) * (fine - coarse)), atol=1e-6)


def test_the_t_test_refutes_what_is_false_and_tells_what_the_paper_prints() -> None:
    apart = np.random.default_rng(0).normal(0.03, 0.02, 500)
    found = observation.t_test(apart)
    assert found["t"] == pytest.approx((apart.mean() - 0.05) / (apart.std(ddof=1) / 500**0.5))
    assert found["critical"] == pytest.approx(stats.t.ppf(0.1, 499))
    assert (found["is_kept"], found["is_shown"]) == (True, True)
    larger = observation.t_test(apart + 0.1)
    assert (larger["is_kept"], larger["is_shown"]) == (False, False)
    # (0.021 - 0.05) / sqrt(0.00045 / 100000), which is printed as -0.63.
    assert found["printed"]["t_that_follows"] == pytest.approx(-432.3, abs=0.1)


def test_algorithm_1_is_exact_for_the_angle_of_its_tree() -> None:
    photos = random_photos(200)
    images = photos.images.joined()
    tree = VectorTree.grow(indexes.corpus_of(images), "vector", leaf=4, fanout=3)
    for query in photos.texts.joined()[:20].astype(np.float64):
        true = np.argsort(-(images @ query), kind="stable")[:7]
        in_words = set(algorithm_1.candidates(tree, query, 7, "in_words"))
        assert set(true) <= in_words <= set(algorithm_1.candidates(tree, query, 7, "printed"))


def test_only_the_weighed_query_is_exact_for_any_delta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithm_1, "DELTAS", (0.9, 1.0))
    photos = random_photos(1000)
    found = algorithm_1.shares(photos, np.arange(40), 10, np.random.default_rng(0))
    assert found["weighed_query"]["exact_share"] == 1.0
    assert found["in_words"]["exact_share"] < 1.0
    assert found["in_words"]["exact_share"] <= found["printed"]["exact_share"]
    assert found["in_words"]["recall"] <= found["printed"]["recall"] <= 1.0
    assert found["in_words"]["verified_share"] < found["printed"]["verified_share"]


def test_sim_by_hand() -> None:
    e = np.eye(2, dtype=np.float32)
    both = Grained(fine=e, coarse=e[::-1].copy())
    photos = Photos(images=both, texts=Grained(fine=e, coarse=e))
    # Caption 0 is image 0 in its fine part, and image 1 in its coarse one.
    assert algorithm_1.sim_of(photos, 0, 0.75).tolist() == [0.75, 0.25]


def test_an_index_that_differs_from_the_scan_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = random_photos().images.coarse
    search = VectorTree.search

    def without_the_best(self: VectorTree, *given: Any) -> Any:
        found, seen = search(self, *given)
        return type(found)(found.rows[1:], found.scores[1:], found.certificate), seen

    monkeypatch.setattr(VectorTree, "search", without_the_best)
    with pytest.raises(RuntimeError, match=r"mtree does not answer query 0, k = 10, as the scan"):
        indexes.compare(Asked(items=vectors, queries=vectors[:3]), ks=(10,))


def test_the_longest_parts_make_the_fine_vector() -> None:
    parts = np.array([[5, 0]] * 4 + [[0, 3], [0, 0.1]], dtype=np.float32)
    assert fine_of(parts).tolist() == pytest.approx([4 / 17**0.5, 1 / 17**0.5])
    assert fine_of(np.zeros((2, 2), dtype=np.float32)).tolist() == [0.0, 0.0]


def test_photos_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds neither flickr8k nor flickr8k_more"):
        read_photos(tmp_path, tmp_path, HashEncoder())
