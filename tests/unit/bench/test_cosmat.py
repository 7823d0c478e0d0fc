"""The Wikipedia benchmark's measures, by hand, and what it says of a folder without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placelens.bench import cosmat
from placelens.errors import ReadError


def test_both_ways_ask_rows_and_columns() -> None:
    classes = np.array([0, 0, 1])
    # Images 0 and 1 find their class first; image 2 finds its text last.
    scores = np.array([[0.9, 0.8, 0.1], [0.7, 0.9, 0.2], [0.9, 0.8, 0.1]])
    found = cosmat.both_ways(scores, classes)
    assert found["i2t"] == pytest.approx(100 * (1 + 1 + 1 / 3) / 3)
    # Text 2 finds image 1, which is not its own, before image 2 or image 0, which are equal.
    assert found["mean"] == pytest.approx((found["i2t"] + found["t2i"]) / 2)
    assert found["t2i"] == pytest.approx(cosmat.both_ways(scores.T, classes)["i2t"])


def test_confusion_counts_the_first_results() -> None:
    classes = np.repeat([0, 1], 30)
    own = np.equal.outer(classes, classes).astype(np.float64)
    assert cosmat.confusion(own, classes) == [[1.0, 0.0], [0.0, 1.0]]
    assert cosmat.confusion(-own, classes) == [[0.0, 1.0], [1.0, 0.0]]


def test_precision_is_the_best_at_this_recall_or_a_higher_one() -> None:
    # One query class of two relevant at ranks 1 and 4 of 4 (and a class of two others).
    scores = np.array([[4.0, 1.0, 3.0, 2.0]] * 4)
    classes = np.array([0, 0, 1, 1])
    found = cosmat.precision_at_recalls(scores, classes)
    # Class 0: precision 1 at rank 1, 1/2 at rank 4. Class 1: ranks 2 and 3, so 2/3 throughout.
    assert found[:6] == pytest.approx([(1 + 2 / 3) / 2] * 6)
    assert found[6:] == pytest.approx([(1 / 2 + 2 / 3) / 2] * 5)


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"raw_features\.mat cannot be read"):
        cosmat.run(tmp_path)


def test_roots_and_grids() -> None:
    views = cosmat.Views(
        images=np.full((2, 1), 4.0), texts=np.full((2, 1), 9.0), classes=np.arange(2)
    )
    assert (views.roots().images[0, 0], views.roots().texts[0, 0]) == (2.0, 3.0)
    for method in cosmat.METHODS.values():
        settings = list(method.settings())
        assert len(settings) == 2 * np.prod([len(values) for values in method.grid.values()])
        assert len({str(each) for each in settings}) == len(settings)
