"""What each part of a term made of the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from placelens.types import Evidence, ScoreTerm

# Kinds of evidence whose shares add up to 1 of the term that they speak for.
PARTS = ("phrase", "region", "rest")


# What is left of a cosine when it is corrected; below, there is nothing to share.
_NOTHING = 1e-6


def accounted(term: ScoreTerm, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence for a term, with what it adds to the score where it is a part of the cosine.

    A cosine is a sum of parts, and the score a curve of it. What the curve gains from a cosine of 0
    to the item's is shared in proportion to the parts: their Aumann-Shapley values, since the
    curve's argument is their sum (Aumann and Shapley, Values of Non-Atomic Games, 1974). With what
    each term gives at a cosine of 0 (``ScoreTerm.baseline``), and the terms that have no parts,
    contributions add up to the score.

    What the cosine loses because the item is near every query is taken from the rest, which is what
    no phrase and no region gave: ``share`` becomes a part of what is left.

    Examples
    --------
    >>> term = ScoreTerm(
    ...     kind="text", label="a boat", weight=0.5, value=0.8, contribution=0.4, baseline=0.2,
    ...     cosine=0.5, correction=0.1,
    ... )
    >>> boat = Evidence(kind="phrase", label="boat", share=0.6, of="a boat")
    >>> rest = Evidence(kind="rest", label="the rest", share=0.4, of="a boat")
    >>> [(round(e.share, 3), round(e.contribution, 3)) for e in accounted(term, [boat, rest])]
    [(0.75, 0.225), (0.25, 0.075)]
    """
    if term.baseline is None or term.cosine is None:
        return tuple(evidence)
    left = term.cosine - (term.correction or 0.0)
    if abs(left) < _NOTHING:
        return tuple(entry for entry in evidence if entry.kind not in PARTS)
    gain = term.weight * (term.value - term.baseline)
    scale = term.cosine / left
    lost = (term.correction or 0.0) / left
    return tuple(
        _accounted(entry, scale, lost, gain)
        if entry.kind in PARTS and entry.share is not None
        else entry
        for entry in evidence
    )


def _accounted(entry: Evidence, scale: float, lost: float, gain: float) -> Evidence:
    share = (entry.share or 0.0) * scale - (lost if entry.kind == "rest" else 0.0)
    heat = entry.heat
    if heat is not None:
        heat = tuple(tuple(value * scale for value in row) for row in heat)
    return replace(entry, share=share, heat=heat, contribution=gain * share)
