"""Calibrations: from the cosines of pairs that belong together, and of pairs that do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from placelens.encoders.base import Answerability, Calibration, Encoder, logit_of
from placelens.encoders.fits import Fits, Pair
from placelens.encoders.hubs import HubPool
from placelens.errors import InputError
from placelens.evaluation.answerable import ask
from placelens.evaluation.logistic import fit_logistic
from placelens.evaluation.ranks import Captions
from placelens.types import (
    RANDOM_PER_MATCH,
    BoolArray,
    FeatureName,
    Float32Array,
    Float64Array,
    Int64Array,
)

# Of two images, this share of all pairs shows the same: those whose captions are most alike.
ALIKE_SHARE = 0.01

_PENALTY = 1e-6
_MAX_DRAWS = 1000


def fit_calibration(matched: Sequence[Float64Array], random: Sequence[Float64Array]) -> Calibration:
    """Fit the probability that a pair matches, one match against `RANDOM_PER_MATCH` random pairs.

    The fit itself is of as many matches as random pairs; that there are more of these only moves
    it, by their logarithm.

    Parameters
    ----------
    matched, random
        Cosines, one array a data set; every data set counts the same, however many pairs it
        has, and in it matches as much as random pairs.

    Raises
    ------
    InputError
        If an array is empty, or matches are no closer than random pairs.

    Examples
    --------
    >>> calibration = fit_calibration([np.array([0.4, 0.6, 0.2])], [np.array([0.0, 0.2, 0.4])])
    >>> bool(abs(calibration.at_even_odds(np.array([0.3]))[0] - 0.5) < 1e-3)  # symmetric about 0.3
    True
    """
    groups = [*matched, *random]
    if not all(len(group) for group in groups):
        raise InputError(
            "a calibration needs pairs that belong together and pairs that do not: images with "
            "different captions, and two captions or more for some"
        )
    cosines = np.concatenate(groups)
    weights = np.concatenate([np.full(len(group), 1.0 / len(group)) for group in groups])
    positive = np.zeros(len(cosines), dtype=np.bool_)
    positive[: sum(len(group) for group in matched)] = True
    slope, intercept = fit_logistic(cosines[:, None], positive, weights=weights, penalty=_PENALTY)
    if not slope[0] > 0:
        raise InputError(
            "pairs that belong together are no closer in this encoder's space than others "
            f"(slope {slope[0]:.3g}), so its cosines tell nothing; are the captions those of the "
            "images?"
        )
    return Calibration(slope=float(slope[0]), intercept=intercept - math.log(RANDOM_PER_MATCH))


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Images of one data set and their captions, as an encoder sees both.

    Attributes
    ----------
    images : (n, d) unit vectors.
    texts : (m, d) unit vectors of all captions.
    owner : (m,) the image of each caption, ascending; every image has one or more.
    captions : (m,) the captions themselves: equal ones belong to each other's images.
    classes : (n,) number of each image's scene class, or None where there are none.
    """

    images: Float32Array
    texts: Float32Array
    owner: Int64Array
    captions: Sequence[str]
    classes: Int64Array | None

    @classmethod
    def of(
        cls,
        images: Float32Array,
        captions: Sequence[Sequence[str]],
        encoder: Encoder,
        *,
        classes: Int64Array | None = None,
    ) -> Described:
        """From the images' unit vectors and the captions of each image."""
        lines = [caption for own in captions for caption in own]
        return cls(
            images=images,
            texts=encoder.encode_texts(lines),
            owner=np.repeat(np.arange(len(captions)), [len(own) for own in captions]),
            captions=lines,
            classes=classes,
        )

    def captions_by_image(self) -> list[list[str]]:
        """The captions of each image."""
        captions: list[list[str]] = [[] for _ in self.images]
        for caption, owner in zip(self.captions, self.owner, strict=True):
            captions[owner].append(caption)
        return captions

    def distinct(self) -> tuple[Captions, Float32Array]:
        """The captions, each distinct one once, and their vectors."""
        captions = Captions.of(self.captions_by_image())
        row_of = {text: row for row, text in enumerate(self.captions)}
        return captions, self.texts[[row_of[text] for text in captions.texts]]


def fit(described: Sequence[Described], *, seed: int) -> Fits:
    """Everything that turns cosines into probabilities, from images with captions."""
    calibrations = fit_pairs(described, seed=seed)
    text_image = calibrations["text", "image"]
    answerability = fit_answerability(described, text_image, seed=seed)
    return Fits(calibrations=calibrations, answerabilities={("text", "image"): answerability})


def fit_corrected(
    described: Sequence[Described],
    pools: Mapping[Pair, HubPool],
    *,
    seed: int,
    strangers: Float32Array | None = None,
) -> Fits:
    """The same for cosines that a hub pool corrects; for each pool a calibration.

    Parameters
    ----------
    described
        Images that the encoder has not seen in training, with captions.
    pools
        By ("text", "image"), ("image", "text") or both.
    seed
        Of the random pairs and collections.
    strangers
        (s, d) texts that none of the images carries, beside the other data sets' captions.
    """
    rng = np.random.default_rng(seed)
    others = [_others(data, rng) for data in described]
    calibrations = {
        (query, item): _fit_text_image(described, others, item=item, pool=pool)
        for (query, item), pool in pools.items()
    }
    asked = ("text", "image")
    if asked not in pools:
        return Fits(calibrations=calibrations)
    answerability = fit_answerability(
        described, calibrations[asked], seed=seed, pool=pools[asked], strangers=strangers
    )
    return Fits(calibrations=calibrations, answerabilities={asked: answerability})


def fit_pairs(
    described: Sequence[Described], *, seed: int
) -> dict[tuple[FeatureName, FeatureName], Calibration]:
    """Calibrations for each (query modality, item modality).

    - text with image: a caption with its own image, against an image that shares no caption with
      that one;
    - text with text: two differently worded captions of one image, against captions of two images;
    - image with image: two images of one scene class or, where there are no classes, the one pair
      in a hundred whose captions are most alike, against all other pairs.

    Every data set and each answer counts the same.

    Raises
    ------
    InputError
        If there are no such pairs, or no others.
    """
    rng = np.random.default_rng(seed)
    others = [_others(data, rng) for data in described]
    text_image = _fit_text_image(described, others)
    return {
        ("text", "image"): text_image,
        ("image", "text"): text_image,
        ("image", "image"): _fit_images(described),
        ("text", "text"): _fit_texts(described, others),
    }


def _fit_text_image(
    described: Sequence[Described],
    others: Sequence[Int64Array],
    *,
    item: FeatureName = "image",
    pool: HubPool | None = None,
) -> Calibration:
    """The calibration of text with image; a pool corrects the cosines with the items."""
    matched, random = [], []
    for data, other in zip(described, others, strict=True):
        own, another = data.owner, other  # the image of each caption, and one that is not
        together = _cosines(data.texts, data.images[own])
        apart = _cosines(data.texts, data.images[another])
        if pool is not None and item == "image":
            lost = pool.penalties(data.images)
            together, apart = together - lost[own], apart - lost[another]
        elif pool is not None:
            lost = pool.penalties(data.texts)
            together, apart = together - lost, apart - lost
        matched.append(together)
        random.append(apart)
    return fit_calibration(matched, random)


def _fit_images(described: Sequence[Described]) -> Calibration:
    """The calibration of image with image."""
    matched, random = [], []
    for data in described:
        alike = _alike(data)
        upper = np.triu(np.ones_like(alike), 1)
        cosines = data.images.astype(np.float64) @ data.images.T
        matched.append(cosines[alike & upper])
        random.append(cosines[~alike & upper])
    return fit_calibration(matched, random)


def _fit_texts(described: Sequence[Described], others: Sequence[Int64Array]) -> Calibration:
    """The calibration of text with text."""
    matched, random = [], []
    for data, other in zip(described, others, strict=True):
        first = np.searchsorted(data.owner, np.arange(len(data.images)))
        last = np.append(first[1:], len(data.owner)) - 1
        twice = _cosines(data.texts[first], data.texts[last])
        matched.append(twice[twice < 1 - 1e-6])
        random.append(_cosines(data.texts, data.texts[first[other]]))
    return fit_calibration(matched, random)


def fit_answerability(
    described: Sequence[Described],
    calibration: Calibration,
    *,
    seed: int,
    pool: HubPool | None = None,
    strangers: Float32Array | None = None,
) -> Answerability:
    """The text-to-image answerability.

    Texts are asked of random collections of a tenth, a quarter and half of a data set's images.
    Every data set and size counts the same; in it as much those that can be answered as those that
    cannot, and of these as much the data set's own texts as those of the others and ``strangers``.
    A pool corrects the cosines with the images.
    """
    X, positive, weights = [], [], []
    for data in described:
        captions, texts = data.distinct()
        foreign = [other.distinct()[1] for other in described if other is not data]
        if strangers is not None:
            foreign.append(strangers)
        lost = 0.0 if pool is None else pool.penalties(data.images)[:, None]
        strange = data.images @ np.concatenate(foreign).T - lost if foreign else None
        for share in (0.1, 0.25, 0.5):
            asked = ask(
                data.images @ texts.T - lost, captions, strangers=strange, seed=seed, share=share
            )
            best = logit_of(calibration(asked.best))
            X.append(np.column_stack([best, np.log(asked.n_images)]))
            positive.append(asked.is_answerable)
            # Answered, not answered, strange.
            kind = np.where(asked.is_answerable, 0, 1 + asked.is_strange)
            of_kind = np.bincount(kind, minlength=3)
            worth = np.array([0.5, 0.25, 0.25] if foreign else [0.5, 0.5, 0.0])
            weights.append((worth / np.maximum(of_kind, 1))[kind])
    slopes, intercept = fit_logistic(
        np.concatenate(X),
        np.concatenate(positive),
        weights=np.concatenate(weights),
        penalty=_PENALTY,
    )
    slope, size_slope = slopes
    if not slope > 0:
        raise InputError(
            "texts fit the best image no better when their own is there (slope "
            f"{slope:.3g}), so nothing tells whether there is an answer; more pairs may help"
        )
    return Answerability(
        slope=float(slope),
        size_slope=float(size_slope),
        intercept=float(intercept),
        largest=round(np.exp(max(sizes[:, 1].max() for sizes in X))),
    )


def _others(data: Described, rng: np.random.Generator) -> Int64Array:
    """For each caption another image, at random, that shares no caption with its own."""
    texts_of = [set(captions) for captions in data.captions_by_image()]
    other = rng.integers(len(data.images), size=len(data.owner))
    for position, owner in enumerate(data.owner):
        for _ in range(_MAX_DRAWS):
            if not texts_of[other[position]] & texts_of[owner]:
                break
            other[position] = rng.integers(len(data.images))
        else:
            raise InputError(
                f"nearly every image carries one of the captions {sorted(texts_of[owner])!r}; a "
                "calibration needs images with different captions"
            )
    return other


def _alike(data: Described) -> BoolArray:
    """Whether two images show the same: one scene class, or captions that are most alike."""
    if data.classes is not None:
        return np.equal.outer(data.classes, data.classes)
    means = np.zeros(data.images.shape)
    np.add.at(means, data.owner, data.texts)
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    cosines = means @ means.T
    pairs = cosines[np.triu_indices(len(cosines), 1)]
    return np.asarray(cosines >= np.quantile(pairs, 1 - ALIKE_SHARE), dtype=np.bool_)


def _cosines(a: Float32Array, b: Float32Array) -> Float64Array:
    """Row by row."""
    return np.einsum("ij,ij->i", a.astype(np.float64), b.astype(np.float64))
