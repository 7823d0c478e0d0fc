"""Whether regions point at what is meant, and whether class maps name what is painted there.

*Pointing*: on coco_mini, for every object category whose name a caption of the image uses, the
region with the largest product with the name should lie (its centre) in the box of such an object.

*Class maps*: on street photos with pixel labels, the most probable class of a cell, among those
that the photos show, should be the class that most of its pixels have. None of these photos has
taught `lite`; camvid's have, and how its class head does on drives that it has not seen is told by
``training/train_lite.py --classes``.
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
from placelens.evaluation.streets import LABELMEFACADE
from placelens.evaluation.words import naming
from placelens.readers.images import read_file
from placelens.readers.pictures import read_picture
from placelens.types import Float64Array, UInt8Array

COCO = "coco_mini"
STREETS = "labelmefacade"


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """Shares of regions that point right, with chance and the centre of the image beside them.

    Parameters
    ----------
    data
        Folder that holds coco_mini and labelmefacade.
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
        "class_maps": {STREETS: street_classes(data / STREETS, loaded)},
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
    stored = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    classes = sorted({name for name in LABELMEFACADE.values() if name is not None})
    channels = [
        None if (name := LABELMEFACADE[each]) is None else classes.index(name) for each in stored
    ]
    lines = (folder / "test.txt").read_text(encoding="utf-8").splitlines()
    paths = [folder / line for line in lines if line.strip()]
    blocks = prepared_blocks(paths, image_spec_of(encoder))
    maps = np.concatenate([encoder.encode_class_maps(block, classes) for block in blocks])
    grid = maps.shape[1:3]
    shares = np.stack(
        [
            _shares(_classes(folder / "labels" / f"{path.stem}.png"), channels, grid)
            for path in paths
        ]
    )
    # Cells that are mostly of a class with a name, and which.
    told = shares.max(axis=-1) > 0.5
    truth, guess = shares.argmax(axis=-1)[told], maps.argmax(axis=-1)[told]
    by_class = {
        name: float(np.mean(guess[truth == row] == row))
        for row, name in enumerate(classes)
        if (truth == row).any()
    }
    likelihood = np.maximum(maps[told][np.arange(len(truth)), truth], 1e-12)
    return {
        "from": encoder.class_map_source(classes),
        "n_images": len(paths),
        "n_regions": len(truth),
        "accuracy": float(np.mean(guess == truth)),
        "accuracy_of_the_commonest_class": float(np.bincount(truth).max() / len(truth)),
        "mean_accuracy_by_class": float(np.mean(list(by_class.values()))),
        "chance_by_class": 1 / len(classes),
        "log_loss": float(-np.log(likelihood).mean()),
        "log_loss_of_chance": float(np.log(len(classes))),
        "accuracy_by_class": by_class,
    }


def _classes(path: Path) -> UInt8Array:
    """The class of each pixel of a mask, which stores it as a colour of its palette."""
    return np.asarray(read_picture(read_file(path)).image)


def _shares(
    labels: UInt8Array, channels: Sequence[int | None], grid: Sequence[int]
) -> Float64Array:
    """Share of each cell's pixels that have each class, (rows, columns, c).

    ``channels`` gives the class of each number in ``labels``.
    """
    n_classes = 1 + max(channel for channel in channels if channel is not None)
    table = np.array([n_classes if channel is None else channel for channel in channels])
    rows = np.linspace(0, labels.shape[0], grid[0] + 1).astype(np.int64)
    columns = np.linspace(0, labels.shape[1], grid[1] + 1).astype(np.int64)
    shares = np.zeros((*grid, n_classes))
    for y, x in np.ndindex(*grid):
        cell = table[labels[rows[y] : rows[y + 1], columns[x] : columns[x + 1]]]
        counts = np.bincount(cell.ravel(), minlength=n_classes + 1)
        shares[y, x] = counts[:-1] / cell.size
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
