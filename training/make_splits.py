"""Make ``src/placelens/evaluation/splits.json``: which images train, validate and test.

Run once, from the repository's root, with the data sets in a folder::

    python training/make_splits.py ../shared/data

Parts are drawn with a fixed seed over groups of near-duplicates, so that an image and its double
never lie on two sides. Near-duplicates: equal bytes, or a correlation above 0.75 between the
fine structure of two images of a data set (32 x 32 lightness minus its 4 x 4 block means; block
means alone call any two half-sea, half-sand beaches alike). In RSICD this finds three pairs.
The next closest pairs that are not doubles, stadiums of one shape, are at 0.71.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image

from placelens.evaluation.splits import content_hash

SEED = 20261122
NEAR_DUPLICATE = 0.75
OUTPUT = Path(__file__).parents[1] / "src/placelens/evaluation/splits.json"

# Data set -> (test images, validation images); the rest trains. None: all images test.
SIZES: dict[str, tuple[int, int] | None] = {
    "coco_mini": None,
    "flickr8k": (200, 100),
    "rsicd": (1000, 800),
    "travel_photos": None,
}


def list_images(folder: Path) -> list[Path]:
    """The images that the data set's table names, in its order."""
    if (folder / "photos.csv").exists():
        with (folder / "photos.csv").open(encoding="utf-8", newline="") as table:
            return [folder / "images" / row["image"] for row in csv.DictReader(table)]
    table_name = "pairs.jsonl" if (folder / "pairs.jsonl").exists() else "annotations.jsonl"
    lines = (folder / table_name).read_text(encoding="utf-8").splitlines()
    return [folder / json.loads(line)["image"] for line in lines]


def fine_structure(images: list[Path]) -> np.ndarray:
    """One unit vector an image, (n, 1024), blind to the mean lightness of its 8 x 8 blocks."""
    rows = np.empty((len(images), 8, 4, 8, 4), dtype=np.float32)
    for row, path in zip(rows, images, strict=True):
        with Image.open(path) as image:
            small = image.convert("L").resize((32, 32), Image.Resampling.BOX)
        row[...] = np.asarray(small, dtype=np.float32).reshape(8, 4, 8, 4)
    rows -= rows.mean(axis=(2, 4), keepdims=True)
    vectors = rows.reshape(len(images), -1)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def duplicate_groups(images: list[Path]) -> list[list[Path]]:
    """Images grouped so that near-duplicates are together; most groups hold one image."""
    vectors = fine_structure(images)
    group = np.arange(len(images))
    for start in range(0, len(images), 1000):
        alike = vectors[start : start + 1000] @ vectors.T > NEAR_DUPLICATE
        for row, column in np.argwhere(alike):
            group[group == group[column]] = group[start + row]
    by_hash: dict[str, int] = {}
    for position, path in enumerate(images):
        first = by_hash.setdefault(content_hash(path), position)
        group[group == group[position]] = group[first]
    for number in np.flatnonzero(np.bincount(group) > 1):
        print("  kept together:", *(images[i].name for i in np.flatnonzero(group == number)))
    return [[images[i] for i in np.flatnonzero(group == number)] for number in np.unique(group)]


def split(images: list[Path], n_test: int, n_validation: int) -> dict[str, list[str]]:
    """Content hashes of each part, sorted; a part ends with the group that fills it."""
    groups = duplicate_groups(images)
    parts: dict[str, list[str]] = {"test": [], "validation": [], "train": []}
    sizes = {"test": n_test, "validation": n_validation, "train": len(images)}
    filled = dict.fromkeys(parts, 0)
    for number in np.random.default_rng(SEED).permutation(len(groups)):
        group = groups[number]
        part = next(p for p in parts if filled[p] + len(group) <= sizes[p])
        parts[part] += [content_hash(path) for path in group]
        filled[part] += len(group)
    return {part: sorted(set(hashes)) for part, hashes in parts.items()}


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    data = parser.parse_args().data
    splits: dict[str, dict[str, list[str]]] = {}
    for name, sizes in SIZES.items():
        images = list_images(data / name)
        if sizes is None:
            splits[name] = {"test": sorted({content_hash(path) for path in images})}
        else:
            splits[name] = split(images, *sizes)
        print(name, {part: len(hashes) for part, hashes in splits[name].items()})
    document = {"format_version": 1, "hash": "xxh3_64 of the file's bytes", "splits": splits}
    OUTPUT.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
