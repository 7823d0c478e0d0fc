"""How good the answers are: precision at ten and confusion by class, MAP, and recall of the pairs.

Items and queries are those of the test part, at real places. Every line of a figure has the same
index here: which one it is does not change an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from placelens.evaluation import recalls
from placelens.evaluation.ranks import Captions
from placelens.index.gmr_tree import GMRTree
from placelens.types import Float64Array, Int64Array
from placelens_bench.engine.data import SEED
from placelens_bench.engine.workloads import K, task_of
from placelens_bench.paper_000.data import Scenes
from placelens_bench.paper_000.spaces import LearntSpace, map_both_ways
from placelens_bench.paper_000.speed import LINEAR, MEANING, Items, queries_at

WAYS = ("i2t", "t2i")
WEIGHTS = {"mu05": LINEAR, "mu0": MEANING}


def judge(
    spaces: Mapping[str, LearntSpace], scenes: Scenes, places: Float64Array
) -> dict[str, Any]:
    """By direction and weight of place: each space's precision in percent, and its confusion.

    Parameters
    ----------
    scenes
        The test part: its images ask for its captions ("i2t"), and the other way round.
    places
        (n, 2) in degrees, from which the items' places are drawn.
    """
    images = {name: space.images(scenes.images) for name, space in spaces.items()}
    texts = {name: space.texts(scenes.captions) for name, space in spaces.items()}
    sides = {
        "i2t": (images, scenes.classes, texts, scenes.caption_classes),
        "t2i": (texts, scenes.caption_classes, images, scenes.classes),
    }
    out: dict[str, Any] = {}
    for number, (way, (asking, asked_classes, asked_of, classes)) in enumerate(sides.items()):
        rng = np.random.default_rng([SEED, 30, number])
        items = Items(asked_of, places[rng.integers(len(places), size=len(classes))])
        queries = queries_at(asking, items.places, rng)
        out[way] = {weight: {} for weight in WEIGHTS}
        for name in spaces:
            tree = GMRTree(items.corpus(name))
            for weight, workload in WEIGHTS.items():
                tasks = [task_of(workload, query) for query in queries[name]]
                rows = [found.rows for found in tree.top_k_batch(tasks)]
                out[way][weight][name] = by_class(asked_classes, classes, rows)
    return out


def by_class(
    asked: Int64Array, classes: Int64Array, answers: Sequence[Int64Array]
) -> dict[str, Any]:
    """Precision in percent, and the shares of classes among the answers to each class.

    Parameters
    ----------
    asked
        (q,) classes of the queries.
    classes
        (n,) of the items.
    answers
        For each query, rows of items.

    Returns
    -------
    dict
        ``precision`` is the mean share of answers of the query's class, ``confusion`` (c, c) has
        a row for each class asked, which sums to 1; a row of zeros where none was.
    """
    n_classes = int(max(asked.max(), classes.max())) + 1
    counts = np.zeros((n_classes, n_classes))
    shares = []
    for wanted, rows in zip(asked, answers, strict=True):
        np.add.at(counts[wanted], classes[rows], 1.0)
        shares.append(np.mean(classes[rows] == wanted))
    confusion = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return {"precision": 100.0 * float(np.mean(shares)), "confusion": confusion.tolist(), "k": K}


def retrieval(spaces: Mapping[str, LearntSpace], scenes: Scenes) -> dict[str, Any]:
    """Meaning alone over whole rankings: MAP by class, and recall of each image's own captions.

    Both in percent; ``mR`` is the mean of the recalls at 1, 5 and 10 of both directions.
    """
    captions = Captions.of(scenes.texts_of)
    rows: dict[str, int] = {}
    for row, text in enumerate(text for texts in scenes.texts_of for text in texts):
        rows.setdefault(text, row)
    unique = np.array([rows[text] for text in captions.texts])
    out = {}
    for name, space in spaces.items():
        scores = space.images(scenes.images) @ space.texts(scenes.captions[unique]).T
        out[name] = {"map": map_both_ways(space, scenes), "mR": recalls(scores, captions)["mR"]}
    return out
