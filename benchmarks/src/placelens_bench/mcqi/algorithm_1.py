"""Algorithm 1 of the paper: the nearest k by two range queries on an M-tree.

It reads the leaf nearest to the query, and its siblings until there are k items; sets r by their
angles; takes all within a second range; and orders these by SIM (Eq. 5). As printed, r is the
largest of the angles and the second range is 2 r; in the words of section 4.8 it is the k-th
smallest, and the range is r. For the angle that the tree is made of that suffices, and the answer
is exact. SIM with a delta other than a half is another order, and an item among its best may lie
beyond r. The paper's Observation 2 promises no more than a probability.

An exact answer needs neither: with parts of length 1, SIM is, but for a factor, the product of what
is indexed with the query's parts weighed by delta. The tree then bounds SIM itself.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np

from placelens.index.m_tree import VectorTree
from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.mcqi.data import Photos
from placelens_bench.mcqi.indexes import corpus_of, task_of

Form = Literal["printed", "in_words"]
DELTAS = (0.2, 0.8)
# Scores that differ by less are equal: the vectors are float32.
TIE = 1e-6
# So that the item whose angle r is lies within it, in radians.
ROUNDING = 1e-6


def candidates(tree: VectorTree, query: Float64Array, k: int, form: Form) -> Int64Array:
    """Rows that are verified: lines 1 to 5 of the algorithm.

    Parameters
    ----------
    tree
        Bound to the corpus it was grown over.
    query
        A unit vector, (dim,).
    form
        See the module.
    """
    first, _ = tree.closest(query, k)
    vectors = tree.balls.vectors[np.isin(tree.slots.row, first)].astype(np.float64)
    angles = np.sort(np.arccos(np.clip(vectors @ query, -1.0, 1.0)))
    angle = 2.0 * angles[-1] if form == "printed" else angles[min(k, len(angles)) - 1] + ROUNDING
    rows, _ = tree.within(query, min(math.pi, float(angle)))
    return rows


def shares(photos: Photos, asked: Int64Array, k: int, rng: np.random.Generator) -> dict[str, Any]:
    """How often the best k by SIM are found, and what share of all items is verified for it.

    Parameters
    ----------
    photos
        Images to search by captions.
    asked
        Rows of the captions that ask, each with a delta drawn from `DELTAS`.

    Returns
    -------
    dict
        For the forms of the algorithm and ``weighed_query``, a search of the tree with the query's
        parts weighed: ``exact_share``, ``recall`` and ``verified_share``, means over the queries.
    """
    images = photos.images.joined()
    tree = VectorTree.grow(corpus_of(images), "vector")
    found: dict[str, list[tuple[float, float, float]]] = {}
    for row in asked.tolist():
        delta = float(rng.uniform(*DELTAS))
        sims = sim_of(photos, row, delta)
        query = photos.texts.joined()[row].astype(np.float64)
        for form in get_args(Form):
            rows = candidates(tree, query, k, form)
            found.setdefault(form, []).append(_judged(sims, rows, k, len(rows)))
        weighed = photos.texts.joined(delta)[row]
        task = task_of(weighed, k)
        top, seen = tree.search("sphere", task, (task.meaning or {})["vector"], task.threshold)
        found.setdefault("weighed_query", []).append(_judged(sims, top.rows, k, seen.n_items))
    return {
        name: dict(
            zip(
                ("exact_share", "recall", "verified_share"),
                np.mean(each, axis=0).tolist(),
                strict=True,
            )
        )
        for name, each in found.items()
    } | {"n_queries": len(asked), "k": k, "deltas": list(DELTAS)}


def sim_of(photos: Photos, text: int, delta: float) -> Float64Array:
    """SIM of a caption with all images, (n,): Eq. 5."""

    def cosines(text: Float32Array, images: Float32Array) -> Float64Array:
        return np.asarray(images.astype(np.float64) @ text.astype(np.float64))

    fine = cosines(photos.texts.fine[text], photos.images.fine)
    return delta * fine + (1.0 - delta) * cosines(photos.texts.coarse[text], photos.images.coarse)


def _judged(
    sims: Float64Array, rows: Int64Array, k: int, n_verified: int
) -> tuple[float, float, float]:
    """Whether the best k by SIM of some rows are the best of all, their recall, and the share that
    was looked at."""
    k = min(k, len(sims))
    least = np.partition(sims, len(sims) - k)[len(sims) - k]
    n_best = min(int(np.count_nonzero(sims[rows] >= least - TIE)), k)
    return float(n_best == k), n_best / k, n_verified / len(sims)
