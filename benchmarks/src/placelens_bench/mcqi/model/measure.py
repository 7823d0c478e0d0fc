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
from typing import Any

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

Say = Callable[[str], None]
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
    judges = {
        part: Judge.of(material, labels_of(learnt, material.texts_of))
        for part, material in parts.items()
        if part != "train"
    }
    model = trained(parts, work, encoder, dataset, amount=amount, seed=seed, say=say)
    say(f"{dataset}: trained")
    scores: dict[str, dict[Part, Float32Array]] = {
        "lite": {part: parts[part].images @ parts[part].vectors.T for part in judges},
        "sentence": {part: model.made[part] @ parts[part].vectors.T for part in judges},
        "coarse": {part: model.coarse(part) for part in judges},
    }
    values: dict[str, Any] = {}
    fine = {pooling: {part: model.fine(part, pooling) for part in judges} for pooling in POOLINGS}
    judge = judges["validation"]
    values["fine"] = {pooling: judge.value(fine[pooling]["validation"]) for pooling in POOLINGS}
    pooling = max(POOLINGS, key=lambda each: values["fine"][each])
    scores["fine"] = fine[pooling]
    chosen = {"pooling": pooling}
    for name, (one, other), weight in (
        ("both", ("fine", "coarse"), "delta"),
        ("lite_both", ("lite", "both"), "lite_weight"),
    ):
        tried = {
            w: judge.value(mixed(scores[one]["validation"], scores[other]["validation"], w))
            for w in amount.weights
        }
        best = max(tried, key=lambda each: tried[each])
        chosen[weight], values[name] = best, {str(w): value for w, value in tried.items()}
        scores[name] = {
            part: mixed(scores[one][part], scores[other][part], best) for part in judges
        }
    for name in ("cca", "kcca"):
        rival, values[name] = best_rival(
            name, parts["train"], parts["validation"], judge.value, ridges=amount.ridges
        )
        chosen[name] = dict(rival.settings)
        scores[name] = {part: rival.scores(parts[part]) for part in judges}
        say(f"{dataset}: {name} fitted")
    for name in ("lite", "sentence", "coarse"):
        values[name] = judge.value(scores[name]["validation"])
    judged = {name: judges["test"](scores[name]["test"]) for name in METHODS}
    path = work / f"mcqi-tu-{dataset}.jsonl"
    found = judging.figures(judged, judges["test"], beside=("lite", "both"), seed=seed)
    return found, {
        "images": {part: len(material) for part, material in parts.items()},
        "texts": {part: len(material.captions.texts) for part, material in parts.items()},
        "keywords": KEYWORDS,
        "relevant_share": float(judges["test"].relevant.mean()),
        "chance_map30": judging.chance(judges["test"]),
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


def _examples(material: Material, said: list[Said], count: int = 5) -> list[dict[str, str]]:
    return [
        {"image": name, "said": own.text, "told": texts[0]}
        for name, own, texts in zip(material.names, said, material.texts_of, strict=True)
    ][:count]


__all__ = ["METHODS", "QUICK", "Amount", "measure", "mixed", "require_torch"]
