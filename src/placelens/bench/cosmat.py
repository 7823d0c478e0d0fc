"""CoSMat and its rivals on the Wikipedia benchmark of Rasiwasia et al. (ACM MM 2010).

2,173 pairs to learn from, 693 to ask with and to ask for; what shares the query's category is
relevant. Images are 128 visual words (SIFT), texts 10 topics (LDA), both as shares. Every method's
settings, and whether shares enter as they are or as square roots (Hellinger), are chosen by
stratified cross-validation inside the 2,173; the 693 are looked at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.alignment import (
    CanonicalCorrelation,
    CoSMat,
    GeneralizedMultiviewAnalysis,
    SemanticMatching,
    TwoViewEstimator,
)
from placelens.errors import ReadError
from placelens.evaluation import mean_average_precision
from placelens.types import Float64Array, Int64Array

WIKIPEDIA = "wikipedia_crossmodal"
CATEGORIES = (
    "art",
    "biology",
    "geography",
    "history",
    "literature",
    "media",
    "music",
    "royalty",
    "sport",
    "warfare",
)
N_FOLDS = 5
SEED = 20261123
# Results whose categories the confusion counts.
N_CONFUSED = 20
# Rasiwasia et al., tables 2 and 3: MAP in percent, image to text and text to image.
PUBLISHED: Mapping[str, tuple[float, float]] = {
    "random": (11.8, 11.8),
    "CM": (24.9, 19.6),
    "SM": (22.5, 22.3),
    "SCM": (27.7, 22.6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Pairs of images and texts with their categories.

    Attributes
    ----------
    images : (n, p).
    texts : (n, q).
    classes : (n,) numbers from 0.
    """

    images: Float64Array
    texts: Float64Array
    classes: Int64Array

    def rows(self, chosen: np.ndarray) -> Views:
        """Some of the pairs."""
        return Views(
            images=self.images[chosen], texts=self.texts[chosen], classes=self.classes[chosen]
        )

    def roots(self) -> Views:
        """With the square roots of the features."""
        return Views(images=np.sqrt(self.images), texts=np.sqrt(self.texts), classes=self.classes)


Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """An estimator and the settings that cross-validation chooses from."""

    make: Callable[..., TwoViewEstimator]
    grid: Mapping[str, Sequence[Any]]

    def settings(self) -> Iterator[dict[str, Any]]:
        """Every combination; ``roots`` says how features enter."""
        names = ["roots", *self.grid]
        for values in itertools.product((False, True), *self.grid.values()):
            yield dict(zip(names, values, strict=True))


def _lda(**settings: Any) -> TwoViewEstimator:
    return GeneralizedMultiviewAnalysis("lda", **settings)


def _mfa(**settings: Any) -> TwoViewEstimator:
    return GeneralizedMultiviewAnalysis("mfa", **settings)


# Wide enough that no method's choice lies on an edge, but for what the number of topics allows.
_COMPONENTS = (4, 6, 8, 9, 10)
_RIDGES = (0.1, 1.0, 10.0)
_GMA = {"n_components": (4, 6, 9, 12), "alpha": (1.0, 10.0, 100.0), "regularization": _RIDGES}
METHODS: Mapping[str, Method] = {
    "CM": Method(CanonicalCorrelation, {"n_components": _COMPONENTS, "regularization": _RIDGES}),
    "SM": Method(SemanticMatching, {"C": (0.001, 0.01, 0.1, 1.0), "centre": (False, True)}),
    "SCM": Method(
        CoSMat,
        {
            "n_components": _COMPONENTS[2:],
            "regularization": _RIDGES,
            "C": (0.1, 1.0, 10.0),
            "centre": (False, True),
        },
    ),
    "GMLDA": Method(_lda, _GMA),
    "GMMFA": Method(_mfa, _GMA),
}


def run(data: Path, *, quick: bool = False) -> dict[str, Any]:
    """MAP of each method in percent, with what cross-validation chose.

    Parameters
    ----------
    data
        Folder that holds wikipedia_crossmodal.
    quick
        Two settings a method, to try it out.

    Raises
    ------
    ReadError
        If the data set is not there, or not what it should be.
    """
    train, test = read_wikipedia(data / WIKIPEDIA)
    rng = np.random.default_rng(SEED)
    scores = rng.random((len(test.classes), len(test.classes)))
    out: dict[str, Any] = {
        "data": WIKIPEDIA,
        "n_train": len(train.classes),
        "n_test": len(test.classes),
        "categories": list(CATEGORIES),
        "methods": {
            "random": {**both_ways(scores, test.classes), "published": _published("random")}
        },
    }
    for name, method in METHODS.items():
        settings = list(method.settings())
        chosen, validated = choose(
            method, settings[:: len(settings) - 1] if quick else settings, train
        )
        scores = _scores(method, chosen, train, test)
        out["methods"][name] = {
            **both_ways(scores, test.classes),
            "published": _published(name),
            "validation_mean": validated,
            "settings": chosen,
            "confusion_i2t": confusion(scores, test.classes),
            "confusion_t2i": confusion(scores.T, test.classes),
            "precision_i2t": precision_at_recalls(scores, test.classes),
            "precision_t2i": precision_at_recalls(scores.T, test.classes),
        }
    return out


def read_wikipedia(folder: Path) -> tuple[Views, Views]:
    """The benchmark's pairs to learn from and to ask with.

    Parameters
    ----------
    folder
        Holds ``raw_features.mat`` and the lists of training and test pairs.

    Raises
    ------
    ReadError
        If a file is missing, or its arrays do not fit the lists.
    """
    from scipy.io import loadmat

    path = folder / "raw_features.mat"
    try:
        arrays = loadmat(path)
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{path} cannot be read ({error}); it is the benchmark's own file"
        ) from error
    parts = []
    for suffix, name in (("tr", "trainset"), ("te", "testset")):
        table = folder / f"{name}_txt_img_cat.list"
        if not table.is_file():
            raise ReadError(f"{table} does not exist")
        lines = [
            line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line
        ]
        classes = np.array([int(line[2]) - 1 for line in lines])
        try:
            images, texts = arrays[f"I_{suffix}"], arrays[f"T_{suffix}"]
        except KeyError as error:
            raise ReadError(f"{path} holds no array {error}") from error
        if not len(images) == len(texts) == len(classes):
            raise ReadError(
                f"{path} holds {len(images)} images and {len(texts)} texts, {table} "
                f"{len(classes)} lines"
            )
        parts.append(Views(images=images, texts=texts, classes=classes))
    return parts[0], parts[1]


def choose(
    method: Method, settings: Sequence[dict[str, Any]], train: Views
) -> tuple[dict[str, Any], float]:
    """The settings of the best mean MAP over the folds, and that mean in percent."""
    from sklearn.model_selection import StratifiedKFold

    folds = list(
        StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED).split(train.images, train.classes)
    )
    means = []
    for given in settings:
        found = [
            both_ways(
                _scores(method, given, train.rows(kept), train.rows(held)), train.classes[held]
            )["mean"]
            for kept, held in folds
        ]
        means.append(float(np.mean(found)))
    best = int(np.argmax(means))
    return settings[best], means[best]


def both_ways(scores: Float64Array, classes: Int64Array) -> dict[str, float]:
    """MAP of images asked of texts, of texts asked of images, and their mean; percent.

    Parameters
    ----------
    scores
        (n images, n texts); pair i is image i and text i.
    classes
        (n,) of the pairs.
    """
    relevant = np.equal.outer(classes, classes)
    i2t, t2i = mean_average_precision(scores, relevant), mean_average_precision(scores.T, relevant)
    return {"i2t": i2t, "t2i": t2i, "mean": (i2t + t2i) / 2}


def confusion(scores: Float64Array, classes: Int64Array) -> list[list[float]]:
    """Shares of each class among the first results of queries of each class, rows summing to 1."""
    n_classes = int(classes.max()) + 1
    first = np.argsort(-scores, axis=1, kind="stable")[:, :N_CONFUSED]
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (np.repeat(classes, first.shape[1]), classes[first.ravel()]), 1)
    shares: list[list[float]] = (counts / counts.sum(axis=1, keepdims=True)).tolist()
    return shares


def precision_at_recalls(scores: Float64Array, classes: Int64Array) -> list[float]:
    """Interpolated precision at recall 0, 0.1, ... 1, a mean over the queries."""
    relevant = np.equal.outer(classes, classes)
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1).cumsum(axis=1)
    precision = hits / np.arange(1, hits.shape[1] + 1)
    # The best precision at this recall or a higher one.
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    wanted = np.ceil(np.linspace(0, 1, 11) * hits[:, -1:] - 1e-9).clip(min=1)
    places = (hits[:, None, :] < wanted[:, :, None]).sum(axis=2)
    values: list[float] = np.take_along_axis(best, places, axis=1).mean(axis=0).tolist()
    return values


def _scores(method: Method, settings: Settings, train: Views, asked: Views) -> Float64Array:
    """Products of the images' vectors with the texts', (n, n)."""
    given = dict(settings)
    if given.pop("roots"):
        train, asked = train.roots(), asked.roots()
    estimator = method.make(**given).fit(train.images, train.texts, train.classes)
    return estimator.embed_image(asked.images) @ estimator.embed_text(asked.texts).T


def _published(name: str) -> dict[str, float] | None:
    if name not in PUBLISHED:
        return None
    i2t, t2i = PUBLISHED[name]
    return {"i2t": i2t, "t2i": t2i, "mean": (i2t + t2i) / 2}
