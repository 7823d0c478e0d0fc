"""Whether a search can say that there is no good match: three kinds of questions without an answer.

All are asked of random halves of test images, and set against captions of images that are there:

*removed*: captions of images that are not; much alike may be there. The hardest.
*strangers*: captions of the other data set, of streets asked of aerial images and the reverse.
*absent*: on coco_mini, names of objects that no image of the half shows, against names of objects
that one does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Answerability, Calibration, Encoder
from placelens.encoders.binding import as_encoder
from placelens.encoders.hubs import HubPool
from placelens.errors import EncoderError
from placelens.evaluation import Captions, encode_pairs, read_pairs, select_pairs
from placelens.evaluation.answerable import Questions, ask
from placelens.evaluation.calibration import Described
from placelens.evaluation.reliability import auroc, calibration_error, reliability
from placelens.results import UNLIKELY
from placelens.types import BoolArray, Float32Array, Float64Array

DATASETS = ("flickr8k", "rsicd")
TEXT_IMAGE = ("text", "image")
SEED = 20261122


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """AUROC and calibration error of each kind; under ``hub_corrected``, of corrected cosines.

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
    if TEXT_IMAGE not in loaded.answerabilities:
        raise EncoderError(
            f"encoder {loaded.name!r} gives no probability of an answer; fit it first: "
            "placelens calibrate"
        )
    described = {name: _described(data / name, loaded) for name in DATASETS}
    shown = _Shown.of(data / "coco_mini", loaded)
    out: dict[str, Any] = {"encoder": loaded.fingerprint, "seed": SEED}
    out |= _figures(_Teller.of(loaded), described, shown)
    corrected = _Teller.corrected(loaded)
    out["hub_corrected"] = None if corrected is None else _figures(corrected, described, shown)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """What tells from cosines of texts with images whether there is an answer."""

    calibration: Calibration
    answerability: Answerability
    pool: HubPool | None

    @classmethod
    def of(cls, encoder: Encoder) -> _Teller:
        """Of plain cosines."""
        return cls(
            calibration=encoder.calibrations[TEXT_IMAGE],
            answerability=encoder.answerabilities[TEXT_IMAGE],
            pool=None,
        )

    @classmethod
    def corrected(cls, encoder: Encoder) -> _Teller | None:
        """Of cosines that a hub pool corrects; None where the encoder cannot tell."""
        if TEXT_IMAGE not in encoder.hub_answerabilities:
            return None
        return cls(
            calibration=encoder.hub_calibrations[TEXT_IMAGE],
            answerability=encoder.hub_answerabilities[TEXT_IMAGE],
            pool=encoder.hub_pools[TEXT_IMAGE],
        )

    def scores(self, images: Float32Array, texts: Float32Array) -> Float32Array:
        """Cosines, (n, m), corrected where there is a pool."""
        scores = images @ texts.T
        return scores if self.pool is None else scores - self.pool.penalties(images)[:, None]

    def told(self, asked: Questions, chosen: BoolArray) -> Float64Array:
        """The probability that each chosen question has an answer."""
        best = self.calibration(asked.best[chosen])
        return self.answerability(best, asked.n_images[chosen])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Images that show objects, and the objects' names: who shows what, and all as vectors."""

    captions: Captions
    images: Float32Array
    names: Float32Array

    @classmethod
    def of(cls, folder: Path, encoder: Encoder) -> _Shown:
        """Those of coco_mini."""
        table = folder / "annotations.jsonl"
        images = encode_pairs(read_pairs(table), encoder)
        rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
        shown = [sorted({thing["category"] for thing in row["objects"]}) for row in rows]
        some = np.array([bool(names) for names in shown])
        captions = Captions.of([names for names in shown if names])
        names = encoder.encode_texts(captions.texts)
        return cls(captions=captions, images=images[some], names=names)


def _figures(teller: _Teller, described: dict[str, Described], shown: _Shown) -> dict[str, Any]:
    """Every data set's kinds."""
    out: dict[str, Any] = {}
    for name, own in described.items():
        (other,) = (given for key, given in described.items() if key != name)
        captions, texts = own.distinct()
        strangers = teller.scores(own.images, other.distinct()[1])
        asked = ask(teller.scores(own.images, texts), captions, strangers=strangers, seed=SEED)
        out[name] = {
            "removed": _told(asked, ~asked.is_strange, teller),
            "strangers": _told(asked, asked.is_strange | asked.is_answerable, teller),
            "mixed": _told(asked, _mixed(asked), teller),
        }
    scores = teller.scores(shown.images, shown.names)
    asked = ask(scores, shown.captions, seed=SEED, share=0.2)
    everything = np.ones(len(asked.best), dtype=np.bool_)
    return {**out, "coco_mini": {"absent": _told(asked, everything, teller)}}


def _described(folder: Path, encoder: Encoder) -> Described:
    """The part test of a data set, as an encoder sees it."""
    pairs = select_pairs(read_pairs(folder / "pairs.jsonl"), split=folder.name)
    images = encode_pairs(pairs, encoder)
    return Described.of(images, [pair.captions for pair in pairs], encoder)


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


def _told(asked: Questions, chosen: BoolArray, teller: _Teller) -> dict[str, Any]:
    """What is told of the chosen questions."""
    told = teller.told(asked, chosen)
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
