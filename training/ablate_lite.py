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
    SEED,
    Side,
    Workshop,
    open_session,
    recalls_of,
    text_map_of,
    train_aerial_side,
    train_photo_side,
)

from placelens.readers.images import decode
from placelens.training.finetune import FineTuning, as_tensor, fine_tune
from placelens.training.heads import region_vectors
from placelens.training.lite import Settings, fit_head, map_texts
from placelens.training.material import SPEC, Material

# Held out of training with every caption that names them, for words that no caption taught.
CATEGORIES = 15
CLASSES = 5


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

    def vectors(self, side: Side, *, only_conse: bool = False) -> np.ndarray:
        """Vectors by a side in floating point, on the int8 trunk."""
        stored = self.shop.activations[self.material.name][0]
        blocks = []
        for batch in np.array_split(self.rows, max(1, len(self.rows) // 50)):
            blocks.append(vectors_of(side, stored[batch], only_conse=only_conse))
        return np.concatenate(blocks)

    def deployed(self, side: Side, *, is_int8: bool) -> np.ndarray:
        """Vectors as the exported networks give them, trunk and side in integers or not."""
        shop = Workshop.__new__(Workshop)
        shop.__dict__.update(self.shop.__dict__, is_int8=is_int8)
        trunk = open_session(shop.trunk_model(np.zeros(2 * 112 + 1)))
        network = open_session(shop.side_model(side, self.material))
        blocks = []
        for batch in np.array_split(self.rows, max(1, len(self.rows) // 25)):
            images = self.material.prepared(batch)
            activations = trunk.run(["activations"], {"images": images})[0]
            blocks.append(network.run(["vectors"], {"activations": activations})[0])
        return np.concatenate(blocks)

    def figures(self, name: str, vectors: np.ndarray) -> dict:
        """One row of the table."""
        found = recalls_of(self.material, self.rows, vectors, self.text_map)
        return {"data": self.material.name, "what": name, **found}


def vectors_of(side: Side, activations: np.ndarray, *, only_conse: bool = False) -> np.ndarray:
    """Unit vectors of activations, in floating point."""
    with torch.no_grad():
        features = side.tail(as_tensor(activations)).numpy().astype(np.float64)
    conse = side.conse
    if only_conse and conse is not None:
        conse = replace(conse, blend=1.0)
    return region_vectors(features, side.linear, conse).sum(axis=(1, 2))


def ablate(shop: Workshop) -> Iterator[dict]:
    """Rows of the ablation table."""
    settings, tuning = Settings(), FineTuning()
    text_map = text_map_of(shop, shop.photos.rows("train"), shop.aerials.rows("train"), settings)
    photos = Bench(shop=shop, material=shop.photos, text_map=text_map)
    aerials = Bench(shop=shop, material=shop.aerials, text_map=text_map)
    rows = shop.photos.rows("train")
    ships = train_photo_side(shop, rows, text_map, settings)
    yield photos.figures("ConSE alone, nothing trained", photos.vectors(ships, only_conse=True))
    linear = replace(ships, conse=None)
    yield photos.figures("frozen, linear head", photos.vectors(linear))
    yield photos.figures("frozen, linear head and ConSE (ships)", photos.vectors(ships))
    yield photos.figures("the same, exported in float32", photos.deployed(ships, is_int8=False))
    yield photos.figures("the same, exported in int8", photos.deployed(ships, is_int8=True))
    for distillation in (0.0, 1.0):
        tuned = tune_photo_side(shop, ships, rows, text_map, distillation)
        name = f"fine-tuned, {'with' if distillation else 'without'} distillation"
        yield photos.figures(f"{name}, linear head", photos.vectors(replace(tuned, conse=None)))
        yield photos.figures(f"{name}, linear head and ConSE", photos.vectors(tuned))
    tuned = train_aerial_side(shop, shop.aerials.rows("train"), text_map, settings, tuning)
    frozen = frozen_aerial_side(shop, shop.aerials.rows("train"), text_map, settings)
    yield aerials.figures("frozen, linear head", aerials.vectors(frozen))
    yield aerials.figures("fine-tuned (ships)", aerials.vectors(tuned))
    yield aerials.figures("the same, exported in float32", aerials.deployed(tuned, is_int8=False))
    yield aerials.figures("the same, exported in int8", aerials.deployed(tuned, is_int8=True))


def tune_photo_side(
    shop: Workshop, side: Side, rows: np.ndarray, text_map: np.ndarray, distillation: float
) -> Side:
    """The photo side with its tail fine-tuned too, which does not ship."""
    captions = [
        map_texts(sentences, text_map).astype(np.float32) for sentences in shop.photos.sentences
    ]
    tail, linear = fine_tune(
        side.tail,
        side.linear,
        shop.activations[shop.photos.name],
        captions,
        rows=rows,
        conse=side.conse,
        settings=FineTuning(
            epochs=10, batch=100, rate=2e-4, warm_up=10, decay=0.97, distillation=distillation
        ),
        seed=SEED,
    )
    return replace(side, tail=tail, linear=linear)


def frozen_aerial_side(
    shop: Workshop, rows: np.ndarray, text_map: np.ndarray, settings: Settings
) -> Side:
    """Where the aerial side starts."""
    captions = [map_texts(shop.aerials.sentences[row], text_map) for row in rows]
    pooled = shop.pooled(shop.tail, shop.aerials, rows)
    return Side(tail=shop.tail, linear=fit_head(pooled, captions, settings.aerial_strength))


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
    trunk = open_session(shop.trunk_model(np.zeros(2 * 112 + 1)))
    images = np.stack([decode(coco / row["image"], SPEC).pixels for row in things])
    activations = trunk.run(["activations"], {"images": images})[0]
    names = map_texts(shop.minilm.encode(categories).astype(np.float64), text_map)
    asked = [
        (number, categories.index(word))
        for number, row in enumerate(things)
        for word in sorted({thing["category"] for thing in row["objects"]} & set(words))
    ]
    for what, only_conse in (("ConSE alone", True), ("trained without the words", False)):
        vectors = vectors_of(side, activations, only_conse=only_conse)
        yield naming("coco_mini", what, vectors @ names.T, asked)

    tuned = train_aerial_side(shop, aerial_rows, text_map, settings, tuning)
    conse = replace(tuned, tail=shop.tail, conse=side.conse)
    test = shop.aerials.rows("test")
    test = test[np.isin(shop.aerials.classes[test], numbers)]
    stored = shop.activations[shop.aerials.name][0][test]
    spelled_names = [spelled(name) for name in shop.aerials.class_names]
    names = map_texts(shop.minilm.encode(spelled_names).astype(np.float64), text_map)
    asked = list(enumerate(shop.aerials.classes[test].tolist()))
    frozen = frozen_aerial_side(shop, aerial_rows, text_map, settings)
    for what, given, only_conse in (
        ("ConSE alone", conse, True),
        ("frozen, linear head, trained without the classes", frozen, False),
        ("trained without the classes", tuned, False),
    ):
        vectors = vectors_of(given, stored, only_conse=only_conse)
        yield naming("rsicd", what, vectors @ names.T, asked)


def naming(data: str, what: str, scores: np.ndarray, asked: Sequence[tuple[int, int]]) -> dict:
    """How often the right name is the best of all, or among the best five."""
    ranks = np.array([(scores[image] > scores[image, name]).sum() + 1 for image, name in asked])
    return {
        "data": data,
        "what": what,
        "n": len(asked),
        "top_1": round(100 * float(np.mean(ranks <= 1)), 1),
        "top_5": round(100 * float(np.mean(ranks <= 5)), 1),
        "n_names": scores.shape[1],
    }


def without(material: Material, words: Sequence[str]) -> np.ndarray:
    """Training images none of whose captions names any of the words, or its plural."""
    pattern = re.compile("|".join(rf"\b{re.escape(word)}(?:s|es)?\b" for word in words))
    rows = material.rows("train")
    texts = [" ".join(material.pairs[row].captions).lower() for row in rows]
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
