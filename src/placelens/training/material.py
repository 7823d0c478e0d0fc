"""What ``lite`` is trained on: images as the trunk sees them, captions as MiniLM does.

Everything costly is computed once and kept in a cache folder, keyed by what it depends on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from placelens.encoders.base import Encoder
from placelens.encoders.minilm import MiniLM
from placelens.evaluation import Pair, Splits, content_hash, prepared_blocks, read_pairs
from placelens.evaluation.calibration import Described
from placelens.evaluation.splits import PARTS
from placelens.training.heads import IMAGE_SIZE, TRUNK_SHAPE
from placelens.types import Float64Array, ImageSpec, Int64Array, UInt8Array

SPEC = ImageSpec(size=IMAGE_SIZE, fit="squash")
# How often an image is seen in another cut, mirrored and (from above) turned.
N_VARIANTS = 4
# Images at once through the trunk: their activations stay in the caches.
_BATCH = 4
_BLOCK = 32
# What data sets call their parts.
_OWN_PARTS = {"train": "train", "dev": "validation", "val": "validation", "test": "test"}


class _Images:
    """Images with captions, in parts.

    Attributes
    ----------
    name : of the data.
    pairs : images and captions.
    parts : (n,) "train", "validation", "test" or "" for each image.
    sentences : for each image, (m, 384) MiniLM vectors of its captions.
    classes : (n,) number of the scene class, where the data have such.
    """

    name: str
    pairs: list[Pair]
    parts: np.ndarray
    sentences: list[Float64Array]
    classes: Int64Array | None = None

    def rows(self, *parts: str) -> Int64Array:
        """Numbers of the images of these parts."""
        return np.flatnonzero(np.isin(self.parts, parts))

    def captions(self, rows: Int64Array) -> list[tuple[str, ...]]:
        """The captions of these images."""
        return [self.pairs[row].captions for row in rows]

    def prepared(self, rows: Int64Array) -> UInt8Array:
        """These images, (n, 224, 224, 3)."""
        paths = [self.pairs[row].image for row in rows]
        return np.concatenate(list(prepared_blocks(paths, SPEC)))

    def described(self, encoder: Encoder, rows: Int64Array) -> Described:
        """These images and their captions as an encoder sees them."""
        return Described.of(
            encoder.encode_images(self.prepared(rows)),
            self.captions(rows),
            encoder,
            classes=None if self.classes is None else self.classes[rows],
        )


class Material(_Images):
    """The images of one data set, with their captions and parts.

    Parameters
    ----------
    folder
        Holds ``pairs.jsonl``. Where its lines say of which part an image is ("split"), that
        counts; else the committed split of the folder's name.
    is_aerial
        Whether its images are seen from above.
    cache
        Where activations and sentence vectors are kept.

    Attributes
    ----------
    class_names : of the scene classes.
    """

    def __init__(self, folder: Path, *, is_aerial: bool, cache: Path, minilm: MiniLM) -> None:
        self.name = folder.name
        self.is_aerial = is_aerial
        table = folder / "pairs.jsonl"
        self.pairs: list[Pair] = read_pairs(table)
        lines = [json.loads(line) for line in table.open(encoding="utf-8")]
        names = [line.get("class", "") for line in lines]
        self.class_names = sorted(set(names))
        if len(self.class_names) > 1:
            self.classes = np.array([self.class_names.index(name) for name in names])
        self._digests = [content_hash(pair.image) for pair in self.pairs]
        if "split" in lines[0]:
            self.parts = np.array([_OWN_PARTS[line["split"]] for line in lines])
        else:
            known = Splits.load()
            part_of = {digest: part for part in PARTS for digest in known.of(self.name, part)}
            self.parts = np.array([part_of.get(digest, "") for digest in self._digests])
        self._cache = cache
        self.sentences = self._load_sentences(minilm)

    def activations(
        self, trunk: Callable[[UInt8Array], np.ndarray], key: str, *, n_variants: int, seed: int
    ) -> np.ndarray:
        """Activations of all images, (n_variants, n, 112, 14, 14) float16, as a memory map.

        The first variant is the image as the encoder sees it; the others, made for the parts train
        and validation only, are cut out, mirrored and, when seen from above, turned at random.

        Parameters
        ----------
        trunk
            Prepared images to activations.
        key
            Names the trunk: other weights, another cache.
        """
        text = "\n".join([key, str(n_variants), str(seed), *self._digests])
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        path = self._cache / f"activations-{self.name}-{digest}.npy"
        if path.exists():
            return np.load(path, mmap_mode="r")
        unfinished = path.with_suffix(".part")
        shape = (n_variants, len(self.pairs), *TRUNK_SHAPE)
        store = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
        rng = np.random.default_rng(seed)
        varied = np.isin(self.parts, ("train", "validation"))
        for start in range(0, len(self.pairs), _BLOCK):
            block = np.arange(start, min(start + _BLOCK, len(self.pairs)))
            images = self.prepared(block)
            store[0, block] = _in_batches(trunk, images)
            chosen = varied[block]
            for variant in range(1, n_variants) if chosen.any() else ():
                changed = [vary(image, rng, turn=self.is_aerial) for image in images[chosen]]
                store[variant, block[chosen]] = _in_batches(trunk, np.stack(changed))
        store.flush()
        unfinished.rename(path)
        return np.load(path, mmap_mode="r")

    def _load_sentences(self, minilm: MiniLM) -> list[Float64Array]:
        """MiniLM vectors of all captions, image by image."""
        texts = sorted({caption for pair in self.pairs for caption in pair.captions})
        key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        path = self._cache / f"sentences-{self.name}-{key}.npy"
        if not path.exists():
            np.save(path, minilm.encode(texts))
        vectors = np.load(path).astype(np.float64)
        row = {text: number for number, text in enumerate(texts)}
        return [vectors[[row[caption] for caption in pair.captions]] for pair in self.pairs]


class Together(_Images):
    """Several data sets of one kind as one, their images counted through."""

    def __init__(self, *materials: Material) -> None:
        self.materials = materials
        self.name = "+".join(material.name for material in materials)
        self.pairs = [pair for material in materials for pair in material.pairs]
        self.parts = np.concatenate([material.parts for material in materials])
        self.sentences = [own for material in materials for own in material.sentences]


class Stacked:
    """Activations of several data sets, counted through, read like one array.

    Parameters
    ----------
    blocks
        Of each data set, (v, n, 112, 14, 14), all of as many variants.
    """

    def __init__(self, blocks: Sequence[np.ndarray]) -> None:
        self.blocks = tuple(blocks)
        self._ends = np.cumsum([block.shape[1] for block in blocks])

    def __len__(self) -> int:
        """The number of variants."""
        return min(len(block) for block in self.blocks)

    def __getitem__(self, key: tuple[int, int]) -> np.ndarray:
        """(112, 14, 14) of a variant and an image."""
        variant, row = key
        block = int(np.searchsorted(self._ends, row, side="right"))
        first = self._ends[block] - self.blocks[block].shape[1]
        return np.asarray(self.blocks[block][variant, row - first])

    def take(self, rows: Int64Array) -> np.ndarray:
        """Some images as the encoder sees them, (n, 112, 14, 14)."""
        return np.stack([self[0, row] for row in rows])


def vary(image: UInt8Array, rng: np.random.Generator, *, turn: bool) -> UInt8Array:
    """The image cut out, mirrored half of the time and, with ``turn``, turned by quarters."""
    size = len(image)
    side = rng.uniform(0.8 if turn else 0.65, 1.0) * size
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    width, height = (min(size, int(side * f)) for f in (stretch, 1 / stretch))
    left, top = rng.integers(0, size - width + 1), rng.integers(0, size - height + 1)
    cut = Image.fromarray(image[top : top + height, left : left + width])
    varied = np.asarray(cut.resize((size, size), Image.Resampling.BICUBIC))
    if rng.random() < 0.5:
        varied = varied[:, ::-1]
    if turn:
        varied = np.rot90(varied, int(rng.integers(4)))
    return np.ascontiguousarray(varied)


def _in_batches(call: Callable[[UInt8Array], np.ndarray], images: UInt8Array) -> np.ndarray:
    return np.concatenate(
        [call(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
    )
