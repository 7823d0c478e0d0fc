"""A fitted CoSMat or SemanticMatching as two affine maps and a softmax, kept in a file.

Projection, standardisation and logistic regression are all affine before the softmax, so their
product is: one matrix and one offset a view is all that a search needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from placelens.alignment.cosmat import CoSMat
from placelens.alignment.logs_tran import LogsTran
from placelens.alignment.semantic_matching import SemanticMatching
from placelens.alignment.two_view import unit_rows
from placelens.errors import InputError, ReadError
from placelens.types import Float64Array

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewMap:
    """One view's way to the concepts.

    Attributes
    ----------
    weights : (p, c).
    bias : (c,).
    mean : (c,) what is subtracted from posteriors before they are compared; zeros for nothing.
    """

    weights: Float64Array
    bias: Float64Array
    mean: Float64Array

    def posteriors(self, X: npt.ArrayLike) -> Float64Array:
        """Probabilities of the concepts, (n, c), of features (n, p).

        Raises
        ------
        InputError
            If X has another width.
        """
        rows = np.atleast_2d(np.asarray(X, dtype=np.float64))
        if rows.shape[1] != len(self.weights):
            raise InputError(
                f"these concepts are read from {len(self.weights)} features, got {rows.shape[1]}"
            )
        return np.asarray(softmax(rows @ self.weights + self.bias, axis=1), dtype=np.float64)

    def vectors(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors, (n, c), whose products are what ``embed_*`` of the estimator ranks by."""
        return unit_rows(self.posteriors(X) - self.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptMap:
    """Concepts by name, and how each view reaches them.

    Attributes
    ----------
    names : the concepts.
    image, text : the views.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["church", "old town"], 20)
    >>> images = (y == "church")[:, None] + 0.1 * rng.normal(size=(40, 1))
    >>> concepts = ConceptMap.of(SemanticMatching().fit(images, 2 * images, y))
    >>> [f"{share:.0%} {name}" for name, share in concepts.top(concepts.image, [[1.0]])[0]]
    ['94% church', '6% old town']
    """

    names: tuple[str, ...]
    image: ViewMap
    text: ViewMap

    @classmethod
    def of(cls, fitted: SemanticMatching) -> ConceptMap:
        """From a fitted ``SemanticMatching`` or ``CoSMat``."""
        views = {}
        for view, step in (("image", fitted.image_), ("text", fitted.text_)):
            weights, bias = _affine(step)
            if isinstance(fitted, CoSMat):
                projection = getattr(fitted.corr_proj_, f"weights_{view}_")
                mean = getattr(fitted.corr_proj_, f"mean_{view}_")
                weights, bias = projection @ weights, bias - mean @ projection @ weights
            centre = step.mean_ if fitted.centre else np.zeros_like(step.mean_)
            views[view] = ViewMap(weights=weights, bias=bias, mean=centre)
        return cls(names=tuple(str(name) for name in fitted.classes_), **views)

    @staticmethod
    def shared(a: Float64Array, b: Float64Array) -> Float64Array:
        """What each concept gives to the product of two vectors, (c,); they sum to it."""
        return np.asarray(a * b, dtype=np.float64)

    def top(self, view: ViewMap, X: npt.ArrayLike, *, k: int = 3) -> list[list[tuple[str, float]]]:
        """The k most probable concepts of each row, with their probabilities."""
        posteriors = view.posteriors(X)
        order = np.argsort(-posteriors, axis=1, kind="stable")[:, :k]
        return [
            [(self.names[concept], float(row[concept])) for concept in best]
            for row, best in zip(posteriors, order, strict=True)
        ]

    def save(self, path: str | Path) -> None:
        """Write an ``.npz`` file of plain arrays."""
        arrays = {
            f"{view}_{part}": getattr(getattr(self, view), part)
            for view in ("image", "text")
            for part in ("weights", "bias", "mean")
        }
        with Path(path).open("wb") as file:
            np.savez(file, format=FORMAT, names=np.array(self.names), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> ConceptMap:
        """Read what ``save`` wrote; nothing in the file is executed.

        Raises
        ------
        ReadError
            If the file cannot be read, is of another kind, or was written by a newer placelens.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                if int(stored["format"]) > FORMAT:
                    raise ReadError(f"{path} was written by a newer placelens; upgrade to read it")
                views = {
                    view: ViewMap(
                        **{part: stored[f"{view}_{part}"] for part in ("weights", "bias", "mean")}
                    )
                    for view in ("image", "text")
                }
                return cls(names=tuple(str(name) for name in stored["names"]), **views)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ReadError(f"{path} cannot be read as concepts ({error})") from error


def _affine(step: LogsTran) -> tuple[Float64Array, Float64Array]:
    """A LogsTran's logits as weights (p, c) and bias (c,) of its raw features."""
    coefficients, intercept = step.model_.coef_, step.model_.intercept_
    if len(coefficients) == 1:  # two classes: the logit of the second
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercept = np.concatenate([np.zeros_like(intercept), intercept])
    weights = (coefficients / step.scaler_.scale_).T
    bias = intercept - step.scaler_.mean_ @ weights
    return np.asarray(weights, dtype=np.float64), np.asarray(bias, dtype=np.float64)
