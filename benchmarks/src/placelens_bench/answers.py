"""Whether a search can say that there is no good match: three kinds of questions without an answer.

All are asked of random halves of test images, and set against captions of images that are there:

*removed*: captions of images that are not; much alike may be there. The hardest.
*strangers*: captions of the other data set, of streets asked of aerial images and the reverse.
*absent*: on coco_mini, names of objects that no image of the half shows, against names of objects
that one does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import EncoderError
from placelens.evaluation import Captions, encode_pairs, read_pairs, select_pairs
from placelens.evaluation.answerable import Questions, ask
from placelens.evaluation.calibration import Described
from placelens.evaluation.reliability import auroc, calibration_error, reliability
from placelens.results import UNLIKELY
from placelens.types import BoolArray

DATASETS = ("flickr8k", "rsicd")
SEED = 20261122


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """AUROC and calibration error of each kind.

    Parameters
    ----------
    data
        Folder that holds flickr8k, rsicd and coco_mini.
    encoder
        One with answerabilities.

    Raises
    ------
    EncoderError
        If the encoder cannot tell.
    """
    loaded = as_encoder(encoder)
    if ("text", "image") not in loaded.answerabilities:
        raise EncoderError(
            f"encoder {loaded.name!r} gives no probability of an answer; fit it first: "
            "placelens calibrate"
        )
    described = {name: _described(data / name, loaded) for name in DATASETS}
    out: dict[str, Any] = {"encoder": loaded.fingerprint, "seed": SEED}
    for name, own in described.items():
        (other,) = (given for key, given in described.items() if key != name)
        captions, texts = own.distinct()
        strangers = own.images @ other.distinct()[1].T
        asked = ask(own.images @ texts.T, captions, strangers=strangers, seed=SEED)
        own_kind = ~asked.is_strange
        out[name] = {
            "removed": _figures(asked, own_kind, loaded),
            "strangers": _figures(asked, asked.is_strange | asked.is_answerable, loaded),
            "mixed": _figures(asked, _mixed(asked), loaded),
        }
    out["coco_mini"] = {"absent": _absent(data / "coco_mini", loaded)}
    return out


def _described(folder: Path, encoder: Encoder) -> Described:
    """The part test of a data set, as an encoder sees it."""
    pairs = select_pairs(read_pairs(folder / "pairs.jsonl"), split=folder.name)
    images = encode_pairs(pairs, encoder)
    return Described.of(images, [pair.captions for pair in pairs], encoder)


def _absent(folder: Path, encoder: Encoder) -> dict[str, Any]:
    """Names of objects asked of random halves of coco_mini."""
    table = folder / "annotations.jsonl"
    images = encode_pairs(read_pairs(table), encoder)
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    shown = [sorted({thing["category"] for thing in row["objects"]}) for row in rows]
    some = np.array([bool(names) for names in shown])
    captions = Captions.of([names for names in shown if names])
    texts = encoder.encode_texts(captions.texts)
    asked = ask(images[some] @ texts.T, captions, seed=SEED, share=0.2)
    return _figures(asked, np.ones(len(asked.best), dtype=np.bool_), encoder)


def _mixed(asked: Questions) -> BoolArray:
    """As the fit had it: half can be answered, a quarter not, a quarter are strangers."""
    rng = np.random.default_rng(SEED)
    kinds = asked.is_answerable, ~asked.is_answerable & ~asked.is_strange, asked.is_strange
    rows = [rng.permutation(np.flatnonzero(kind)) for kind in kinds]
    quarter = min(len(rows[0]) // 2, len(rows[1]), len(rows[2]))
    chosen = np.zeros(len(asked.best), dtype=np.bool_)
    for of_kind, n in zip(rows, (2 * quarter, quarter, quarter), strict=True):
        chosen[of_kind[:n]] = True
    return chosen


def _figures(asked: Questions, chosen: BoolArray, encoder: Encoder) -> dict[str, Any]:
    """What is told of the chosen questions."""
    calibration = encoder.calibrations["text", "image"]
    answerability = encoder.answerabilities["text", "image"]
    told = answerability(calibration(asked.best[chosen]), asked.n_images[chosen])
    truth = asked.is_answerable[chosen]
    bins = reliability(told, truth)
    return {
        "auroc": auroc(told, truth),
        "doubted_of_answerable": float(np.mean(told[truth] < UNLIKELY)),
        "doubted_of_others": float(np.mean(told[~truth] < UNLIKELY)),
        "share_answerable": float(truth.mean()),
        "calibration_error": calibration_error(bins),
        "reliability": bins,
        "n": len(truth),
    }
