"""XMP: sidecar files and embedded packets.

Names and forms: XMP specification part 1 (ISO 16684-1), section 7, and part 2 (Adobe, 2016),
sections 2 and 3; GPS coordinates "DDD,MM,SSk" or "DDD,MM.mmk" in its table of EXIF types. Only
what is said of the photo itself counts: a packet may also describe what the photo shows
(LocationShown), was made of (Ingredients, Pantry, DerivedFrom), or went through (History).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from placelens.errors import CoordinateError, ReadError
from placelens.readers.coordinates import measured_place, parse_angle
from placelens.readers.lists import distinct
from placelens.readers.metadata import Metadata, Origin, TimeKind
from placelens.readers.times import camera_time
from placelens.readers.values import clean_text, join_texts, parse_time
from placelens.types import Attribute, Place

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
_MP = "{http://ns.microsoft.com/photo/1.2/}"
_MPRI = "{http://ns.microsoft.com/photo/1.2/t/RegionInfo#}"
_MPREG = "{http://ns.microsoft.com/photo/1.2/t/Region#}"

# A property's value: a text, the members of a list, or the fields of a structure.
Value = str | list["Value"] | dict[str, "Value"]
Facts = Mapping[str, Value]

_TIMES = (
    (f"{_EXIF}DateTimeOriginal", TimeKind.TAKEN),
    (f"{_PHOTOSHOP}DateCreated", TimeKind.TAKEN),
    (f"{_EXIF}DateTimeDigitized", TimeKind.DIGITISED),
    (f"{_XMP}CreateDate", TimeKind.DIGITISED),
    (f"{_EXIF}GPSTimeStamp", TimeKind.SATELLITES),
)
# The older property, and its field in the place where the camera was (IPTC Photo Metadata
# Standard, Location Created). What Location Shown names may be far away: a mountain, the moon.
_LOCATION_CREATED = f"{_IPTC}LocationCreated"
_NAMES_OF_PLACES = {
    "city": (f"{_PHOTOSHOP}City", f"{_IPTC}City"),
    "state": (f"{_PHOTOSHOP}State", f"{_IPTC}ProvinceState"),
    "country": (f"{_PHOTOSHOP}Country", f"{_IPTC}CountryName"),
}
_PADDING = " \t\r\n\0"
# Deeper structures than any schema has are not followed.
_MAX_DEPTH = 16
# Encodings of XML and their units in bytes, by a mark of byte order or the first character, "<".
_ENCODINGS = (
    (b"\xff\xfe\0\0", "utf-32", 4), (b"\0\0\xfe\xff", "utf-32", 4),
    (b"<\0\0\0", "utf-32-le", 4), (b"\0\0\0<", "utf-32-be", 4),
    (b"\xff\xfe", "utf-16", 2), (b"\xfe\xff", "utf-16", 2), (b"\xef\xbb\xbf", "utf-8", 1),
    (b"<\0", "utf-16-le", 2), (b"\0<", "utf-16-be", 2),
)  # fmt: skip


def read_xmp(packet: bytes, origin: Origin = Origin.PACKET) -> Metadata:
    """What an XMP packet or sidecar says.

    Raises
    ------
    ReadError
        If it is not XMP. Facts that cannot be used do not raise; they are named in ``warnings``.
    """
    facts = _facts(packet)
    there = _location_created(facts)
    warnings: list[str] = []
    place = _place(facts, warnings) or _place(there, warnings)
    time, kind = _time(facts, origin, warnings)
    title, description = _texts(facts, f"{_DC}title"), _texts(facts, f"{_DC}description")
    return Metadata(
        origin=origin,
        place=place,
        place_source="xmp" if place else None,
        time=time,
        time_kind=kind,
        text=join_texts([*title, *description]),
        attributes=_attributes(facts, there),
        warnings=tuple(warnings),
    )


# From bytes to the properties of the photo


def _facts(packet: bytes) -> Facts:
    """The photo's own properties, by qualified name."""
    try:
        root = fromstring(_plain(packet))
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise ReadError(f"it is not XMP: {error}") from error
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f".//{_RDF}RDF")
    own = [root] if root.tag == f"{_RDF}Description" else []
    own += (rdf if rdf is not None else root).findall(f"{_RDF}Description")
    subjects = [description.get(f"{_RDF}about", "") for description in own]
    photo = next(filter(None, subjects), "")
    facts: dict[str, Value] = {}
    for description, about in zip(own, subjects, strict=True):
        if about in ("", photo):
            for name, value in _properties(description, _MAX_DEPTH).items():
                if value:
                    facts.setdefault(name, value)
    return facts


def _plain(packet: bytes) -> bytes:
    """The packet in UTF-8, as its marks or first bytes tell, without padding around it.

    Packets are padded with blanks and sometimes NULs; what follows the end is not XML.
    """
    for mark, encoding, unit in _ENCODINGS:
        if packet.startswith(mark):
            text = packet[: len(packet) - len(packet) % unit].decode(encoding)
            # What it declares was true of the bytes that it came in.
            text = re.sub(r"^<\?xml[^>]*\?>", "", text.strip(_PADDING + "\ufeff"))
            return text.strip().encode()
    return packet.strip(_PADDING.encode())


def _properties(element: Element, depth: int) -> dict[str, Value]:
    """The properties of a description or fields of a structure, in any of RDF's forms."""
    found: dict[str, Value] = {
        name: value
        for name, value in element.attrib.items()
        if not name.startswith((_RDF, _XML)) and value.strip()
    }
    for child in element if depth else ():
        if child.tag == f"{_RDF}Description":
            found |= _properties(child, depth - 1)
        elif child.tag not in (f"{_RDF}Alt", f"{_RDF}Bag", f"{_RDF}Seq"):
            found.setdefault(child.tag, _value(child, depth - 1))
    return found


def _value(element: Element, depth: int) -> Value:
    """A property's value; of alternatives the default one."""
    for kind in ("Alt", "Bag", "Seq"):
        container = element.find(f"{_RDF}{kind}")
        if container is not None:
            members = container.findall(f"{_RDF}li")
            if kind == "Alt":
                members = sorted(members, key=lambda li: li.get(f"{_XML}lang") != "x-default")[:1]
            return [_value(member, depth - 1) for member in members] if depth > 0 else []
    fields = _properties(element, max(depth, 0))
    # A value with qualifiers, such as the language it is in.
    return fields.get(f"{_RDF}value") or fields or (element.text or "")


def _texts(facts: Facts, name: str) -> list[str]:
    """A property's texts: itself, or the members of a list."""
    value = facts.get(name, "")
    members = value if isinstance(value, list) else [value]
    return [text for m in members if isinstance(m, str) and (text := clean_text(m))]


def _structures(facts: Facts, *path: str) -> list[Facts]:
    """The structures under a property, or under a property of the structures under another."""
    found: list[Facts] = [facts]
    for name in path:
        values = [structure.get(name, "") for structure in found]
        members = [m for value in values for m in (value if isinstance(value, list) else [value])]
        found = [member for member in members if isinstance(member, dict)]
    return found


# What the properties say


def _location_created(facts: Facts) -> Facts:
    """Where the camera was; the standard allows one place."""
    return next(iter(_structures(facts, _LOCATION_CREATED)), {})


def _place(facts: Facts, warnings: list[str]) -> Place | None:
    lat, lon = _texts(facts, f"{_EXIF}GPSLatitude"), _texts(facts, f"{_EXIF}GPSLongitude")
    if not lat and not lon:
        return None
    try:
        if not lat or not lon:
            raise CoordinateError(f"the {'longitude' if lat else 'latitude'} is missing")
        place = measured_place(
            _angle(lat, _texts(facts, f"{_EXIF}GPSLatitudeRef"), "latitude", warnings),
            _angle(lon, _texts(facts, f"{_EXIF}GPSLongitudeRef"), "longitude", warnings),
        )
    except CoordinateError as error:
        warnings.append(f"its XMP position is ignored: {error}")
        return None
    if place is None:
        warnings.append("its XMP position is ignored: 0, 0 is what devices write without a fix")
    return place


def _angle(parts: list[str], ref: list[str], axis: str, warnings: list[str]) -> float:
    """Signed degrees. XMP has the hemisphere in the value; some programs write it apart.

    Where both state one and they differ, the value's own letter or sign is believed: it is the
    form of the standard, and a reference is easily left behind when the value is changed.
    """
    text = re.sub(r"(\d+(?:\.\d+)?)/(\d+)", _decimal, ",".join(parts))
    letter = ref[0][:1].upper() if ref else ""
    if not re.search(r"[NSEWnsew]\s*$|^\s*(?:[NSEWnsew]|[-+\u2212])", text):
        return parse_angle(text + letter, axis)
    degrees = parse_angle(text, axis)
    if letter and (degrees < 0) != (letter in "SW"):
        warnings.append(
            f"its XMP {axis} {text[:40]!r} is believed against its reference {letter!r}"
        )
    return degrees


def _decimal(fraction: re.Match[str]) -> str:
    """A rational as a decimal number; one over nothing is no number, and is named as it is."""
    numerator, denominator = float(fraction[1]), float(fraction[2])
    return f"{numerator / denominator:.12f}" if denominator else fraction[0]


def _time(facts: Facts, origin: Origin, warnings: list[str]) -> tuple[datetime | None, TimeKind]:
    return min(_times(facts, origin, warnings), key=lambda t: t[1], default=(None, TimeKind.GIVEN))


def _times(
    facts: Facts, origin: Origin, warnings: list[str]
) -> Iterator[tuple[datetime, TimeKind]]:
    for name, kind in _TIMES:
        for text in _texts(facts, name)[:1]:
            if not text.strip("0:-T ."):  # zeros stand for "unknown"
                continue
            try:
                time = parse_time(text)
            except ValueError as error:
                warnings.append(f"its XMP time is ignored: {error}")
                continue
            # A date without a clock, and what a sidecar says, was written by people.
            if origin is Origin.PACKET and re.search(r"\d[T ]\d", text):
                believed = camera_time(time, kind, "XMP time", warnings)
                if believed is not None:
                    yield believed
            else:
                yield time, kind


def _attributes(facts: Facts, there: Facts) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {
        "title": ", ".join(_texts(facts, f"{_DC}title")) or None,
        "keywords": distinct(_texts(facts, f"{_DC}subject")) or None,
        "people": distinct(_people(facts)) or None,
    }
    found = {name: value for name, value in found.items() if value is not None}
    for name, (older, field) in _NAMES_OF_PLACES.items():
        texts = _texts(facts, older) or _texts(there, field)
        if texts:
            found[name] = ", ".join(texts)
    rating = _rating(facts)
    if rating is not None:
        found["rating"] = rating
    return found


def _people(facts: Facts) -> Iterator[str]:
    """Names of the people shown: as lists, and of the faces that programs have marked."""
    yield from _texts(facts, f"{_IPTC}PersonInImage")
    for person in _structures(facts, f"{_IPTC}PersonInImageWDetails"):
        yield from _texts(person, f"{_IPTC}PersonName")
    for region in _structures(facts, f"{_MWG}Regions", f"{_MWG}RegionList"):
        # Regions may also mark pets, bar codes and what was focused on.
        if _texts(region, f"{_MWG}Type") in ([], ["Face"]):
            yield from _texts(region, f"{_MWG}Name")
    for region in _structures(facts, f"{_MP}RegionInfo", f"{_MPRI}Regions"):
        yield from _texts(region, f"{_MPREG}PersonDisplayName")


def _rating(facts: Facts) -> int | None:
    """Stars, 1 to 5, or -1 for a rejected photo; 0 stands for "not rated"."""
    try:
        rating = round(float(_texts(facts, f"{_XMP}Rating")[0]))
    except (IndexError, ValueError, OverflowError):
        return None
    return rating if rating != 0 and -1 <= rating <= 5 else None
