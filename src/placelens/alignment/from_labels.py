"""Concepts from a user's own labels: CoSMat over the vectors that an encoder gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold, train_test_split
from threadpoolctl import threadpool_limits

from placelens.alignment.concepts import concepts_of
from placelens.alignment.cosmat import CoSMat
from placelens.encoders.base import Calibration
from placelens.encoders.concept_map import ConceptMap
from placelens.errors import InputError
from placelens.evaluation import mean_average_precision
from placelens.evaluation.calibration import fit_calibration
from placelens.types import BoolArray, FeatureName, Float32Array, Float64Array, Int64Array

# Fewer items of a label than this say more about themselves than about it.
FEWEST = 5
# More are sampled, each label in its share: the concepts hardly change, and take seconds.
MOST = 20_000
N_FOLDS = 5
# From here on a fifth, held out once, measures well enough.
ONE_FOLD_FROM = 500
# Items that ask each other when concepts are measured.
MOST_ASKED = 2_000
SEED = 20261123

Pair = tuple[FeatureName, FeatureName]
VIEWS: tuple[FeatureName, FeatureName] = ("image", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledVectors:
    """Items' vectors, each view's (n, d), whether an item has it, (n,), and n labels or None.

    Both views' vectors are of one space, as an encoder gives them. What an item has not may hold
    anything.
    """

    images: Float32Array
    texts: Float32Array
    has_image: BoolArray
    has_text: BoolArray
    labels: Sequence[str | None]

    def rows(self, chosen: Int64Array) -> LabelledVectors:
        """Some of the items."""
        return LabelledVectors(
            images=self.images[chosen],
            texts=self.texts[chosen],
            has_image=self.has_image[chosen],
            has_text=self.has_text[chosen],
            labels=[self.labels[row] for row in chosen.tolist()],
        )

    def views(self) -> tuple[Float32Array, Float32Array]:
        """Both views with no gap: where an item lacks one, its other vector stands in."""
        return (
            np.where(self.has_image[:, None], self.images, self.texts),
            np.where(self.has_text[:, None], self.texts, self.images),
        )

    def has(self, view: FeatureName) -> BoolArray:
        """Which items have a vector of a view."""
        return self.has_image if view == "image" else self.has_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptFit:
    """Concepts learnt from labels, and how well they do on items that they were not learnt from.

    Attributes
    ----------
    concepts : what was learnt, from all items of ``labels``.
    calibrations : by (query modality, item modality): the probability that two items carry the
        same label, one that does against one that does not.
    labels : how many items were learnt from, by label.
    left_out : how many items had labels too rare to be learnt, by label.
    n_measured : items that were held out to measure.
    maps : by (query modality, item modality), MAP in percent of ("concepts", "vectors"): every
        measured item asks the others, and those of its label are relevant.
    """

    concepts: ConceptMap
    calibrations: Mapping[Pair, Calibration]
    labels: Mapping[str, int]
    left_out: Mapping[str, int]
    n_measured: int
    maps: Mapping[Pair, Mapping[str, float]]


def fit_concepts(
    data: LabelledVectors,
    *,
    n_components: int | None = None,
    regularization: float = 1.0,
    C: float = 0.1,
) -> ConceptFit:
    """Learn concepts with ``CoSMat`` from an encoder's vectors and labels.

    An item with an image and a text is a pair. One that has only one of them pairs it with itself,
    as its encoder puts both in one space; words then reach the concepts as far as that space
    carries them. The settings are fixed (chosen on RSICD's validation part), so what is measured
    on held-out items is not what they were chosen by.

    Parameters
    ----------
    data
        n items. Without a label they are passed over, and so are labels of fewer than 5 items;
        from more than 20,000 a sample is taken, each label in its share.
    n_components, regularization, C
        Of ``CoSMat``. By default there are as many components as a tenth of the items, at most 100,
        or one fewer than the labels where that is more: with more, few items all correlate with
        themselves and no other.

    Raises
    ------
    InputError
        If fewer than two labels are left, or the vectors do not tell them apart at all.
    """
    chosen, left_out = _learnable(data)
    data = data.rows(chosen)
    labels = np.array([str(label) for label in data.labels])
    images, texts = data.views()
    names, counts = np.unique(labels, return_counts=True)
    if n_components is None:
        n_components = max(min(len(labels) // 10, 100), len(names) - 1)
    kept_components = min(n_components, images.shape[1])

    def fitted(rows: Int64Array) -> CoSMat:
        estimator = CoSMat(
            kept_components,
            regularization=regularization,
            C=C,
            random_state=SEED,
        )
        # The matrices are small: threads of BLAS wait for each other, on a busy machine for long.
        with threadpool_limits(limits=1, user_api="blas"):
            return estimator.fit(images[rows], texts[rows], labels[rows])

    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED).split(images, labels))
    if len(labels) > ONE_FOLD_FROM:
        folds = folds[:1]
    held = np.concatenate([held for _, held in folds])
    asked = np.random.default_rng(SEED).permutation(len(held))[:MOST_ASKED]
    # Folds may be mixed: a component is the same label in all of them.
    parts = [(fitted(kept), rows) for kept, rows in folds]
    embedded: dict[FeatureName, Float64Array] = {
        "image": np.concatenate([model.embed_image(images[rows]) for model, rows in parts])[asked],
        "text": np.concatenate([model.embed_text(texts[rows]) for model, rows in parts])[asked],
    }
    measured = data.rows(held[asked])
    return ConceptFit(
        concepts=concepts_of(fitted(np.arange(len(labels)))),
        calibrations=_calibrations(embedded, labels[held[asked]]),
        labels=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        left_out=left_out,
        n_measured=len(asked),
        maps=_maps(embedded, measured),
    )


def _learnable(data: LabelledVectors) -> tuple[Int64Array, dict[str, int]]:
    """Rows to learn from, at most `MOST`; and the labels that are too rare."""
    usable = [
        row
        for row, label in enumerate(data.labels)
        if label is not None and (data.has_image[row] or data.has_text[row])
    ]
    counts = Counter(str(data.labels[row]) for row in usable)
    rare = {label: n for label, n in counts.items() if n < FEWEST}
    if len(counts) - len(rare) < 2:
        raise InputError(
            f"concepts need two labels or more of {FEWEST} items each; of {len(data.labels):,} "
            f"items {len(usable):,} carry a label, with {len(counts):,} different ones, "
            f"{len(rare):,} of them rarer than that"
        )
    rows = np.array([row for row in usable if str(data.labels[row]) not in rare], dtype=np.int64)
    if len(rows) > MOST:
        labels = [str(data.labels[row]) for row in rows]
        rows, _ = train_test_split(rows, train_size=MOST, stratify=labels, random_state=SEED)
        kept = Counter(str(data.labels[row]) for row in rows)
        rows = np.array([row for row in rows if kept[str(data.labels[row])] >= FEWEST])
    return np.sort(rows), rare


def _calibrations(
    embedded: Mapping[FeatureName, Float64Array], labels: np.ndarray
) -> dict[Pair, Calibration]:
    """For each pair of views, from all pairs of different items."""
    same = np.equal.outer(labels, labels)
    others = ~np.eye(len(labels), dtype=np.bool_)
    found: dict[Pair, Calibration] = {}
    for query in VIEWS:
        for item in VIEWS:
            cosines = embedded[query] @ embedded[item].T
            try:
                found[query, item] = fit_calibration(
                    [cosines[same & others]], [cosines[~same & others]]
                )
            except InputError as error:
                raise InputError(
                    "the vectors do not tell these labels apart: items of one label are no closer "
                    "than others; give a label that images or texts show"
                ) from error
    return found


def _maps(
    embedded: Mapping[FeatureName, Float64Array], data: LabelledVectors
) -> dict[Pair, Mapping[str, float]]:
    """MAP in percent for each pair of views that items have."""
    labels = np.array(data.labels)
    dense: dict[FeatureName, Float32Array] = {"image": data.images, "text": data.texts}
    found: dict[Pair, Mapping[str, float]] = {}
    for query in VIEWS:
        for item in VIEWS:
            asking, asked = np.flatnonzero(data.has(query)), np.flatnonzero(data.has(item))
            relevant = np.equal.outer(labels[asking], labels[asked])
            itself = np.equal.outer(asking, asked)
            relevant &= ~itself
            answerable = relevant.any(axis=1)
            if not answerable.any():
                continue
            values = {}
            for name, vectors in (("concepts", embedded), ("vectors", dense)):
                cosines = np.asarray(
                    vectors[query][asking] @ vectors[item][asked].T, dtype=np.float64
                )
                cosines[itself] = -2.0  # last, below all cosines
                values[name] = mean_average_precision(cosines[answerable], relevant[answerable])
            found[query, item] = values
    return found
