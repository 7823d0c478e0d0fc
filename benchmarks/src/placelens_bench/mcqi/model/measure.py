"""The paper's model on one data set: trained, weighed on the validation part, judged on the test.

MAP@30 as in the paper's Table 2, recalls, and the tuples TU. Beside the model stand what it is made
of, CCA and KCCA on the same vectors, and ``lite``, whose vectors those are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import MissingExtraError
from placelens.evaluation import Splits
from placelens.evaluation.splits import Part
from placelens.types import Float32Array
from placelens_bench.mcqi.model import judge as judging
from placelens_bench.mcqi.model.judge import Judge
from placelens_bench.mcqi.model.material import Material, read_material
from placelens_bench.mcqi.model.relevance import KEYWORDS, labels_of
from placelens_bench.mcqi.model.rivals import RIDGES, best_rival
from placelens_bench.mcqi.model.sentences import Said, write_tuples

if TYPE_CHECKING:  # it needs torch
    from placelens_bench.mcqi.model.kept import Model

Say = Callable[[str], None]
Scores = dict[Part, Float32Array]
# Where settings are chosen, and where figures come from.
JUDGED: tuple[Part, Part] = ("validation", "test")
METHODS = ("coarse", "fine", "both", "sentence", "cca", "kcca", "lite", "lite_both")
POOLINGS = ("mean", "best")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much is learnt, from how much.

    Attributes
    ----------
    images : of each part at most, drawn at random; None for all.
    choosing : images of the validation part, drawn at random, by which all settings are chosen.
    training : what differs from the usual `placelens_bench.mcqi.model.learn.Training`.
    ridges : of CCA and KCCA, to choose from.
    weights : delta, and the weight of ``lite``, to choose from.
    """

    images: int | None = 4000
    choosing: int = 300
    training: Mapping[str, Any] = field(default_factory=dict)
    ridges: tuple[float, ...] = RIDGES
    weights: tuple[float, ...] = tuple(round(0.1 * step, 1) for step in range(11))


# To try it out.
QUICK = Amount(
    images=30,
    training={"epochs": (1, 1), "captioner_epochs": 1, "width": 32},
    ridges=(0.1,),
    weights=(0.0, 0.5, 1.0),
)


def require_torch() -> None:
    """Raise MissingExtraError unless torch is installed."""
    if find_spec("torch") is None:
        raise MissingExtraError("training the paper's model", "train")


def measure(
    data: Path,
    work: Path,
    encoder: Encoder,
    dataset: str,
    *,
    splits: Splits,
    amount: Amount,
    seed: int,
    say: Say,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of each method of `METHODS`, and how they came about; plain JSON types.

    Parameters
    ----------
    data, work, encoder, dataset, splits, seed
        See `read_material`; ``work`` also keeps what was learnt, and TU as JSON lines.

    Raises
    ------
    MissingExtraError
        If torch is not installed.
    InputError, ReadError, EncoderError
        See `read_material`.
    """
    require_torch()
    from placelens_bench.mcqi.model.kept import trained

    parts = read_material(
        data, work, encoder, dataset, splits=splits, most=amount.images, seed=seed
    )
    parts["validation"] = parts["validation"].drawn(amount.choosing, seed=seed)
    started = time.perf_counter()
    learnt = parts["train"].texts_of
    judge, last = (
        Judge.of(parts[part], labels_of(learnt, parts[part].texts_of)) for part in JUDGED
    )
    model = trained(parts, work, encoder, dataset, amount=amount, seed=seed, say=say)
    say(f"{dataset}: trained")
    scores, chosen, values = _of_model(model, parts, judge, amount)
    for name in ("cca", "kcca"):
        rival, values[name] = best_rival(
            name, parts["train"], parts["validation"], judge.value, ridges=amount.ridges
        )
        chosen[name] = dict(rival.settings)
        scores[name] = {part: rival.scores(parts[part]) for part in JUDGED}
        say(f"{dataset}: {name} fitted")
    judged = {name: last(scores[name]["test"]) for name in METHODS}
    path = work / f"mcqi-tu-{dataset}.jsonl"
    return judging.figures(judged, last, beside=("lite", "both"), seed=seed), {
        "images": {part: len(material) for part, material in parts.items()},
        "texts": {part: len(material.captions.texts) for part, material in parts.items()},
        "keywords": KEYWORDS,
        "relevant_share": float(last.relevant.mean()),
        "chance_map30": judging.chance(last),
        "chosen": chosen,
        "validation_map30": values,
        "stages": model.told,
        "training": model.training,
        "tuples": write_tuples(path, parts["test"], model.said["test"]),
        "examples": _examples(parts["test"], model.said["test"]),
        "seconds": time.perf_counter() - started,
        "encoder": encoder.fingerprint,
    }


def mixed(one: Float32Array, other: Float32Array, weight: float) -> Float32Array:
    """Eq. 5: a weight of the one and the rest of the other."""
    return np.asarray(np.float32(weight) * one + np.float32(1.0 - weight) * other)


def _of_model(
    model: Model, parts: Mapping[Part, Material], judge: Judge, amount: Amount
) -> tuple[dict[str, Scores], dict[str, Any], dict[str, Any]]:
    """Scores of the model, of what it is made of, and beside ``lite``; what was chosen for them,
    and MAP of the validation part."""
    scores: dict[str, Scores] = {
        "lite": {part: parts[part].images @ parts[part].vectors.T for part in JUDGED},
        "sentence": {part: model.made[part] @ parts[part].vectors.T for part in JUDGED},
        "coarse": {part: model.coarse(part) for part in JUDGED},
    }
    values: dict[str, Any] = {name: judge.value(own["validation"]) for name, own in scores.items()}
    fine = {each: {part: model.fine(part, each) for part in JUDGED} for each in POOLINGS}
    by_pooling = {each: judge.value(own["validation"]) for each, own in fine.items()}
    pooling = max(by_pooling, key=lambda each: by_pooling[each])
    values["fine"], scores["fine"] = by_pooling, fine[pooling]
    chosen: dict[str, Any] = {"pooling": pooling}
    for name, one, other, weight in (
        ("both", "fine", "coarse", "delta"),
        ("lite_both", "lite", "both", "lite_weight"),
    ):
        first, second = scores[one], scores[other]
        tried = {
            each: judge.value(mixed(first["validation"], second["validation"], each))
            for each in amount.weights
        }
        best = max(tried, key=lambda each: tried[each])
        chosen[weight] = best
        values[name] = {str(each): value for each, value in tried.items()}
        scores[name] = {part: mixed(first[part], second[part], best) for part in JUDGED}
    return scores, chosen, values


def _examples(material: Material, said: list[Said], count: int = 5) -> list[dict[str, str]]:
    return [
        {"image": name, "said": own.text, "told": texts[0]}
        for name, own, texts in zip(material.names, said, material.texts_of, strict=True)
    ][:count]


__all__ = ["METHODS", "QUICK", "Amount", "measure", "mixed", "require_torch"]
