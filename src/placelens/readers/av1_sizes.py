"""How large the pictures in an AVIF are by what is decoded, and not by what the container says.

A container may claim 64 x 64 pixels of a picture of 16,384 x 16,384: the decoder makes all of them,
and scales them down. Their size stands in the sequence header at the start of each coded item.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["coded_pixels"]

Box = tuple[bytes, int, int]
"""A type, and where the content starts and ends."""

_SEQUENCE_HEADER = 1
# A file has some ten boxes on a level, and an item for a picture, a tile, or some metadata.
_MOST_BOXES = _MOST_ITEMS = 4_096
# A sequence header has some ten bytes, and what may stand before it few.
_START_BYTES = 256


def coded_pixels(data: bytes) -> int:
    """The pixels of the largest coded picture in an AVIF, as far as headers can be found.

    A picture may be made of several, tiles or its colours and its transparency, that are decoded
    one after the other. Those of a sequence's tracks are not looked for.

    The boxes are ISO/IEC 14496-12's (8.11.3, ``iloc``), the headers those of the AV1 Bitstream
    & Decoding Process Specification (5.3.2, 5.5).

    Parameters
    ----------
    data : the file's bytes.
    """
    n_pixels = 0
    for start in _item_starts(data):
        try:
            width, height = _size_in(data[start : start + _START_BYTES])
        except (IndexError, ValueError):
            continue  # metadata, or broken: then it is not decoded either
        n_pixels = max(n_pixels, width * height)
    return n_pixels


def _item_starts(data: bytes) -> Iterator[int]:
    """Where the content of each item starts."""
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind != b"meta":
            continue
        inside = {name: (first, last) for name, first, last in _boxes(data, start + 4, end)}
        if b"iloc" in inside:
            idat, _ = inside.get(b"idat", (0, 0))
            try:
                yield from _located(data[slice(*inside[b"iloc"])], idat)
            except (IndexError, struct.error):
                return


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= end:
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        size = size or end - at  # 0: up to the end
        if size < head:
            return
        yield kind, at + head, min(at + size, end)
        at += size


def _located(iloc: bytes, idat: int) -> Iterator[int]:
    """The first byte of each item's first extent; ``idat`` is where items within begin."""
    version, sizes = iloc[0], struct.unpack_from(">H", iloc, 4)[0]
    offset_size, length_size, base_size = (sizes >> 12) & 15, (sizes >> 8) & 15, (sizes >> 4) & 15
    index_size = sizes & 15 if version else 0
    id_size = 4 if version == 2 else 2
    at = 6

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(iloc):
            raise IndexError("the box ends within a number")
        at += size
        return int.from_bytes(iloc[at - size : at], "big") if size <= 8 else 0

    for _ in range(min(number(id_size), _MOST_ITEMS)):
        number(id_size)
        method = number(2) & 15 if version else 0
        number(2)  # which file: only this one
        base, n_extents = number(base_size), number(2)
        if n_extents:
            number(index_size)
            yield base + number(offset_size) + (idat if method == 1 else 0)
            number(length_size + (n_extents - 1) * (index_size + offset_size + length_size))


def _size_in(item: bytes) -> tuple[int, int]:
    """Width and height in the first sequence header of some units (OBUs).

    Raises
    ------
    IndexError, ValueError
        If there is none.
    """
    at = 0
    while True:
        head = item[at]
        kind, extends, has_size = (head >> 3) & 15, head & 4, head & 2
        if head & 0x81 or not has_size:
            raise ValueError("this is no unit that stands in a file")
        at += 2 if extends else 1
        size, at = _leb128(item, at)
        if kind == _SEQUENCE_HEADER:
            return _size_of(_Bits(item[at : at + size]))
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for number in range(8):
        value |= (data[at + number] & 127) << (7 * number)
        if not data[at + number] & 128:
            return value, at + number + 1
    raise ValueError("a number of more than eight bytes")


class _Bits:
    """Numbers of any count of bits, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise IndexError("the header ends within a number")
        return (self._value >> self._left) & ((1 << count) - 1)

    def skip_variable(self) -> None:
        """What the specification calls uvlc()."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        self.take(zeros if zeros < 32 else 0)


def _size_of(bits: _Bits) -> tuple[int, int]:
    """``max_frame_width`` and ``max_frame_height`` of a sequence header (5.5.1)."""
    bits.take(3 + 1)  # profile, still picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    n_width, n_height = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(n_width) + 1, bits.take(n_height) + 1


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = 0
    has_model = 0
    if bits.take(1):  # timing info
        bits.take(32 + 32)
        if bits.take(1):  # equal intervals
            bits.skip_variable()
        has_model = bits.take(1)
        if has_model:
            delay_bits = bits.take(5) + 1
            bits.take(32 + 5 + 5)
    has_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:  # level
            bits.take(1)
        if has_model and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_delay and bits.take(1):
            bits.take(4)
