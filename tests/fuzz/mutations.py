"""How bytes, texts and JSON values are broken."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WRITTEN = (
    "0", "-0", "-1", "1e308", "1e-320", "1e999", "nan", "inf", "-inf", "9" * 19, "9" * 400, "٣",
    "1,5", "1.5.5", "0x10", "1_000", "²", "½", "+", "--1", ".", "1e", "",
)  # fmt: skip
ODD_TEXTS = (
    "\0", "\x1b[2J", "\ud800", "\u202e", "\ufeff", "\u2028", "\xa0", "İ", "ß", "\U0001f600",
    "e\u0301" * 9, "'", '"', "\\", "%", "{", "}", "[", "]", "<", ">", "&", ";", ",", ":",
    "\n", "\r", "\t", " ",
)  # fmt: skip
ODD_VALUES = (
    None, True, False, 0, -1, 2**31, 2**63, -(2**64), 10**400, 0.5, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), "", " ", "x" * 5_000, "9" * 400, "50,14", "\x00", "\x1b[2J",
    "2019-13-45", [], {}, [[]], [None] * 40, {"a": {"a": {"a": []}}}, ["x"] * 40,
    [[1.0] * 8] * 3, {"": ""},
)  # fmt: skip


def broken_bytes(content: bytes, rng: random.Random) -> bytes:
    """Bytes changed in one to eight places, more often near the beginning."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        # Headers are where sizes and offsets are.
        limit = len(data) if rng.random() < 0.5 else min(len(data), 200)
        at = rng.randrange(limit) if limit else 0
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at] = rng.randrange(256)
        elif kind == 2:
            size, order = rng.choice((1, 2, 4)), rng.choice(("big", "little"))
            number = rng.choice(NUMBERS) & (256**size - 1)
            data[at : at + size] = number.to_bytes(size, order)
        elif kind == 3:
            del data[at : at + rng.randint(1, 32)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randint(1, 64)]
        elif kind == 5:
            data[at:at] = rng.randbytes(rng.randint(1, 16))
        else:
            del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


def broken_text(seeds: Sequence[str], rng: random.Random) -> str:
    """A text of the seeds with one to five changes: words of theirs, numbers and odd characters."""
    text = rng.choice(seeds)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at = rng.randrange(len(text) + 1)
        end = at + rng.randint(1, 6)
        kind = rng.randrange(7)
        if kind == 0:
            text = text[:at] + text[end:]
        elif kind == 1:
            text = text[:at] + rng.choice(ODD_TEXTS) + text[at:]
        elif kind == 2:
            text = text[:at] + rng.choice(WRITTEN) + text[end:]
        elif kind == 3:
            text = (
                text[:at]
                + chr(rng.choice((rng.randrange(128), rng.randrange(0x3000))))
                + text[at + 1 :]
            )
        elif kind == 4:
            text = text[:at] + text[at:end] * rng.choice((2, 3, 40)) + text[end:]
        elif kind == 5:
            other = rng.choice(seeds)
            text = text[:at] + rng.choice(("", " ")) + other[rng.randrange(len(other) + 1) :]
        else:
            word = rng.choice(rng.choice(seeds).split() or [""])
            text = f"{text[:at]} {word} {text[at:]}"
    return text


def broken_value(value: Any, rng: random.Random) -> Any:
    """A JSON value in which one to four parts are other values, gone, or there twice."""
    root = [copy.deepcopy(value)]
    for _ in range(rng.choice((1, 1, 2, 4))):
        parent, key = root, 0
        while rng.random() < 0.8 and isinstance(parent[key], dict | list) and parent[key]:
            parent = parent[key]
            key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        kind = rng.randrange(4)
        if kind == 0 and parent is not root:
            del parent[key]
        elif kind == 1 and isinstance(parent, list) and parent is not root:
            parent.insert(key, parent[key])
        elif kind == 2 and isinstance(parent, dict):
            parent[broken_text([str(key)], rng)] = parent.pop(key)
        else:
            part = parent[key]
            is_text = isinstance(part, str) and rng.random() < 0.5
            parent[key] = (
                broken_text([part], rng) if is_text else copy.deepcopy(rng.choice(ODD_VALUES))
            )
    return root[0]
