"""Generalized multiview analysis (GMA): one eigenproblem for separation and correlation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag, eigh
from scipy.sparse import coo_array, csgraph, csr_array
from sklearn.neighbors import NearestNeighbors

from placelens.alignment.two_view import TwoViewEstimator, checked_classes
from placelens.errors import InputError
from placelens.types import Float64Array

Kind = Literal["lda", "mfa"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatters:
    """The matrices that ``GeneralizedMultiviewAnalysis`` is made of, each view's at trace 1.

    Attributes
    ----------
    means : (p,) of the images and (q,) of the texts.
    between, within : (p, p) and (q, q), what is to be large and what is to be small.
    cross : (p, q) of the views with each other.
    """

    means: tuple[Float64Array, Float64Array]
    between: tuple[Float64Array, ...]
    within: tuple[Float64Array, ...]
    cross: Float64Array


class GeneralizedMultiviewAnalysis(TwoViewEstimator):
    """GMLDA and GMMFA: directions that tell classes apart within each view and agree across views.

    Maximises over the joined directions ``v = (v_I, v_T)``::

        v_I' A_I v_I + v_T' A_T v_T + 2 alpha v_I' Z_I' Z_T v_T
        subject to v_I' B_I v_I + v_T' B_T v_T = 1

    "lda" takes for A the scatter between the classes' means and for B that within the classes;
    "mfa" (marginal Fisher analysis) takes the distances of each thing to its nearest neighbours of
    other classes and of its own. The rows of Z are the centred pairs. As the source does by its mu
    and gamma, every term is scaled to trace 1, so that neither view outweighs the other by its
    units.

    Parameters
    ----------
    kind
        "lda" or "mfa".
    n_components
        Directions to keep.
    alpha
        Weight of the agreement, 0 or more.
    regularization
        Share of the mean diagonal of each B that is added to it, above 0.
    n_within, n_between
        Neighbours of a thing's own class and of others that "mfa" looks at.

    Attributes
    ----------
    eigenvalues_ : (n_components,) falling.
    weights_image_, weights_text_ : (p, n_components) and (q, n_components).
    mean_image_, mean_text_ : what is subtracted first.

    References
    ----------
    A. Sharma, A. Kumar, H. Daumé III, D. Jacobs, "Generalized Multiview Analysis: A Discriminative
    Latent Space", CVPR 2012.
    """

    def __init__(
        self,
        kind: Kind = "lda",
        *,
        n_components: int = 10,
        alpha: float = 1.0,
        regularization: float = 0.1,
        n_within: int = 10,
        n_between: int = 20,
    ) -> None:
        self.kind = kind
        self.n_components = n_components
        self.alpha = alpha
        self.regularization = regularization
        self.n_within = n_within
        self.n_between = n_between

    def fit(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Self:
        """Learn the directions from pairs and their classes y."""
        return self.fit_scatters(self.scatters(X_image, X_text, y))

    def scatters(
        self, X_image: npt.ArrayLike, X_text: npt.ArrayLike, y: npt.ArrayLike | None = None
    ) -> Scatters:
        """What the pairs and their classes say, whatever n_components, alpha and regularization.

        With "mfa" finding the neighbours takes most of the time: fit several settings of the other
        three to one of these with ``fit_scatters``.
        """
        images, texts = self._checked(X_image, X_text)
        classes = checked_classes(y, len(images), who=self)
        self._check_settings(images.shape[1] + texts.shape[1])
        means = images.mean(axis=0), texts.mean(axis=0)
        views = images - means[0], texts - means[1]
        between, within = zip(*(self._scatters(X, classes) for X in views), strict=True)
        size = np.sqrt((views[0] ** 2).sum() * (views[1] ** 2).sum())
        return Scatters(
            means=means,
            between=tuple(matrix / np.trace(matrix) for matrix in between),
            within=tuple(matrix / np.trace(matrix) for matrix in within),
            cross=views[0].T @ views[1] / size,
        )

    def fit_scatters(self, scatters: Scatters) -> Self:
        """Learn the directions from what ``scatters`` made of pairs, with the same neighbours."""
        p, q = scatters.cross.shape
        self._check_settings(p + q)
        self.n_features_image_, self.n_features_text_ = p, q
        self.mean_image_, self.mean_text_ = scatters.means
        A, B = block_diag(*scatters.between), block_diag(*scatters.within)
        A[:p, p:] = self.alpha * scatters.cross
        A[p:, :p] = A[:p, p:].T
        # Each trace is 1, so these are the mean diagonals.
        B += self.regularization * np.diag(np.repeat([1 / p, 1 / q], [p, q]))
        last = p + q - 1
        found, vectors = eigh(A, B, subset_by_index=(last - self.n_components + 1, last))
        self.eigenvalues_, vectors = found[::-1], vectors[:, ::-1]
        signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(self.n_components)])
        self.weights_image_, self.weights_text_ = (vectors * signs)[:p], (vectors * signs)[p:]
        return self

    def transform_image(self, X: npt.ArrayLike) -> Float64Array:
        """Project images, (n, p), to (n, n_components)."""
        return (self._checked_view(X, "image") - self.mean_image_) @ self.weights_image_

    def transform_text(self, X: npt.ArrayLike) -> Float64Array:
        """Project texts, (n, q), to (n, n_components)."""
        return (self._checked_view(X, "text") - self.mean_text_) @ self.weights_text_

    def _check_settings(self, n_features: int) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(f"kind must be one of {get_args(Kind)}, got {self.kind!r}")
        if not 1 <= self.n_components <= n_features:
            raise InputError(
                f"n_components must lie in 1 to {n_features}, the features of both views, got "
                f"{self.n_components}"
            )
        if not (self.alpha >= 0 and self.regularization > 0):
            raise InputError(
                "alpha must be 0 or more and regularization above 0, got "
                f"{self.alpha} and {self.regularization}"
            )

    def _scatters(self, X: Float64Array, classes: np.ndarray) -> tuple[Float64Array, Float64Array]:
        """What is to be large and what is to be small, both (p, p)."""
        if self.kind == "lda":
            sizes = np.bincount(classes).astype(np.float64)
            sums = np.zeros((len(sizes), X.shape[1]))
            np.add.at(sums, classes, X)
            between = sums.T @ (sums / sizes[:, None])
            return between, X.T @ X - between
        return (
            _neighbour_scatter(X, classes, self.n_between, within=False),
            _neighbour_scatter(X, classes, self.n_within, within=True),
        )


def _neighbour_scatter(
    X: Float64Array, classes: np.ndarray, k: int, *, within: bool
) -> Float64Array:
    """Sum of outer products of the differences of neighbours, ``X' L X``, (p, p).

    Parameters
    ----------
    X
        (n, p).
    classes
        (n,).
    k
        Nearest of each thing.
    within
        Whether neighbours are of its own class, or of others.
    """
    n = len(X)
    rows, columns = [], []
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        others = members if within else np.flatnonzero(classes != number)
        search = NearestNeighbors(n_neighbors=min(k + 1, len(others))).fit(X[others])
        near = others[search.kneighbors(X[members], return_distance=False)]
        # A thing is no neighbour of its own; where it is not among them, the last goes.
        own = near == members[:, None]
        own[~own.any(axis=1), -1] = True
        kept = near[~own].reshape(len(members), -1)
        rows.append(np.repeat(members, kept.shape[1]))
        columns.append(kept.ravel())
    pairs = np.concatenate(rows), np.concatenate(columns)
    graph = csr_array(coo_array((np.ones(len(pairs[0])), pairs), shape=(n, n)))
    graph = graph.maximum(graph.T)
    laplacian = csgraph.laplacian(graph)
    return np.asarray(X.T @ (laplacian @ X), dtype=np.float64)
