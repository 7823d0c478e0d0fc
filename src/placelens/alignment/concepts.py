"""What a fitted estimator leaves to a search: concepts by name, and two affine maps to them."""

from __future__ import annotations

import numpy as np

from placelens.alignment.cosmat import CoSMat
from placelens.alignment.logs_tran import LogsTran
from placelens.alignment.semantic_matching import SemanticMatching
from placelens.encoders.concept_map import ConceptMap, ViewMap
from placelens.types import Float64Array


def concepts_of(fitted: SemanticMatching) -> ConceptMap:
    """The concepts of a fitted ``SemanticMatching`` or ``CoSMat``.

    Projection, standardisation and logistic regression are all affine before the softmax, so
    their product is: one matrix and one offset a view say the same as the estimator.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["church", "old town"], 20)
    >>> images = (y == "church")[:, None] + 0.1 * rng.normal(size=(40, 1))
    >>> concepts = concepts_of(SemanticMatching().fit(images, 2 * images, y))
    >>> [f"{share:.0%} {name}" for name, share in concepts.top(concepts.image, [[1.0]])[0]]
    ['94% church', '6% old town']
    """
    views = {}
    for view, step in (("image", fitted.image_), ("text", fitted.text_)):
        weights, bias = _affine(step)
        if isinstance(fitted, CoSMat):
            projection = getattr(fitted.corr_proj_, f"weights_{view}_")
            mean = getattr(fitted.corr_proj_, f"mean_{view}_")
            weights, bias = projection @ weights, bias - mean @ projection @ weights
        centre = step.mean_ if fitted.centre else np.zeros_like(step.mean_)
        views[view] = ViewMap(weights=weights, bias=bias, mean=centre)
    return ConceptMap(names=tuple(str(name) for name in fitted.classes_), **views)


def _affine(step: LogsTran) -> tuple[Float64Array, Float64Array]:
    """A LogsTran's logits as weights (p, c) and bias (c,) of its raw features."""
    coefficients, intercept = step.model_.coef_, step.model_.intercept_
    if len(coefficients) == 1:  # two classes: the logit of the second
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercept = np.concatenate([np.zeros_like(intercept), intercept])
    weights = (coefficients / step.scaler_.scale_).T
    bias = intercept - step.scaler_.mean_ @ weights
    return np.asarray(weights, dtype=np.float64), np.asarray(bias, dtype=np.float64)
