"""What is asked and searched: photos and captions in two granularities, and scenes as concepts.

The paper's coarse vector of an image is that of a sentence about all of it, its fine one that of
the objects in it. Here both come from one encoder: *coarse* is the vector of the whole image or
caption, *fine* the mean direction of its parts: of an image the regions that it owes most to (the
paper: its "top detected locations"), of a caption its phrases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placelens.alignment import CoSMat
from placelens.encoders.base import Encoder
from placelens.errors import InputError
from placelens.evaluation import Pair, Splits, prepared_blocks, read_pairs
from placelens.evaluation.prepared import image_spec_of
from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.paper_000.data import read_scenes

PHOTOS = ("flickr8k", "flickr8k_more")
# Parts of an image, or phrases of a caption, that make its fine vector.
TOP = 5
# What the benchmark of the GMR-tree's paper chose for CoSMat on its validation part.
COMPONENTS, C = 128, 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Grained:
    """The same things in two granularities: (n, dim) unit vectors each."""

    fine: Float32Array
    coarse: Float32Array

    def __len__(self) -> int:
        return len(self.coarse)

    def joined(self, weight: float = 0.5) -> Float32Array:
        """Unit vectors of both parts side by side, (n, 2 dim), the fine one's length weighed.

        With the same weight on both sides of a product, or one half, it is the paper's IFV.

        >>> one = Grained(fine=np.float32([[1, 0]]), coarse=np.float32([[0, 1]]))
        >>> one.joined().round(3).tolist()
        [[0.7070000171661377, 0.0, 0.0, 0.7070000171661377]]
        """
        both = np.concatenate([weight * self.fine, (1.0 - weight) * self.coarse], axis=1)
        return unit(both)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """Photos, and a caption of each in the same order."""

    images: Grained
    texts: Grained


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Unit vectors to search, (n, dim), and to ask with, (q, dim)."""

    items: Float32Array
    queries: Float32Array


def read_photos(data: Path, work: Path, encoder: Encoder, *, most: int | None = None) -> Photos:
    """The photos of both Flickr8k folders with their first captions.

    Parameters
    ----------
    data
        Folder that holds flickr8k and flickr8k_more, or one of them.
    work
        Where vectors are kept: encoding takes minutes.
    encoder
        One with regions and phrases.
    most
        At most this many; None for all.

    Raises
    ------
    InputError
        If neither folder is there.
    ReadError
        If pairs or images cannot be read.
    EncoderError
        If the encoder gives no regions or phrases.
    """
    tables = [data / name / "pairs.jsonl" for name in PHOTOS]
    pairs = [pair for table in tables if table.is_file() for pair in read_pairs(table)][:most]
    if not pairs:
        raise InputError(f"{data} holds neither {' nor '.join(PHOTOS)}")
    images = _kept(work, "photos", pairs, encoder, _images)
    texts = _kept(work, "captions", pairs, encoder, _texts)
    return Photos(images=images, texts=texts)


def read_concepts(
    data: Path,
    work: Path,
    encoder: Encoder,
    *,
    splits: Splits | None = None,
    most: int | None = None,
    n_components: int = COMPONENTS,
) -> tuple[Asked, Asked]:
    """The scenes of RSICD as concepts, which captions of its test part ask for; and all captions,
    which images of the test part ask for.

    CoSMat, the GMR-tree's paper's own space, learns them from the training part: one a class.

    Parameters
    ----------
    data
        Folder that holds rsicd.
    work
        Where vectors are kept.
    splits
        The parts by content; the committed ones when None.
    most
        At most this many images of each class and part; None for all.
    n_components
        Of CoSMat.

    Raises
    ------
    InputError, ReadError
        If pairs or images cannot be read.
    """
    scenes, rows = read_scenes(data, work, encoder, splits=splits or Splits.load(), most=most)
    train, test = scenes.rows(rows["train"]), scenes.rows(rows["test"])
    space = CoSMat(n_components=n_components, C=C).fit(
        train.images, train.caption_means(), train.classes
    )

    def of_images(vectors: Float32Array) -> Float32Array:
        return space.embed_image(vectors).astype(np.float32)

    def of_texts(vectors: Float32Array) -> Float32Array:
        return space.embed_text(vectors).astype(np.float32)

    return (
        Asked(items=of_images(scenes.images), queries=of_texts(test.captions)),
        Asked(items=of_texts(scenes.captions), queries=of_images(test.images)),
    )


def unit(vectors: Float32Array | Float64Array) -> Float32Array:
    """Rows at length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0.0, lengths, 1.0)).astype(np.float32)


def fine_of(parts: Float32Array) -> Float64Array:
    """The mean direction of the longest `TOP` of some parts, (p, dim); of length 1.

    A part's length is what the whole owes to it; its direction is what it shows.

    >>> fine_of(np.float32([[3, 0], [0, 2]])).round(3).tolist()
    [0.707, 0.707]
    """
    lengths = np.linalg.norm(parts.astype(np.float64), axis=1)
    longest = np.argsort(-lengths, kind="stable")[:TOP]
    longest = longest[lengths[longest] > 0.0]
    mean = (parts[longest] / lengths[longest, None]).sum(axis=0)
    return mean / max(float(np.linalg.norm(mean)), 1e-30)


def _images(pairs: list[Pair], encoder: Encoder) -> Grained:
    fine: list[Float64Array] = []
    coarse: list[Float32Array] = []
    for block in prepared_blocks([pair.image for pair in pairs], image_spec_of(encoder)):
        found = encoder.encode_regions(block)
        coarse.append(found.vectors)
        fine += [fine_of(each.reshape(-1, each.shape[-1])) for each in found.regions]
    return Grained(fine=np.array(fine, dtype=np.float32), coarse=np.concatenate(coarse))


def _texts(pairs: list[Pair], encoder: Encoder) -> Grained:
    found = encoder.encode_phrases([pair.captions[0] for pair in pairs])
    # Where a caption has no phrase, its only part is all of it.
    fine = [fine_of(each.phrases if len(each.spans) else each.vector[None]) for each in found]
    coarse = np.stack([each.vector for each in found])
    return Grained(fine=np.array(fine, dtype=np.float32), coarse=coarse)


def _kept(
    work: Path,
    name: str,
    pairs: list[Pair],
    encoder: Encoder,
    make: Callable[[list[Pair], Encoder], Grained],
) -> Grained:
    """Both granularities from a file, made and written where there is none."""
    import xxhash

    told = "\n".join(f"{pair.image.name} {pair.captions[0]}" for pair in pairs)
    digest = xxhash.xxh3_64_hexdigest(told.encode())
    path = work / f"mcqi-{name}-{digest}-{encoder.fingerprint.replace(':', '-')}.npy"
    if not path.exists():
        made = make(pairs, encoder)
        np.save(path, np.stack([made.fine, made.coarse]))
    fine, coarse = np.load(path)
    return Grained(fine=fine, coarse=coarse)


def rows_of_queries(n: int, count: int, rng: np.random.Generator) -> Int64Array:
    """Which of n rows are asked, in order."""
    return np.sort(rng.choice(n, min(count, n), replace=False))
