"""The older metadata of news photos: records of the IPTC's Information Interchange Model.

Numbers and forms of the datasets: IPTC-IIM 4.2, chapters 5 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from placelens.readers.lists import distinct
from placelens.readers.metadata import Metadata, Origin, TimeKind
from placelens.readers.values import clean_text, join_texts, with_offset
from placelens.types import Attribute

_TAG, _ENVELOPE, _APPLICATION = 0x1C, 1, 2
_CHARSET, _UTF8 = 90, b"\x1b%G"
_TITLE, _HEADLINE, _CAPTION, _KEYWORDS = 5, 105, 120, 25
_TIMES = (((55, 60), TimeKind.TAKEN), ((62, 63), TimeKind.DIGITISED))
_ATTRIBUTES = {"title": _TITLE, "city": 90, "state": 95, "country": 101}

_JPEG_APP13 = 0xED
_PHOTOSHOP, _RESOURCE, _IPTC_RESOURCE = b"Photoshop 3.0\0", b"8BIM", 0x0404


def read_iptc(record: bytes) -> Metadata:
    """What an IPTC record says. Never raises; what cannot be used is named in ``warnings``."""
    facts: dict[int, list[str]] = {}
    encoding = "utf-8"
    for part, number, value in _datasets(record):
        if (part, number) == (_ENVELOPE, _CHARSET) and value != _UTF8:
            encoding = "latin-1"
        text = clean_text(_decoded(value, encoding)) if part == _APPLICATION else None
        if text:
            facts.setdefault(number, []).append(text)
    warnings: list[str] = []
    time, kind = _time(facts, warnings)
    attributes: dict[str, Attribute] = {
        name: ", ".join(facts[number]) for name, number in _ATTRIBUTES.items() if number in facts
    }
    if _KEYWORDS in facts:
        attributes["keywords"] = distinct(facts[_KEYWORDS])
    return Metadata(
        origin=Origin.IPTC,
        time=time,
        time_kind=kind,
        text=join_texts(t for n in (_TITLE, _HEADLINE, _CAPTION) for t in facts.get(n, ())[:1]),
        attributes=attributes,
        warnings=tuple(warnings),
    )


def iptc_of_jpeg(data: bytes) -> bytes | None:
    """The IPTC record among a JPEG's segments, if it has one."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : at + 2 + size]
        if data[at + 1] == _JPEG_APP13 and segment.startswith(_PHOTOSHOP):
            record = _resource(segment[len(_PHOTOSHOP) :])
            if record is not None:
                return record
        at += 2 + max(size, 2)
    return None


def _resource(block: bytes) -> bytes | None:
    """The IPTC record among Photoshop's resources: a mark, a number, a name, a size, the data."""
    at = 0
    while block[at : at + 4] == _RESOURCE:
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        named = block[at + 6] if at + 6 < len(block) else 0
        at += 7 + named + (named + 1) % 2
        size = int.from_bytes(block[at : at + 4], "big")
        if number == _IPTC_RESOURCE:
            return block[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return None


def _datasets(record: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record number, dataset number and value of each dataset, up to what is damaged."""
    at = 0
    while at + 5 <= len(record) and record[at] == _TAG:
        start, size = at + 5, int.from_bytes(record[at + 3 : at + 5], "big")
        if size & 0x8000:  # an extended dataset: what was read is the length of the size
            length = size & 0x7FFF
            size = int.from_bytes(record[start : start + min(length, 8)], "big")
            start += length
        yield record[at + 1], record[at + 2], record[start : start + size]
        at = start + size


def _decoded(value: bytes, encoding: str) -> str:
    """A text; those without a stated character set are UTF-8 or, more often, Latin-1."""
    try:
        return value.decode(encoding)
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _time(facts: dict[int, list[str]], warnings: list[str]) -> tuple[datetime | None, TimeKind]:
    """A date, CCYYMMDD with zeros for what is not known, and its time, HHMMSS+HHMM."""
    for (day_number, clock_number), kind in _TIMES:
        day = facts.get(day_number, [""])[0].replace("-", "").replace(":", "")
        clock = facts.get(clock_number, [""])[0].replace(":", "")
        if not day.strip("0"):
            continue
        try:
            year, month, of_month = int(day[:4]), int(day[4:6] or 1), int(day[6:8] or 1)
            time = datetime(year, month or 1, of_month or 1)
            if clock and month and of_month:
                hour, minute, second = (int(clock[i : i + 2]) for i in (0, 2, 4))
                time = time.replace(hour=hour, minute=minute, second=second)
                time = with_offset(time, clock[6:]) if clock[6:] else time
        except ValueError:
            warnings.append(f"its IPTC time is ignored: {f'{day} {clock}'.strip()[:40]!r}")
            continue
        return time, kind
    return None, TimeKind.GIVEN
