"""What the paper's model learns from: images as regions, captions as phrases, kept as arrays.

What stands in for what: the paper's regions are boxes of an R-CNN with 4,096 features each, its
phrases EmbedRank's with Sent2vec's vectors, its sentences the Universal Sentence Encoder's. Here
all three come from the encoder (``lite``): a grid of regions, the phrases of a caption read within
it, and the caption's vector. ``lite`` has learnt from the same training parts that images lie near
their captions; so the model starts where the paper's ends, and all of its rivals do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from placelens.encoders.base import Encoder
from placelens.encoders.parts import TextPhrases
from placelens.errors import InputError, ReadError
from placelens.evaluation import Pair, Splits, content_hash, read_pairs
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.ranks import Captions
from placelens.evaluation.splits import PARTS, Part
from placelens.readers.images import Decoded, decode
from placelens.types import Float32Array, Float64Array, ImageSpec, Int64Array

# Each data set's folders; the fixed split has the name of the first, others bring their own.
DATASETS: Mapping[str, tuple[str, ...]] = {
    "flickr8k": ("flickr8k", "flickr8k_more"),
    "rsicd": ("rsicd",),
}
OFFICIAL: Mapping[str, Part] = {"train": "train", "dev": "validation", "val": "validation"}
# Phrases of a caption that count, the first; few have more.
PHRASES = 5
_BLOCK = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A part of a data set.

    Attributes
    ----------
    names : of the images: their files, below the folder of the data sets.
    sizes : (n, 2) width and height of the originals in pixels.
    grid : (n, rows, columns, dim) float16; an image's regions sum to its vector.
    texts_of : the captions of each image.
    captions : each distinct text once, and who carries it.
    vectors : (m, dim) unit vectors of the distinct texts.
    phrases : (m, PHRASES, dim) unit vectors; zeros where a text has fewer.
    spec : how the encoder fits an image into its square.
    """

    names: tuple[str, ...]
    sizes: Int64Array
    grid: npt.NDArray[np.float16]
    texts_of: tuple[tuple[str, ...], ...]
    captions: Captions
    vectors: Float32Array
    phrases: Float32Array
    spec: ImageSpec

    def __len__(self) -> int:
        return len(self.names)

    @property
    def images(self) -> Float32Array:
        """(n, dim) unit vectors of the whole images: the encoder's own, up to rounding."""
        return unit(self.grid.sum(axis=(1, 2), dtype=np.float32))

    def drawn(self, count: int, *, seed: int) -> Material:
        """Only so many of the images, at random, in their order, with their captions."""
        rows = np.sort(np.random.default_rng(seed).permutation(len(self))[:count])
        texts_of = tuple(self.texts_of[row] for row in rows)
        captions = Captions.of(texts_of)
        at = {text: number for number, text in enumerate(self.captions.texts)}
        texts = np.array([at[text] for text in captions.texts])
        return replace(
            self,
            names=tuple(self.names[row] for row in rows),
            sizes=self.sizes[rows],
            grid=self.grid[rows],
            texts_of=texts_of,
            captions=captions,
            vectors=self.vectors[texts],
            phrases=self.phrases[texts],
        )


def read_material(
    data: Path,
    work: Path,
    encoder: Encoder,
    dataset: str,
    *,
    splits: Splits,
    most: int | None,
    seed: int,
) -> dict[Part, Material]:
    """The parts of a data set, encoded once.

    Parameters
    ----------
    data
        Folder that holds the data sets.
    work
        Where arrays are kept.
    encoder
        One with regions and phrases.
    dataset
        One of `DATASETS`.
    splits
        The fixed parts.
    most
        At most this many images of each part, drawn at random; None for all. Of the training part
        the first two captions of an image count, of the others all.
    seed
        Of the draw.

    Raises
    ------
    InputError
        If there is no such data set, or a part is empty.
    ReadError
        If pairs or images cannot be read.
    EncoderError
        If the encoder gives no regions or phrases.
    """
    if dataset not in DATASETS:
        raise InputError(f"no data set {dataset!r}; there are: {', '.join(DATASETS)}")
    rng = np.random.default_rng(seed)
    found = {}
    for part, pairs in _pairs_of(data, dataset, splits).items():
        if not pairs:
            raise InputError(f"no image of {dataset} is in part {part!r} of the split")
        drawn = np.sort(rng.permutation(len(pairs))[:most])
        own = [
            Pair(image=each.image, captions=each.captions[: 2 if part == "train" else None])
            for each in (pairs[row] for row in drawn)
        ]
        found[part] = _encoded(data, work, encoder, f"{dataset}-{part}", own)
    return found


def unit(vectors: npt.NDArray[np.floating]) -> Float32Array:
    """Vectors along the last axis at length 1; zeros stay zeros."""
    lengths = np.linalg.norm(vectors.astype(np.float32), axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0.0, lengths, 1.0), dtype=np.float32)


def _pairs_of(data: Path, dataset: str, splits: Splits) -> dict[Part, list[Pair]]:
    """Pairs by part: by the fixed split, or by what a folder's own lines say."""
    import json

    part_of = {each: part for part in PARTS for each in splits.of(dataset, part)}
    found: dict[Part, list[Pair]] = {part: [] for part in PARTS}
    tables = [data / folder / "pairs.jsonl" for folder in DATASETS[dataset]]
    if not any(table.is_file() for table in tables):
        raise ReadError(f"{tables[0]} is not there; --data is the folder of {dataset}")
    for table in tables:
        if not table.is_file():
            continue
        lines = table.read_text(encoding="utf-8").splitlines()
        told = [json.loads(line).get("split") for line in lines if line.strip()]
        for pair, own in zip(read_pairs(table), told, strict=True):
            part = OFFICIAL.get(own) if own else part_of.get(content_hash(pair.image))
            if part is not None:
                found[part].append(pair)
    return found


def _encoded(
    data: Path, work: Path, encoder: Encoder, name: str, pairs: Sequence[Pair]
) -> Material:
    """A part from its files, made and written where there are none."""
    import xxhash

    names = tuple(pair.image.relative_to(data).as_posix() for pair in pairs)
    texts_of = tuple(pair.captions for pair in pairs)
    captions = Captions.of(texts_of)
    digest = xxhash.xxh3_64_hexdigest(repr((names, texts_of)).encode())
    stem = f"mcqi-{name}-{digest}-{encoder.fingerprint.replace(':', '-')}"
    spec = image_spec_of(encoder)
    images, texts = work / f"{stem}-images.npz", work / f"{stem}-texts.npz"
    if not images.exists():
        _keep(images, _encode_images([pair.image for pair in pairs], spec, encoder))
    if not texts.exists():
        _keep(texts, _encode_texts(captions.texts, encoder))
    with np.load(images) as of_images, np.load(texts) as of_texts:
        return Material(
            names=names,
            sizes=of_images["sizes"],
            grid=of_images["grid"],
            texts_of=texts_of,
            captions=captions,
            vectors=of_texts["vectors"],
            phrases=of_texts["phrases"].astype(np.float32),
            spec=spec,
        )


def _keep(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f"unfinished-{path.name}")
    np.savez(unfinished, **arrays)
    unfinished.replace(path)


def _encode_images(paths: Sequence[Path], spec: ImageSpec, encoder: Encoder) -> dict[str, Any]:
    def decoded(path: Path) -> Decoded:
        try:
            return decode(path, spec)
        except ReadError as error:
            raise ReadError(f"{path}: {error}") from error

    grids, sizes = [], []
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, len(paths), _BLOCK):
            block = list(pool.map(decoded, paths[start : start + _BLOCK]))
            pixels = np.stack([each.pixels for each in block if each.pixels is not None])
            grids.append(encoder.encode_regions(pixels).regions.astype(np.float16))
            sizes += [(each.width, each.height) for each in block]
    return {"grid": np.concatenate(grids), "sizes": np.array(sizes, dtype=np.int64)}


def _encode_texts(texts: Sequence[str], encoder: Encoder) -> dict[str, Any]:
    found = encoder.encode_phrases(list(texts))
    return {
        "vectors": np.stack([each.vector for each in found]),
        "phrases": np.stack([_phrases_of(each) for each in found]).astype(np.float16),
    }


def _phrases_of(text: TextPhrases) -> Float64Array:
    """The first phrases at length 1; of a text without any, the text."""
    own = unit(text.phrases if len(text.spans) else text.vector[None])[:PHRASES]
    padded = np.zeros((PHRASES, own.shape[1]))
    padded[: len(own)] = own
    return padded
