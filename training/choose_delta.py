"""Calibrate the phrases of ``lite`` against regions, and choose what they count for: ``delta``.

From the repository's root, with the data sets flickr8k, flickr8k_more and rsicd in a folder, after
``make_hub_pools.py``::

    python training/choose_delta.py ../shared/data            # minutes; prints both tables
    python training/choose_delta.py ../shared/data --write    # and keeps what was chosen

Both rest on images that ``lite`` has not seen: 987 photos and 800 aerial images, the parts by which
`make_hub_pools` chooses as well. Writes the key ``phrases`` of ``parameters.json`` in
src/placelens/encoders/weights/lite-v2, which is no part of the fingerprint.

What is ranked is what a collection would: the calibrated cosine of the whole, corrected for hubs,
and the calibrated mean over phrases of the best cosine with a region, of stored bytes. The form of
the mean was chosen here too: ``--forms`` prints the others.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from make_hub_pools import SEED, TEXT_IMAGE, read_parts

from placelens.encoders.checks import unit_rows
from placelens.encoders.lite import PARAMETERS_FILE, LiteEncoder, default_folder
from placelens.evaluation import Pair, prepared_blocks, text_to_image_ranks
from placelens.evaluation.calibration import fit_calibration
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.ranks import Captions
from placelens.evaluation.recall import recall_at_k
from placelens.types import Float32Array, Float64Array, Int64Array

DELTAS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
KS = (1, 5, 10)
TEXTS_AT_ONCE, IMAGES_AT_ONCE = 256, 50
# Random images that stand against each caption in the calibration.
RANDOM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Images and captions of one kind, as the encoder sees them.

    Attributes
    ----------
    captions : of all images.
    whole : (m, n) cosines of captions with images, corrected for hubs.
    cosines : (p, n, forms) of phrases with images, by each of `FORMS`.
    owner : (p,) the caption of each phrase.
    lengths : (p,) what a caption owes to a phrase.
    """

    captions: list[list[str]]
    whole: Float32Array
    cosines: Float32Array
    owner: Int64Array
    lengths: Float32Array

    def fine(self, form: int = 0, *, weighed: bool = False) -> Float64Array:
        """The mean over phrases of each caption, (m, n); that of the whole where it has none."""
        weights = self.lengths if weighed else np.ones_like(self.lengths)
        total = np.zeros((len(self.whole), self.whole.shape[1]))
        np.add.at(total, self.owner, self.cosines[:, :, form] * weights[:, None])
        count = np.zeros(len(self.whole))
        np.add.at(count, self.owner, weights)
        return total / np.maximum(count, 1e-9)[:, None]

    def image_of(self) -> Int64Array:
        """(m,) the image of each caption."""
        return np.repeat(np.arange(len(self.captions)), [len(own) for own in self.captions])


def best(cosines: Float32Array) -> Float32Array:
    """The best region's."""
    return np.asarray(cosines.max(axis=-1))


def best_five(cosines: Float32Array) -> Float32Array:
    """The mean of the five best."""
    return np.asarray(np.partition(cosines, -5, axis=-1)[..., -5:].mean(axis=-1))


def soft(cosines: Float32Array) -> Float32Array:
    """The logarithm of the mean exponential, at a temperature of .02."""
    top = cosines.max(axis=-1, keepdims=True)
    mean = np.exp((cosines - top) / 0.02).mean(axis=-1)
    return np.asarray(top[..., 0] + 0.02 * np.log(mean))


FORMS: Sequence[Callable[[Float32Array], Float32Array]] = (best, best_five, soft)


def see(pairs: Sequence[Pair], encoder: LiteEncoder) -> Seen:
    """Encode images with their captions; regions as they are stored."""
    code = encoder.region_code
    if code is None:
        raise SystemExit("these weights have no region code: run make_region_code.py first")
    vectors, regions = [], []
    for block in prepared_blocks([pair.image for pair in pairs], image_spec_of(encoder)):
        found = encoder.encode_regions(block)
        vectors.append(found.vectors)
        stored = code.decode(code.encode(found.regions))
        unit = unit_rows(stored.reshape(-1, stored.shape[-1]))
        regions.append(unit.reshape(len(stored), -1, stored.shape[-1]))
    images, parts = np.concatenate(vectors), np.concatenate(regions)
    lines = [caption for pair in pairs for caption in pair.captions]
    texts, phrases, owner = [], [], []
    for start in range(0, len(lines), TEXTS_AT_ONCE):
        for at, text in enumerate(encoder.encode_phrases(lines[start : start + TEXTS_AT_ONCE])):
            own = text.phrases if len(text.spans) else text.vector[None]
            texts.append(text.vector)
            phrases.append(own)
            owner += [start + at] * len(own)
    of_phrases = np.concatenate(phrases)
    cosines = np.empty((len(of_phrases), len(images), len(FORMS)), dtype=np.float32)
    for start in range(0, len(images), IMAGES_AT_ONCE):
        some = slice(start, start + IMAGES_AT_ONCE)
        of_regions = np.einsum("pd,nrd->pnr", unit_rows(of_phrases), parts[some], optimize=True)
        for form, pooled in enumerate(FORMS):
            cosines[:, some, form] = pooled(of_regions)
    return Seen(
        captions=[list(pair.captions) for pair in pairs],
        whole=np.array(texts) @ images.T - encoder.hub_pools[TEXT_IMAGE].penalties(images),
        cosines=cosines,
        owner=np.array(owner),
        lengths=np.linalg.norm(of_phrases, axis=1),
    )


def mean_of_recalls(scores: Float64Array, seen: Seen) -> float:
    """The mean of R@1, 5 and 10 of captions that look for their image, in percent."""
    captions = Captions.of(seen.captions)
    lines = [line for own in seen.captions for line in own]
    row_of = {text: row for row, text in enumerate(lines)}
    ranks = text_to_image_ranks(scores[[row_of[text] for text in captions.texts]].T, captions)
    return float(np.mean([recall_at_k(ranks, k) for k in KS]))


def pairs_of(values: Float64Array, seen: Seen) -> tuple[Float64Array, Float64Array]:
    """Of captions with their own images, and with others."""
    own = seen.image_of()
    rows = np.arange(len(own))
    others = np.random.default_rng(SEED).integers(0, values.shape[1], (len(own), RANDOM))
    is_other = others != own[:, None]
    return values[rows, own], values[rows[:, None], others][is_other]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", action="store_true", help="keep what was chosen")
    parser.add_argument("--forms", action="store_true", help="print other forms of the mean")
    arguments = parser.parse_args()
    encoder = LiteEncoder()
    _, unseen = read_parts(arguments.data)
    of_kinds = {kind: see(pairs, encoder) for kind, pairs in unseen.items()}
    whole = encoder.hub_calibrations[TEXT_IMAGE]
    if arguments.forms:
        print_forms(of_kinds)
    fine = {kind: seen.fine() for kind, seen in of_kinds.items()}
    told = [pairs_of(fine[kind], seen) for kind, seen in of_kinds.items()]
    calibration = fit_calibration([own for own, _ in told], [other for _, other in told])
    print(f"calibration: {calibration}")
    print(f"{'delta':>22}" + "".join(f"{delta:>7}" for delta in DELTAS))
    means = np.zeros(len(DELTAS))
    for kind, seen in of_kinds.items():
        both = (whole(seen.whole.astype(np.float64)), calibration(fine[kind]))
        figures = [
            mean_of_recalls((1.0 - delta) * both[0] + delta * both[1], seen) for delta in DELTAS
        ]
        means += np.array(figures) / len(of_kinds)
        print(f"{kind:>22}" + "".join(f"{figure:>7.2f}" for figure in figures))
    print(f"{'mean':>22}" + "".join(f"{figure:>7.2f}" for figure in means))
    delta = DELTAS[int(means.argmax())]
    print(f"chosen: {delta}")
    if arguments.write:
        path = default_folder() / PARAMETERS_FILE
        parameters = json.loads(path.read_text(encoding="utf-8"))
        fit = {
            "slope": round(calibration.slope, 4),
            "intercept": round(calibration.intercept, 4),
        }
        parameters["phrases"] = {"calibration": fit, "delta": delta}
        path.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")


def print_forms(of_kinds: dict[str, Seen]) -> None:
    """Recalls of raw cosines at two deltas, by how regions and phrases are put together."""
    for kind, seen in of_kinds.items():
        print(f"{kind}, the whole alone: {mean_of_recalls(seen.whole, seen):.2f}")
        for form, pooled in enumerate(FORMS):
            for weighed in (False, True):
                fine = seen.fine(form, weighed=weighed)
                figures = [
                    mean_of_recalls((1.0 - delta) * seen.whole + delta * fine, seen)
                    for delta in (0.3, 0.5)
                ]
                by = "lengths" if weighed else "phrases"
                told = "  ".join(f"{figure:.2f}" for figure in figures)
                print(f"  {pooled.__name__:>10}, mean over {by}: {told}")


if __name__ == "__main__":
    main()
