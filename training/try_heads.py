"""What was tried for photos before anything was fine-tuned: heads on the frozen features.

::

    python training/try_heads.py ../shared/data               # a few minutes, after train_lite.py
    python training/try_heads.py ../shared/data --backbones   # half an hour: Lite0, Lite1 and Lite2

Each line trains on the photos of the parts train and is measured on the parts validation, where
settings were chosen. A tail that only passes on pooled features stands for the network, so that all
else is `placelens.training.finetune` as it trains what ships. Options and cache as in
``train_lite.py``.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from train_lite import (
    PHOTO_TUNING,
    SEED,
    Workshop,
    in_words,
    recalls_of,
    start_of_texts,
    with_kept_memory,
)

from placelens.training.backbone import load_backbone
from placelens.training.finetune import FineTuned, fine_tune
from placelens.training.heads import N_FEATURES
from placelens.training.lite import Settings, fit_head, map_texts
from placelens.training.words import words_of

EPOCHS = 15
HIDDEN = 2048


class Passing(nn.Module):
    """Pooled features (n, 1280, 1, 1) as those of an image of one region."""

    def forward(self, pooled: Tensor) -> Tensor:
        """(n, 1, 1, 1280)."""
        return pooled.permute(0, 2, 3, 1)


class Deeper(nn.Module):
    """The same through a hidden layer, added to what was."""

    def __init__(self) -> None:
        super().__init__()
        self.grow, self.shrink = nn.Linear(N_FEATURES, HIDDEN), nn.Linear(HIDDEN, N_FEATURES)
        nn.init.zeros_(self.shrink.weight)
        nn.init.zeros_(self.shrink.bias)

    def forward(self, pooled: Tensor) -> Tensor:
        """(n, 1, 1, 1280)."""
        x = pooled.permute(0, 2, 3, 1)
        return x + self.shrink(torch.relu(self.grow(x)))


class Trial:
    """The photos' pooled features, and a head trained on them in one way or another."""

    def __init__(self, shop: Workshop, pooled: np.ndarray) -> None:
        self._shop, self._rows = shop, shop.photos.rows("train")
        self._asked = shop.photos.rows("validation")
        self._pooled = pooled[..., None, None]
        self._start = start_of_texts(shop, self._rows, shop.aerials.rows("train"), Settings())
        captions = [map_texts(shop.photos.sentences[row], self._start) for row in self._rows]
        seen = pooled[0, self._rows].astype(np.float64)
        self._words = words_of(shop.photos, self._rows, shop.minilm)
        self._head = fit_head(seen, captions, Settings().photo_strength)

    def ridge(self) -> None:
        """The head that training starts from."""
        given = FineTuned(tail=Passing(), head=self._head, text_map=self._start)
        self._print("a ridge map, text map centred and whitened by 0.3", given)

    def print(self, what: str, tail: nn.Module | None = None, **changed: object) -> None:
        """Train with some settings changed."""
        plain = {"epochs": EPOCHS, "distillation": 0.0, "rate": 1e-3, "head_factor": 1.0}
        tuned = fine_tune(
            tail or Passing(),
            self._head,
            self._pooled,
            self._shop.photos.sentences,
            text_map=self._start,
            rows=self._rows,
            words=self._words,
            settings=replace(PHOTO_TUNING, **{**plain, **changed}),
            seed=SEED,
        )
        self._print(what, tuned)

    def _print(self, what: str, tuned: FineTuned) -> None:
        with torch.no_grad():
            seen = torch.from_numpy(self._pooled[0, self._asked])
            pooled = tuned.tail.eval()(seen).mean((1, 2)).numpy()
        vectors = normalize(torch.from_numpy(tuned.head(pooled.astype(np.float64)))).numpy()
        found = recalls_of(self._shop.photos, self._asked, vectors, tuned.text_map)
        print(f"{in_words(found)}  {what}", flush=True)


def whole_features(shop: Workshop, size: int) -> np.ndarray:
    """Pooled features of all photos by a whole network, (1, n, 1280), at 224 pixels; kept."""
    path = shop.cache / f"whole-lite{size}.npy"
    if not path.exists():
        network = load_backbone(size)
        rows = np.arange(len(shop.photos.pairs))
        blocks = []
        with torch.no_grad():
            for batch in np.array_split(rows, len(rows) // 32):
                images = torch.from_numpy(shop.photos.prepared(batch))
                seen = ((images.float() - 127.0) / 128.0).permute(0, 3, 1, 2)
                maps = network.extract_features(seen.contiguous(memory_format=torch.channels_last))
                blocks.append(maps.mean((2, 3)).numpy())
        np.save(path, np.concatenate(blocks)[None])
    return np.load(path)


def main() -> None:
    """Print a line for each trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument("--backbones", action="store_true", help="only compare networks")
    options = parser.parse_args()
    with_kept_memory()
    shop = Workshop(options.data, options.cache)
    if options.backbones:
        for size in range(3):
            trial = Trial(shop, whole_features(shop, size))
            trial.print(f"EfficientNet-Lite{size} in float32, all else as what ships")
        return
    trial = Trial(shop, shop.pooled_variants(shop.photos))
    trial.ridge()
    trial.print("contrastive, towards the text map as it is", learns_text=False)
    trial.print("contrastive, and the text map learns")
    trial.print("the same without dropout", dropout=0.0)
    trial.print("the same with a dropout of 0.3", dropout=0.3)
    trial.print("the same with a dropout of 0.7", dropout=0.7)
    trial.print("batches of 512", batch=512)
    trial.print("batches of 96", batch=96)
    trial.print("the last weights, not their moving average", decay=0.0)
    trial.print("twice as many epochs", epochs=2 * EPOCHS)
    trial.print("hard negatives: 2 of a batch alike", alike=2)
    trial.print("hard negatives: 4 of a batch alike", alike=4)
    trial.print("hard negatives: 8 of a batch alike", alike=8)
    trial.print("points between two captions as texts", mixes_captions=True)
    trial.print("single words of captions as texts, weight 0.3", word_weight=0.3)
    trial.print("single words of captions as texts, weight 1", word_weight=1.0)
    trial.print(f"a head with a hidden layer of {HIDDEN}", tail=Deeper())


if __name__ == "__main__":
    main()
