"""Which images are for training, validation and testing: one committed file, by content hash.

A split follows an image's bytes, not its name or folder, so a copy elsewhere stays in its part
and nothing seen in training is ever tested on. Near-duplicates share a part. The file is made
by ``training/make_splits.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from placelens.errors import InputError, ReadError
from placelens.evaluation.pairs import Pair

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)

_FILE = "splits.json"
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The parts of every data set: ``parts[dataset][part]`` is a set of content hashes."""

    parts: Mapping[str, Mapping[str, frozenset[str]]]

    @classmethod
    def load(cls) -> Splits:
        """Load the committed splits (read once, then shared)."""
        return _load()

    def of(self, split: str, part: str) -> frozenset[str]:
        """Content hashes of one part of one data set.

        Raises
        ------
        InputError
            If there is no such split or part; the message lists the choices.
        """
        if split not in self.parts:
            raise InputError(f"no split {split!r}; there are: {', '.join(sorted(self.parts))}")
        if part not in PARTS:
            raise InputError(f"no part {part!r}; there are: {', '.join(PARTS)}")
        return self.parts[split].get(part, frozenset())


def content_hash(path: str | Path) -> str:
    """xxh3_64 of the file's bytes, 16 hexadecimal digits.

    Raises
    ------
    ReadError
        If the file cannot be read.
    """
    import xxhash

    try:
        return xxhash.xxh3_64_hexdigest(Path(path).read_bytes())
    except OSError as error:
        raise ReadError(f"cannot read {path}: {error.strerror or error}") from error


def select_pairs(pairs: Sequence[Pair], *, split: str, part: str = "test") -> list[Pair]:
    """Return the pairs whose image is in that part of that split, in order.

    Raises
    ------
    InputError
        If there is no such split or part, or none of the pairs is in it.
    ReadError
        If an image cannot be read.
    """
    hashes = Splits.load().of(split, part)
    chosen = [pair for pair in pairs if content_hash(pair.image) in hashes]
    if not chosen:
        raise InputError(
            f"none of the {len(pairs)} images is in part {part!r} of split {split!r}; are they "
            "the original files? A split knows images by their bytes"
        )
    return chosen


@cache
def _load() -> Splits:
    """Parse the committed file."""
    text = resources.files("placelens.evaluation").joinpath(_FILE).read_text(encoding="utf-8")
    document = json.loads(text)
    if document.get("format_version") != _FORMAT_VERSION:
        raise InputError(
            f"{_FILE} has format {document.get('format_version')!r}, expected {_FORMAT_VERSION}; "
            "reinstall placelens"
        )
    return Splits(
        parts={
            name: {part: frozenset(hashes) for part, hashes in parts.items()}
            for name, parts in document["splits"].items()
        }
    )
