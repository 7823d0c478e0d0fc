"""What each part of ``lite`` is worth: the tables of its model card, on the parts test.

::

    python training/ablate_lite.py ../shared/data             # about an hour on 2 cores
    python training/ablate_lite.py ../shared/data --words     # words outside the captions only

Everything is trained on the part train alone, also what ships, so that all rows compare; nothing
was chosen by these tables. Options and cache as in ``train_lite.py``.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from train_lite import (
    NO_GATE,
    SEED,
    Side,
    Workshop,
    in_words,
    open_session,
    recalls_of,
    text_map_of,
    train_aerial_side,
    train_photo_side,
    tune_aerial_side,
)

from placelens.evaluation import prepared_blocks
from placelens.evaluation.words import naming
from placelens.training.finetune import FineTuning, as_tensor, fine_tune
from placelens.training.heads import region_vectors, unit_sums
from placelens.training.lite import Settings, fit_head, map_texts
from placelens.training.material import SPEC, Material

# Held out of training with every caption that names them, for words that no caption taught.
CATEGORIES = 15
CLASSES = 5
# Of a ridge that learns from photos' captions alone: the best by validation.
PLAIN_STRENGTH = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Test images of one data set, as the int8 trunk gives them, with their captions."""

    shop: Workshop
    material: Material
    text_map: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The part test."""
        return self.material.rows("test")

    def vectors(self, side: Side) -> np.ndarray:
        """Vectors by a side in floating point, on the int8 trunk."""
        blocks = np.array_split(self.rows, max(1, len(self.rows) // 50))
        features = (self.shop.features(side.tail, self.material, rows) for rows in blocks)
        return np.concatenate(
            [region_vectors(f, side.head, side.conse).sum(axis=(1, 2)) for f in features]
        )

    def conse(self, temperature: float) -> np.ndarray:
        """Vectors by ConSE alone."""
        teacher = self.shop.conse(self.text_map, temperature)
        features = self.shop.features(self.shop.tail, self.material, self.rows)
        return unit_sums(teacher.vectors(features)).sum(axis=(1, 2))

    def deployed(self, side: Side, *, is_int8: bool) -> np.ndarray:
        """Vectors as the exported networks give them, trunk and side in integers or not."""
        trunk = open_session(self.shop.trunk_model(NO_GATE, is_int8=is_int8))
        network = open_session(self.shop.side_model(side, self.material, is_int8=is_int8))
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
    settings, tuning = Settings(), FineTuning()
    text_map = text_map_of(shop, shop.photos.rows("train"), shop.aerials.rows("train"), settings)
    photos = Bench(shop=shop, material=shop.photos, text_map=text_map)
    aerials = Bench(shop=shop, material=shop.aerials, text_map=text_map)
    rows = shop.photos.rows("train")
    ships = train_photo_side(shop, rows, text_map, settings)
    unpulled = train_photo_side(shop, rows, text_map, replace(settings, prior_share=0.0))
    plain = frozen_side(shop, shop.photos, rows, text_map, PLAIN_STRENGTH)
    yield photos.figures("ConSE alone, nothing trained", photos.conse(settings.photo_temperature))
    yield photos.figures("captions only", photos.vectors(plain))
    yield photos.figures("captions, and ConSE", photos.vectors(unpulled))
    linear = photos.vectors(replace(ships, conse=None))
    yield photos.figures("captions shrunk towards labels", linear)
    yield photos.figures("captions shrunk towards labels, and ConSE (ships)", photos.vectors(ships))
    yield photos.figures("the same, exported in float32", photos.deployed(ships, is_int8=False))
    yield photos.figures("the same, exported in int8", photos.deployed(ships, is_int8=True))
    for distillation in (0.0, 1.0):
        tuned = tune_photo_side(shop, ships, rows, text_map, distillation)
        name = f"fine-tuned, {'with' if distillation else 'without'} distillation"
        yield photos.figures(name, photos.vectors(replace(tuned, conse=None)))
        yield photos.figures(f"{name}, and ConSE", photos.vectors(tuned))
    rows = shop.aerials.rows("train")
    frozen = frozen_side(shop, shop.aerials, rows, text_map, settings.aerial_strength)
    tuned = tune_aerial_side(shop, rows, text_map, settings.aerial_strength, tuning)
    ships = train_aerial_side(shop, rows, text_map, settings, tuning)
    yield aerials.figures("captions only, frozen", aerials.vectors(frozen))
    yield aerials.figures("captions only, fine-tuned", aerials.vectors(tuned))
    yield aerials.figures("fine-tuned, and ConSE distilled (ships)", aerials.vectors(ships))
    yield aerials.figures("the same, exported in float32", aerials.deployed(ships, is_int8=False))
    yield aerials.figures("the same, exported in int8", aerials.deployed(ships, is_int8=True))


def tune_photo_side(
    shop: Workshop, side: Side, rows: np.ndarray, text_map: np.ndarray, distillation: float
) -> Side:
    """The photo side with its tail fine-tuned too, which does not ship."""
    captions = [
        map_texts(sentences, text_map).astype(np.float32) for sentences in shop.photos.sentences
    ]
    tail, head = fine_tune(
        side.tail,
        side.head,
        shop.activations[shop.photos.name],
        captions,
        rows=rows,
        # What is kept by distillation is the posteriors, softened as they are taught elsewhere.
        conse=shop.conse(text_map, 3.0),
        settings=FineTuning(
            epochs=10, batch=100, rate=2e-4, warm_up=10, decay=0.97, distillation=distillation
        ),
        seed=SEED,
    )
    return replace(side, tail=tail, head=head)


def frozen_side(
    shop: Workshop, material: Material, rows: np.ndarray, text_map: np.ndarray, strength: float
) -> Side:
    """The frozen tail and a ridge map that learns from captions alone."""
    captions = [map_texts(material.sentences[row], text_map) for row in rows]
    pooled = shop.pooled(shop.tail, material, rows)
    return Side(tail=shop.tail, head=fit_head(pooled, captions, strength))


def hold_out_words(shop: Workshop, coco: Path) -> Iterator[dict]:
    """Train without some words and everything that names them, and see whether they are found."""
    rng = np.random.default_rng(SEED)
    table = (coco / "annotations.jsonl").read_text(encoding="utf-8").splitlines()
    things = [json.loads(line) for line in table]
    categories = sorted({thing["category"] for row in things for thing in row["objects"]})
    words = sorted(rng.permutation(categories)[:CATEGORIES].tolist())
    scenes = sorted(rng.permutation(shop.aerials.class_names)[:CLASSES].tolist())
    photo_rows = without(shop.photos, words)
    aerial_rows = without(shop.aerials, [spelled(name) for name in scenes])
    numbers = [shop.aerials.class_names.index(name) for name in scenes]
    aerial_rows = aerial_rows[~np.isin(shop.aerials.classes[aerial_rows], numbers)]
    settings, tuning = Settings(), FineTuning()
    yield {"held_out_categories": words, "held_out_classes": scenes}

    text_map = text_map_of(shop, photo_rows, aerial_rows, settings)
    side = train_photo_side(shop, photo_rows, text_map, settings)
    trunk = open_session(shop.trunk_model(NO_GATE))
    paths = [coco / row["image"] for row in things]
    activations = np.concatenate(
        [trunk.run(["activations"], {"images": block})[0] for block in prepared_blocks(paths, SPEC)]
    )
    with torch.no_grad():
        features = shop.tail(as_tensor(activations)).numpy()
    names = map_texts(shop.minilm.encode(categories).astype(np.float64), text_map)
    shown = np.zeros((len(things), len(categories)), dtype=np.bool_)
    for number, row in enumerate(things):
        shown[number, [categories.index(thing["category"]) for thing in row["objects"]]] = True
    held = np.isin(categories, words)
    plain = frozen_side(shop, shop.photos, photo_rows, text_map, PLAIN_STRENGTH)
    unpulled = train_photo_side(shop, photo_rows, text_map, replace(settings, prior_share=0.0))
    for what, vectors in (
        *conse_rows(shop, text_map, features),
        ("captions only", region_vectors(features, plain.head).sum(axis=(1, 2))),
        *(
            (what, region_vectors(features, given.head, given.conse).sum(axis=(1, 2)))
            for what, given in (
                ("captions, and ConSE", unpulled),
                ("captions shrunk towards labels", replace(side, conse=None)),
                ("captions shrunk towards labels, and ConSE (ships)", side),
            )
        ),
    ):
        yield figures_of_naming("coco_mini", what, vectors @ names.T, shown, held)

    tuned = tune_aerial_side(shop, aerial_rows, text_map, settings.aerial_strength, tuning)
    ships = train_aerial_side(shop, aerial_rows, text_map, settings, tuning)
    frozen = frozen_side(shop, shop.aerials, aerial_rows, text_map, settings.aerial_strength)
    test = shop.aerials.rows("test")
    test = test[np.isin(shop.aerials.classes[test], numbers)]
    spelled_names = [spelled(name) for name in shop.aerials.class_names]
    names = map_texts(shop.minilm.encode(spelled_names).astype(np.float64), text_map)
    shown = shop.aerials.classes[test][:, None] == np.arange(len(spelled_names))
    held = np.isin(np.arange(len(spelled_names)), numbers)
    features = shop.features(shop.tail, shop.aerials, test)
    of_tuned = shop.features(tuned.tail, shop.aerials, test)
    for what, vectors in (
        *conse_rows(shop, text_map, features),
        ("captions only, frozen", region_vectors(features, frozen.head).sum(axis=(1, 2))),
        ("captions only, fine-tuned", region_vectors(of_tuned, tuned.head).sum(axis=(1, 2))),
        (
            "fine-tuned, and ConSE distilled (ships)",
            region_vectors(of_tuned, ships.head).sum((1, 2)),
        ),
    ):
        yield figures_of_naming("rsicd", what, vectors @ names.T, shown, held)


def conse_rows(
    shop: Workshop, text_map: np.ndarray, features: np.ndarray
) -> Iterator[tuple[str, np.ndarray]]:
    """ConSE alone, at each temperature that validation looked at."""
    for temperature in (0.5, 1.0, 3.0):
        regions = shop.conse(text_map, temperature).vectors(features.astype(np.float64))
        yield f"ConSE alone, temperature {temperature}", unit_sums(regions).sum(axis=(1, 2))


def figures_of_naming(
    data: str, what: str, scores: np.ndarray, shown: np.ndarray, held: np.ndarray
) -> dict:
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
        "data": data,
        "what": what,
        "n": len(asked),
        "top_1": round(100 * float(np.mean(ranks <= 1)), 1),
        "top_5": round(100 * float(np.mean(ranks <= 5)), 1),
        "top_1_of_wrong": round(100 * float(np.mean(of_wrong <= 1)), 1),
        "top_5_of_wrong": round(100 * float(np.mean(of_wrong <= 5)), 1),
        "n_names": scores.shape[1],
    }


def without(material: Material, words: Sequence[str]) -> np.ndarray:
    """Training images none of whose captions names any of the words, or its plural."""
    pattern = naming(words)
    rows = material.rows("train")
    texts = [" ".join(material.pairs[row].captions) for row in rows]
    return rows[[pattern.search(text) is None for text in texts]]


def spelled(name: str) -> str:
    """``BaseballField`` as "baseball field"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def main() -> None:
    """Print the tables as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument("--words", action="store_true", help="words outside the captions only")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    shop = Workshop(options.data, options.cache, photo_variants=8)
    if not options.words:
        for row in ablate(shop):
            print(json.dumps(row), flush=True)
    for row in hold_out_words(shop, options.data / "coco_mini"):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
