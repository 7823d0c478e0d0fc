"""Street photos with labels of pixels, camvid and labelmefacade, as the class head learns them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from placelens.evaluation import prepared_blocks
from placelens.evaluation.streets import CAMVID, LABELMEFACADE
from placelens.training.class_head import CLASSES, OTHER, PixelLabels, shares_of_cells
from placelens.training.material import SPEC

NAMES = MappingProxyType({"camvid": CAMVID, "labelmefacade": LABELMEFACADE})
# The height and width that labels are kept at, to count right pixels: the aspect is the squashed
# image's.
_KEPT = 112
UNLABELLED = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """The photos, as the trunk leaves them.

    Attributes
    ----------
    labels : what the head learns from.
    pixels : (n, 112, 112) the channel of each pixel; 255 where it has no label.
    groups : (n,) of which drive or part a photo is: "camvid/0006R0", "labelmefacade/train".
    """

    labels: PixelLabels
    pixels: np.ndarray
    groups: np.ndarray

    def rows(self, *prefixes: str) -> np.ndarray:
        """Numbers of the photos whose group starts with one of these."""
        return np.flatnonzero([group.startswith(prefixes) for group in self.groups])


def load_streets(data: Path, trunk: Callable[[np.ndarray], np.ndarray]) -> Streets:
    """Read both data sets.

    Parameters
    ----------
    data
        Folder that holds them.
    trunk
        Prepared images to activations.
    """
    rows = [*_camvid(data / "camvid"), *_facades(data / "labelmefacade")]
    channels = {name: _channels(data / name, names) for name, names in NAMES.items()}
    images = np.concatenate(list(prepared_blocks([image for image, _, _ in rows], SPEC)))
    turns = images, np.ascontiguousarray(images[:, :, ::-1])
    activations = np.stack([_in_batches(trunk, turn) for turn in turns])
    shares, pixels = [], []
    for _, mask, group in rows:
        labels = np.asarray(Image.open(mask))
        channel_of = channels[group.split("/")[0]]
        shares.append(shares_of_cells(labels, channel_of))
        table = np.full(256, UNLABELLED, dtype=np.uint8)
        table[list(channel_of)] = list(channel_of.values())
        small = Image.fromarray(table[labels]).resize((_KEPT, _KEPT), Image.Resampling.NEAREST)
        pixels.append(np.asarray(small))
    return Streets(
        labels=PixelLabels(activations=activations, shares=np.stack(shares)),
        pixels=np.stack(pixels),
        groups=np.array([group for _, _, group in rows]),
    )


def accuracy(probabilities: np.ndarray, pixels: np.ndarray) -> dict[str, float]:
    """Share of the labelled pixels that are told right, and the mean IoU over the classes shown.

    Parameters
    ----------
    probabilities
        (n, 14, 14, 9); between the cells they are interpolated.
    pixels
        (n, 112, 112) channels, 255 for none.
    """
    import torch

    logs = torch.from_numpy(np.log(np.maximum(probabilities, 1e-9))).permute(0, 3, 1, 2)
    fine = torch.nn.functional.interpolate(logs, size=_KEPT, mode="bilinear", align_corners=False)
    told, labelled = fine.argmax(1).numpy(), pixels != UNLABELLED
    report = {"pixel_accuracy": float(np.mean(told[labelled] == pixels[labelled]))}
    ious = {}
    for channel, name in enumerate([*CLASSES, "other"]):
        truth, guess = labelled & (pixels == channel), labelled & (told == channel)
        if truth.any():
            ious[name] = float((truth & guess).sum() / (truth | guess).sum())
    return {**report, "mean_iou": float(np.mean(list(ious.values()))), **ious}


def _camvid(folder: Path) -> list[tuple[Path, Path, str]]:
    """Image, mask and drive, which the first six letters of a name tell."""
    images = sorted(folder.glob("*/images/*"))
    return [
        (image, image.parents[1] / "labels" / f"{image.stem}.png", f"camvid/{image.name[:6]}")
        for image in images
    ]


def _facades(folder: Path) -> list[tuple[Path, Path, str]]:
    """Image, mask and part, as the data set draws them."""
    return [
        (folder / line, folder / "labels" / f"{Path(line).stem}.png", f"labelmefacade/{part}")
        for part in ("train", "test")
        for line in (folder / f"{part}.txt").read_text(encoding="utf-8").split()
    ]


def _channels(folder: Path, names: Mapping[str, str | None]) -> dict[int, int]:
    """The channel of each number in a mask that has one."""
    stored = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    known = {**{name: number for number, name in enumerate(CLASSES)}, "other": OTHER}
    return {
        number: known[own] for number, name in enumerate(stored) if (own := names[name]) is not None
    }


def _in_batches(trunk: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
    blocks = np.array_split(images, max(1, len(images) // 8))
    return np.concatenate([trunk(block).astype(np.float16) for block in blocks])
