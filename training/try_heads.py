"""What was tried for photos before anything was fine-tuned: heads on the frozen features.

::

    python training/try_heads.py ../shared/data               # a few minutes, after train_lite.py

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

from placelens.training.finetune import FineTuned, fine_tune
from placelens.training.heads import N_FEATURES
from placelens.training.lite import Settings, fit_head, map_texts

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

    def __init__(self, shop: Workshop) -> None:
        self._shop, self._rows = shop, shop.photos.rows("train")
        self._asked = shop.photos.rows("validation")
        pooled = shop.pooled_variants(shop.photos)
        self._pooled = pooled[..., None, None]
        self._start = start_of_texts(shop, self._rows, shop.aerials.rows("train"), Settings())
        captions = [map_texts(shop.photos.sentences[row], self._start) for row in self._rows]
        seen = pooled[0, self._rows].astype(np.float64)
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


def main() -> None:
    """Print a line for each trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    options = parser.parse_args()
    with_kept_memory()
    trial = Trial(Workshop(options.data, options.cache))
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
    trial.print(f"a head with a hidden layer of {HIDDEN}", tail=Deeper())


if __name__ == "__main__":
    main()
