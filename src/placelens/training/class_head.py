"""A head that says what each cell of the trunk's 14 x 14 grid shows: sky, road, a car.

Two small convolutions on the frozen trunk, trained from two kinds of labels. Pixels tell what
share of a cell shows each class: street photos have them. Captions tell only that something is
somewhere in a photo, or (of what no caption would leave out) that it is nowhere; but they are of
photos of all kinds, and they alone know water. A class that captions name counts as shown by the
cells that show it most [1]_.

References
----------
.. [1] D. Pathak, P. Krähenbühl, T. Darrell, "Constrained Convolutional Neural Networks for Weakly
   Supervised Segmentation", ICCV 2015, for learning maps from labels of whole images.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softmax

from placelens.evaluation.words import naming
from placelens.training.finetune import Activations
from placelens.training.heads import CELLS, TRUNK_SHAPE
from placelens.types import Float32Array, Int64Array, UInt8Array

CLASSES = ("sky", "building", "vegetation", "road", "pavement", "water", "car", "person")
OTHER = len(CLASSES)
N_CHANNELS = OTHER + 1
_WIDTH, _KERNEL = 128, 5
# Cells that a class named in captions is supposed to fill: an eleventh of the image.
TOP_CELLS = 18
_SURE = 1e-4

# What in a caption says that a photo shows a class.
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "sky": "sky cloud sunset sunrise skyline",
        "building": "building house city church tower castle skyscraper",
        "vegetation": "grass tree forest wood field bush park garden lawn leaf plant",
        "road": "street road highway intersection",
        "water": "water ocean sea lake river pool wave pond stream creek surf waterfall",
        "car": "car truck van vehicle taxi jeep bus",
        "person": "man men woman women person people boy girl child children kid lady guy player "
        "crowd toddler baby rider swimmer surfer skier climber biker runner couple",
    }
)
# What else may mean that it does: no caption of these, and it is not there.
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "water": "swim swimming surfing beach shore boat kayak canoe raft rafting ship wet splash "
        "splashing fountain puddle wading fishing snorkel diving dive wakeboard bath hose",
        "car": "racing race traffic driving parked street road",
        "person": "he she his her someone somebody anyone team family group band hiker skater "
        "cyclist bicyclist skateboarder snowboarder dancer worker soldier face hand hands arm "
        "child boys girls audience friend friends human student teen teenager male female "
        "wrestler boxer gymnast musician singer performer motorcyclist jockey cowboy bride groom "
        "fisherman photographer driver climbing riding",
    }
)
# What says that a photo was taken in a room, where none of these classes is.
_INSIDE = (
    "room kitchen bedroom bathroom couch sofa indoors indoor carpet rug gym restaurant classroom "
    "office library desk bowling auditorium"
)
NOT_INSIDE = ("sky", "building", "road", "pavement")
_OUTSIDE = "outside outdoors outdoor window balcony patio picnic street park yard cafe market"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTraining:
    """How the head is trained.

    Attributes
    ----------
    steps : batches in all.
    batch, caption_batch : images at once with labels of pixels, and with captions.
    rate : of AdamW at its highest.
    weight_decay : of AdamW.
    caption_weight : of what captions tell.
    decay : of the moving average of the weights, a step.
    """

    steps: int = 1200
    batch: int = 32
    caption_batch: int = 48
    rate: float = 3e-3
    weight_decay: float = 0.01
    caption_weight: float = 0.3
    decay: float = 0.98


class ClassHead(nn.Module):
    """Activations (n, 112, 14, 14) to logits of the classes and "other", (n, 9, 14, 14).

    The mean over the image is added to each cell: it tells a street from a beach.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(TRUNK_SHAPE[0], _WIDTH, 1)
        self.scene = nn.Linear(TRUNK_SHAPE[0], _WIDTH)
        self.spread = nn.Conv2d(_WIDTH, _WIDTH, _KERNEL, padding=_KERNEL // 2, groups=_WIDTH)
        self.dropout = nn.Dropout2d(0.1)
        self.tell = nn.Conv2d(_WIDTH, N_CHANNELS, 1)

    def forward(self, activations: Tensor) -> Tensor:
        """Logits of each cell."""
        scene = self.scene(activations.mean((2, 3)))
        x = torch.relu(self.mix(activations) + scene[:, :, None, None])
        return self.tell(self.dropout(x + torch.relu(self.spread(x))))


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLabels:
    """Images of whose cells is known what share shows each class.

    Attributes
    ----------
    activations : (2, n, 112, 14, 14) of the images and of their mirror images.
    shares : (n, 14, 14, 9) share of each cell's pixels; what has no label is in none.
    """

    activations: np.ndarray
    shares: Float32Array


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionLabels:
    """Photos of which captions say what they show.

    Attributes
    ----------
    photos : activations in variants.
    rows : the photos to learn from.
    shown, absent : (n, 9) whether a photo shows a class for sure, and whether it surely does not.
    """

    photos: Activations
    rows: Int64Array
    shown: np.ndarray
    absent: np.ndarray


def labels_of_captions(captions: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    """What is shown (two captions name it), and what is not (none hints at it), (n, 9) each.

    Captions leave out sky, buildings, roads and pavements: only of a room (two captions name one,
    or its furniture) is said that these are absent.
    """
    shown = np.zeros((len(captions), N_CHANNELS), dtype=np.bool_)
    absent = np.zeros_like(shown)
    inside, outside = (naming(words.split()) for words in (_INSIDE, _OUTSIDE))
    for row, texts in enumerate(captions):
        told = sum(inside.search(text) is not None for text in texts) >= min(2, len(texts))
        if told and not any(outside.search(text) for text in texts):
            absent[row, [CLASSES.index(name) for name in NOT_INSIDE]] = True
    for name, words in _WORDS.items():
        column = CLASSES.index(name)
        named = naming(words.split())
        hinted = naming(_HINTS[name].split()) if name in _HINTS else None
        for row, texts in enumerate(captions):
            count = sum(named.search(text) is not None for text in texts)
            shown[row, column] = count >= min(2, len(texts))
            absent[row, column] &= not count
            if hinted is not None and not count:
                absent[row, column] = not any(hinted.search(text) for text in texts)
    return shown, absent


def shares_of_cells(labels: UInt8Array, channel_of: Mapping[int, int]) -> Float32Array:
    """Share of each cell's pixels that show each class, (14, 14, 9).

    Parameters
    ----------
    labels
        (height, width) the number that an image's pixels have.
    channel_of
        The channel of such a number; a number without one is no label.
    """
    table = np.full(256, N_CHANNELS, dtype=np.int64)
    for number, channel in channel_of.items():
        table[number] = channel
    rows, columns = (
        np.linspace(0, size, cells + 1).astype(np.int64)
        for size, cells in zip(labels.shape, CELLS, strict=True)
    )
    shares = np.zeros((*CELLS, N_CHANNELS), dtype=np.float32)
    for y, x in np.ndindex(*CELLS):
        cell = table[labels[rows[y] : rows[y + 1], columns[x] : columns[x + 1]]]
        shares[y, x] = np.bincount(cell.ravel(), minlength=N_CHANNELS + 1)[:-1] / max(1, cell.size)
    return shares


def train_class_head(
    pixels: PixelLabels,
    captions: CaptionLabels | None,
    *,
    rows: Int64Array,
    settings: ClassTraining,
    seed: int,
) -> ClassHead:
    """Train the head.

    Parameters
    ----------
    pixels, rows
        What has labels of pixels, and which of it to learn from.
    captions
        What has captions; None for none.
    settings, seed
        The same seed gives the same weights on the same machine, up to the order of sums.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    head = ClassHead()
    averaged = copy.deepcopy(head).eval()
    optimizer = torch.optim.AdamW(
        head.parameters(), settings.rate, weight_decay=settings.weight_decay
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.rate, total_steps=settings.steps, pct_start=0.1
    )
    for _ in range(settings.steps):
        loss = _pixel_loss(head, pixels, rng.choice(rows, settings.batch), rng)
        if captions is not None:
            chosen = rng.choice(captions.rows, settings.caption_batch)
            loss = loss + settings.caption_weight * _caption_loss(head, captions, chosen, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        with torch.no_grad():
            for mean, now in zip(averaged.parameters(), head.parameters(), strict=True):
                mean.lerp_(now, 1 - settings.decay)
    return averaged


@torch.no_grad()
def class_probabilities(head: ClassHead, activations: np.ndarray) -> Float32Array:
    """Probabilities of the classes and "other" of each cell, (n, 14, 14, 9)."""
    blocks = [
        softmax(head(torch.from_numpy(activations[start : start + 64].astype(np.float32))), 1)
        for start in range(0, len(activations), 64)
    ]
    return torch.cat(blocks).permute(0, 2, 3, 1).numpy()


def _pixel_loss(
    head: ClassHead, pixels: PixelLabels, images: Int64Array, rng: np.random.Generator
) -> Tensor:
    """Cross-entropy of the shares; an image is mirrored half of the time."""
    mirrored = rng.integers(2, size=len(images))
    shares = np.stack(
        [
            pixels.shares[i][:, ::-1] if is_mirrored else pixels.shares[i]
            for is_mirrored, i in zip(mirrored, images, strict=True)
        ]
    )
    logs = log_softmax(head(_as_input(pixels.activations[mirrored, images])), 1)
    return -(torch.from_numpy(shares).permute(0, 3, 1, 2) * logs).sum(1).mean()


def _caption_loss(
    head: ClassHead, captions: CaptionLabels, images: Int64Array, rng: np.random.Generator
) -> Tensor:
    """Cross-entropy of what is shown and absent with what the likeliest cells say."""
    variants = rng.integers(len(captions.photos), size=len(images))
    seen = [captions.photos[v, i] for v, i in zip(variants, images, strict=True)]
    inputs = _as_input(np.stack(seen))
    probabilities = softmax(head(inputs), 1).flatten(2)
    top = probabilities.topk(TOP_CELLS, 2).values.mean(2).clamp(_SURE, 1 - _SURE)
    shown, absent = (torch.from_numpy(a[images]) for a in (captions.shown, captions.absent))
    return -(shown * top.log() + absent * (1 - top).log()).sum(1).mean()


def _as_input(activations: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(activations, dtype=np.float32))
