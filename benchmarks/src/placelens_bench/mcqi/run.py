"""``placelens bench mcqi``: each section is a function in a table.

A new one is a function of `Given` that returns plain JSON types, and a line in `SECTIONS`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.detectors.detector import Detector
from placelens.encoders.registry import load_encoder
from placelens.evaluation import Splits
from placelens_bench import explained
from placelens_bench.mcqi import grains
from placelens_bench.mcqi.algorithm_1 import shares
from placelens_bench.mcqi.data import (
    COMPONENTS,
    Asked,
    Photos,
    read_concepts,
    read_photos,
    rows_of_queries,
)
from placelens_bench.mcqi.indexes import K, compare
from placelens_bench.mcqi.model.material import DATASETS
from placelens_bench.mcqi.model.measure import QUICK as QUICK_MODEL
from placelens_bench.mcqi.model.measure import Amount, measure, require_torch
from placelens_bench.mcqi.observation import SIZES, observe

SEED = 20261129
PHOTO_SIDE, AERIAL_SIDE = "lite:photo", "lite:aerial"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is asked of how much.

    Attributes
    ----------
    photos : at most this many; None for all.
    scenes : at most this many of each class and part; None for all.
    queries : how many are asked.
    images : of each data set at most this many are looked for by their captions; None for all.
    samples : of pairs, rising.
    components : of CoSMat.
    model : what the paper's model is trained on, and how.
    """

    photos: int | None = None
    scenes: int | None = None
    queries: int = 200
    images: int | None = None
    samples: tuple[int, ...] = SIZES
    components: int = COMPONENTS
    model: Amount = field(default_factory=Amount)

    def model_of(self, dataset: str) -> Amount:
        """Of RSICD fewer images: its captions repeat, and both shall be done within an hour."""
        if dataset != "rsicd" or self.model != Amount():
            return self.model
        return replace(self.model, images=1500, training={"captioner_epochs": 5})


# To try it out.
QUICK = Sizes(
    photos=100,
    scenes=2,
    queries=20,
    images=8,
    samples=(200, 1_000),
    components=32,
    model=QUICK_MODEL,
)


@dataclass(frozen=True)
class Given:
    """What the sections measure on; what is encoded is so when the first of them asks for it."""

    data: Path
    work: Path
    sizes: Sizes
    encoder: Encoder | None
    splits: Splits | None
    train: bool
    say: Say
    detector: Detector | None = None

    @cached_property
    def photos(self) -> Photos:
        """Photos and their captions."""
        return read_photos(self.data, self.work, self._side(PHOTO_SIDE), most=self.sizes.photos)

    @cached_property
    def concepts(self) -> tuple[Asked, Asked]:
        """Scenes as concepts, which captions ask for, and captions that scenes ask for."""
        found = read_concepts(
            *(self.data, self.work, self._side(AERIAL_SIDE)),
            splits=self.splits,
            most=self.sizes.scenes,
            n_components=self.sizes.components,
        )
        images, texts = (self._fewer(each) for each in found)
        return images, texts

    @cached_property
    def models(self) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
        """Of each data set, the figures of the paper's model and how they came about."""
        sides = {"flickr8k": PHOTO_SIDE, "rsicd": AERIAL_SIDE}
        return {
            name: measure(
                *(self.data, self.work, self._side(sides[name]), name),
                splits=self.splits or Splits.load(),
                amount=self.sizes.model_of(name),
                seed=SEED,
                say=self.say,
            )
            for name in DATASETS
        }

    def _fewer(self, asked: Asked) -> Asked:
        rows = rows_of_queries(len(asked.queries), self.sizes.queries, self.rng(1))
        return Asked(items=asked.items, queries=asked.queries[rows])

    def rng(self, section: int) -> np.random.Generator:
        """What a section draws with."""
        return np.random.default_rng([SEED, section])

    def _side(self, name: str) -> Encoder:
        return load_encoder(name) if self.encoder is None else self.encoder


def _observation_1(given: Given) -> dict[str, Any]:
    return observe(given.photos, given.rng(0), sizes=given.sizes.samples)


def _m_tree(given: Given) -> dict[str, Any]:
    """Concepts of images and of texts; vectors asked by captions, as people do, and by photos; and
    Algorithm 1."""
    photos, (concepts, of_texts) = given.photos, given.concepts
    asked = rows_of_queries(len(photos.images), given.sizes.queries, given.rng(2))
    images, texts = photos.images.coarse, photos.texts.coarse
    others = np.setdiff1d(np.arange(len(images)), asked)
    return {
        "concepts": compare(concepts),
        "concepts_of_texts": compare(of_texts),
        "vectors": compare(Asked(items=images, queries=texts[asked])),
        "vectors_by_photos": compare(Asked(items=images[others], queries=images[asked])),
        "algorithm1": shares(photos, asked, K, given.rng(3)),
    }


def _grains(given: Given) -> dict[str, Any]:
    """See `placelens_bench.mcqi.grains`."""
    return grains.measure(
        given.data,
        given.work,
        given.encoder or load_encoder("lite"),
        given.rng(4),
        splits=given.splits or Splits.load(),
        most=given.sizes.images,
    )


def _explain(given: Given) -> dict[str, Any]:
    """See `placelens_bench.explained`; skipped where there are no objects with boxes."""
    encoder, splits = given.encoder or load_encoder("lite"), given.splits or Splits.load()
    kept = grains.kept_set(
        *(given.data, given.work, explained.COCO, encoder), splits=splits, most=given.sizes.images
    )
    if kept is None:
        return {"skipped": f"{given.data / explained.COCO} is not there"}
    pairs, photos = kept
    texts = [text for pair in pairs for text in pair.captions]
    return {
        **explained.run(
            given.data, encoder=encoder, detector=given.detector, most=given.sizes.images
        ),
        "ms_per_10_hits": grains.ms_per_10_hits(photos, texts, given.rng(5)),
    }


def _map30(given: Given) -> dict[str, Any]:
    """MAP of the first 30 and recalls of the paper's model and of others, by data set."""
    if not given.train:
        return {"skipped": "it trains the paper's model, for some 20 minutes: ask with --train"}
    return {name: figures for name, (figures, _) in given.models.items()}


def _model(given: Given) -> dict[str, Any]:
    """How these figures came about."""
    if not given.train:
        return {"skipped": "ask with --train"}
    return {name: told for name, (_, told) in given.models.items()}


SECTIONS: Mapping[str, Callable[[Given], Any]] = {
    "explain": _explain,
    "observation1": _observation_1,
    "mtree": _m_tree,
    "delta": _grains,
    "map30": _map30,
    "model": _model,
}


def run(
    data: Path,
    *,
    work: Path | None = None,
    quick: bool = False,
    train: bool = False,
    encoder: Encoder | None = None,
    splits: Splits | None = None,
    detector: Detector | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """All sections by name; plain JSON types.

    Parameters
    ----------
    data
        Folder that holds rsicd, and flickr8k or flickr8k_more.
    work
        Keeps encoded vectors for the next time; a temporary folder when None.
    quick
        Small sizes, to try it out.
    train
        Whether the paper's model is trained and measured too.
    encoder
        Of photos, scenes and texts; the built-in one's two sides when None.
    splits
        Of the scenes; the committed ones when None.
    detector
        What finds objects, for explanations; none when None.
    say
        Told of each step.

    Raises
    ------
    InputError, ReadError
        If the data cannot be read.
    EncoderError
        If the encoder gives no regions or phrases.
    MissingExtraError
        If a model is to be trained and torch is not installed.
    RuntimeError
        If an index does not answer as the exact scan does.
    """
    if train:
        require_torch()  # before the work, not after it
    holder = (
        tempfile.TemporaryDirectory(prefix="placelens-bench-")
        if work is None
        else nullcontext(str(work))
    )
    result: dict[str, Any] = {}
    with holder as name:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        sizes = QUICK if quick else Sizes()
        given = Given(data, folder, sizes, encoder, splits, train, say, detector)
        for section, measure in SECTIONS.items():
            result[section] = measure(given)
            say(f"{section}: done")
    return result
