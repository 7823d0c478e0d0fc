"""What ``placelens bench sketch`` asks: street photos with labels of pixels, and coarse paintings.

A class head must not be judged by photos that taught it. labelmefacade's part test taught `lite`
nothing; all drives of camvid did. So each of those drives is told anew by a linear map from the
same activations that was fitted to the other drives and to labelmefacade's part train: it is a
weaker head than lite's, and one that has not seen the drive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from placelens.encoders.base import Encoder
from placelens.encoders.class_map import WHOLE, stored_map
from placelens.encoders.lite import TRUNK_FILE, default_folder
from placelens.encoders.onnx_session import LazySession
from placelens.errors import InputError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.prepared import image_spec_of
from placelens.evaluation.streets import CAMVID, LABELMEFACADE
from placelens.readers.images import read_file
from placelens.readers.pictures import read_picture
from placelens.sketch.painting import ANYTHING, Sketch
from placelens.types import Float32Array, Float64Array, Int16Array, UInt8Array

FACADES, DRIVES = "labelmefacade", "camvid"
# Labels are looked at in so many pixels a side of each cell.
PIXELS = 4
OTHER = "other"

# How somebody paints, in shares of the picture: what is smaller is left out, and of the rest some;
# edges are as soft as a wide brush.
_SMALLEST, _LEFT_OUT, _SOFT = 0.03, 0.3, 0.05

# Of the linear head: how much its weights are held to 0, as a share of what activations vary.
_RIDGE = 1e-3
# Images that go through the trunk together, as in the encoder.
_BATCH = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photos:
    """Photos whose labels are known.

    Attributes
    ----------
    labels : (n, height, width) int16 the class of each pixel; c for other, -1 without a label.
    maps : (n, rows, columns, c) uint8, the stored class maps.
    vectors : (n, dim) unit vectors of the photos.
    groups : (n,) which drive a photo is of; neighbours in a drive are nearly the same picture.
        Photos that belong to none have names of their own.
    """

    labels: Int16Array
    maps: UInt8Array
    vectors: Float32Array
    groups: np.ndarray

    @property
    def n_classes(self) -> int:
        """Classes of the maps."""
        return int(self.maps.shape[3])

    @property
    def true_maps(self) -> UInt8Array:
        """The class maps that an encoder would give that makes no mistake."""
        n, rows, columns, n_classes = self.maps.shape
        shape = (n, rows, PIXELS, columns, PIXELS)
        shares = np.stack(
            [(self.labels == c).reshape(shape).mean(axis=(2, 4)) for c in range(n_classes)], axis=-1
        )
        return stored_map(shares)


def facades(folder: Path, encoder: Encoder) -> Photos:
    """The part of labelmefacade that has taught no encoder.

    Raises
    ------
    InputError
        If it is not there.
    """
    images = _facades(folder, "test")
    parts = [
        encoder.encode_parts(block, ["image", "class_map"])
        for block in prepared_blocks(images, image_spec_of(encoder))
    ]
    maps = np.concatenate([part["class_map"] for part in parts])
    return Photos(
        labels=_labels(images, folder, LABELMEFACADE, encoder),
        maps=maps,
        vectors=np.concatenate([part["image"] for part in parts]),
        groups=np.array([image.stem for image in images]),
    )


def drives(folder: Path, teachers: Path, encoder: Encoder) -> Photos:
    """camvid's drives, each by a head that was fitted without it; see above.

    Parameters
    ----------
    folder
        Of camvid.
    teachers
        Of labelmefacade, whose part train teaches too.
    encoder
        `lite`, whose activations are used.
    """
    images = sorted(folder.glob("*/images/*"))
    if not images:
        raise InputError(f"{folder} holds no train/images; --data is the folder that holds it")
    others = _facades(teachers, "train")
    labels = np.concatenate(
        [
            _labels(images, folder, CAMVID, encoder),
            _labels(others, teachers, LABELMEFACADE, encoder),
        ]
    )
    spec = image_spec_of(encoder)
    vectors = [encoder.encode_images(block) for block in prepared_blocks(images, spec)]
    groups = np.array([image.name[:6] for image in images] + [""] * len(others))
    seen = _surroundings(_activations([*images, *others], encoder))
    shares = _shares(labels, len(encoder.class_names) + 1)
    maps = np.empty((len(images), *shares.shape[1:3], len(encoder.class_names)), dtype=np.uint8)
    for drive in np.unique(groups[: len(images)]):
        own = groups == drive
        found = _linear_head(seen[~own], shares[~own], seen[own])
        maps[own[: len(images)]] = stored_map(found[..., :-1])
    return Photos(
        labels=labels[: len(images)],
        maps=maps,
        vectors=np.concatenate(vectors),
        groups=groups[: len(images)],
    )


def painting(labels: Int16Array, names: Sequence[str], rng: np.random.Generator) -> Sketch | None:
    """What somebody might paint who remembers a photo: not all of it, and not exactly.

    Parameters
    ----------
    labels
        (height, width) the photo's, by number of ``names``.

    Returns
    -------
    None if nothing of the photo is large enough to be painted.
    """
    shares = np.array([(labels == c).mean() for c in range(len(names))])
    shown = np.flatnonzero(shares >= _SMALLEST)
    if not len(shown):
        return None
    kept = shown[rng.random(len(shown)) >= _LEFT_OUT]
    if not len(kept):
        kept = shown[[shares[shown].argmax()]]
    soft = np.stack(
        [gaussian_filter((labels == c).astype(np.float64), _SOFT * len(labels)) for c in kept]
    )
    cells = np.where(soft.max(axis=0) >= 0.5, kept[soft.argmax(axis=0)], ANYTHING)
    if (cells == ANYTHING).all():
        return None
    return Sketch(cells=cells.astype(np.int16), classes=tuple(names))


def agreements(labels: Int16Array, n_classes: int) -> Float64Array:
    """How far photos agree about each class, (c, n, n): intersection by union of its pixels.

    It is 0 where neither shows the class.

    Examples
    --------
    >>> labels = np.array([[[0, 0, 1, 1]], [[0, 1, 1, 1]]], dtype=np.int16)
    >>> agreements(labels, 2)[:, 0, 1].round(3).tolist()
    [0.5, 0.667]
    """
    found = np.empty((n_classes, len(labels), len(labels)))
    flat = labels.reshape(len(labels), -1)
    for c in range(n_classes):
        has = (flat == c).astype(np.float32)
        both, size = has @ has.T, has.sum(axis=1)
        found[c] = both / np.maximum(size[:, None] + size - both, 1.0)
    return found


def mean_iou(photos: Photos, names: Sequence[str]) -> dict[str, float]:
    """Intersection by union over all labelled pixels, of each class that is shown, and the mean.

    A cell's class is the likeliest, other included, and that of all its pixels.
    """
    rest = np.maximum(WHOLE - photos.maps.sum(axis=-1, keepdims=True, dtype=np.int64), 0)
    told = np.concatenate([photos.maps, rest], axis=-1).argmax(axis=-1)
    told = told.repeat(PIXELS, axis=1).repeat(PIXELS, axis=2)
    labelled = photos.labels >= 0
    found = {}
    for c, name in enumerate([*names, OTHER]):
        truth, guess = photos.labels == c, (told == c) & labelled
        if truth.any():
            found[name] = float((truth & guess).sum() / (truth | guess).sum())
    return {"mean": float(np.mean(list(found.values()))), **found}


def _facades(folder: Path, part: str) -> list[Path]:
    table = folder / f"{part}.txt"
    if not table.is_file():
        raise InputError(f"{table} is not there; --data is the folder that holds {FACADES}")
    lines = table.read_text(encoding="utf-8").splitlines()
    return [folder / line.strip() for line in lines if line.strip()]


def _labels(
    images: Sequence[Path], folder: Path, words: Mapping[str, str | None], encoder: Encoder
) -> Int16Array:
    """The masks beside some images, squashed to a few pixels a cell."""
    if encoder.class_grid is None:
        raise InputError(f"encoder {encoder.name!r} gives no class maps; use one that does: lite")
    number = {**{name: c for c, name in enumerate(encoder.class_names)}}
    number[OTHER] = len(encoder.class_names)
    table = np.full(256, -1, dtype=np.int16)
    stored = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    for at, word in enumerate(stored):
        table[at] = number.get(words[word] or "", -1)
    height, width = (PIXELS * side for side in encoder.class_grid)
    masks = []
    for image in images:
        mask = read_picture(read_file(image.parents[1] / "labels" / f"{image.stem}.png")).image
        masks.append(np.asarray(mask.resize((width, height), Image.Resampling.NEAREST)))
    return table[np.stack(masks)]


def _activations(images: Sequence[Path], encoder: Encoder) -> Float32Array:
    """What the trunk of `lite` gives for each cell, (n, rows, columns, channels)."""
    trunk = LazySession(default_folder() / TRUNK_FILE)
    found = [
        trunk.run(["activations"], images=block[start : start + _BATCH])[0]
        for block in prepared_blocks(images, image_spec_of(encoder))
        for start in range(0, len(block), _BATCH)
    ]
    return np.moveaxis(np.concatenate(found).astype(np.float32), 1, 3)


def _surroundings(activations: Float32Array) -> Float32Array:
    """A cell's activations, the mean of 5 x 5 cells around it, that of the photo, and 1."""
    padded = np.pad(activations, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(1, 2))
    around = windows.mean(axis=(-2, -1))
    scene = np.broadcast_to(activations.mean(axis=(1, 2), keepdims=True), activations.shape)
    one = np.ones((*activations.shape[:3], 1), dtype=np.float32)
    return np.concatenate([activations, around, scene, one], axis=-1)


def _shares(labels: Int16Array, n_classes: int) -> Float32Array:
    """The share of each cell's pixels that has each class, (n, rows, columns, n_classes)."""
    n, height, width = labels.shape
    shape = (n, height // PIXELS, PIXELS, width // PIXELS, PIXELS)
    return np.stack(
        [
            (labels == c).reshape(shape).mean(axis=(2, 4), dtype=np.float32)
            for c in range(n_classes)
        ],
        axis=-1,
    )


def _linear_head(seen: Float32Array, shares: Float32Array, asked: Float32Array) -> Float64Array:
    """Probabilities of the classes of cells, by ridge regression on the shares of other cells."""
    told = shares.sum(axis=-1) > 0.5
    rows, targets = seen[told], shares[told]
    gram = (rows.T @ rows).astype(np.float64)
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram)
    weights = np.linalg.solve(gram, rows.T @ targets)
    found = np.clip(asked @ weights, 0.0, 1.0)
    return np.asarray(found / np.maximum(found.sum(axis=-1, keepdims=True), 1.0), dtype=np.float64)
