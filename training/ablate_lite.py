"""What each part of ``lite`` is worth: the tables of its model card, on the parts test.

::

    python training/ablate_lite.py ../shared/data             # minutes, after train_lite.py
    python training/ablate_lite.py ../shared/data --words     # trains once more: half an hour

Everything is trained on the parts train; nothing was chosen by these tables. Options and cache as
in ``train_lite.py``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from train_lite import (
    AERIAL_TUNING,
    NO_GATE,
    PHOTO_TUNING,
    SEED,
    Side,
    Workshop,
    fit_start,
    in_words,
    open_session,
    recalls_of,
    start_of_texts,
    train_aerial_side,
    train_photo_side,
    tune_aerial_side,
    with_kept_memory,
)

from placelens.evaluation import prepared_blocks
from placelens.evaluation.words import naming
from placelens.training.finetune import as_tensor
from placelens.training.heads import region_vectors, unit_sums
from placelens.training.lite import Settings, map_texts
from placelens.training.material import SPEC, Material, Together

# Held out of training with every caption that names them, for words that no caption taught.
CATEGORIES = 15
# Of a ridge on frozen features, the best by validation.
PLAIN_STRENGTH = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Test images, as the int8 trunk gives them, with their captions."""

    shop: Workshop
    material: Material | Together
    kind: str
    text_map: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The part test."""
        return self.material.rows("test")

    def vectors(self, side: Side) -> np.ndarray:
        """Vectors by a side in floating point, on the int8 trunk."""
        return self.shop.vectors(side, self.material, self.rows)

    def conse(self, temperature: float) -> np.ndarray:
        """Vectors by ConSE alone, on the frozen tail."""
        teacher = self.shop.conse(self.text_map, temperature)
        features = self.shop.features(self.shop.tail, self.material, self.rows)
        return unit_sums(teacher.vectors(features)).sum(axis=(1, 2))

    def deployed(self, side: Side, *, is_int8: bool) -> np.ndarray:
        """Vectors as the exported networks give them, trunk and side in integers or not."""
        trunk = open_session(self.shop.trunk_model(NO_GATE, None, is_int8=is_int8))
        network = open_session(self.shop.side_model(side, self.kind, is_int8=is_int8))
        blocks = []
        for batch in np.array_split(self.rows, max(1, len(self.rows) // 25)):
            images = self.material.prepared(batch)
            activations = trunk.run(["activations"], {"images": images})[0]
            blocks.append(network.run(["vectors"], {"activations": activations})[0])
        return np.concatenate(blocks)

    def figures(self, name: str, vectors: np.ndarray) -> dict:
        """One row of the table."""
        found = recalls_of(self.material, self.rows, vectors, self.text_map)
        return {"data": self.material.name, "what": name, "figures": in_words(found)}


def ablate(shop: Workshop) -> Iterator[dict]:
    """Rows of the ablation table."""
    settings = Settings()
    photo_rows, aerial_rows = shop.photos.rows("train"), shop.aerials.rows("train")
    start = start_of_texts(shop, photo_rows, aerial_rows, settings)
    ships, text_map = train_photo_side(shop, photo_rows, settings, PHOTO_TUNING)
    photos, first = (
        Bench(shop=shop, material=shop.photos, kind="photo", text_map=each)
        for each in (text_map, start)
    )
    plain = Side(
        tail=shop.tail, head=fit_start(shop, shop.photos, photo_rows, start, PLAIN_STRENGTH)
    )
    yield first.figures("ConSE alone, nothing trained", first.conse(settings.photo_temperature))
    yield first.figures("captions only, frozen, a ridge map", first.vectors(plain))
    yield photos.figures("fine-tuned", photos.vectors(replace(ships, conse=None)))
    tuned_only = photos.vectors(replace(ships, conse_tail=None))
    yield photos.figures("fine-tuned, and ConSE of the same tail", tuned_only)
    yield photos.figures("fine-tuned, and ConSE of a frozen tail (ships)", photos.vectors(ships))
    yield photos.figures("the same, exported in float32", photos.deployed(ships, is_int8=False))
    yield photos.figures("the same, exported in int8", photos.deployed(ships, is_int8=True))

    aerials = Bench(shop=shop, material=shop.aerials, kind="aerial", text_map=text_map)
    strength = settings.aerial_strength
    frozen = Side(
        tail=shop.tail, head=fit_start(shop, shop.aerials, aerial_rows, text_map, strength)
    )
    tuned = tune_aerial_side(shop, aerial_rows, text_map, strength, AERIAL_TUNING)
    ships = train_aerial_side(shop, aerial_rows, text_map, settings, AERIAL_TUNING)
    yield aerials.figures("captions only, frozen", aerials.vectors(frozen))
    yield aerials.figures("captions only, fine-tuned", aerials.vectors(tuned))
    yield aerials.figures("fine-tuned, and ConSE distilled (ships)", aerials.vectors(ships))
    yield aerials.figures("the same, exported in float32", aerials.deployed(ships, is_int8=False))
    yield aerials.figures("the same, exported in int8", aerials.deployed(ships, is_int8=True))


def hold_out_words(shop: Workshop, coco: Path) -> Iterator[dict]:
    """Train without some words and all photos that captions name them of; are they found?"""
    rng = np.random.default_rng(SEED)
    table = (coco / "annotations.jsonl").read_text(encoding="utf-8").splitlines()
    things = [json.loads(line) for line in table]
    categories = sorted({thing["category"] for row in things for thing in row["objects"]})
    words = sorted(rng.permutation(categories)[:CATEGORIES].tolist())
    rows = without(shop.photos, words)
    yield {"held_out_categories": words, "n_photos": len(rows)}
    settings = Settings()
    side, text_map = train_photo_side(shop, rows, settings, PHOTO_TUNING)
    paths = [coco / row["image"] for row in things]
    activations = np.concatenate(
        [shop.through_trunk(block) for block in prepared_blocks(paths, SPEC)]
    )
    with torch.no_grad():
        frozen, tuned = (tail(as_tensor(activations)).numpy() for tail in (shop.tail, side.tail))
    names = map_texts(shop.minilm.encode(categories).astype(np.float64), text_map)
    shown = np.zeros((len(things), len(categories)), dtype=np.bool_)
    for number, row in enumerate(things):
        shown[number, [categories.index(thing["category"]) for thing in row["objects"]]] = True
    held = np.isin(categories, words)
    start = start_of_texts(shop, rows, shop.aerials.rows("train"), settings)
    names_first = map_texts(shop.minilm.encode(categories).astype(np.float64), start)
    for temperature in (0.5, 1.0, 3.0):
        teacher = shop.conse(start, temperature)
        alone = unit_sums(teacher.vectors(frozen.astype(np.float64))).sum(axis=(1, 2))
        what = f"ConSE alone, temperature {temperature}"
        yield figures_of_naming(what, alone @ names_first.T, shown, held)
    for what, given in (
        ("fine-tuned on captions only", replace(side, conse=None)),
        ("fine-tuned, and ConSE of the same tail", replace(side, conse_tail=None)),
        ("fine-tuned, and ConSE of a frozen tail (ships)", side),
    ):
        read = frozen if given.conse_tail else tuned
        vectors = region_vectors(tuned, given.head, given.conse, read).sum(axis=(1, 2))
        yield figures_of_naming(what, vectors @ names.T, shown, held)


def figures_of_naming(what: str, scores: np.ndarray, shown: np.ndarray, held: np.ndarray) -> dict:
    """How often a held-out name of what an image shows is the best of all, or among the best five.

    ``_of_wrong``: among the names of what the image does not show. A caption may have taught
    "person", and a person is there; ConSE, whose labels name none, is spared that rival.

    Parameters
    ----------
    scores
        (n, names).
    shown
        (n, names) whether the image shows it.
    held
        (names,) whether it was held out.
    """
    asked = np.argwhere(shown & held)
    above = np.array([scores[image] > scores[image, name] for image, name in asked])
    ranks = above.sum(axis=1) + 1
    of_wrong = (above & ~shown[asked[:, 0]]).sum(axis=1) + 1
    return {
        "what": what,
        "n": len(asked),
        "top_1": round(100 * float(np.mean(ranks <= 1)), 1),
        "top_5": round(100 * float(np.mean(ranks <= 5)), 1),
        "top_1_of_wrong": round(100 * float(np.mean(of_wrong <= 1)), 1),
        "top_5_of_wrong": round(100 * float(np.mean(of_wrong <= 5)), 1),
        "n_names": scores.shape[1],
    }


def without(material: Together, words: Sequence[str]) -> np.ndarray:
    """Training images none of whose captions names any of the words, or its plural."""
    pattern = naming(words)
    rows = material.rows("train")
    texts = [" ".join(material.pairs[row].captions) for row in rows]
    return rows[[pattern.search(text) is None for text in texts]]


def main() -> None:
    """Print the tables as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument("--words", action="store_true", help="words outside the captions only")
    options = parser.parse_args()
    with_kept_memory()
    shop = Workshop(options.data, options.cache)
    rows = hold_out_words(shop, options.data / "coco_mini") if options.words else ablate(shop)
    for row in rows:
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
