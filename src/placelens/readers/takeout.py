"""Google Takeout: the JSON that Google Photos exports beside each photo."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from placelens.errors import CoordinateError, ReadError
from placelens.files import read_regular
from placelens.readers.coordinates import measured_place, parse_angle
from placelens.readers.lists import distinct
from placelens.readers.metadata import Metadata, Origin, TimeKind
from placelens.readers.times import camera_time
from placelens.readers.values import clean_text
from placelens.types import Attribute, Place

# They have a kilobyte or two.
_MAX_BYTES = 2**20
_KEYS = frozenset({"geoData", "geoDataExif", "photoTakenTime", "creationTime"})


def read_takeout(data: bytes) -> Metadata:
    """What a Takeout JSON says; nothing if it is some other JSON.

    ``geoData`` outranks ``geoDataExif``: the former is what Google Photos shows, with the user's
    own corrections, the latter what the file said on upload. 0, 0 stands for "none" in both.

    Raises
    ------
    ReadError
        If it is not JSON. Facts that cannot be used do not raise; they are named in ``warnings``.
    """
    try:
        record = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"it is not JSON: {error}") from error
    if not isinstance(record, dict) or not _KEYS & record.keys():
        return Metadata(origin=Origin.TAKEOUT)
    warnings: list[str] = []
    place, altitude = _place(record, warnings)
    attributes: dict[str, Attribute] = {}
    if altitude is not None:
        attributes["altitude_m"] = altitude
    people = _people(record.get("people"))
    if people:
        attributes["people"] = people
    if record.get("favorited") is True:
        attributes["favorite"] = True
    time, kind = next(_times(record, warnings), (None, TimeKind.GIVEN))
    return Metadata(
        origin=Origin.TAKEOUT,
        place=place,
        place_source="takeout" if place else None,
        time=time,
        time_kind=kind,
        # Takeout's "title" is the file's name and would say nothing about the picture.
        text=clean_text(record.get("description")),
        attributes=attributes,
        warnings=tuple(warnings),
    )


def read_title(path: str) -> str | None:
    """The title that a Takeout JSON states; None for any other file."""
    try:
        record = json.loads(read_regular(path, _MAX_BYTES))
    except (ReadError, ValueError, RecursionError):
        return None
    is_takeout = isinstance(record, dict) and _KEYS & record.keys()
    return clean_text(record.get("title")) if is_takeout else None


def _place(record: Mapping[str, Any], warnings: list[str]) -> tuple[Place | None, float | None]:
    for key in ("geoData", "geoDataExif"):
        geo = record.get(key)
        if not isinstance(geo, Mapping) or geo.get("latitude") is None:
            continue
        try:
            place = measured_place(
                parse_angle(geo["latitude"], "latitude"),
                parse_angle(geo.get("longitude"), "longitude"),
            )
        except (CoordinateError, OverflowError) as error:
            warnings.append(f"its Takeout position ({key}) is ignored: {error}")
            continue
        if place is not None:
            return place, _altitude(geo.get("altitude"))
    return None, None


def _altitude(value: Any) -> float | None:
    """Metres above the sea; Takeout writes 0 when it does not know."""
    known = isinstance(value, int | float) and value and abs(value) < 100_000
    return float(value) if known else None


def _times(record: Mapping[str, Any], warnings: list[str]) -> Iterator[tuple[datetime, TimeKind]]:
    for key, kind in (("photoTakenTime", TimeKind.TAKEN), ("creationTime", TimeKind.UPLOADED)):
        stated = record.get(key)
        stamp = stated.get("timestamp") if isinstance(stated, Mapping) else None
        if stamp is None or str(stamp).strip() in ("", "0"):  # what is not known
            continue
        try:
            time = datetime.fromtimestamp(int(stamp), UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            warnings.append(f"its Takeout time is ignored: {str(stamp)[:40]!r} is no time")
            continue
        believed = camera_time(time, kind, "Takeout time", warnings)
        if believed is not None:
            yield believed


def _people(people: Any) -> list[str]:
    return distinct(
        person.get("name") or ""
        for person in (people if isinstance(people, list) else [])
        if isinstance(person, Mapping)
    )
