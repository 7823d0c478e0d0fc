"""The fine-grained branch's loss: multiple instances, hinge, balanced classes (Eq. 1 and 2)."""

from __future__ import annotations

import torch
from torch import Tensor


def bag_signs(cosines: Tensor, match: Tensor) -> Tensor:
    """The signs k of Eq. 2 that cost least: which phrase is said to show which region.

    As printed, ``k = 1 where p = u, else -1`` leaves nothing to minimise over and makes the bag
    constraint idle. What the constraint means is that of a matched image at least one region shows
    the phrase, so here k is -1 for other images, and within a match free but for that: the sign of
    the cosine, and +1 for the best region of the bag in any case. It is the minimum over k, since
    what turning a sign to +1 costs, ``max(0, M - c) - max(0, M + c)``, falls with c.

    Parameters
    ----------
    cosines
        (texts, phrases, images, regions).
    match
        (texts, images) bool.

    Returns
    -------
    Tensor
        Of the shape of ``cosines``: 1 or -1.
    """
    best = torch.zeros_like(cosines, dtype=torch.bool)
    best.scatter_(3, cosines.argmax(3, keepdim=True), True)
    chosen = ((cosines > 0) | best) & match[:, None, :, None]
    return chosen.to(cosines.dtype) * 2 - 1


def hinge_loss(
    phrases: Tensor,
    regions: Tensor,
    is_phrase: Tensor,
    match: Tensor,
    *,
    margin: float,
    in_bags: bool = True,
) -> Tensor:
    """Eq. 1, or Eq. 2 with its weights: the mean hinge over pairs of phrase and region.

    A pair that should be near weighs 1 - P/A, another one P/A, with P/A the share of the first: so
    both kinds weigh the same in all. In Eq. 1 these are the pairs of matched texts and images, and
    as printed Eq. 2 weighs by the match too, whatever k is. Then all cosines at -M cost next to
    nothing, since of a bag of ten regions one only has to be near: training from random weights
    ends there. So here the first kind are the pairs with k = 1, which in Eq. 1 is the same. The
    paper's P and A are of the whole training sample; here they are the batch's, where one image in
    32 matches, whatever the sample.

    Parameters
    ----------
    phrases, regions
        (texts, phrases, d) and (images, regions, d), unit vectors.
    is_phrase
        (texts, phrases) bool: others fill up.
    match
        (texts, images) bool.
    margin
        M: cosines beyond it, on their side, cost nothing.
    in_bags
        Eq. 2, signs by `bag_signs`; else Eq. 1, +1 within a match.
    """
    cosines = torch.einsum("pqd,uvd->pquv", phrases, regions)
    signs = (
        bag_signs(cosines.detach(), match)
        if in_bags
        else (match.to(cosines.dtype) * 2 - 1)[:, None, :, None]
    )
    pairs = is_phrase[:, :, None, None].expand_as(cosines).to(cosines.dtype)
    is_near = signs > 0
    share = (is_near * pairs).sum() / pairs.sum()
    weights = torch.where(is_near, 1 - share, share) * pairs
    costs = (margin - signs * cosines).clamp_min(0) * weights
    return costs.sum() / weights.sum()


def sentence_loss(made: Tensor, told: Tensor, match: Tensor, *, margin: float) -> Tensor:
    """Eq. 3 as it is meant, 1 - cosine of matched sentences, and what keeps them apart.

    As printed, the loss is the product of both vectors, and its minimum the least similarity; and
    1 - cosine of matches alone is 0 where everything is mapped to one point. So pairs that do not
    match cost what their cosine is above M, with the weights of Eq. 1.

    Parameters
    ----------
    made, told
        (images, d) unit vectors of generated sentences, (texts, d) of captions.
    match
        (texts, images) bool.
    margin
        A cosine that others may have.
    """
    cosines = told @ made.T
    share = match.float().mean()
    costs = torch.where(match, (1 - share) * (1 - cosines), share * (cosines - margin).clamp_min(0))
    return costs.sum() / (2 * share * (1 - share) * match.numel()).clamp_min(1e-12)
