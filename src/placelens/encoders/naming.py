"""Words for what an image shows, and where: tuples of a word, an image, a weight and a cell.

The MCQI paper takes such tuples (its TU, section 4.1) from the attention of a network that writes
captions. Here each word of a vocabulary is compared with an image's stored regions: as a whole,
and with the region that fits it best.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.region_code import RegionCode
from placelens.encoders.region_match import StoredRegions
from placelens.types import Float32Array, Float64Array, Int64Array, UInt8Array

SHOWN = "shown"
# Words of an image at most, and bytes of each: two of the word's number, the weight, the cell.
MOST, BYTES = 16, 4
# Below this weight a word says nothing.
LEAST = 0.1
_WHOLE = 255
# What a word loses for each unit of how near it is to images in general. Of 0, .5, 1, 1.5 and 2,
# 1.5 ordered all pairs of words and photos best (training/choose_words.py).
_HUBNESS = 1.5
_TEXTS_AT_ONCE = 128


@dataclass(frozen=True, eq=False)
class Namer:
    """Finds the words of images from their stored regions.

    Parameters
    ----------
    encoder
        One with regions, a region code, a vocabulary, and a ``word_calibration``.
    """

    encoder: Encoder

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary."""
        return self.encoder.vocabulary

    @property
    def fingerprint(self) -> str:
        """Of what decides the words: the encoder, its region code, the vocabulary."""
        told = "\n".join([*self.words, repr((self.encoder.word_calibration, _HUBNESS, LEAST))])
        code = self._code.fingerprint
        digest = hashlib.sha256(told.encode()).hexdigest()[:12]
        return f"{self.encoder.fingerprint}:{code}:{digest}"

    @cached_property
    def vectors(self) -> Float32Array:
        """Unit vectors of the words, (w, dim)."""
        starts = range(0, len(self.words), _TEXTS_AT_ONCE)
        found = [self.encoder.encode_texts(self.words[at : at + _TEXTS_AT_ONCE]) for at in starts]
        return np.concatenate(found)

    def scores(self, codes: UInt8Array) -> tuple[Float64Array, UInt8Array]:
        """How well each word fits images, and the cell that fits it best, (n, w) each.

        Parameters
        ----------
        codes
            (n, rows, columns, k), as collections keep regions.

        Returns
        -------
        The cosine of the whole and that of the best region, less what the word owes to being near
        every image; and numbers of cells, row by row.
        """
        stored = StoredRegions.of(codes, self._code)
        best, where = stored.best(np.arange(len(codes)), self.vectors.astype(np.float64))
        sums = self._code.decode(codes).sum(axis=(1, 2), dtype=np.float64)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        whole = (sums / np.maximum(lengths, 1e-30)) @ self.vectors.T.astype(np.float64)
        return whole + best - _HUBNESS * self._hubness, where.astype(np.uint8)

    def names(self, codes: UInt8Array) -> UInt8Array:
        """The words of images as they are kept, (n, 1, MOST, 4): see `read_names`."""
        scores, where = self.scores(codes)
        calibration = self.encoder.word_calibration
        weights = np.zeros_like(scores) if calibration is None else calibration(scores)
        order = np.argsort(-weights, axis=1, kind="stable")[:, :MOST]
        kept = np.take_along_axis(weights, order, 1)
        out = np.zeros((*order.shape, BYTES), dtype=np.uint8)
        out[..., 0], out[..., 1] = order % 256, order // 256
        out[..., 2] = np.where(kept >= LEAST, np.rint(kept * _WHOLE), 0)
        out[..., 3] = np.take_along_axis(where, order, 1)
        out[out[..., 2] == 0] = 0
        whole = np.zeros((len(codes), 1, MOST, BYTES), dtype=np.uint8)
        whole[:, 0, : out.shape[1]] = out
        return whole

    @cached_property
    def _hubness(self) -> Float64Array:
        """How near each word is to images in general, (w,); 0 where nothing tells."""
        pool = self.encoder.hub_pools.get(("image", "text"))
        if pool is None:
            return np.zeros(len(self.words))
        return np.asarray(pool.hubness(self.vectors), dtype=np.float64)

    @property
    def _code(self) -> RegionCode:
        code = self.encoder.region_code
        assert code is not None  # whoever makes a namer has looked
        return code


def namer_of(encoder: Encoder) -> Namer | None:
    """What finds words by an encoder; None by one that cannot tell."""
    can = encoder.region_code is not None and encoder.word_calibration is not None
    return Namer(encoder) if can and encoder.vocabulary else None


def read_names(stored: UInt8Array) -> tuple[Int64Array, Float64Array, Int64Array]:
    """Numbers of words, weights in [0, 1], and cells of what is kept of images, (n, MOST) each.

    A weight of 0 stands for no word.

    >>> numbers, weights, cells = read_names(np.uint8([[[[4, 1, 255, 48]]]]))
    >>> numbers.tolist(), weights.tolist(), cells.tolist()
    ([[260]], [[1.0]], [[48]])
    """
    kept = stored[:, 0].astype(np.int64)
    return kept[..., 0] + 256 * kept[..., 1], kept[..., 2] / float(_WHOLE), kept[..., 3]
