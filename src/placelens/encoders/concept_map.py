"""Concepts by name, and how features of images and texts reach them: two affine maps, a softmax.

A concept is a class that was learnt (`placelens.alignment` does that); a vector's components are
then how much more probable each concept is than usual.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from placelens.errors import InputError, ReadError
from placelens.files import open_regular
from placelens.types import Float64Array, Shares

FORMAT = 1
# Thirty thousand concepts over vectors of a thousand numbers, for images and for texts.
MAX_BYTES = 2**29
VIEWS = ("image", "text")
PARTS = ("weights", "bias", "mean")


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
        logits = rows @ self.weights + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)

    def vectors(self, X: npt.ArrayLike) -> Float64Array:
        """Unit vectors, (n, c), whose products are what ``embed_*`` of the estimator ranks by."""
        centred = self.posteriors(X) - self.mean
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        return np.asarray(centred / np.where(lengths == 0, 1.0, lengths), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptMap:
    """Concepts by name, and how each view reaches them.

    Attributes
    ----------
    names : the concepts.
    image, text : the views.

    Examples
    --------
    >>> view = ViewMap(weights=np.array([[2.0, 0.0]]), bias=np.zeros(2), mean=np.full(2, 0.5))
    >>> concepts = ConceptMap(names=("church", "old town"), image=view, text=view)
    >>> [f"{share:.0%} {name}" for name, share in concepts.top(concepts.image, [[1.0]])[0]]
    ['88% church', '12% old town']
    """

    names: tuple[str, ...]
    image: ViewMap
    text: ViewMap

    @staticmethod
    def shared(a: Float64Array, b: Float64Array) -> Float64Array:
        """What each concept gives to the product of two vectors, (c,); they sum to it."""
        return np.asarray(a * b, dtype=np.float64)

    def top(self, view: ViewMap, X: npt.ArrayLike, *, k: int = 3) -> list[Shares]:
        """The k most probable concepts of each row, with their probabilities."""
        posteriors = view.posteriors(X)
        order = np.argsort(-posteriors, axis=1, kind="stable")[:, :k]
        return [
            tuple((self.names[concept], float(row[concept])) for concept in best)
            for row, best in zip(posteriors, order, strict=True)
        ]

    def to_bytes(self, **about: str) -> bytes:
        """An ``.npz`` file of plain arrays, and of words about them; the same bytes every time."""
        arrays = {
            f"{view}_{part}": getattr(getattr(self, view), part) for view in VIEWS for part in PARTS
        }
        words = {name: np.array(value) for name, value in about.items()}
        file = io.BytesIO()
        np.savez(file, format=FORMAT, names=np.array(self.names), **arrays, **words)  # type: ignore[arg-type]
        return file.getvalue()

    def save(self, path: str | Path) -> None:
        """Write ``to_bytes`` to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path) -> ConceptMap:
        """Read what ``save`` wrote; nothing in the file is executed.

        Raises
        ------
        ReadError
            If the file cannot be read, is of another kind, or was written by a newer placelens.
        """
        return cls.from_arrays(read_arrays(path), where=str(path))

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any], *, where: str) -> ConceptMap:
        """From the arrays of a file; what else it holds is passed over.

        Raises
        ------
        ReadError
            If an array is missing, or was written by a newer placelens.
        """
        try:
            if int(arrays["format"]) > FORMAT:
                raise ReadError(f"{where} was written by a newer placelens; upgrade to read it")
            names = tuple(str(name) for name in arrays["names"])
            views = {view: _view_of(arrays, view, len(names)) for view in VIEWS}
            return cls(names=names, **views)
        except (ValueError, KeyError, TypeError) as error:
            raise ReadError(f"{where} cannot be read as concepts ({error})") from error


def _view_of(arrays: dict[str, Any], view: str, n_concepts: int) -> ViewMap:
    parts = {part: arrays[f"{view}_{part}"] for part in PARTS}
    for part, array in parts.items():
        fits = array.dtype == np.float64 and array.ndim == (2 if part == "weights" else 1)
        if not fits or array.shape[-1] != n_concepts or not np.isfinite(array).all():
            raise ValueError(f"{view}_{part} holds no numbers of {n_concepts} concepts")
    return ViewMap(**parts)


def read_arrays(path: str | Path) -> dict[str, Any]:
    """All arrays of an ``.npz`` file.

    Raises
    ------
    ReadError
        If it is none, or would have to be executed.
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as members:
            # By what they claim to hold when unpacked, of which no more is unpacked.
            claimed = sum(member.file_size for member in members.infolist())
            if claimed > MAX_BYTES:
                raise ReadError(
                    f"it claims {claimed / 2**20:,.0f} MiB of numbers; "
                    f"the limit is {MAX_BYTES // 2**20:,} MiB"
                )
            return {
                name.removesuffix(".npy"): np.lib.format.read_array(member, allow_pickle=False)
                for name in members.namelist()
                for member in [members.open(name)]
            }
    except Exception as error:
        # Damaged bytes lead zipfile, zlib and NumPy to whatever they raise.
        raise ReadError(f"{path} cannot be read as concepts ({error})") from error
