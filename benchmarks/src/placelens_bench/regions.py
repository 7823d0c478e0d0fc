"""Whether regions point at what is meant, and whether class maps name what is painted there.

*Pointing*: on coco_mini, for every object category whose name a caption of the image uses, the
region with the largest product with the name should lie (its centre) in the box of such an object.

*Class maps*: on street photos with pixel labels, the most probable class of a region, among the
data set's own class names, should be the class that most of its pixels have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import InputError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.words import naming
from placelens.readers.images import read_file
from placelens.readers.pictures import read_picture
from placelens.types import Float64Array, UInt8Array

COCO = "coco_mini"
# Where street photos with pixel labels are: images, labels, and the file that lists the images
# (None for all). The 99 of labelmefacade/train.txt were used to choose the temperature.
STREETS: Mapping[str, tuple[str, str, str | None]] = {
    "labelmefacade": ("images", "labels", "test.txt"),
    "camvid": ("val/images", "val/labels", None),
}
# Classes that name nothing to be seen.
NAMELESS = ("various", "unlabelled")


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """Shares of regions that point right, with chance and the centre of the image beside them.

    Parameters
    ----------
    data
        Folder that holds coco_mini, labelmefacade and camvid.
    encoder
        One with regions.

    Raises
    ------
    EncoderError
        If the encoder gives no regions.
    InputError
        If the data set is not there.
    """
    loaded = as_encoder(encoder)
    return {
        "encoder": loaded.fingerprint,
        "pointing": pointing(data / COCO, loaded),
        "class_maps": {name: street_classes(data / name, loaded) for name in STREETS},
    }


def pointing(folder: Path, encoder: Encoder) -> dict[str, Any]:
    """The pointing game on coco_mini's images."""
    table = folder / "annotations.jsonl"
    if not table.is_file():
        raise InputError(f"{table} is not there; --data is the folder that holds {COCO}")
    rows = [json.loads(line) for line in table.read_text(encoding="utf-8").splitlines()]
    asked = [(number, name) for number, row in enumerate(rows) for name in named(row)]
    names = sorted({name for _, name in asked})
    texts = dict(zip(names, encoder.encode_texts(names), strict=True))
    paths = [folder / row["image"] for row in rows]
    blocks = prepared_blocks(paths, image_spec_of(encoder))
    regions = np.concatenate([encoder.encode_regions(block).regions for block in blocks])
    hits, chances, centres = [], [], []
    for number, name in asked:
        inside = _inside(rows[number], name, regions.shape[1:3])
        products = regions[number] @ texts[name]
        hits.append(inside.flat[products.argmax()])
        chances.append(inside.mean())
        centres.append(inside[inside.shape[0] // 2, inside.shape[1] // 2])
    return {
        "n": len(asked),
        "points_inside": float(np.mean(hits)),
        "chance": float(np.mean(chances)),
        "centre_of_the_image": float(np.mean(centres)),
    }


def named(row: Mapping[str, Any]) -> list[str]:
    """Categories of the image's objects whose names, or their plurals, its captions use."""
    text = " ".join(row["captions"])
    categories = sorted({thing["category"] for thing in row["objects"]})
    return [name for name in categories if naming([name]).search(text)]


def street_classes(folder: Path, encoder: Encoder) -> dict[str, Any]:
    """Class maps against pixel labels."""
    images, labels, list_file = STREETS[folder.name]
    classes = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    chosen = [number for number, name in enumerate(classes) if name not in NAMELESS]
    if list_file is None:
        paths = sorted((folder / images).iterdir())
    else:
        lines = (folder / list_file).read_text(encoding="utf-8").splitlines()
        paths = [folder / line for line in lines if line.strip()]
    names = [classes[number] for number in chosen]
    blocks = prepared_blocks(paths, image_spec_of(encoder))
    maps = np.concatenate([encoder.encode_class_maps(block, names) for block in blocks])
    grid = maps.shape[1:3]
    shares = np.stack(
        [_shares(_classes(folder / labels / f"{path.stem}.png"), chosen, grid) for path in paths]
    )
    # Regions that are mostly of a class with a name, and which.
    told = shares.max(axis=-1) > 0.5
    truth, guess = shares.argmax(axis=-1)[told], maps.argmax(axis=-1)[told]
    by_class = {
        classes[number]: float(np.mean(guess[truth == row] == row))
        for row, number in enumerate(chosen)
        if (truth == row).any()
    }
    likelihood = np.maximum(maps[told][np.arange(len(truth)), truth], 1e-12)
    return {
        "n_images": len(paths),
        "n_regions": len(truth),
        "accuracy": float(np.mean(guess == truth)),
        "accuracy_of_the_commonest_class": float(np.bincount(truth).max() / len(truth)),
        "mean_accuracy_by_class": float(np.mean(list(by_class.values()))),
        "chance_by_class": 1 / len(chosen),
        "log_loss": float(-np.log(likelihood).mean()),
        "log_loss_of_chance": float(np.log(len(chosen))),
        "accuracy_by_class": by_class,
    }


def _classes(path: Path) -> UInt8Array:
    """The class of each pixel of a mask, which stores it as a colour of its palette."""
    return np.asarray(read_picture(read_file(path)).image)


def _shares(labels: UInt8Array, chosen: Sequence[int], grid: Sequence[int]) -> Float64Array:
    """Share of each region's pixels that have each class, (rows, columns, c)."""
    rows = np.linspace(0, labels.shape[0], grid[0] + 1).astype(np.int64)
    columns = np.linspace(0, labels.shape[1], grid[1] + 1).astype(np.int64)
    shares = np.zeros((*grid, len(chosen)))
    for y, x in np.ndindex(*grid):
        cell = labels[rows[y] : rows[y + 1], columns[x] : columns[x + 1]]
        counts = np.bincount(cell.ravel(), minlength=max(chosen) + 1)
        shares[y, x] = counts[list(chosen)] / cell.size
    return shares


def _inside(row: Mapping[str, Any], name: str, grid: Sequence[int]) -> np.ndarray:
    """Whether each region's centre lies in the box of such an object, (rows, columns)."""
    y = (np.arange(grid[0])[:, None] + 0.5) / grid[0] * row["height"]
    x = (np.arange(grid[1])[None, :] + 0.5) / grid[1] * row["width"]
    inside = np.zeros(tuple(grid), dtype=np.bool_)
    for thing in row["objects"]:
        if thing["category"] == name:
            left, top, width, height = thing["bbox_xywh"]
            inside |= (x >= left) & (x <= left + width) & (y >= top) & (y <= top + height)
    return inside
