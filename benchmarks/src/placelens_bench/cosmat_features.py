"""Features of the data sets that ``placelens bench cosmat`` compares on: vectors of an encoder,
visual words and topics, made once and kept in a folder if there is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placelens.alignment import BagOfWords, LdaTopics, NetworkFeatures, VisualWords
from placelens.encoders.base import Encoder
from placelens.errors import InputError, ReadError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.splits import content_hash
from placelens.types import Float64Array, UInt8Array

# Images in memory at once.
BLOCK = 64


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where features come from.

    Attributes
    ----------
    encoder : of the vectors.
    work : folder to keep features in, named by what they were made of; None keeps none.
    network : gives SCM's features of images in place of the encoder, where there is one.
    """

    encoder: Encoder
    work: Path | None = None
    network: NetworkFeatures | None = None

    def image_vectors(self, paths: Sequence[Path]) -> Float64Array:
        """The encoder's vectors of image files, (n, dim).

        Raises
        ------
        EncoderError
            If the encoder takes no images.
        ReadError
            If an image cannot be read; the message names it.
        """

        def make() -> Float64Array:
            blocks = prepared_blocks(paths, image_spec_of(self.encoder))
            return np.concatenate(
                [self.encoder.encode_images(block) for block in blocks], dtype=np.float64
            )

        return self._kept(["images", self.encoder.fingerprint, _hashes(paths)], make)

    def layer(self, paths: Sequence[Path]) -> Float64Array:
        """The network's features of image files, (n, d).

        Raises
        ------
        InputError
            If there is no network, or it has no such layer.
        ReadError
            If the network or an image cannot be read; the message names it.
        """
        network = self.network
        if network is None:
            raise InputError("there is no network to take features from")

        def make() -> Float64Array:
            blocks = [paths[start : start + BLOCK] for start in range(0, len(paths), BLOCK)]
            return np.concatenate([network.transform([_pixels(p) for p in b]) for b in blocks])

        facts = [content_hash(network.path), network.layer, network.scaling, network.size]
        return self._kept(["layer", facts, _hashes(paths)], make)

    def text_vectors(self, texts: Sequence[Sequence[str]]) -> Float64Array:
        """The mean of the encoder's vectors of each thing's texts, at length 1, (n, dim)."""

        def make() -> Float64Array:
            different = sorted({text for several in texts for text in several})
            rows = {text: row for row, text in enumerate(different)}
            vectors = self.encoder.encode_texts(different).astype(np.float64)
            means = [vectors[[rows[text] for text in several]].mean(axis=0) for several in texts]
            return np.stack([mean / np.linalg.norm(mean) for mean in means])

        return self._kept(["texts", self.encoder.fingerprint, list(map(list, texts))], make)

    def visual_words(self, train: Sequence[Path], *others: Sequence[Path]) -> list[Float64Array]:
        """Shares of visual words that were learnt from ``train``: its own, then the others'.

        Raises
        ------
        MissingExtraError
            If OpenCV is not installed.
        InputError
            If the images have too few keypoints.
        """
        words = VisualWords()

        def make() -> Float64Array:
            images = [_pixels(path) for path in train]
            words.fit(images)
            rest = [words.transform([_pixels(path) for path in paths]) for paths in others]
            return np.concatenate([words.transform(images), *rest])

        hashes = [_hashes(paths) for paths in (train, *others)]
        return _parts(self._kept(["words", words.get_params(), hashes], make), train, *others)

    def topics(
        self, n_topics: int, train: Sequence[str], *others: Sequence[str]
    ) -> list[Float64Array]:
        """Shares of topics that were learnt from ``train``: its own, then the others'."""
        return self._of_texts("topics", LdaTopics(n_topics), train, *others)

    def words(self, train: Sequence[str], *others: Sequence[str]) -> list[Float64Array]:
        """Shares of words that were learnt from ``train``: its own, then the others'."""
        return self._of_texts("bag", BagOfWords(), train, *others)

    def _of_texts(
        self,
        name: str,
        extractor: LdaTopics | BagOfWords,
        train: Sequence[str],
        *others: Sequence[str],
    ) -> list[Float64Array]:
        def make() -> Float64Array:
            extractor.fit(train)
            return np.concatenate([extractor.transform(texts) for texts in (train, *others)])

        texts = [list(texts) for texts in (train, *others)]
        return _parts(self._kept([name, extractor.get_params(), texts], make), train, *others)

    def _kept(self, facts: list[object], make: Callable[[], Float64Array]) -> Float64Array:
        """What was made of the same facts before, or make it."""
        import xxhash

        if self.work is None:
            return make()
        key = xxhash.xxh3_64_hexdigest(json.dumps(facts).encode())
        path = self.work / f"cosmat-{facts[0]}-{key}.npy"
        if not path.is_file():
            self.work.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_name(f"unfinished-{path.name}")
            np.save(unfinished, make())
            unfinished.replace(path)
        try:
            return np.asarray(np.load(path), dtype=np.float64)
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} does not hold features ({error}); delete it, and it is made anew"
            ) from error


def _parts(rows: Float64Array, *lists: Sequence[object]) -> list[Float64Array]:
    """Rows divided as the lists were that they belong to."""
    return np.split(rows, np.cumsum([len(things) for things in lists])[:-1])


def _hashes(paths: Sequence[Path]) -> list[str]:
    return [content_hash(path) for path in paths]


def _pixels(path: Path) -> UInt8Array:
    """An image file at its own size, (height, width, 3)."""
    from placelens.readers.images import read_image

    try:
        return np.asarray(read_image(path))
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error
