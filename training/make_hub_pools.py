"""Make the hub pools of ``lite``, and fit calibrations of the cosines that they correct.

From the repository's root, with the data sets flickr8k, flickr8k_more and rsicd in a folder, after
``train_lite.py`` (which leaves the pools out)::

    python training/make_hub_pools.py ../shared/data          # a few minutes; no torch

Writes ``text_hubs.npy``, ``image_hubs.npy`` and the key ``hubs`` of ``parameters.json`` in
src/placelens/encoders/weights/lite-v2. Pools are drawn from the parts that train: of flickr8k_more
by its own split, of rsicd by ``evaluation/splits.json``. What was chosen, and the calibrations,
rest on images that ``lite`` has not seen: 987 photos (flickr8k_more's part dev and flickr8k's part
validation) and the 800 aerial images of rsicd's part validation.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from nouns import NOUNS

from placelens.encoders.base import Encoder
from placelens.encoders.hubs import HubPool
from placelens.encoders.lite import HUB_FILES, PARAMETERS_FILE, LiteEncoder, default_folder
from placelens.encoders.parts import phrase_spans
from placelens.evaluation import (
    Pair,
    encode_pairs,
    image_to_text_ranks,
    mean_average_precision,
    read_pairs,
    select_pairs,
    text_to_image_ranks,
)
from placelens.evaluation.calibration import Described, fit_corrected
from placelens.evaluation.mean_recall import RECALL_KS
from placelens.evaluation.recall import recall_at_k
from placelens.evaluation.retrieval import report_of
from placelens.evaluation.words import naming

SEED = 20261122
TEXT_IMAGE, IMAGE_TEXT = ("text", "image"), ("image", "text")
# (k, weight), chosen by what this prints.
CHOSEN = {TEXT_IMAGE: (10, 0.5), IMAGE_TEXT: (10, 0.75)}
TRIED = {
    TEXT_IMAGE: ((10, 25, 50, 100), (0.25, 0.375, 0.5, 0.75)),
    IMAGE_TEXT: ((5, 10, 25, 50), (0.25, 0.5, 0.75, 1.0)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How much of a pool comes from one data set.

    Phrases are the commonest in its captions. People ask in a word or two as well as in sentences,
    and a pool of sentences alone makes words worse at finding.
    """

    captions: int
    phrases: int
    images: int


# 3,900 vectors of 384 bytes are 1.5 MB.
SHARES = {
    "flickr8k_more": Share(captions=1000, phrases=400, images=900),
    "rsicd": Share(captions=700, phrases=300, images=600),
}


def read_parts(data: Path) -> tuple[dict[str, list[Pair]], dict[str, list[Pair]]]:
    """The pairs that train, by data set, and those to choose by: of photos, and from above."""
    table = data / "flickr8k_more" / "pairs.jsonl"
    photos, aerials = read_pairs(table), read_pairs(data / "rsicd" / "pairs.jsonl")
    parts: dict[str, list[Pair]] = {"train": [], "dev": []}
    for pair, line in zip(photos, table.open(encoding="utf-8"), strict=True):
        parts[json.loads(line)["split"]].append(pair)
    others = select_pairs(
        read_pairs(data / "flickr8k" / "pairs.jsonl"), split="flickr8k", part="validation"
    )
    train = {
        "flickr8k_more": parts["train"],
        "rsicd": select_pairs(aerials, split="rsicd", part="train"),
    }
    unseen = {
        "photos": [*others, *parts["dev"]],
        "from above": select_pairs(aerials, split="rsicd", part="validation"),
    }
    return train, unseen


def pool_texts(pairs: Iterable[Pair], share: Share) -> list[str]:
    """Captions drawn from the distinct ones, and the commonest phrases in all of them."""
    captions = list(dict.fromkeys(caption for pair in pairs for caption in pair.captions))
    phrases = Counter(
        caption[start:end].lower() for caption in captions for start, end in phrase_spans(caption)
    )
    drawn = np.random.default_rng(SEED).permutation(len(captions))[: share.captions]
    return [captions[i] for i in drawn] + [text for text, _ in phrases.most_common(share.phrases)]


def pool_images(pairs: list[Pair], share: Share) -> list[Pair]:
    """Images drawn at random."""
    drawn = np.random.default_rng(SEED).permutation(len(pairs))[: share.images]
    return [pairs[i] for i in drawn]


def directions(vectors: np.ndarray) -> np.ndarray:
    """Vectors as int8, each scaled to use the range: only its direction is kept."""
    scale = 127 / np.abs(vectors).max(axis=1, keepdims=True)
    return np.rint(vectors * scale).astype(np.int8)


def write_pools(encoder: Encoder, train: Mapping[str, list[Pair]], folder: Path) -> None:
    """Write both files, and what parameters.json says of them but the fits."""
    texts = [text for name, pairs in train.items() for text in pool_texts(pairs, SHARES[name])]
    images = [pair for name, pairs in train.items() for pair in pool_images(pairs, SHARES[name])]
    np.save(folder / HUB_FILES["text"], directions(encoder.encode_texts(texts)))
    np.save(folder / HUB_FILES["image"], directions(encode_pairs(images, encoder)))
    pools = [
        {"query": query, "item": item, "file": HUB_FILES[query], "k": k, "weight": weight}
        for (query, item), (k, weight) in CHOSEN.items()
    ]
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in sorted(HUB_FILES.values())
    }
    write_hubs(
        folder, {"pools": pools, "calibrations": [], "answerabilities": [], "sha256": digests}
    )


def write_hubs(folder: Path, hubs: Mapping[str, Any]) -> None:
    """Change the key ``hubs`` of parameters.json."""
    path = folder / PARAMETERS_FILE
    parameters = json.loads(path.read_text(encoding="utf-8"))
    parameters["hubs"] = {**parameters.get("hubs", {}), **hubs}
    path.write_text(json.dumps(parameters, indent=2) + "\n", encoding="utf-8")


class Trial:
    """Images to choose by, asked with their captions and with nouns, and the reverse."""

    def __init__(self, seen: Described) -> None:
        self.images = seen.images
        self.captions, self.texts = seen.distinct()
        self.scores = self.images @ self.texts.T
        self.own = seen.captions_by_image()

    def print(self, pools: Mapping[tuple[str, str], HubPool], nouns: np.ndarray) -> None:
        """Recall (mean of R@1, 5 and 10) each way, and MAP of the nouns, for all settings."""
        named, named_by = self._named(nouns)
        none = np.zeros(1, dtype=np.float32)
        print(
            f"uncorrected: text to image {self._of_texts(none):.2f}, image to text "
            f"{self._of_images(none):.2f}, {len(named)} nouns MAP {_map(named, named_by, none):.2f}"
        )
        print("text to image: k, weight, recall, MAP of the nouns")
        for k, weight, lost in _tried(pools[TEXT_IMAGE], TEXT_IMAGE, self.images):
            recall, precision = self._of_texts(lost), _map(named, named_by, lost)
            print(f"{k:4} {weight:6} {recall:7.2f} {precision:7.2f}", flush=True)
        print("image to text: k, weight, recall")
        for k, weight, lost in _tried(pools[IMAGE_TEXT], IMAGE_TEXT, self.texts):
            print(f"{k:4} {weight:6} {self._of_images(lost):7.2f}", flush=True)

    def _named(self, nouns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores (q, n) of nouns that two captions or more of three or more photos name."""
        named_by = np.array(
            [
                [sum(bool(pattern.search(text)) for text in own) > 1 for own in self.own]
                for pattern in (naming([noun]) for noun in NOUNS)
            ]
        )
        kept = named_by.sum(axis=1) >= 3
        return (nouns @ self.images.T)[kept], named_by[kept]

    def _of_texts(self, lost: np.ndarray) -> float:
        ranks = text_to_image_ranks(self.scores - lost[:, None], self.captions)
        return _recall(np.repeat(ranks, self.captions.total))

    def _of_images(self, lost: np.ndarray) -> float:
        return _recall(image_to_text_ranks(self.scores - lost, self.captions))


def _tried(
    pool: HubPool, kinds: tuple[str, str], items: np.ndarray
) -> Iterable[tuple[int, float, np.ndarray]]:
    """Every k and weight, and what the items' cosines lose by it."""
    ks, weights = TRIED[kinds]
    for k in ks:
        hubness = HubPool(vectors=pool.vectors, k=k, weight=1.0).hubness(items)
        for weight in weights:
            yield k, weight, weight * hubness


def _map(scores: np.ndarray, relevant: np.ndarray, lost: np.ndarray) -> float:
    return mean_average_precision(scores - lost, relevant)


def _recall(ranks: np.ndarray) -> float:
    return float(np.mean([recall_at_k(ranks, k) for k in RECALL_KS]))


def describe(parts: Mapping[str, list[Pair]], encoder: Encoder) -> dict[str, Described]:
    """The images and captions of each part, encoded."""
    return {
        name: Described.of(encode_pairs(pairs, encoder), [pair.captions for pair in pairs], encoder)
        for name, pairs in parts.items()
    }


def print_figures(name: str, seen: Described, encoder: Encoder) -> None:
    """Recalls at 1, 5 and 10, and mR, in percent, as they are and corrected for hubs."""
    report = report_of(seen.captions_by_image(), seen.images, encoder)
    for what, found in (("", report), (", corrected for hubs", report["hub_corrected"])):
        t2i, i2t = (
            " / ".join(f"{value:.1f}" for value in found[way].values())
            for way in ("text_to_image", "image_to_text")
        )
        print(
            f"{name}, {report['n_images']} images{what}: text to image {t2i}, image to text {i2t}, "
            f"mR {found['mR']:.1f}",
            flush=True,
        )


def main() -> None:
    """Write the pools, print what settings give on unseen photos, and fit the calibrations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds flickr8k_more and rsicd")
    parser.add_argument("--to", type=Path, default=default_folder(), help="the encoder's weights")
    parser.add_argument(
        "--figures", action="store_true", help="only print the recalls on images not seen"
    )
    options = parser.parse_args()
    train, unseen = read_parts(options.data)
    encoder = LiteEncoder(options.to)
    if options.figures:
        for name, seen in describe(unseen, encoder).items():
            print_figures(name, seen, encoder)
        return
    write_pools(encoder, train, options.to)
    encoder = LiteEncoder(options.to)
    described = describe(unseen, encoder)
    fits = fit_corrected(list(described.values()), encoder.hub_pools, seed=SEED)
    write_hubs(options.to, fits.to_json())
    nouns = encoder.encode_texts(NOUNS)
    for name, seen in described.items():
        print_figures(name, seen, encoder)
        Trial(seen).print(encoder.hub_pools, nouns)
    print(f"wrote {options.to}")


if __name__ == "__main__":
    main()
