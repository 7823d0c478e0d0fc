"""CoSMat and its rivals on three data sets, with equal features or with those of its paper.

Every method's settings, and whether shares enter as they are or as square roots (Hellinger), are
chosen inside what there is to learn from, by the mean MAP of both directions; what is held out is
asked once. What is of the query's category is relevant. ``cosmat_data`` tells of the data sets.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from placelens.alignment import (
    CanonicalCorrelation,
    CoSMat,
    GeneralizedMultiviewAnalysis,
    NetworkFeatures,
    SemanticMatching,
    TwoViewEstimator,
)
from placelens.alignment.gma import Kind, Scatters
from placelens.alignment.two_view import unit_rows
from placelens.encoders.base import Encoder
from placelens.evaluation import mean_average_precision
from placelens.types import Float64Array, Int64Array
from placelens_bench.cosmat_data import (
    SEED,
    TOPICS,
    WIKIPEDIA,
    Dataset,
    Described,
    Round,
    Views,
    load,
)

# Rasiwasia et al., tables 2 and 3: MAP in percent, image to text and text to image.
PUBLISHED: Mapping[str, tuple[float, float]] = {
    "random": (11.8, 11.8),
    "CM": (24.9, 19.6),
    "SM": (22.5, 22.3),
    "SCM": (27.7, 22.6),
}

Settings = Mapping[str, Any]


def _fit(estimator: TwoViewEstimator, train: Views) -> TwoViewEstimator:
    return estimator.fit(train.images, train.texts, train.classes)


@dataclass(frozen=True, kw_only=True)
class Method:
    """An estimator and the settings that are chosen from.

    Attributes
    ----------
    make : the estimator with settings.
    grid : values of each setting.
    late : settings that need no fit of their own.
    widest : the most components, from the widths of the two views.
    fit : fits it.
    """

    make: Callable[..., TwoViewEstimator]
    grid: Mapping[str, Sequence[Any]]
    late: tuple[str, ...] = ()
    widest: Callable[[int, int], int] = min
    fit: Callable[[Any, Views], TwoViewEstimator] = _fit

    def settings(self, train: Views) -> Iterator[dict[str, Any]]:
        """Every combination; ``roots`` says how shares enter."""
        most = self.widest(train.images.shape[1], train.texts.shape[1])
        grid = {"roots": (False, True), **self.grid} if train.shares else dict(self.grid)
        if "n_components" in grid:
            grid["n_components"] = list(dict.fromkeys(min(n, most) for n in grid["n_components"]))
        for values in itertools.product(*grid.values()):
            yield dict(zip(grid, values, strict=True))

    def scores(
        self, settings: Sequence[Settings], train: Views, asked: Views
    ) -> Iterator[Float64Array]:
        """Products of the images' vectors with the texts', (n, m), for each of the settings.

        Neighbours in ``settings`` that differ in late ones only share a fit, the one with the most
        components.
        """
        for roots, group in itertools.groupby(settings, lambda given: given.get("roots", False)):
            learnt, query = (train.roots(), asked.roots()) if roots else (train, asked)
            for early, given_alike in itertools.groupby(group, self._early):
                alike = list(given_alike)
                most = {name: max(given[name] for given in alike) for name in self.late}
                estimator = self.fit(self.make(**early, **most), learnt)
                for given in alike:
                    late = {name: given[name] for name in self.late}
                    yield _products(estimator, query, late)

    def _early(self, settings: Settings) -> dict[str, Any]:
        """What a fit depends on."""
        return {name: settings[name] for name in settings if name not in ("roots", *self.late)}


def _products(estimator: TwoViewEstimator, asked: Views, late: Settings) -> Float64Array:
    """Products of the images' vectors with the texts', (n, m), with late settings."""
    if "n_components" in late:  # nested: fewer are the first of those that were fitted
        kept = late["n_components"]
        images, texts = (
            unit_rows(projected[:, :kept])
            for projected in (
                estimator.transform_image(asked.images),
                estimator.transform_text(asked.texts),
            )
        )
        return images @ texts.T
    estimator.set_params(**late)
    return estimator.embed_image(asked.images) @ estimator.embed_text(asked.texts).T


@lru_cache(maxsize=1)
def _scatters(kind: Kind, train: Views) -> Scatters:
    """Neighbours of the same pairs, which most settings share, are looked for once."""
    return GeneralizedMultiviewAnalysis(kind, n_components=1).scatters(
        train.images, train.texts, train.classes
    )


def _fit_gma(estimator: GeneralizedMultiviewAnalysis, train: Views) -> TwoViewEstimator:
    return estimator.fit_scatters(_scatters(estimator.kind, train))


def _lda(**settings: Any) -> TwoViewEstimator:
    return GeneralizedMultiviewAnalysis("lda", **settings)


def _mfa(**settings: Any) -> TwoViewEstimator:
    return GeneralizedMultiviewAnalysis("mfa", **settings)


def _methods(
    *,
    components: Sequence[int],
    projected_components: Sequence[int],
    gma_components: Sequence[int],
    ridges: Sequence[float],
    C: Sequence[float],
    projected_C: Sequence[float],
) -> dict[str, Method]:
    # Those that share a fit come last.
    gma = {
        "alpha": (1.0, 10.0, 100.0, 1_000.0, 10_000.0),
        "regularization": ridges,
        "n_components": gma_components,
    }
    return {
        "CM": Method(
            make=CanonicalCorrelation,
            grid={"regularization": ridges, "n_components": components},
            late=("n_components",),
        ),
        "SM": Method(
            make=SemanticMatching, grid={"C": C, "centre": (False, True)}, late=("centre",)
        ),
        "SCM": Method(
            make=CoSMat,
            grid={
                "n_components": projected_components,
                "regularization": ridges,
                "C": projected_C,
                "centre": (False, True),
            },
            late=("centre",),
        ),
        **{
            name: Method(
                make=make, grid=gma, late=("n_components",), widest=operator.add, fit=_fit_gma
            )
            for name, make in (("GMLDA", _lda), ("GMMFA", _mfa))
        },
    }


# Wide enough that no method's choice lies on an edge, but for what the number of topics allows.
METHODS = _methods(
    components=(4, 6, 8, 9, 10),
    projected_components=(8, 9, 10),
    gma_components=(4, 6, 9, 12),
    ridges=(0.1, 1.0, 10.0),
    C=(0.001, 0.01, 0.1, 1.0),
    projected_C=(0.1, 1.0, 10.0),
)
# The narrower view's width up to which the former will do: ten topics.
NARROW = 12
# Of hundreds of numbers on both sides: an encoder's, or words and visual words. With an encoder's,
# a ridge of 0.01 is worse for SCM on rsicd's validation part and 0.1 points better for GMLDA.
METHODS_OF_WIDE = _methods(
    components=(10, 20, 40, 80, 160, 320),
    projected_components=(10, 20, 40, 80, 160, 320),
    gma_components=(10, 20, 30, 40, 80),
    ridges=(0.1, 1.0, 10.0, 100.0),
    C=(0.0001, 0.001, 0.01, 0.1, 1.0),
    projected_C=(0.001, 0.01, 0.1, 1.0),
)

# Of an encoder's numbers on one side and dozens of topics on the other.
METHODS_OF_TOPICS = _methods(
    components=(30, 60),
    projected_components=(10, 30, 60),
    gma_components=(30, 60),
    ridges=(1.0, 10.0, 100.0),
    C=(0.1, 1.0, 10.0),
    projected_C=(0.1, 1.0, 10.0),
)


def run(
    data: Path,
    *,
    dataset: str = "wikipedia",
    features: str = "equal",
    encoder: str | Encoder = "lite",
    network: NetworkFeatures | None = None,
    work: Path | None = None,
    quick: bool = False,
) -> dict[str, Any]:
    """MAP of each method in percent, with the settings that were chosen.

    Parameters
    ----------
    data
        Folder of the data sets.
    dataset
        "wikipedia", "rsicd" or "travel".
    features
        "equal": all methods get the same; "paper": each what the GMR-tree's paper gives it.
    encoder
        Of the vectors; of "lite", the side that the data set is for.
    network
        Gives SCM its features of images in place of the encoder, with features "paper".
    work
        Folder to keep features in, for the next time.
    quick
        Two settings a method and fewer pairs, to try it out.

    Raises
    ------
    InputError
        If the data set or the kind of features is not known, or the data set lacks it.
    ReadError
        If the data set is not there, or not what it should be.
    MissingExtraError
        If visual words are needed and OpenCV is not installed.
    """
    found = load(
        dataset, data, features=features, encoder=encoder, network=network, work=work, quick=quick
    )
    rounds = next(iter(found.methods.values()))[0].rounds
    rng = np.random.default_rng(SEED)
    chance = [rng.random((len(each.test.images), len(each.test.texts))) for each in rounds]
    methods = {"random": _maps(chance, rounds)}
    if found.one_space:
        # What learning has to beat: cosines of the vectors as they are.
        cosines = [each.test.images @ each.test.texts.T for each in rounds]
        methods["encoder"] = _measured(cosines, rounds, found)
    for name, described in found.methods.items():
        methods[name] = _learnt(name, described, found, quick=quick)
    if found.name == WIKIPEDIA:
        for name, figures in methods.items():
            figures["published"] = _published(name)
    return {
        "data": found.name,
        "features": features,
        "n_train": len(rounds[0].train.classes),
        "n_test": sum(len(each.test.classes) for each in rounds),
        "n_test_texts": len(rounds[0].test.text_classes),
        "n_rounds": len(rounds),
        "n_first": found.n_first,
        "categories": list(found.categories),
        "methods": methods,
    }


def by_method(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A result as its methods only, each with the facts of the data that it was measured on."""
    facts = {name: value for name, value in result.items() if name != "methods"}
    return {name: {**figures, **facts} for name, figures in result["methods"].items()}


def _learnt(
    name: str, described: Sequence[Described], data: Dataset, *, quick: bool
) -> dict[str, Any]:
    """What a method finds in each round with the settings and features chosen in it."""
    scores: list[Float64Array] = []
    chosen, validated = [], []
    for rounds in zip(*(each.rounds for each in described), strict=True):
        tried = []
        for features, each in zip(described, rounds, strict=True):
            method = _grid_for(features)[name]
            settings = list(method.settings(each.train))
            settings = settings[:: max(len(settings) - 1, 1)] if quick else settings
            best, mean = choose(method, settings, each.choosing)
            told = {**best, "texts": features.texts} if len(described) > 1 else best
            tried.append((mean, told, method, best, each))
        mean, told, method, best, each = max(tried, key=lambda found: found[0])
        scores += method.scores([best], each.train, each.test)
        chosen.append(told)
        validated.append(mean)
    return {
        **_measured(scores, described[0].rounds, data),
        "validation_mean": float(np.mean(validated)),
        # One mapping, or one a round.
        "settings": chosen[0] if len(chosen) == 1 else chosen,
        "image_features": described[0].images,
        "text_features": " or ".join(each.texts for each in described),
    }


def _grid_for(described: Described) -> Mapping[str, Method]:
    """Methods with the settings that suit the widths of the views."""
    views = described.rounds[0].train
    if min(views.images.shape[1], views.texts.shape[1]) <= NARROW:
        return METHODS
    return METHODS_OF_TOPICS if described.texts.endswith(TOPICS) else METHODS_OF_WIDE


def choose(
    method: Method, settings: Sequence[dict[str, Any]], choosing: Sequence[tuple[Views, Views]]
) -> tuple[dict[str, Any], float]:
    """The settings of the best mean MAP over pairs to learn from and to ask; that mean, percent."""
    found = [
        [both_ways(scores, held.classes)["mean"] for scores in method.scores(settings, kept, held)]
        for kept, held in choosing
    ]
    means = [float(np.mean(of_one)) for of_one in zip(*found, strict=True)]
    best = int(np.argmax(means))
    return settings[best], means[best]


def _maps(scores: Sequence[Float64Array], rounds: Sequence[Round]) -> dict[str, Any]:
    """MAP, a mean over the rounds; by round too where there are several."""
    each = [
        both_ways(of_one, given.test.classes, given.test.text_classes)
        for of_one, given in zip(scores, rounds, strict=True)
    ]
    means: dict[str, Any] = {way: float(np.mean([maps[way] for maps in each])) for way in each[0]}
    return means if len(each) == 1 else {**means, "by_round": each}


def _measured(
    scores: Sequence[Float64Array], rounds: Sequence[Round], data: Dataset
) -> dict[str, Any]:
    """MAP, confusion and precision over the rounds."""
    measured = _maps(scores, rounds)
    size = len(data.categories)
    for way in ("i2t", "t2i"):
        counts, precisions = np.zeros((size, size)), []
        for of_one, given in zip(scores, rounds, strict=True):
            sides = given.test.classes, given.test.text_classes
            ranked, (asking, asked) = (of_one, sides) if way == "i2t" else (of_one.T, sides[::-1])
            counts += confusion_counts(ranked, asking, asked, size=size, n_first=data.n_first)
            precisions.append(precision_at_recalls(ranked, asking, asked))
        # A class that nobody asked for keeps a row of zeros.
        asked_for = np.maximum(counts.sum(axis=1, keepdims=True), 1)
        measured[f"confusion_{way}"] = (counts / asked_for).tolist()
        measured[f"precision_{way}"] = np.mean(precisions, axis=0).tolist()
    return measured


def both_ways(
    scores: Float64Array, classes: Int64Array, text_classes: Int64Array | None = None
) -> dict[str, float]:
    """MAP of images asked of texts, of texts asked of images, and their mean; percent.

    Parameters
    ----------
    scores
        (n images, m texts).
    classes
        (n,) of the images.
    text_classes
        (m,) of the texts; the images' own where pair i is image i and text i.
    """
    relevant = np.equal.outer(classes, classes if text_classes is None else text_classes)
    i2t, t2i = _map(scores, relevant), _map(scores.T, relevant.T)
    return {"i2t": i2t, "t2i": t2i, "mean": (i2t + t2i) / 2}


def _map(scores: Float64Array, relevant: np.ndarray) -> float:
    """MAP of the queries that have an answer at all."""
    answered = relevant.any(axis=1)
    return mean_average_precision(scores[answered], relevant[answered])


def confusion_counts(
    scores: Float64Array, asking: Int64Array, asked: Int64Array, *, size: int, n_first: int
) -> Float64Array:
    """How often each class is among the first results of queries of each class, (size, size).

    Parameters
    ----------
    scores
        (queries, results).
    asking, asked
        Classes of the queries and of the results.
    size
        How many classes there are.
    n_first
        Results that count.
    """
    first = np.argsort(-scores, axis=1, kind="stable")[:, :n_first]
    counts = np.zeros((size, size))
    np.add.at(counts, (np.repeat(asking, first.shape[1]), asked[first.ravel()]), 1)
    return counts


def precision_at_recalls(
    scores: Float64Array, asking: Int64Array, asked: Int64Array
) -> list[float]:
    """Interpolated precision at recall 0, 0.1, ... 1, a mean over queries that have an answer."""
    relevant = np.equal.outer(asking, asked)
    answered = relevant.any(axis=1)
    scores, relevant = scores[answered], relevant[answered]
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1).cumsum(axis=1)
    precision = hits / np.arange(1, hits.shape[1] + 1)
    # The best precision at this recall or a higher one.
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    wanted = np.ceil(np.linspace(0, 1, 11) * hits[:, -1:] - 1e-9).clip(min=1)
    places = (hits[:, None, :] < wanted[:, :, None]).sum(axis=2)
    values: list[float] = np.take_along_axis(best, places, axis=1).mean(axis=0).tolist()
    return values


def _published(name: str) -> dict[str, float] | None:
    if name not in PUBLISHED:
        return None
    i2t, t2i = PUBLISHED[name]
    return {"i2t": i2t, "t2i": t2i, "mean": (i2t + t2i) / 2}
