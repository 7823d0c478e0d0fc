"""What the trained networks think of images and texts, all with all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from placelens.types import Float32Array
from placelens_bench.mcqi.model.material import Material
from placelens_bench.mcqi.model.networks import Branches
from placelens_bench.mcqi.model.regions import pooled

# Of texts and images at once.
_BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """A part as tensors: regions (n, r, dim), phrases (m, q, dim), vectors of told and made
    sentences (m, dim), (n, dim), and which text is whose, (m, n)."""

    regions: Tensor
    phrases: Tensor
    told: Tensor
    made: Tensor
    carries: Tensor

    @classmethod
    def of(cls, material: Material, made: Float32Array) -> Inputs:
        """Tensors of a part and of what was said about its images."""
        carries = np.zeros((len(material.captions.texts), len(material)), dtype=np.bool_)
        carries[material.captions.text, material.captions.image] = True
        return cls(
            regions=torch.from_numpy(pooled(material.grid)),
            phrases=torch.from_numpy(material.phrases),
            told=torch.from_numpy(material.vectors),
            made=torch.from_numpy(made),
            carries=torch.from_numpy(carries),
        )


@torch.no_grad()
def fine_scores(model: Branches, inputs: Inputs, pooling: str) -> Float32Array:
    """Of each image and text, (n, m), in the fine space.

    Parameters
    ----------
    pooling
        "mean": the cosine of the mean directions of regions and of phrases, which are one vector
        each, as Eq. 5 wants them. "best": of each phrase the best region, on average, as Eq. 2
        trains it.
    """
    regions = torch.cat([model.regions(each) for each in inputs.regions.split(_BLOCK)])
    is_phrase = (inputs.phrases.abs().sum(2) > 0).float()  # (m, q)
    rows = []
    for told, mask in zip(inputs.phrases.split(_BLOCK), is_phrase.split(_BLOCK), strict=True):
        phrases = model.phrases(told) * mask[:, :, None]
        if pooling == "mean":
            sides = phrases.sum(1), regions.sum(1)
            one, other = (side / side.norm(dim=1, keepdim=True).clamp_min(1e-12) for side in sides)
            rows.append(one @ other.T)
        else:
            best = _best_regions(phrases, regions)  # (m, q, n)
            rows.append((best * mask[:, :, None]).sum(1) / mask.sum(1)[:, None])
    return np.asarray(torch.cat(rows).T.numpy(), dtype=np.float32)


def _best_regions(phrases: Tensor, regions: Tensor) -> Tensor:
    """The largest cosine of each phrase (m, q, d) with a region of each image (n, r, d)."""
    best = phrases.flatten(0, 1) @ regions[:, 0].T
    for region in range(1, regions.shape[1]):
        best = torch.maximum(best, phrases.flatten(0, 1) @ regions[:, region].T)
    return best.unflatten(0, phrases.shape[:2])


@torch.no_grad()
def coarse_scores(model: Branches, inputs: Inputs) -> Float32Array:
    """Of each image and text, (n, m): cosines of the sentence made with the one told."""
    made, told = model.sentences(inputs.made), model.sentences(inputs.told)
    return np.asarray((made @ told.T).numpy(), dtype=np.float32)
