"""PAIRS.jsonl: one image and its captions a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placelens.errors import InputError, ReadError


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An image and what people wrote about it."""

    image: Path
    captions: tuple[str, ...]


def read_pairs(path: str | Path) -> list[Pair]:
    """Read lines of ``{"image": path, "captions": [text, ...]}``; other keys are passed over.

    A relative image path starts at the file's folder. Captions lose surrounding white space;
    whether the image can be read shows when it is encoded.

    Raises
    ------
    ReadError
        If the file cannot be read.
    InputError
        If a line is not such an object, an image comes twice, or there is no line; the message
        names the line.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"cannot read the pairs {path}: {reason}") from error
    pairs: list[Pair] = []
    seen: dict[Path, int] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        pair = _parse(line, where=f"{path}, line {number}", folder=path.parent)
        if pair.image in seen:
            raise InputError(
                f"{path}, line {number}: image {pair.image} was on line {seen[pair.image]} "
                "already; put all its captions on one line"
            )
        seen[pair.image] = number
        pairs.append(pair)
    if not pairs:
        raise InputError(
            f'{path} holds no pairs; write lines of {{"image": path, "captions": [text, ...]}}'
        )
    return pairs


def _parse(line: str, *, where: str, folder: Path) -> Pair:
    """One line as a Pair."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, Mapping):
        raise InputError(f'{where}: expected an object with "image" and "captions", got {row!r}')
    image: Any = row.get("image")
    captions: Any = row.get("captions")
    if not isinstance(image, str) or not image:
        raise InputError(f'{where}: "image" must be a path, got {image!r}')
    if not isinstance(captions, list) or not captions:
        raise InputError(f'{where}: "captions" must be a list of texts, got {captions!r}')
    for caption in captions:
        if not isinstance(caption, str) or not caption.strip():
            raise InputError(
                f"{where}: a caption must be a text that is not empty, got {caption!r}"
            )
    return Pair(image=folder / image, captions=tuple(caption.strip() for caption in captions))
