"""The MCQI paper's model: what needs no torch, by hand and on a tiny made data set."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from placelens.errors import InputError, MissingExtraError
from placelens.evaluation import Splits
from placelens.evaluation.ranks import Captions
from placelens.types import ImageSpec
from placelens_bench.mcqi.model.judge import Judge, chance, figures
from placelens_bench.mcqi.model.kernel_cca import KernelCCA
from placelens_bench.mcqi.model.material import PHRASES, Material, read_material, unit
from placelens_bench.mcqi.model.measure import mixed
from placelens_bench.mcqi.model.precision import average_precisions
from placelens_bench.mcqi.model.regions import cell_boxes, pooled, windows
from placelens_bench.mcqi.model.relevance import caption_rows, labels_of, relevant_images
from placelens_bench.mcqi.model.rivals import best_rival, weighed
from placelens_bench.mcqi.model.sentences import MARKS, Said, Vocabulary, tuples
from placelens_bench.mcqi.run import run

DIM = 12


def material(
    texts_of: list[list[str]], grid: np.ndarray | None = None, *, fit: str = "squash"
) -> Material:
    """Random vectors of images of 70 x 140 pixels and their captions."""
    rng = np.random.default_rng(0)
    captions = Captions.of(texts_of)
    m = len(captions.texts)
    return Material(
        names=tuple(f"{row}.jpg" for row in range(len(texts_of))),
        sizes=np.array([(70, 140)] * len(texts_of)),
        grid=(rng.normal(size=(len(texts_of), 7, 7, DIM)) if grid is None else grid).astype(
            np.float16
        ),
        texts_of=tuple(map(tuple, texts_of)),
        captions=captions,
        vectors=unit(rng.normal(size=(m, DIM))),
        phrases=unit(rng.normal(size=(m, PHRASES, DIM))),
        spec=ImageSpec(size=28, fit=fit),
    )


def slow_precision(relevant: list[bool], k: int) -> float:
    """The sum of p_i rel_i over the first k, as Eq. 12 says it."""
    total = 0.0
    for i in range(1, min(k, len(relevant)) + 1):
        if relevant[i - 1]:
            total += sum(relevant[:i]) / i
    return total


def test_ap_by_hand() -> None:
    scores = [[6, 5, 4, 3, 2, 1]]
    relevant = [[False, True, True, False, False, True]]
    # Of the first 3: (1/2 + 2/3) over min(3, 3) and over 3.
    for found in average_precisions(scores, relevant, k=3):
        assert found.tolist() == pytest.approx([(1 / 2 + 2 / 3) / 3])
    # Of the first 2: 1/2, over min(3, 2) = 2 and over 3.
    least, printed = average_precisions(scores, relevant, k=2)
    assert (least[0], printed[0]) == pytest.approx((1 / 4, 1 / 6))
    # A perfect ranking of 3 relevant ones is 1 with the least, 2/3 as printed.
    least, printed = average_precisions(scores, [[True, True, True, False, False, False]], k=2)
    assert (least[0], printed[0]) == pytest.approx((1, 2 / 3))


def test_ap_of_ties_is_the_mean_over_their_orders() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 3, (4, 9)).astype(float)
    relevant = rng.random((4, 9)) < 0.4
    relevant[:, 0] = True
    found = average_precisions(scores, relevant, k=5)[1] * relevant.sum(axis=1)
    for row in range(4):
        orders = [np.lexsort((rng.random(9), -scores[row])) for _ in range(6000)]
        mean = np.mean([slow_precision(relevant[row][order].tolist(), 5) for order in orders])
        assert found[row] == pytest.approx(mean, abs=0.03)


def test_a_query_without_an_answer_is_named() -> None:
    with pytest.raises(InputError, match="query 0 has no relevant result"):
        average_precisions([[1.0, 2.0]], [[False, False]])


def test_labels_are_the_words_of_the_highest_tf_idf() -> None:
    learnt = [["a dog on grass"], ["a dog in snow"], ["a cat on grass"], ["a cat in snow"]]
    labels = labels_of(learnt, [["a dog"], ["the dog, the dog in snow"], ["a zebra"]], least=2)
    # cat, dog, grass, snow: "zebra" is none that is known.
    assert labels.tolist() == [
        [False, True, False, False],
        [False, True, False, True],
        [False] * 4,
    ]
    one = labels_of(learnt, [["the dog, the dog in snow"]], keywords=1, least=2)
    assert one.tolist() == [[False, True, False, False]]
    # The third has no label, and is still what its own captions ask for.
    assert relevant_images(labels).tolist() == [
        [True, True, False],
        [True, True, False],
        [False, False, True],
    ]


def test_captions_count_as_often_as_they_occur() -> None:
    images, texts = caption_rows(Captions.of([["a", "a"], ["b", "a"]]))
    assert images.tolist() == [0, 0, 1, 1]
    assert sorted(zip(images, texts, strict=True)) == [(0, 0), (0, 0), (1, 0), (1, 1)]


def test_the_judge_on_two_images() -> None:
    given = material([["a dog"], ["a cat"]])
    judge = Judge.of(given, np.eye(2, dtype=np.bool_))
    right = judge(np.array([[0.9, 0.1], [0.2, 0.8]], dtype=np.float32))
    wrong = judge(np.array([[0.1, 0.9], [0.8, 0.2]], dtype=np.float32))
    assert (right.value, wrong.value) == (100.0, 50.0)
    assert chance(judge) == pytest.approx(75.0)  # first or second: (1 + 1/2) / 2
    assert judge.gain(wrong, right, seed=0)["map30"] == [50.0, 50.0]
    told = figures({"lite": wrong, "both": right}, judge, beside=("lite",), seed=0)
    assert told["both"]["map30"] == {"t2i": 100.0, "i2t": 100.0, "mean": 100.0}
    assert told["both"]["text_to_image"]["R@1"] == 100.0
    assert told["both"]["gain_over"]["lite"]["map30"] == [50.0, 50.0]
    assert told["lite"]["gain_over"] == {}


def test_regions_are_windows_of_cells() -> None:
    cells = windows(7, 7)
    assert cells.reshape(10, -1).sum(axis=1).tolist() == [9] * 9 + [49]
    grid = np.zeros((1, 7, 7, 2))
    grid[0, 0, 0, 0] = grid[0, 6, 6, 1] = 1.0
    found = pooled(grid)[0]
    assert found[0].tolist() == [1.0, 0.0]
    assert found[4].tolist() == [0.0, 0.0]
    assert found[8].tolist() == [0.0, 1.0]
    assert found[9].tolist() == pytest.approx([0.5**0.5] * 2)


def test_tuples_hold_boxes_in_pixels_of_the_original() -> None:
    given = material([["a dog"]])
    weights = np.zeros((1, 49), dtype=np.float32)
    weights[0, 8] = 0.99  # second row, second column; 10 pixels wide and 20 high
    weights[0, 9] = 0.01  # less than an even share
    rows = list(tuples(given, [Said(("dog",), weights)]))
    assert rows == [
        {
            "word": "dog",
            "position": 0,
            "image": "0.jpg",
            "weight": 0.99,
            "box": [10, 20, 20, 40],
            "centre": [15.0, 30.0],
        }
    ]
    # Of the middle square of 70 pixels, which starts 35 pixels down.
    assert cell_boxes(material([["a dog"]], fit="crop"), 0)[8].tolist() == [10, 45, 20, 55]


def test_sentences_end_at_their_end() -> None:
    words = Vocabulary((*MARKS, "a", "dog"))
    weights = np.arange(8, dtype=np.float32).reshape(4, 2)
    said = Said.of(words, np.array([4, 5, 2, 4]), weights)
    assert said.words == ("a", "dog")
    assert said.weights.tolist() == weights[:2].tolist()
    assert Said.of(words, np.array([2, 4]), weights[:2]).text == "nothing"
    assert Said.of(words, np.array([4, 4]), weights[:2]).text == "a a"


def test_kernel_cca_sees_what_is_not_linear() -> None:
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 400), rng.uniform(0.5, 1.5, 400)
    images = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    texts = np.stack([radius + rng.normal(0, 0.01, 400), rng.normal(size=400)], axis=1)
    made = KernelCCA(1, width=0.5, regularization=1e-4, n_landmarks=100).fit(
        images[:300], texts[:300]
    )
    one = made.transform_image(images[300:])[:, 0]
    other = made.transform_text(texts[300:])[:, 0]
    assert abs(np.corrcoef(one, other)[0, 1]) > 0.9
    linear = np.corrcoef(images[300:, 0], texts[300:, 0])[0, 1]
    assert abs(linear) < 0.3


def test_kernel_cca_of_all_rows_is_the_dual_solution() -> None:
    """Correlations of regularised KCCA: eigenvalues with centred kernels (Hardoon et al. 2004)."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=(40, 2))
    views = [common @ rng.normal(size=(2, 3)) + 0.1 * rng.normal(size=(40, 3)) for _ in range(2)]
    made = KernelCCA(3, width=1.0, regularization=0.1, n_landmarks=40).fit(*views)
    inner = []
    for X in views:
        squared = ((X[:, None] - X[None]) ** 2).sum(axis=2)
        kernel = np.exp(-squared / squared.mean())
        centre = np.eye(40) - 1 / 40
        kernel = centre @ kernel @ centre
        # Of C + r tr(C) / m with C = K / (n - 1) on its own span: K (K + (n - 1) ridge)^-1.
        ridge = 0.1 * np.trace(kernel) / 39 / 40
        inner.append(kernel @ np.linalg.inv(kernel + 39 * ridge * np.eye(40)))
    expected = np.sqrt(np.sort(np.linalg.eigvals(inner[0] @ inner[1]).real)[::-1][:3])
    np.testing.assert_allclose(made.correlations_, expected, rtol=1e-4)


def test_rivals_take_what_is_best_on_the_validation_part() -> None:
    parts = [material([[f"number {row + 20 * part}"] for row in range(20)]) for part in range(2)]
    seen: list[float] = []

    def judge(scores: np.ndarray) -> float:
        assert scores.shape == (20, 20)
        seen.append(float(len(seen) == 2))
        return seen[-1]

    rival, value = best_rival("cca", *parts, judge, ridges=(0.1, 0.01))
    assert (value, len(seen)) == (1.0, 6)
    assert rival.settings == {"regularization": 0.1, "n_components": DIM, "power": 4}
    assert rival.scores(parts[1]).shape == (20, 20)
    kernel, _ = best_rival("kcca", *parts, judge, ridges=(0.1,))
    assert set(kernel.settings) == {"regularization", "width", "n_components", "power"}


def test_directions_count_by_their_correlation() -> None:
    one = np.array([[1.0, 1.0]])
    settings = {"n_components": 2, "power": 1}
    found = weighed(one, np.array([[1.0, -1.0]]), np.array([0.8, 0.6]), settings)
    assert found[0, 0] == pytest.approx(0.64 - 0.36)


def test_sim_is_a_mixture() -> None:
    both = mixed(np.float32([[1.0]]), np.float32([[0.0]]), 0.25)
    assert both.tolist() == [[0.25]]


def test_a_data_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data set 'coco'; there are: flickr8k, rsicd"):
        read_material(
            tmp_path, tmp_path, None, "coco", splits=Splits.load(), most=None, seed=0  # type: ignore[arg-type]
        )  # fmt: skip


def test_training_without_torch_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"the paper's model needs .*\[train\]"):
        run(tmp_path, train=True)
