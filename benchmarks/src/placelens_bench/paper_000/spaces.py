"""The spaces that are compared: what each method learns from the same pairs and features.

Settings are chosen from a small grid by MAP on the validation part; the test part is not looked at.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from placelens.alignment import (
    CanonicalCorrelation,
    CoSMat,
    GeneralizedMultiviewAnalysis,
    SemanticMatching,
    TwoViewEstimator,
)
from placelens.evaluation import mean_average_precision
from placelens.types import Float32Array
from placelens_bench.paper_000.data import Scenes

DENSE = "dense"


def _gma(**settings: Any) -> TwoViewEstimator:
    return GeneralizedMultiviewAnalysis("lda", **settings)


@dataclass(frozen=True, slots=True)
class Method:
    """An estimator and the settings to choose from."""

    make: Callable[..., TwoViewEstimator]
    grid: Mapping[str, Sequence[Any]]

    def settings(self) -> Iterator[dict[str, Any]]:
        """Every combination."""
        for values in itertools.product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


# The names of the paper. Posteriors are centred, as SM's authors do.
_RIDGES = (0.1, 0.01, 0.001)
METHODS: Mapping[str, Method] = {
    "DeCoSReS": Method(CoSMat, {"n_components": (32, 128, 256), "C": (0.001, 0.01, 0.1)}),
    "SM": Method(SemanticMatching, {"C": (0.001, 0.01, 0.1)}),
    "CCA": Method(CanonicalCorrelation, {"n_components": (24, 32, 48), "regularization": _RIDGES}),
    "GMA": Method(
        _gma,
        # As many directions as tell 30 classes apart; 20 and 40, tried once, were worse.
        {"n_components": (29,), "alpha": (1.0, 10.0, 100.0), "regularization": _RIDGES},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntSpace:
    """A space that images and texts are mapped to from the encoder's vectors.

    Attributes
    ----------
    estimator : what maps; None for the encoder's own vectors.
    settings : of the estimator.
    validation_map : what they reached, percent; the mean of both ways. NaN until it is known.
    """

    estimator: TwoViewEstimator | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    validation_map: float = math.nan

    def images(self, vectors: Float32Array) -> Float32Array:
        """Unit vectors of images, (n, d)."""
        if self.estimator is None:
            return vectors
        return self.estimator.embed_image(vectors).astype(np.float32)

    def texts(self, vectors: Float32Array) -> Float32Array:
        """Unit vectors of texts, (n, d)."""
        if self.estimator is None:
            return vectors
        return self.estimator.embed_text(vectors).astype(np.float32)


def learn(train: Scenes, validation: Scenes, *, quick: bool = False) -> dict[str, LearntSpace]:
    """Each method's space of the best settings, and the encoder's own as `DENSE`.

    Parameters
    ----------
    train
        Pairs of an image and the mean of its captions.
    validation
        Asked by single captions and by images.
    quick
        Only the first settings of each method, which suit few pairs.
    """
    spaces = {}
    for name, method in METHODS.items():
        grid = list(method.settings())
        tried = [_fitted(method, given, train) for given in grid[: 1 if quick else None]]
        spaces[name] = max(
            (_validated(space, validation) for space in tried),
            key=lambda space: space.validation_map,
        )
    spaces[DENSE] = _validated(LearntSpace(), validation)
    return spaces


def map_both_ways(space: LearntSpace, scenes: Scenes) -> dict[str, float]:
    """MAP by class in percent: images asked of all captions, captions asked of all images."""
    scores = (space.images(scenes.images) @ space.texts(scenes.captions).T).astype(np.float64)
    relevant = np.equal.outer(scenes.classes, scenes.caption_classes)
    i2t, t2i = (
        mean_average_precision(scores, relevant),
        mean_average_precision(scores.T, relevant.T),
    )
    return {"i2t": i2t, "t2i": t2i, "mean": (i2t + t2i) / 2}


def _fitted(method: Method, settings: Mapping[str, Any], train: Scenes) -> LearntSpace:
    estimator = method.make(**settings)
    estimator.fit(train.images, train.caption_means(), train.classes)
    return LearntSpace(estimator=estimator, settings=settings)


def _validated(space: LearntSpace, validation: Scenes) -> LearntSpace:
    return replace(space, validation_map=map_both_ways(space, validation)["mean"])
