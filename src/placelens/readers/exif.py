"""EXIF: where, when and with what a photo was taken.

Tags and their meaning: CIPA DC-008 (EXIF 2.32), section 4.6. Nothing here raises on bad metadata;
what cannot be used becomes a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

from placelens.errors import CoordinateError
from placelens.readers.coordinates import angle, measured_place
from placelens.readers.lists import distinct
from placelens.readers.metadata import Metadata, Origin, TimeKind
from placelens.readers.radius import radius_m
from placelens.readers.times import camera_time
from placelens.readers.values import clean_text, join_texts, parse_time, with_offset
from placelens.types import Attribute, Place

_GPS_LAT_REF, _GPS_LAT, _GPS_LON_REF, _GPS_LON = 1, 2, 3, 4
_GPS_ALT_REF, _GPS_ALT, _GPS_TIME, _GPS_DATUM, _GPS_DATE = 5, 6, 7, 18, 29
_GPS_ERROR = 31  # GPSHPositioningError, metres (EXIF 2.31)
_XP_TITLE, _XP_COMMENT, _XP_KEYWORDS, _RATING = 0x9C9B, 0x9C9C, 0x9C9E, 0x4746

# What a time is of; its tag, and those of the fraction of a second and the offset from UTC.
_TIME_TAGS = (
    (TimeKind.TAKEN, Base.DateTimeOriginal, Base.SubsecTimeOriginal, Base.OffsetTimeOriginal),
    (
        TimeKind.DIGITISED,
        Base.DateTimeDigitized,
        Base.SubsecTimeDigitized,
        Base.OffsetTimeDigitized,
    ),
    (TimeKind.CHANGED, Base.DateTime, Base.SubsecTime, Base.OffsetTime),
)

# What cameras write as a description by themselves.
_BOILERPLATE = re.compile(
    r"((olympus|(konica )?minolta|vivitar|aiptek|maginon|polaroid|kodak)? ?digital camera|"
    r"sony dsc|exif[_ ]jpeg[_ ]picture|dcim\w*|default|samsung|my beautiful picture|"
    r"<(digimax|kenox)\b.*)",
    re.IGNORECASE,
)


def read_exif(exif: Image.Exif) -> Metadata:
    """What an image's EXIF says. Never raises; what cannot be used is named in ``warnings``."""
    warnings: list[str] = []
    main = _tags(exif, None, warnings)
    photo = _tags(exif, IFD.Exif, warnings) if IFD.Exif in main else {}
    gps = _tags(exif, IFD.GPSInfo, warnings) if IFD.GPSInfo in main else {}
    return read_tags(main, photo, gps, warnings)


def read_tags(
    main: Mapping[int, Any],
    photo: Mapping[int, Any],
    gps: Mapping[int, Any],
    warnings: list[str] | None = None,
) -> Metadata:
    """The same from the three directories of tags, by number: image, EXIF and GPS."""
    warnings = [] if warnings is None else warnings
    place = _place(gps, warnings)
    times = [*_times({**main, **photo}, warnings), *_gps_time(gps, warnings)]
    time, kind = min(times, key=lambda t: t[1], default=(None, TimeKind.GIVEN))
    return Metadata(
        origin=Origin.EXIF,
        place=place,
        place_source="exif" if place else None,
        place_radius_m=_radius(gps) if place else None,
        time=time,
        time_kind=kind,
        text=_text(main),
        attributes=_attributes(main, photo, gps),
        warnings=tuple(warnings),
    )


def _tags(exif: Image.Exif, ifd: int | None, warnings: list[str]) -> dict[int, Any]:
    """One directory's tags; those that Pillow cannot decode are left out."""
    tags: dict[int, Any] = {}
    try:
        directory = exif if ifd is None else exif.get_ifd(ifd)
        for tag in list(directory):
            tags[tag] = directory[tag]
    except Exception as error:
        # Pillow's parser raises whatever broken bytes lead it to (struct.error, KeyError, ...).
        warnings.append(f"part of the EXIF cannot be read: {error or type(error).__name__}")
    return tags


def _place(gps: Mapping[int, Any], warnings: list[str]) -> Place | None:
    if _GPS_LAT not in gps and _GPS_LON not in gps:
        return None
    try:
        lat = _coordinate(gps.get(_GPS_LAT), gps.get(_GPS_LAT_REF), "latitude")
        lon = _coordinate(gps.get(_GPS_LON), gps.get(_GPS_LON_REF), "longitude")
        if lat is None or lon is None:
            return None
        place = measured_place(lat, lon)
    except CoordinateError as error:
        warnings.append(f"its EXIF position is ignored: {error}")
        return None
    if place is None:
        warnings.append("its EXIF position is ignored: 0, 0 is what devices write without a fix")
    datum = clean_text(gps.get(_GPS_DATUM))
    if place and datum and not re.match(r"(?i)wgs|itrf|etrs|jgd|nad[- ]?83", datum):
        warnings.append(f"its EXIF position is in {datum!r} and was taken as WGS84")
    return place


def _radius(gps: Mapping[int, Any]) -> float | None:
    """Metres that the position may be off; None when nothing, or nonsense, is said."""
    value = _number(gps[_GPS_ERROR]) if _GPS_ERROR in gps else None
    return radius_m(value)


def _coordinate(value: Any, ref: Any, axis: str) -> float | None:
    """Signed degrees; None when the tag is there but says nothing (all parts 0/0 or blank)."""
    values = value if isinstance(value, tuple | list) else (value,)
    if value is None:
        raise CoordinateError(f"the {axis} is missing")
    parts = [_number(part) for part in values]
    if not parts or all(part is None for part in parts):
        return None
    if parts[0] is None:
        raise CoordinateError(f"{axis} has no degrees")
    # 0/0 minutes or seconds: the writer kept everything in the part before.
    numbers = [0.0 if part is None else part for part in parts]
    letter = (clean_text(ref) or "")[:1] or None
    if letter is None and numbers[0] >= 0:
        north_or_east = "north or south" if axis == "latitude" else "east or west"
        raise CoordinateError(f"{axis} {numbers[0]:g} does not say {north_or_east}")
    return angle(numbers, letter, axis)


def _number(value: Any) -> float | None:
    """A rational as a float: None for 0/0 (unknown), NaN for any other division by zero."""
    numerator = getattr(value, "numerator", None)
    if numerator is not None and getattr(value, "denominator", 1) == 0:
        return None if numerator == 0 else float("nan")
    if isinstance(value, str | bytes):
        text = clean_text(value)
        try:
            return float(text) if text else None
        except ValueError:
            return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return float("nan")


def _times(tags: Mapping[int, Any], warnings: list[str]) -> Iterator[tuple[datetime, TimeKind]]:
    """Times up to the first that is believed without a doubt."""
    for kind, time_tag, fraction_tag, offset_tag in _TIME_TAGS:
        text = clean_text(tags.get(time_tag))
        if text is None or not text.strip(" :"):  # blanks stand for "unknown" (EXIF 4.6.5)
            continue
        try:
            time = parse_time(text)
        except ValueError as error:
            warnings.append(f"its EXIF time is ignored: {error}")
            continue
        fraction = clean_text(tags.get(fraction_tag)) or ""
        if fraction.isascii() and fraction.isdigit() and time.microsecond == 0:
            time += timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
        offset = clean_text(tags.get(offset_tag)) or ""
        if offset.strip(" :") and time.tzinfo is None:
            try:
                time = with_offset(time, offset)
            except ValueError:
                warnings.append(f"its EXIF offset from UTC is ignored: {offset[:20]!r}")
        believed = camera_time(time, kind, "EXIF time", warnings)
        if believed is not None:
            yield believed
            if believed[1] is kind:
                return


def _gps_time(gps: Mapping[int, Any], warnings: list[str]) -> Iterator[tuple[datetime, TimeKind]]:
    """UTC from the satellites."""
    day = clean_text(gps.get(_GPS_DATE))
    clock = gps.get(_GPS_TIME)
    if not day or not isinstance(clock, tuple | list) or len(clock) != 3:
        return
    try:
        hour, minute, second = (_number(part) or 0.0 for part in clock)
        seconds = hour * 3600 + minute * 60 + second
        if not 0 <= seconds <= 86400:
            raise ValueError(f"{hour:g}:{minute:g}:{second:g} is not a time of day")
        time = parse_time(day).replace(tzinfo=UTC) + timedelta(seconds=seconds)
    except (ValueError, OverflowError) as error:
        warnings.append(f"its GPS time is ignored: {error}")
        return
    believed = camera_time(time, TimeKind.SATELLITES, "GPS time", warnings)
    if believed is not None:
        yield believed


def _text(main: Mapping[int, Any]) -> str | None:
    """Title and description that a person wrote."""
    description = _ascii_tag(main.get(Base.ImageDescription))
    if description and _BOILERPLATE.fullmatch(description):
        description = None
    return join_texts(
        [_utf16_tag(main.get(_XP_TITLE)), description, _utf16_tag(main.get(_XP_COMMENT))]
    )


def _attributes(
    main: Mapping[int, Any], photo: Mapping[int, Any], gps: Mapping[int, Any]
) -> dict[str, Attribute]:
    keywords = _utf16_tag(main.get(_XP_KEYWORDS))
    rating = main.get(_RATING)
    found: dict[str, Attribute] = {
        "camera_make": _ascii_tag(main.get(Base.Make)),
        "camera_model": _ascii_tag(main.get(Base.Model)),
        "lens": _ascii_tag(photo.get(Base.LensModel)),
        "title": _utf16_tag(main.get(_XP_TITLE)),
        "keywords": distinct(keywords.split(";")) or None if keywords else None,
        # 0 is written for "not rated".
        "rating": rating if isinstance(rating, int) and 1 <= rating <= 5 else None,
        "altitude_m": _altitude(gps),
    }
    return {name: value for name, value in found.items() if value is not None}


def _altitude(gps: Mapping[int, Any]) -> float | None:
    """Metres above the sea; None when it is missing or beyond any place on Earth."""
    value = _number(gps[_GPS_ALT]) if _GPS_ALT in gps else None
    if value is None or not abs(value) < 100_000:
        return None
    below = gps.get(_GPS_ALT_REF) in (1, b"\x01", "\x01", "1")
    return -abs(value) if below else value


def _ascii_tag(value: Any) -> str | None:
    """A text tag; Pillow decodes it as Latin-1, though most programs write UTF-8."""
    if isinstance(value, tuple):
        value = value[0] if value else None
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return clean_text(value)
    if isinstance(value, bytes):
        value = value.split(b"\0", 1)[0]
    return clean_text(value)


def _utf16_tag(value: Any) -> str | None:
    """A Windows "XP" tag: UTF-16 in a row of bytes."""
    if isinstance(value, tuple):
        try:
            value = bytes(value)
        except (TypeError, ValueError):
            return None
    return clean_text(value.decode("utf-16-le", "ignore")) if isinstance(value, bytes) else None
