"""How good scores are: MAP of the first 30, recalls, and whether a difference is luck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from placelens.evaluation import image_to_text_ranks, recalls, text_to_image_ranks
from placelens.evaluation.bootstrap import LEVEL, N_DRAWS, Ranks, mean_recall_gain
from placelens.types import BoolArray, Float32Array, Float64Array
from placelens_bench.mcqi.model.material import Material
from placelens_bench.mcqi.model.precision import K, average_precisions
from placelens_bench.mcqi.model.relevance import caption_rows, relevant_images

WAYS = ("t2i", "i2t")
COUNTS = ("map30", "map30_printed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """AP in percent of each image: of its captions as queries on average, and of itself as one;
    both by both counts of what is relevant, (2 counts, 2 ways, n)."""

    precisions: Float64Array
    ranks: Ranks
    recalls: Any

    @property
    def value(self) -> float:
        """MAP, the mean of both ways; |R| = min(number of relevant items, k)."""
        return float(self.precisions[0].mean())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is relevant in a part.

    Attributes
    ----------
    material : the part.
    relevant : (n, n), which image is relevant to which.
    """

    material: Material
    relevant: BoolArray

    @classmethod
    def of(cls, material: Material, labels: BoolArray) -> Judge:
        """By labels of the images, (n, words)."""
        return cls(material=material, relevant=relevant_images(labels))

    def value(self, scores: Float32Array) -> float:
        """MAP, the mean of both ways."""
        return float(self._precisions(scores)[0].mean())

    def __call__(self, scores: Float32Array) -> Judged:
        """Judge scores of images and texts, (n, m)."""
        captions = self.material.captions
        return Judged(
            precisions=self._precisions(scores),
            ranks=Ranks(
                text_to_image=text_to_image_ranks(scores, captions),
                image_to_text=image_to_text_ranks(scores, captions),
            ),
            recalls=recalls(scores, captions),
        )

    def gain(self, before: Judged, after: Judged, *, seed: int) -> dict[str, list[float]]:
        """Intervals of 95% of what MAP (the mean of both ways) and mR gain, in percent points.

        A paired bootstrap: images are drawn anew, each with its captions, and both are judged on
        the same draws.
        """
        differences = (after.precisions[0] - before.precisions[0]).mean(axis=0)
        n = len(differences)
        rng = np.random.default_rng(seed)
        draws = [differences[rng.integers(n, size=n)].mean() for _ in range(N_DRAWS)]
        ends = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        captions = self.material.captions
        return {
            "map30": [float(end) for end in ends],
            "mR": list(mean_recall_gain(before.ranks, after.ranks, captions, seed=seed)),
        }

    def _precisions(self, scores: Float32Array) -> Float64Array:
        captions = self.material.captions
        images, texts = caption_rows(captions)
        of_images = average_precisions(scores[:, texts], self.relevant[:, images])
        of_texts = average_precisions(scores.T[captions.text], self.relevant[captions.image])
        n = len(self.relevant)
        total = np.bincount(captions.image, captions.count, n)
        means = [np.bincount(captions.image, captions.count * each, n) / total for each in of_texts]
        return 100.0 * np.stack([means, of_images], axis=1)


def figures(
    judged: Mapping[str, Judged], judge: Judge, *, beside: tuple[str, ...], seed: int
) -> dict[str, Any]:
    """Of each method MAP by both counts, recalls, and what it gains over some of the others."""
    found: dict[str, Any] = {}
    for name, own in judged.items():
        by_count = {
            count: {
                **dict(zip(WAYS, map(float, values.mean(axis=1)), strict=True)),
                "mean": float(values.mean()),
            }
            for count, values in zip(COUNTS, own.precisions, strict=True)
        }
        gains = {
            other: judge.gain(judged[other], own, seed=seed) for other in beside if other != name
        }
        found[name] = {**by_count, **own.recalls, "gain_over": gains}
    return found


def chance(judge: Judge) -> float:
    """MAP in percent of a random order: all scores equal."""
    n, m = len(judge.material), len(judge.material.captions.texts)
    return judge.value(np.zeros((n, m), dtype=np.float32))


__all__ = ["COUNTS", "WAYS", "Judge", "Judged", "K", "chance", "figures"]
