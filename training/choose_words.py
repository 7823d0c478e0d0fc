"""Choose how words for what an image shows are scored, and fit what makes a score a probability.

From the repository's root, with the data sets flickr8k, flickr8k_more and rsicd in a folder, after
``make_hub_pools.py``::

    python training/choose_words.py ../shared/data            # minutes; prints the tables
    python training/choose_words.py ../shared/data --write    # and keeps the calibration

A word is taken to be shown where a caption of the image names it; much that is shown no caption
names, so all figures are too low, alike for all forms. On the images by which `make_hub_pools`
chooses, which ``lite`` has not seen. Writes the key ``words`` of ``parameters.json`` in
src/placelens/encoders/weights/lite-v2, which is no part of the fingerprint.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from make_hub_pools import TEXT_IMAGE, read_parts

from placelens.encoders.lite import PARAMETERS_FILE, LiteEncoder, default_folder
from placelens.encoders.naming import Namer
from placelens.encoders.region_match import StoredRegions
from placelens.evaluation import Pair, mean_average_precision, prepared_blocks
from placelens.evaluation.logistic import fit_logistic
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.words import naming
from placelens.types import BoolArray, UInt8Array

# Words that fewer images are said to show tell nothing of an order.
LEAST_SHOWN = 8
HUBNESS = (0.0, 0.5, 1.0, 1.5, 2.0)


def codes_of(pairs: Sequence[Pair], encoder: LiteEncoder) -> UInt8Array:
    """The regions of images as they are stored."""
    blocks = prepared_blocks([pair.image for pair in pairs], image_spec_of(encoder))
    return np.concatenate([encoder.encode_parts(block, ["regions"])["regions"] for block in blocks])


def named(pairs: Sequence[Pair], words: Sequence[str]) -> BoolArray:
    """Whether a caption of an image names a word, (n, w)."""
    patterns = [naming([word]) for word in words]
    told = [" ".join(pair.captions) for pair in pairs]
    return np.array([[bool(pattern.search(text)) for pattern in patterns] for text in told])


def print_forms(codes: UInt8Array, shown: BoolArray, namer: Namer) -> None:
    """By the whole, by the best region, by both; and less how near words are to all images."""
    encoder = namer.encoder
    code = encoder.region_code
    assert code is not None
    stored = StoredRegions.of(codes, code)
    best, _ = stored.best(np.arange(len(codes)), namer.vectors.astype(np.float64))
    sums = code.decode(codes).sum(axis=(1, 2), dtype=np.float64)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    whole = sums @ namer.vectors.T
    hubness = encoder.hub_pools["image", "text"].hubness(namer.vectors)
    penalties = encoder.hub_pools[TEXT_IMAGE].penalties(sums.astype(np.float32))
    often = shown.sum(axis=0) >= LEAST_SHOWN
    print(f"  {often.sum()} words that {LEAST_SHOWN} images or more show")
    forms = {
        "the whole": whole,
        "the whole, corrected": whole - penalties[:, None],
        "the best region": best,
        "both": whole + best,
    }
    for name, scores in forms.items():
        figure = mean_average_precision(scores[:, often].T, shown[:, often].T) / 100.0
        print(f"  images of a word by {name:>22}: mean average precision {figure:.3f}")
    for name in ("the whole", "the best region", "both"):
        row = []
        for weight in HUBNESS:
            scores = forms[name] - weight * hubness
            flat = scores[:, often].reshape(1, -1), shown[:, often].reshape(1, -1)
            row.append(mean_average_precision(*flat) / 100.0)
        told = "  ".join(
            f"{weight}: {figure:.3f}" for weight, figure in zip(HUBNESS, row, strict=True)
        )
        print(f"  all pairs by {name:>16}, less hubness times {told}")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="keep the calibration")
    arguments = parser.parse_args()
    encoder = LiteEncoder()
    namer = Namer(encoder)
    scores, shown, weights = [], [], []
    _, unseen = read_parts(arguments.data)
    for kind, pairs in unseen.items():
        print(f"{kind}, {len(pairs)} images")
        codes, is_named = codes_of(pairs, encoder), named(pairs, namer.words)
        print_forms(codes, is_named, namer)
        scores.append(namer.scores(codes)[0].ravel())
        shown.append(is_named.ravel())
        weights.append(np.full(is_named.size, 1.0 / is_named.size))
    slope, intercept = fit_logistic(
        *(np.concatenate(scores)[:, None], np.concatenate(shown)),
        weights=np.concatenate(weights),
        penalty=1e-6,
    )
    print(f"calibration: slope {slope[0]:.4f}, intercept {intercept:.4f}")
    if arguments.write:
        path = default_folder() / PARAMETERS_FILE
        parameters = json.loads(path.read_text(encoding="utf-8"))
        fit = {"slope": round(float(slope[0]), 4), "intercept": round(float(intercept), 4)}
        parameters["words"] = {"calibration": fit}
        path.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
